-- Question: How good is the record: which bars are recorded, rebuilt or derived, and where are the holes?
-- Grain: one row per venue, instrument, origin of the price and origin of the taker share
-- Units: counts of bars; shortest_s and longest_s s from open to close; gaps count bars that open later than the bar before them closed, gap_s their sum in s
-- Reads: recorded.episode_bars
WITH
steps AS (
    SELECT
        *,
        lag(close_at) OVER (PARTITION BY venue, instrument ORDER BY open_at) AS closed_before
    FROM recorded.episode_bars
    WHERE episode = $episode
)
SELECT
    venue,
    instrument,
    price_origin,
    coalesce(taker_origin, 'absent') AS taker_origin,
    count(*) AS bars,
    min(open_at) AS from_at,
    max(close_at) AS to_at,
    min(CAST(close_at AS BIGINT) - CAST(open_at AS BIGINT)) / 1e6 AS shortest_s,
    max(CAST(close_at AS BIGINT) - CAST(open_at AS BIGINT)) / 1e6 AS longest_s,
    count(CASE WHEN open_at > closed_before THEN 1 END) AS gaps,
    coalesce(
        sum(CASE WHEN open_at > closed_before THEN CAST(open_at AS BIGINT) - CAST(closed_before AS BIGINT) END),
        0
    ) / 1e6 AS gap_s,
    count(CASE WHEN volume_usd IS NULL THEN 1 END) AS without_volume_usd,
    count(CASE WHEN taker_buy_usd IS NULL THEN 1 END) AS without_taker_share,
    count(DISTINCT source) AS sources,
    min(source) AS source
FROM steps
GROUP BY venue, instrument, price_origin, coalesce(taker_origin, 'absent')
ORDER BY venue, instrument, price_origin, taker_origin
