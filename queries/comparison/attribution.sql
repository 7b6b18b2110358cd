-- Question: Which mechanism does the amplification under the rules of record come from?
-- Grain: one row per run, clock and mechanism
-- Units: clock_s s; shares of log amplification: Shapley value (low, median, high over draws and bar orders, low and high null below 100 draws), alone (first in), last (taken out last), total (all mechanisms)
-- Reads: replayed.shapley
SELECT
    run,
    clock_s,
    mechanism,
    count(DISTINCT draw) AS draws,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY phi) END AS low,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY phi) AS median,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY phi) END AS high,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY first_in) AS alone,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY last_out) AS last,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY log_amplification) AS total,
    CASE WHEN abs(percentile_cont(0.5) WITHIN GROUP (ORDER BY last_out - first_in))
            > 0.5 * abs(percentile_cont(0.5) WITHIN GROUP (ORDER BY phi))
        THEN 'order-dependent' ELSE 'stable' END AS reading
FROM replayed.shapley
WHERE episode = $episode AND draw > 0
GROUP BY run, clock_s, mechanism
ORDER BY run, clock_s, mechanism
