-- Question: How far did the price fall: recorded, without forced flow on the book, and under each rule set?
-- Grain: one row per run and series; `difference` is the fall under the run's rules minus the fall under the rules of record, taken within the same draw and bar order
-- Units: _log log price, _pct percent of the high before the fall (of `difference`: percentage points); low and high are the 5th and 95th percentile, null below 100 draws
-- Reads: replayed.outcomes, catalog.runs
WITH
falls AS (
    SELECT o.run, o.rule_set, o.draw, o.bar_order, r.baseline,
           o.recorded_drawdown, o.null_drawdown, o.mark_drawdown
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    WHERE o.episode = $episode AND o.draw > 0
),
series AS (
    SELECT run, rule_set, draw, 1 AS place, 'recorded' AS series,
           recorded_drawdown AS fall_log,
           100 * (1 - exp(-recorded_drawdown)) AS fall_pct
    FROM falls
    UNION ALL
    SELECT run, rule_set, draw, 2, 'null', null_drawdown, 100 * (1 - exp(-null_drawdown))
    FROM falls
    UNION ALL
    SELECT run, rule_set, draw, 3, 'mark', mark_drawdown, 100 * (1 - exp(-mark_drawdown))
    FROM falls
    UNION ALL
    SELECT f.run, f.rule_set, f.draw, 4, 'difference',
           f.mark_drawdown - b.mark_drawdown,
           100 * (exp(-b.mark_drawdown) - exp(-f.mark_drawdown))
    FROM falls f
    JOIN falls b ON b.run = f.baseline AND b.draw = f.draw AND b.bar_order = f.bar_order
    WHERE f.run <> f.baseline
)
SELECT
    run,
    rule_set,
    series,
    count(DISTINCT draw) AS draws,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY fall_log) END AS low_log,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY fall_log) AS median_log,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY fall_log) END AS high_log,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY fall_pct) END AS low_pct,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY fall_pct) AS median_pct,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY fall_pct) END AS high_pct
FROM series
GROUP BY run, rule_set, place, series
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, place
