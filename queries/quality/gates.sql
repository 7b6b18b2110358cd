-- Question: Which tests of fidelity does each run pass, fail, or not admit?
-- Grain: one row per run and gate
-- Units: none
-- Reads: replayed.gates
SELECT
    run,
    rule_set,
    gate,
    verdict,
    detail
FROM replayed.gates
WHERE episode = $episode
ORDER BY
    CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END,
    rule_set,
    run,
    CAST(substr(gate, 2) AS BIGINT),
    gate
