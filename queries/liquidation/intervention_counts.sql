-- Question: How often did each rule step in, and when?
-- Grain: one row per run, phase, rule, step and decision, of the central draw
-- Units: counts; high_first and low_first are the two orders inside a bar; the phase is `lead-in` before the replayed window
-- Reads: replayed.interventions, catalog.episodes
WITH
phased AS (
    SELECT i.*, CASE WHEN i.event_at < e.replay_from THEN 'lead-in' ELSE 'replay' END AS phase
    FROM replayed.interventions i
    LEFT JOIN catalog.episodes e ON e.episode = i.episode
    WHERE i.episode = $episode
)
SELECT
    run,
    rule_set,
    phase,
    rule,
    step,
    decision,
    count(CASE WHEN bar_order = 'high_first' THEN 1 END) AS high_first,
    count(CASE WHEN bar_order = 'low_first' THEN 1 END) AS low_first,
    min(event_at) AS first_at,
    max(event_at) AS last_at
FROM phased
GROUP BY run, rule_set, phase, rule, step, decision
ORDER BY rule_set, run, phase, rule, step, decision
