-- Question: How much was liquidated in each bar, over all draws?
-- Grain: one row per run and bar close
-- Units: _usd USD within the bar; medians with the 5th and 95th percentile over draws and bar orders, null below 100 draws
-- Reads: replayed.bands
SELECT
    run,
    rule_set,
    event_at,
    max(CASE WHEN series = 'forced_sell_usd' THEN p05 END) AS sell_low_usd,
    max(CASE WHEN series = 'forced_sell_usd' THEN p50 END) AS sell_median_usd,
    max(CASE WHEN series = 'forced_sell_usd' THEN p95 END) AS sell_high_usd,
    max(CASE WHEN series = 'forced_buy_usd' THEN p05 END) AS buy_low_usd,
    max(CASE WHEN series = 'forced_buy_usd' THEN p50 END) AS buy_median_usd,
    max(CASE WHEN series = 'forced_buy_usd' THEN p95 END) AS buy_high_usd
FROM replayed.bands
WHERE episode = $episode AND series IN ('forced_sell_usd', 'forced_buy_usd')
GROUP BY run, rule_set, event_at
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, event_at
