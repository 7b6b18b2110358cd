-- Question: What else does the tape hold of the episode's market while it is replayed: funding, open interest, depth, forced orders, outages?
-- Grain: one row per kind, venue, instrument, unit and reading; funding as settled, forced orders summed by the hour and side, of the others the last reading of each hour
-- Units: value in unit: funding in percent of notional, depth what rests within one percent of the price on both sides, an outage in s with its end in until_at; the market is what is called as the episode's instrument at any venue, perpetual swaps of that name included
-- Reads: catalog.episodes, recorded.funding, recorded.open_interest, recorded.depth_bands, recorded.liquidations, recorded.outages
WITH
replay AS (
    SELECT replay_from, replay_to, split_part(instrument, ':', 2) AS symbol
    FROM catalog.episodes
    WHERE episode = $episode
),
readings AS (
    SELECT
        'funding' AS kind,
        venue,
        instrument,
        'percent of notional' AS unit,
        funded_at AS event_at,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS until_at,
        100 * rate AS value
    FROM recorded.funding, replay
    WHERE rate_kind = 'settled' AND funded_at >= replay_from AND funded_at <= replay_to
    UNION ALL
    SELECT
        'open interest',
        venue,
        instrument,
        quantity_unit,
        max(read_at),
        NULL,
        last_value(quantity ORDER BY read_at)
    FROM recorded.open_interest, replay
    WHERE read_at >= replay_from AND read_at <= replay_to
    GROUP BY venue, instrument, quantity_unit, date_trunc('hour', read_at)
    UNION ALL
    SELECT 'depth', venue, instrument, quantity_unit, max(taken_at), NULL, last_value(quantity ORDER BY taken_at)
    FROM (
        SELECT venue, instrument, quantity_unit, taken_at, sum(quantity) AS quantity
        FROM recorded.depth_bands, replay
        WHERE abs(band_pct) = 1 AND taken_at >= replay_from AND taken_at <= replay_to
        GROUP BY venue, instrument, quantity_unit, taken_at
    ) AS both_sides
    GROUP BY venue, instrument, quantity_unit, date_trunc('hour', taken_at)
    UNION ALL
    SELECT
        concat('forced orders to ', side),
        venue,
        instrument,
        quantity_unit,
        date_trunc('hour', liquidated_at),
        NULL,
        sum(quantity)
    FROM recorded.liquidations, replay
    WHERE side IS NOT NULL AND liquidated_at >= replay_from AND liquidated_at <= replay_to
    GROUP BY side, venue, instrument, quantity_unit, date_trunc('hour', liquidated_at)
    UNION ALL
    SELECT
        'outage',
        venue,
        instrument,
        concat('s, ', kind, ': ', evidence),
        from_at,
        to_at,
        (CAST(to_at AS BIGINT) - CAST(from_at AS BIGINT)) / 1e6
    FROM recorded.outages, replay
    WHERE from_at <= replay_to AND to_at > replay_from
)
SELECT kind, venue, instrument, unit, event_at, until_at, value
FROM readings, replay
WHERE regexp_replace(upper(instrument), '[^A-Z0-9]', '', 'g') IN (symbol, concat(symbol, 'SWAP'), concat(symbol, 'PERP'))
ORDER BY
    CASE kind WHEN 'funding' THEN 0 WHEN 'open interest' THEN 1 WHEN 'depth' THEN 2 WHEN 'outage' THEN 4 ELSE 3 END,
    kind, unit, venue, instrument, event_at, until_at
