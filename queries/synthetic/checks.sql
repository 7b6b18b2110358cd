-- Question: Do the books of a made-up crash close, and does its attribution add up?
-- Grain: one row per check and rule set
-- Units: none; detail says by which figure it was judged
-- Reads: synthetic.checks
SELECT check, rule_set, verdict, detail
FROM synthetic.checks
WHERE world = $world
ORDER BY check, CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set
