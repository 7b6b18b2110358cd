-- Question: Which paths did price, basis, depth, backlog, open interest, funding and the traders between venues take?
-- Grain: one row per rule set, instant on the clock of the page, and market
-- Units: _usd USD, prices USD a coin; from_null_pct percent above the null off-book, basis_pct percent above the asset's reference market, from_record_pct percent above the same market under the rules of record; depth over normal; funding_pct percent an interval
-- Reads: synthetic.prices, synthetic.markets, synthetic.worlds
WITH
sampled AS (
    SELECT p.*, m.asset, m.reference
    FROM synthetic.prices p
    JOIN synthetic.worlds w ON w.world = p.world
    JOIN synthetic.markets m ON m.world = p.world AND m.market = p.market
    WHERE p.world = $world
      AND (CAST(p.event_at AS BIGINT) - CAST(w.start_at AS BIGINT)) % (w.path_clock_s * 1000000) = 0
)
SELECT
    s.rule_set,
    s.event_at,
    s.market,
    s.venue,
    s.instrument,
    s.price_usd,
    s.null_usd,
    100 * (s.price_usd / s.null_usd - 1) AS from_null_pct,
    CASE WHEN NOT s.reference THEN 100 * (s.price_usd / held.price_usd - 1) END AS basis_pct,
    CASE WHEN s.rule_set <> 'record' THEN 100 * (s.price_usd / record.price_usd - 1) END AS from_record_pct,
    s.bid_depth_ratio,
    s.ask_depth_ratio,
    s.backlog_usd,
    s.open_interest_usd,
    100 * s.funding_ratio AS funding_pct,
    s.arbitrage_usd,
    s.carry_usd,
    s.closed
FROM sampled s
LEFT JOIN sampled held
    ON held.rule_set = s.rule_set AND held.event_at = s.event_at AND held.asset = s.asset AND held.reference
LEFT JOIN sampled record
    ON record.rule_set = 'record' AND record.event_at = s.event_at AND record.market = s.market
ORDER BY CASE WHEN s.rule_set = 'record' THEN 0 ELSE 1 END, s.rule_set, s.event_at, s.market
