-- Question: Which runs are there, what were they made from, and which is each one's baseline, and how is it made again?
-- Grain: one row per run
-- Units: digests are SHA-256 in hexadecimal; draws count the ensemble without the central draw
-- Reads: catalog.runs
SELECT
    run,
    rule_set,
    baseline,
    draws,
    seed,
    cut_sha256,
    rule_set_sha256,
    calibration_sha256,
    engine_sha256,
    created_by,
    'aftershock replay ' || episode || ' --rules ' || rule_set
        || ' --draws ' || CAST(draws AS VARCHAR) || ' --seed ' || CAST(seed AS VARCHAR) AS command
FROM catalog.runs
WHERE episode = $episode
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run
