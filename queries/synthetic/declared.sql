-- Question: With which parameters was a crash made up?
-- Grain: one row per parameter, in the order of the declaration
-- Units: as the words beside each say
-- Reads: synthetic.parameters
SELECT
    name,
    value,
    about,
    CASE WHEN changed THEN 'changed' ELSE 'as the template' END AS origin
FROM synthetic.parameters
WHERE world = $world
ORDER BY number
