-- Question: Who paid: how much was closed by force, what did insurance pay, and what was left to nobody?
-- Grain: one row per run and measure; a measure ending in `, against the record` is the difference to the rules of record within the same draw and bar order
-- Units: USD, except halted in s; low and high are the 5th and 95th percentile over draws and bar orders, null below 100 draws
-- Reads: replayed.outcomes, catalog.runs
WITH
outcomes AS (
    SELECT o.*, r.baseline
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    WHERE o.episode = $episode AND o.draw > 0
),
measures AS (
    SELECT run, rule_set, draw, bar_order, baseline, 1 AS place, 'open interest' AS measure, open_interest_usd AS value
    FROM outcomes
    UNION ALL
    SELECT run, rule_set, draw, bar_order, baseline, 2, 'forced selling', forced_sell_usd FROM outcomes
    UNION ALL
    SELECT run, rule_set, draw, bar_order, baseline, 3, 'forced buying', forced_buy_usd FROM outcomes
    UNION ALL
    SELECT run, rule_set, draw, bar_order, baseline, 4, 'insurance used', insurance_used_usd FROM outcomes
    UNION ALL
    SELECT run, rule_set, draw, bar_order, baseline, 5, 'bad debt', bad_debt_usd FROM outcomes
    UNION ALL
    SELECT run, rule_set, draw, bar_order, baseline, 6, 'halted', halted_s FROM outcomes
),
compared AS (
    SELECT run, rule_set, draw, place, measure, value FROM measures
    UNION ALL
    SELECT m.run, m.rule_set, m.draw, m.place + 10, m.measure || ', against the record', m.value - b.value
    FROM measures m
    JOIN measures b
        ON b.run = m.baseline AND b.draw = m.draw AND b.bar_order = m.bar_order AND b.place = m.place
    WHERE m.run <> m.baseline AND m.place BETWEEN 2 AND 5
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
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY value) END AS high
FROM compared
GROUP BY run, rule_set, place, measure
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, place
