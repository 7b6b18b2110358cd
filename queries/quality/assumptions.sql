-- Question: What does the replay take as given, and where does it come from?
-- Grain: one row per run and input
-- Units: value in the unit beside it; null where the input is words
-- Reads: replayed.assumptions
SELECT
    run,
    rule_set,
    origin,
    name,
    value,
    unit,
    text,
    source
FROM replayed.assumptions
WHERE run = $run
ORDER BY
    CASE origin
        WHEN 'recorded' THEN 1
        WHEN 'published' THEN 2
        WHEN 'derived' THEN 3
        WHEN 'prior' THEN 4
        ELSE 5
    END,
    origin,
    name,
    text
