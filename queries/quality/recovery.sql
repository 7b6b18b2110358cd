-- Question: How do answers fare on made-up crashes whose truth is known, from the priors alone and calibrated?
-- Grain: one row per figure, family of crashes, clock and way of answering; families are the replay's own equations and foreign ones
-- Units: amplification and effect (of a cap of leverage) are logs of variance ratios, so are interval_score, median_error and bias; covered_pct percent of truths inside an interval meant to hold 90; width_factor upper end over lower, median; clock_s seconds; others counts
-- Reads: catalog.recovery
SELECT
    figure,
    family,
    clock_s,
    way,
    crashes,
    100.0 * covers / nullif(crashes, 0) AS covered_pct,
    exp(width) AS width_factor,
    interval_score,
    median_error,
    bias,
    signs_right,
    signs_of,
    claims_right,
    claims_of,
    false_claims,
    false_claims_of
FROM catalog.recovery
ORDER BY
    figure,
    family <> 'own',
    clock_s,
    CASE way WHEN 'prior-only on bars' THEN 1 WHEN 'calibrated' THEN 2 ELSE 3 END
