-- Question: Which rules were replayed, and where do their parameters come from?
-- Grain: one row per run
-- Units: none
-- Reads: catalog.runs, catalog.rule_sets
SELECT
    r.run,
    r.rule_set,
    c.title,
    c.summary,
    c.cost,
    r.rule_set_toml AS toml,
    c.source
FROM catalog.runs r
LEFT JOIN catalog.rule_sets c ON c.rule_set = r.rule_set
WHERE r.episode = $episode
ORDER BY CASE WHEN r.rule_set = 'record' THEN 0 ELSE 1 END, r.rule_set, r.run
