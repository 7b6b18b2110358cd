-- Question: Who paid: how much was closed by force, what did insurance pay, and what was left to nobody?
-- Grain: one row per run and measure; the _change columns compare with the rules of record within the same draw and bar order
-- Units: USD, except `halted` in s; low and high are the 5th and 95th percentile over draws and bar orders, null below 100 draws
-- Reads: replayed.outcomes, catalog.runs
WITH
pairs AS (
    SELECT
        o.*,
        o.forced_sell_usd - b.forced_sell_usd AS sell_change,
        o.forced_buy_usd - b.forced_buy_usd AS buy_change,
        o.insurance_used_usd - b.insurance_used_usd AS insurance_change,
        o.bad_debt_usd - b.bad_debt_usd AS debt_change,
        o.halted_s - b.halted_s AS halted_change
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    LEFT JOIN replayed.outcomes b
        ON b.run = r.baseline AND b.run <> o.run AND b.draw = o.draw AND b.bar_order = o.bar_order
    WHERE o.episode = $episode AND o.draw > 0
),
measures AS (
    SELECT run, rule_set, draw, 1 AS place, 'open interest' AS measure, open_interest_usd AS value,
           CAST(NULL AS DOUBLE) AS change
    FROM pairs
    UNION ALL
    SELECT run, rule_set, draw, 2, 'forced selling', forced_sell_usd, sell_change FROM pairs
    UNION ALL
    SELECT run, rule_set, draw, 3, 'forced buying', forced_buy_usd, buy_change FROM pairs
    UNION ALL
    SELECT run, rule_set, draw, 4, 'insurance used', insurance_used_usd, insurance_change FROM pairs
    UNION ALL
    SELECT run, rule_set, draw, 5, 'bad debt', bad_debt_usd, debt_change FROM pairs
    UNION ALL
    SELECT run, rule_set, draw, 6, 'halted', halted_s, halted_change FROM pairs
)
SELECT
    run,
    rule_set,
    measure,
    count(DISTINCT draw) AS draws,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY value) END AS low,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY value) END AS high,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY change) END AS low_change,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY change) AS median_change,
    CASE WHEN count(DISTINCT draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY change) END AS high_change
FROM measures
GROUP BY run, rule_set, place, measure
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, place
