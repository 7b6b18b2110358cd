-- Question: Under which rules was a made-up crash run?
-- Grain: one row per rule set
-- Units: none
-- Reads: synthetic.rule_sets
SELECT rule_set, title, summary, cost, source, toml
FROM synthetic.rule_sets
WHERE world = $world
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set
