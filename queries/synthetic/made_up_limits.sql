-- Question: What must a reader of a made-up crash know before the first number?
-- Grain: one row per statement, in the order in which they are told
-- Units: none
-- Reads: synthetic.limits
SELECT topic, text
FROM synthetic.limits
WHERE world = $world
ORDER BY number
