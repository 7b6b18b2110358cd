-- Question: Which markets does a made-up crash have, how large are they, and what stands behind them?
-- Grain: one row per market
-- Units: _usd USD, volume a day, depth a percent of price; _pct percent; latency_s s; funds in the settlement asset
-- Reads: synthetic.markets
SELECT
    venue,
    instrument,
    contract,
    settles_in,
    CASE WHEN reference THEN 'reference' ELSE 'held to the reference' END AS place,
    volume_daily_usd,
    open_interest_usd,
    depth_usd_per_log / 100 AS depth_usd_per_pct,
    100 * maintenance_ratio AS maintenance_pct,
    latency_s,
    CAST(fund_settled AS DOUBLE) AS fund_settled,
    CAST(vault_settled AS DOUBLE) AS vault_settled
FROM synthetic.markets
WHERE world = $world
ORDER BY market
