-- Question: What does the machinery add on days when nothing happened, which is what gate G11 judges?
-- Grain: one row per run of a quiet episode and day of 24 hours, then the median day and all days pooled
-- Units: amplification on the clock of clock_s seconds, median over draws and bar orders and their 5 to 95 % range from 100 draws on; the median day is taken within each draw and order first, and is what G11 judges
-- Reads: replayed.quiet_days, replayed.gates
WITH
known AS (
    SELECT * FROM replayed.quiet_days WHERE episode = $episode AND draw > 0 AND amplification IS NOT NULL
),
lines AS (
    SELECT run, rule_set, 1 AS part, 'a day' AS line, from_at, draw, clock_s, n, amplification FROM known
    UNION ALL
    SELECT run, rule_set, 2, 'the median day', NULL, draw, clock_s, min(n), median(amplification)
    FROM known
    GROUP BY run, rule_set, draw, bar_order, clock_s
    UNION ALL
    SELECT run, rule_set, 3, 'all days pooled', NULL, draw, clock_s, n, amplification FROM known
),
spreads AS (
    SELECT
        run,
        rule_set,
        part,
        line,
        from_at,
        clock_s,
        min(n) AS n,
        count(DISTINCT draw) AS draws,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY amplification) AS median,
        percentile_cont(0.05) WITHIN GROUP (ORDER BY amplification) AS p05,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY amplification) AS p95
    FROM lines
    GROUP BY run, rule_set, part, line, from_at, clock_s
)
SELECT
    s.run,
    s.rule_set,
    s.line,
    s.from_at,
    s.clock_s,
    s.n,
    s.draws,
    s.median,
    CASE WHEN s.draws >= 100 THEN s.p05 END AS low,
    CASE WHEN s.draws >= 100 THEN s.p95 END AS high,
    CASE WHEN s.part = 2 THEN g.verdict END AS verdict
FROM spreads s
LEFT JOIN replayed.gates g ON g.run = s.run AND g.gate = 'G11'
ORDER BY s.rule_set, s.run, s.part, s.from_at
