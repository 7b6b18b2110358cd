-- Question: What limits the answer, and what does it stand on?
-- Grain: one row per statement of the runs' assumptions that is words and neither a number nor the shape of a prior
-- Units: none; runs counts the runs that make the statement
-- Reads: replayed.assumptions
SELECT
    CASE
        WHEN name = 'shock' THEN 'made up'
        WHEN name = 'not_modelled' THEN 'not modelled'
        WHEN name LIKE 'response%' OR name LIKE 'own_accounts%'
            OR name IN ('brackets_of_the_rule_set', 'halt', 'hold_equity', 'hold_notional', 'intra_bar_order', 'null', 'ordinary_flow_is_held')
            THEN 'the model'
        ELSE 'the record'
    END AS topic,
    name,
    CASE name WHEN 'absent' THEN 'not recorded: ' || text WHEN 'not_modelled' THEN 'not modelled: ' || text ELSE text END AS text,
    origin,
    source,
    count(DISTINCT run) AS runs
FROM replayed.assumptions
WHERE episode = $episode AND value IS NULL
    AND (origin <> 'prior' OR name IN ('dominated_by_priors', 'open_interest'))
GROUP BY name, replayed.assumptions.text, origin, source
ORDER BY
    CASE topic WHEN 'made up' THEN 0 WHEN 'the record' THEN 1 WHEN 'the model' THEN 2 ELSE 3 END,
    CASE name
        WHEN 'mark_price' THEN 1
        WHEN 'closed_loop' THEN 2
        WHEN 'dominated_by_priors' THEN 3
        WHEN 'open_interest' THEN 4
        WHEN 'reconstructed_stamps' THEN 5
        WHEN 'scope' THEN 6
        WHEN 'absent' THEN 7
        ELSE 8
    END,
    name, text, origin, source
