-- Question: What does the tape hold, how fine is it, and how much of it is missing or contested?
-- Grain: one row per kind of record, venue and instrument
-- Units: rows, parts, outages and conflicts are counts; bytes on the disk; outage_s s; rows_per_s rows a second between the first and last row of each part
-- Reads: recorded.parts, recorded.outages
WITH
silent AS (
    SELECT
        kind, venue, instrument,
        count(*) AS outages,
        sum(CAST(to_at AS BIGINT) - CAST(from_at AS BIGINT)) / 1e6 AS outage_s
    FROM recorded.outages
    GROUP BY kind, venue, instrument
),
held AS (
    SELECT
        kind, venue, instrument,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        count(*) AS parts,
        sum("rows") AS "rows",
        sum(bytes) AS bytes,
        sum(conflicts) AS conflicts,
        sum(CAST(last_at AS BIGINT) - CAST(first_at AS BIGINT)) / 1e6 AS covered_s
    FROM recorded.parts
    GROUP BY kind, venue, instrument
)
SELECT
    held.kind,
    held.venue,
    held.instrument,
    held.first_at,
    held.last_at,
    held.parts,
    held."rows",
    CASE WHEN held.covered_s > 0 THEN held."rows" / held.covered_s END AS rows_per_s,
    held.bytes,
    coalesce(silent.outages, 0) AS outages,
    coalesce(silent.outage_s, 0) AS outage_s,
    held.conflicts
FROM held
LEFT JOIN silent
    ON silent.kind = held.kind AND silent.venue = held.venue AND silent.instrument = held.instrument
ORDER BY held.kind, held.venue, held.instrument
