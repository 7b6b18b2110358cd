-- Question: How far did the price fall: as recorded, with forced flow off the book, and under each rule set?
-- Grain: one row per run and series; `mark` is the replay under the run's rules, and its _change columns compare it with the rules of record within the same draw and bar order
-- Units: _log log price, _pct percent of the high before the fall, _change percentage points (negative: it fell less); low and high are the 5th and 95th percentile, null below 100 draws
-- Reads: replayed.outcomes, catalog.runs
WITH
falls AS (
    SELECT o.run, o.rule_set, o.draw, o.recorded_drawdown, o.null_drawdown, o.mark_drawdown,
           100 * (exp(-b.mark_drawdown) - exp(-o.mark_drawdown)) AS change
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    LEFT JOIN replayed.outcomes b
        ON b.run = r.baseline AND b.run <> o.run AND b.draw = o.draw AND b.bar_order = o.bar_order
    WHERE o.episode = $episode AND o.draw > 0
),
series AS (
    SELECT run, rule_set, draw, 1 AS place, 'recorded' AS series, 'as recorded' AS line,
           recorded_drawdown AS fall, CAST(NULL AS DOUBLE) AS change
    FROM falls
    UNION ALL
    SELECT run, rule_set, draw, 2, 'null', 'with forced flow off the book', null_drawdown, NULL
    FROM falls
    UNION ALL
    SELECT run, rule_set, draw, 3, 'mark',
           CASE WHEN rule_set = 'record' THEN 'under the rules of record' ELSE 'under ' || rule_set END,
           mark_drawdown, change
    FROM falls
)
SELECT
    run,
    rule_set,
    series,
    line,
    count(DISTINCT draw) AS draws,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY fall) END AS low_log,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY fall) AS median_log,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY fall) END AS high_log,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY 100 * (1 - exp(-fall))) END AS low_pct,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY 100 * (1 - exp(-fall))) AS median_pct,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY 100 * (1 - exp(-fall))) END AS high_pct,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY change) END AS low_change,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY change) AS median_change,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY change) END AS high_change
FROM series
GROUP BY run, rule_set, place, series, line
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, place
