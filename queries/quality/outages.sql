-- Question: When were rows due that did not come, or hardly any, and in which episode was that?
-- Grain: one row per outage and kind of record, venue and instrument
-- Units: length_s s; due and found count rows, bars or trades, as evidence says; episode is the first by id whose record the outage touches, null outside
-- Reads: recorded.outages, catalog.episodes
SELECT
    o.kind,
    o.venue,
    o.instrument,
    o.from_at,
    o.to_at,
    (CAST(o.to_at AS BIGINT) - CAST(o.from_at AS BIGINT)) / 1e6 AS length_s,
    o.evidence,
    o.due,
    o.found,
    min(e.episode) AS episode
FROM recorded.outages AS o
LEFT JOIN catalog.episodes AS e
    ON o.from_at <= e.tape_to AND o.to_at > e.tape_from
GROUP BY o.kind, o.venue, o.instrument, o.from_at, o.to_at, o.evidence, o.due, o.found
ORDER BY o.from_at, o.kind, o.venue, o.instrument, o.to_at, o.evidence
