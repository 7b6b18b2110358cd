-- Question: How often did each rule step in, and when?
-- Grain: one row per run, rule, step and decision, of the central draw
-- Units: counts; high_first and low_first are the two orders inside a bar
-- Reads: replayed.interventions
SELECT
    run,
    rule_set,
    rule,
    step,
    decision,
    count(CASE WHEN bar_order = 'high_first' THEN 1 END) AS high_first,
    count(CASE WHEN bar_order = 'low_first' THEN 1 END) AS low_first,
    min(event_at) AS first_at,
    max(event_at) AS last_at
FROM replayed.interventions
WHERE episode = $episode
GROUP BY run, rule_set, rule, step, decision
ORDER BY rule_set, run, rule, step, decision
