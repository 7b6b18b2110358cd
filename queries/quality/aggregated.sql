-- Question: Of which instruments does the tape hold trades and aggregated trades, so that sums over both count the volume twice?
-- Grain: one row per venue and instrument with both
-- Units: aggregated, single and parts are counts of rows and files; both_from_at and both_to_at bound the days that have both, null where no day has
-- Reads: recorded.parts
WITH
days AS (
    SELECT venue, instrument, span, "rows", aggregated, first_at, last_at
    FROM recorded.parts
    WHERE kind = 'trades'
)
SELECT
    venue,
    instrument,
    sum(aggregated) AS aggregated,
    sum("rows" - aggregated) AS single,
    count(*) AS parts,
    min(CASE WHEN aggregated > 0 AND aggregated < "rows" THEN first_at END) AS both_from_at,
    max(CASE WHEN aggregated > 0 AND aggregated < "rows" THEN last_at END) AS both_to_at
FROM days
GROUP BY venue, instrument
HAVING sum(aggregated) > 0 AND sum("rows" - aggregated) > 0
ORDER BY venue, instrument
