-- Question: Which records could not be kept, for which reasons, and from which files?
-- Grain: one row per file, reason and column at fault, null where none is known
-- Units: records and rejected are counts; share of the file's records; first_row counts from 0, a header not counted, and first_raw is that row as it stands in the file
-- Reads: recorded.rejects, recorded.sources
WITH
known AS (
    SELECT source, min(name) AS name, min(dialect) AS dialect, max(records) AS records
    FROM recorded.sources
    GROUP BY source
),
counted AS (
    SELECT source, reason, "column", count(*) AS rejected, min(source_row) AS first_row
    FROM recorded.rejects
    GROUP BY source, reason, "column"
),
firsts AS (
    SELECT source, reason, "column", source_row, min(raw) AS raw
    FROM recorded.rejects
    GROUP BY source, reason, "column", source_row
)
SELECT
    k.name,
    k.dialect,
    c.reason,
    c."column",
    c.rejected,
    k.records,
    CASE WHEN k.records > 0 THEN CAST(c.rejected AS DOUBLE) / k.records END AS share,
    c.first_row,
    f.raw AS first_raw,
    c.source
FROM counted AS c
JOIN firsts AS f
    ON f.source = c.source AND f.reason = c.reason AND f.source_row = c.first_row
    AND f."column" IS NOT DISTINCT FROM c."column"
LEFT JOIN known AS k ON k.source = c.source
ORDER BY k.name, c.source, c.reason, c."column"
