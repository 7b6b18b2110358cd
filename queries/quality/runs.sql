-- Question: Which runs are there, what were they made from, and which is each one's baseline, and how is it made again?
-- Grain: one row per run
-- Units: digests are SHA-256 in hexadecimal; draws count the ensemble without the central draw; shock_pct percent of the price, null where the record itself is replayed, over shock_over_s s; recorded_episode names the record, episode the scenario of a shocked run
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
    recorded_episode,
    shock_pct,
    shock_over_s,
    positions_sha256,
    'aftershock replay ' || recorded_episode || ' --rules ' || rule_set
        || ' --draws ' || CAST(draws AS VARCHAR) || ' --seed ' || CAST(seed AS VARCHAR)
        || CASE WHEN positions_sha256 IS NULL THEN '' ELSE ' --positions FILE' END
        || CASE WHEN shock_pct IS NULL THEN ''
            ELSE ' --shock ' || CAST(round(shock_pct, 2) AS VARCHAR)
                || '% --shock-over ' || CAST(CAST(shock_over_s AS BIGINT) AS VARCHAR) || 's' END AS command
FROM catalog.runs
WHERE episode = $episode
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run
