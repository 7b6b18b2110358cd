-- Question: How much of its normal depth did the thinner side of the book hold?
-- Grain: one row per run and bar close, of the central draw, the high of each bar first
-- Units: ratios of normal depth: depth at the bar's close, lowest since the close before it; modelled, no depth is read off the record
-- Reads: replayed.prices
WITH
steps AS (
    SELECT
        run,
        rule_set,
        event_at,
        bar_close,
        depth_ratio,
        -- A close belongs to the bar that it ends.
        coalesce(sum(CASE WHEN bar_close THEN 1 ELSE 0 END) OVER (
            PARTITION BY run ORDER BY event_at, bar_close DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS bar
    FROM replayed.prices
    WHERE episode = $episode AND bar_order = 'high_first'
)
SELECT
    run,
    rule_set,
    max(CASE WHEN bar_close THEN event_at END) AS event_at,
    max(CASE WHEN bar_close THEN depth_ratio END) AS depth,
    min(depth_ratio) AS lowest
FROM steps
GROUP BY run, rule_set, bar
HAVING max(CASE WHEN bar_close THEN 1 ELSE 0 END) = 1
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, event_at
