-- Question: How much does the amplification depend on when its clock starts? (The central draw, the high of each bar first.)
-- Grain: one row per run and clock on which the run could tell it
-- Units: clock_s s; amplification a ratio: of a clock that starts with the replay, and the least and the most of the four that start none, a quarter, half and three quarters of a tick after it; null below 30 returns; starts counts those that are measurable
-- Reads: replayed.prices, replayed.amplification
WITH
clocks AS (
    SELECT DISTINCT run, clock_s
    FROM replayed.amplification
    WHERE episode = $episode AND draw = 0 AND bar_order = 'high_first' AND amplification IS NOT NULL
),
quarters AS (
    SELECT * FROM (VALUES (0), (1), (2), (3)) AS t (quarter)
),
prices AS (
    SELECT
        *,
        CAST(event_at AS BIGINT) AS micros,
        row_number() OVER (PARTITION BY run ORDER BY event_at, bar_close) AS place
    FROM replayed.prices
    WHERE episode = $episode AND bar_order = 'high_first'
),
-- The first price opens the first bar where the one before it closed.
closes AS (
    SELECT
        run, rule_set, mark_usd, null_usd, micros,
        min(micros) OVER (PARTITION BY run) AS start_micros,
        max(micros) OVER (PARTITION BY run) AS end_micros
    FROM prices
    WHERE bar_close OR place = 1
),
-- A close counts at the first tick of the clock that is not before it; what was known before the first tick, at that one.
ticks AS (
    SELECT
        c.*, k.clock_s, q.quarter,
        greatest(0, (c.micros - c.start_micros + (4 - q.quarter) * (k.clock_s * 250000) - 1) / (k.clock_s * 1000000)) AS tick,
        (c.end_micros - c.start_micros - q.quarter * (k.clock_s * 250000)) / (k.clock_s * 1000000) AS n
    FROM closes c
    JOIN clocks k ON k.run = c.run
    CROSS JOIN quarters q
),
sampled AS (
    SELECT
        run, rule_set, clock_s, quarter, n, tick,
        last_value(mark_usd ORDER BY micros) AS mark_usd,
        last_value(null_usd ORDER BY micros) AS null_usd
    FROM ticks
    WHERE tick <= n
    GROUP BY run, rule_set, clock_s, quarter, n, tick
),
returns AS (
    SELECT
        run, rule_set, clock_s, quarter, n,
        ln(mark_usd / lag(mark_usd) OVER path) AS mark,
        ln(null_usd / lag(null_usd) OVER path) AS without
    FROM sampled
    WINDOW path AS (PARTITION BY run, clock_s, quarter ORDER BY tick)
),
ratios AS (
    SELECT
        run, rule_set, clock_s, quarter,
        CASE WHEN n >= 30 AND sum(without * without) > 0 THEN sum(mark * mark) / sum(without * without) END AS amplification
    FROM returns
    GROUP BY run, rule_set, clock_s, quarter, n
)
SELECT
    run,
    rule_set,
    clock_s,
    count(amplification) AS starts,
    max(CASE WHEN quarter = 0 THEN amplification END) AS with_the_replay,
    min(amplification) AS least,
    max(amplification) AS most
FROM ratios
GROUP BY run, rule_set, clock_s
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, clock_s
