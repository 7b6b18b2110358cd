-- Question: Where do rows share a venue's id and say different things, so that sources contradict each other?
-- Grain: one row per part of the tape with conflicts
-- Units: conflicts and rows are counts; share of the part's rows
-- Reads: recorded.parts
SELECT
    kind,
    venue,
    instrument,
    span,
    conflicts,
    "rows",
    CAST(conflicts AS DOUBLE) / "rows" AS share,
    first_at,
    last_at,
    path
FROM recorded.parts
WHERE conflicts > 0
ORDER BY conflicts DESC, kind, venue, instrument, span
