-- Question: What does cross-protocol clearing change, over the declared share of positions that offset each other?
-- Grain: one row per run, clock and overlap
-- Units: overlap a ratio from 0 to 1, clock_s s, fall_log log price, fall_pct percent, amplification a ratio, _usd USD; medians over draws and bar orders
-- Reads: replayed.overlap_curve
SELECT
    run,
    rule_set,
    clock_s,
    overlap,
    mark_drawdown AS fall_log,
    100 * (1 - exp(-mark_drawdown)) AS fall_pct,
    amplification,
    forced_sell_usd,
    bad_debt_usd
FROM replayed.overlap_curve
WHERE episode = $episode
ORDER BY rule_set, run, clock_s, overlap
