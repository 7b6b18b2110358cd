-- Question: How much larger was realized variance than it would have been with forced flow off the book, on each clock?
-- Grain: one row per run and clock
-- Units: clock_s s; _rv sums of squared log returns; amplification (low, median, high) a ratio of two of them; low and high are the 5th and 95th percentile, null below 100 measurable draws; reason says why nothing is measurable
-- Reads: replayed.amplification
SELECT
    run,
    rule_set,
    clock_s,
    min(n) AS n,
    count(DISTINCT CASE WHEN amplification IS NOT NULL THEN draw END) AS draws,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY recorded_rv) AS recorded_rv,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY mark_rv) AS mark_rv,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY null_rv) AS null_rv,
    CASE WHEN count(DISTINCT CASE WHEN amplification IS NOT NULL THEN draw END) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY amplification) END AS low,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY amplification) AS median,
    CASE WHEN count(DISTINCT CASE WHEN amplification IS NOT NULL THEN draw END) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY amplification) END AS high,
    max(reason) AS reason
FROM replayed.amplification
WHERE episode = $episode AND draw > 0
GROUP BY run, rule_set, clock_s
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, clock_s
