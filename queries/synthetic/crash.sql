-- Question: Which made-up crash is this, how was it declared, and when does the news fall?
-- Grain: one row per made-up crash
-- Units: _at UTC, _pct percent, _s s; amplification and scale are ratios
-- Reads: synthetic.worlds, synthetic.rule_sets
WITH
others AS (
    SELECT world, string_agg(' --rules ' || rule_set, '' ORDER BY rule_set) AS rules
    FROM synthetic.rule_sets
    WHERE rule_set <> 'record'
    GROUP BY world
)
SELECT
    w.world,
    provenance,
    title,
    template,
    seed,
    start_at,
    end_at,
    ramp_from_at,
    ramp_to_at,
    100 * (1 - exp(-ramp_fall_log)) AS ramp_fall_pct,
    markets,
    amplification_declared,
    amplification_clock_s,
    open_interest_scale,
    path_clock_s,
    declared_sha256,
    'aftershock synth --seed ' || CAST(seed AS VARCHAR)
        || CASE WHEN template = 'the template as it is' THEN '' ELSE ' --declared FILE' END
        || coalesce(o.rules, '') AS command
FROM synthetic.worlds w
LEFT JOIN others o ON o.world = w.world
WHERE w.world = $world
ORDER BY w.world
