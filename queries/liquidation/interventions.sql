-- Question: What did the rules do, one by one, and why?
-- Grain: one row per intervention of the central draw; `number` counts them within a run and bar order
-- Units: before and after in the unit of the step: ratios of margin, USD per BTC of a price
-- Reads: replayed.interventions
SELECT
    run,
    rule_set,
    bar_order,
    row_number() OVER (
        PARTITION BY run, bar_order
        ORDER BY event_at, rule, step, subject, decision, reason, before, after
    ) AS number,
    event_at,
    rule,
    step,
    decision,
    subject,
    before,
    after,
    until_at,
    reason
FROM replayed.interventions
WHERE episode = $episode
ORDER BY rule_set, run, bar_order, number
