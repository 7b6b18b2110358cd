-- Question: At which levels of the mark were forced orders triggered, how much, and when were the first and the last of each level?
-- Grain: one row per run, side and step of two percent of the run's first recorded price in which an order was triggered, of the central draw
-- Units: _pct percent of the first recorded price, _usd USD per BTC except notional_usd, USD at the fill, the mean of both orders inside a bar; additional_pct percent of it that the null never triggered; levels that were not met are in liquidation/level_map alone
-- Reads: replayed.forced_orders, replayed.prices
WITH
starts AS (
    SELECT run, first_value(recorded_usd ORDER BY event_at, bar_close DESC) AS start_usd
    FROM replayed.prices
    WHERE episode = $episode
    GROUP BY run
),
met AS (
    SELECT
        o.run,
        o.rule_set,
        o.side,
        s.start_usd,
        2 * floor(50 * (o.trigger_usd / s.start_usd - 1)) AS from_pct,
        o.notional_usd,
        o.additional,
        o.batch_id,
        o.bar_order,
        o.triggered_at
    FROM replayed.forced_orders o
    JOIN starts s ON s.run = o.run
    WHERE o.episode = $episode
)
SELECT
    run,
    rule_set,
    side,
    from_pct,
    from_pct + 2 AS to_pct,
    start_usd * (1 + from_pct / 100) AS from_usd,
    start_usd * (1 + (from_pct + 2) / 100) AS to_usd,
    sum(notional_usd) / 2 AS notional_usd,
    100 * sum(CASE WHEN additional THEN notional_usd ELSE 0 END) / sum(notional_usd) AS additional_pct,
    min(triggered_at) AS first_at,
    max(triggered_at) AS last_at
FROM met
GROUP BY run, rule_set, side, start_usd, from_pct
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, side, from_pct DESC
