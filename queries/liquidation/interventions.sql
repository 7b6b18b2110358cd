-- Question: What did the rules do, one by one, and why?
-- Grain: one row per intervention of the central draw; `number` counts them within run, bar order and phase
-- Units: before and after in the unit of the step: ratios of margin, USD per BTC of a price; the phase is `lead-in` before the replayed window
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
    bar_order,
    phase,
    row_number() OVER (
        PARTITION BY run, bar_order, phase
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
FROM phased
ORDER BY rule_set, run, bar_order, phase, number
