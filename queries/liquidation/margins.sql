-- Question: Which margin was in force, from when to when?
-- Grain: one row per run, venue, tier and change
-- Units: _ratio of notional; until_at is null for what was in force at the end
-- Reads: replayed.margins
SELECT
    run,
    rule_set,
    venue,
    tier,
    event_at AS from_at,
    lead(event_at) OVER (PARTITION BY run, venue, tier ORDER BY event_at) AS until_at,
    initial_ratio,
    maintenance_ratio
FROM replayed.margins
WHERE episode = $episode
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, venue, tier, from_at
