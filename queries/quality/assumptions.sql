-- Question: What does the replay take as given, and where does it come from?
-- Grain: one row per input; an input that differs between rule sets has one row for each form
-- Units: value in the unit beside it, of the central draw where the input is drawn; null where it is no single number
-- Reads: replayed.assumptions
WITH
given AS (
    SELECT *, CASE WHEN value IS NULL AND (origin <> 'prior' OR name IN ('dominated_by_priors', 'open_interest'))
        THEN 'statement' ELSE 'input' END AS kind
    FROM replayed.assumptions
    WHERE episode = $episode
),
runs AS (
    SELECT count(DISTINCT run) AS runs FROM given
)
SELECT
    origin,
    name,
    value,
    unit,
    text,
    source,
    kind,
    CASE
        WHEN count(DISTINCT run) = max(runs) THEN 'all'
        ELSE string_agg(DISTINCT rule_set, ', ' ORDER BY rule_set)
    END AS rule_sets
FROM given
CROSS JOIN runs
GROUP BY origin, name, value, unit, text, source, kind
ORDER BY
    CASE origin
        WHEN 'recorded' THEN 1
        WHEN 'published' THEN 2
        WHEN 'derived' THEN 3
        WHEN 'prior' THEN 4
        ELSE 5
    END,
    origin, name, text, value, unit, source
