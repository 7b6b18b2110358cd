-- Question: Does the amplification follow from the journalled prices alone? (The central draw, computed again from its bar closes.)
-- Grain: one row per run, bar order and clock
-- Units: clock_s s; n returns between the last closes known at the ticks of a clock that starts with the first price; _rv sums of squared log returns; amplification a ratio, null below 30 returns; journalled is what the run says
-- Reads: replayed.prices, replayed.amplification
WITH
clocks AS (
    SELECT run, bar_order, clock_s, amplification AS journalled
    FROM replayed.amplification
    WHERE episode = $episode AND draw = 0
),
prices AS (
    SELECT *, row_number() OVER (PARTITION BY run, bar_order ORDER BY event_at, bar_close) AS place
    FROM replayed.prices
    WHERE episode = $episode
),
-- The first price opens the first bar where the one before it closed.
closes AS (
    SELECT run, rule_set, bar_order, event_at, recorded_usd, mark_usd, null_usd,
           CAST(event_at AS BIGINT) AS micros,
           min(CAST(event_at AS BIGINT)) OVER (PARTITION BY run, bar_order) AS start_micros,
           max(CAST(event_at AS BIGINT)) OVER (PARTITION BY run, bar_order) AS end_micros
    FROM prices
    WHERE bar_close OR place = 1
),
-- A close counts at the first tick of the clock that is not before it.
ticks AS (
    SELECT c.*, k.clock_s, k.journalled,
           (c.micros - c.start_micros + k.clock_s * 1000000 - 1) / (k.clock_s * 1000000) AS tick,
           (c.end_micros - c.start_micros) / (k.clock_s * 1000000) AS n
    FROM closes c
    JOIN clocks k ON k.run = c.run AND k.bar_order = c.bar_order
),
sampled AS (
    SELECT
        run, rule_set, bar_order, clock_s, journalled, n, tick,
        last_value(recorded_usd ORDER BY micros) AS recorded_usd,
        last_value(mark_usd ORDER BY micros) AS mark_usd,
        last_value(null_usd ORDER BY micros) AS null_usd
    FROM ticks
    WHERE tick <= n
    GROUP BY run, rule_set, bar_order, clock_s, journalled, n, tick
),
returns AS (
    SELECT
        run, rule_set, bar_order, clock_s, journalled, n,
        ln(recorded_usd / lag(recorded_usd) OVER path) AS recorded,
        ln(mark_usd / lag(mark_usd) OVER path) AS mark,
        ln(null_usd / lag(null_usd) OVER path) AS without
    FROM sampled
    WINDOW path AS (PARTITION BY run, bar_order, clock_s ORDER BY tick)
)
SELECT
    run,
    rule_set,
    bar_order,
    clock_s,
    n,
    sum(recorded * recorded) AS recorded_rv,
    sum(mark * mark) AS mark_rv,
    sum(without * without) AS null_rv,
    CASE WHEN n >= 30 THEN sum(mark * mark) / sum(without * without) END AS amplification,
    journalled
FROM returns
GROUP BY run, rule_set, bar_order, clock_s, journalled, n
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, bar_order, clock_s
