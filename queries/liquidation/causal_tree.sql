-- Question: Which forced orders came for others, and which would have come without them?
-- Grain: one row per run, bar order, side and way of coming, of the central draw
-- Units: notional_usd USD, share_pct percent of the side's forced volume; came: own (the null brought it too), sooner (the null came to its trigger, but later), additional (the null never did)
-- Reads: replayed.forced_orders
SELECT
    run,
    rule_set,
    bar_order,
    side,
    came,
    count(DISTINCT batch_id) AS batches,
    max(generation) AS deepest_generation,
    sum(notional_usd) AS notional_usd,
    100.0 * sum(notional_usd) / sum(sum(notional_usd)) OVER (PARTITION BY run, bar_order, side) AS share_pct
FROM (
    SELECT
        *,
        CASE
            WHEN parent_id IS NULL THEN 'own'
            WHEN additional THEN 'additional'
            ELSE 'sooner'
        END AS came
    FROM replayed.forced_orders
    WHERE episode = $episode
) AS orders
GROUP BY run, rule_set, bar_order, side, came
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, bar_order, side,
    CASE came WHEN 'own' THEN 0 WHEN 'sooner' THEN 1 ELSE 2 END
