-- Question: Which path did the price take: recorded, without forced flow on the book, and under each rule set?
-- Grain: one row per run and bar close, after one of the first price, at which every draw begins; of a run of more than 1,000 closes every second, third … as few as leave no more than that, its last close among them
-- Units: _usd USD per BTC, _pct percent above the record at that close; recorded is the record, the others are medians with the 5th and 95th percentile over draws and bar orders, null below 100 draws and at the first price
-- Reads: replayed.bands, replayed.prices
WITH
prices AS (
    SELECT *, min(event_at) OVER (PARTITION BY run) AS first_at
    FROM replayed.prices
    WHERE episode = $episode AND bar_order = 'high_first'
),
recorded AS (
    SELECT run, event_at, max(recorded_usd) AS recorded_usd
    FROM prices
    WHERE bar_close OR event_at = first_at
    GROUP BY run, event_at
),
-- Counted from the end, so that the last close is there.
shown AS (
    SELECT run, event_at
    FROM (
        SELECT
            run,
            event_at,
            count(*) OVER (PARTITION BY run) AS closes,
            row_number() OVER (PARTITION BY run ORDER BY event_at DESC) AS from_end
        FROM (SELECT DISTINCT run, event_at FROM replayed.bands WHERE episode = $episode AND series = 'mark_usd')
    )
    WHERE (from_end - 1) % ((closes + 999) / 1000) = 0
),
closes AS (
    SELECT
        run,
        rule_set,
        event_at,
        max(CASE WHEN series = 'null_usd' THEN p05 END) AS null_low_usd,
        max(CASE WHEN series = 'null_usd' THEN p50 END) AS null_median_usd,
        max(CASE WHEN series = 'null_usd' THEN p95 END) AS null_high_usd,
        max(CASE WHEN series = 'mark_usd' THEN p05 END) AS mark_low_usd,
        max(CASE WHEN series = 'mark_usd' THEN p50 END) AS mark_median_usd,
        max(CASE WHEN series = 'mark_usd' THEN p95 END) AS mark_high_usd
    FROM replayed.bands b
    WHERE episode = $episode AND series IN ('mark_usd', 'null_usd')
        AND EXISTS (SELECT 1 FROM shown s WHERE s.run = b.run AND s.event_at = b.event_at)
    GROUP BY run, rule_set, event_at
),
-- Nothing has been closed by force at the first price: it is one in every draw, and no bar ends with it.
spread AS (
    SELECT * FROM closes
    UNION ALL
    SELECT
        p.run, p.rule_set, p.event_at,
        NULL AS null_low_usd, max(p.null_usd) AS null_median_usd, NULL AS null_high_usd,
        NULL AS mark_low_usd, max(p.mark_usd) AS mark_median_usd, NULL AS mark_high_usd
    FROM prices p
    WHERE p.event_at = p.first_at
        AND EXISTS (SELECT 1 FROM closes c WHERE c.run = p.run)
        AND NOT EXISTS (SELECT 1 FROM closes c WHERE c.run = p.run AND c.event_at = p.first_at)
    GROUP BY p.run, p.rule_set, p.event_at
)
SELECT
    s.run,
    s.rule_set,
    s.event_at,
    r.recorded_usd,
    s.null_low_usd,
    s.null_median_usd,
    s.null_high_usd,
    s.mark_low_usd,
    s.mark_median_usd,
    s.mark_high_usd,
    100 * (s.null_low_usd / r.recorded_usd - 1) AS null_low_pct,
    100 * (s.null_median_usd / r.recorded_usd - 1) AS null_median_pct,
    100 * (s.null_high_usd / r.recorded_usd - 1) AS null_high_pct,
    100 * (s.mark_low_usd / r.recorded_usd - 1) AS mark_low_pct,
    100 * (s.mark_median_usd / r.recorded_usd - 1) AS mark_median_pct,
    100 * (s.mark_high_usd / r.recorded_usd - 1) AS mark_high_pct
FROM spread s
LEFT JOIN recorded r ON r.run = s.run AND r.event_at = s.event_at
ORDER BY CASE WHEN s.rule_set = 'record' THEN 0 ELSE 1 END, s.rule_set, s.run, s.event_at
