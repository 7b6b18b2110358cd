-- Question: Which tests of fidelity do the runs pass, fail, or not admit?
-- Grain: one row per gate, verdict and detail
-- Units: none; rule_sets names whose runs say so
-- Reads: replayed.gates
WITH
judged AS (
    SELECT * FROM replayed.gates WHERE episode = $episode
),
runs AS (
    SELECT count(DISTINCT run) AS runs FROM judged
)
SELECT
    gate,
    verdict,
    detail,
    CASE
        WHEN count(DISTINCT run) = max(runs) THEN 'all'
        ELSE string_agg(DISTINCT rule_set, ', ' ORDER BY rule_set)
    END AS rule_sets
FROM judged
CROSS JOIN runs
GROUP BY gate, verdict, detail
ORDER BY CAST(substr(gate, 2) AS BIGINT), gate, verdict, detail
