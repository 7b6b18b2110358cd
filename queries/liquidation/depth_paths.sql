-- Question: How much of its normal depth did the thinner side of the book hold?
-- Grain: one row per run and bar close, of the central draw, the high of each bar first; of a run of more than 1,000 closes every second, third … as few as leave no more than that, its last close among them
-- Units: ratios of normal depth: depth at the bar's close, lowest since the row before; modelled, no depth is read off the record
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
),
-- Counted from the end, so that the last close is the first of its stretch.
stretches AS (
    SELECT *, (bars - 1 - bar) / every AS stretch, bar_close AND (bars - 1 - bar) % every = 0 AS ends_it
    FROM (
        SELECT *, (bars + 999) / 1000 AS every
        FROM (SELECT *, sum(CASE WHEN bar_close THEN 1 ELSE 0 END) OVER (PARTITION BY run) AS bars FROM steps)
    )
    WHERE bar < bars
)
SELECT
    run,
    rule_set,
    max(CASE WHEN ends_it THEN event_at END) AS event_at,
    max(CASE WHEN ends_it THEN depth_ratio END) AS depth,
    min(depth_ratio) AS lowest
FROM stretches
GROUP BY run, rule_set, stretch
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, event_at
