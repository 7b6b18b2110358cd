-- Question: How far below the spot record did the perpetual trade, and what did funding cost, day by day?
-- Grain: one row per day and instrument of the perpetual
-- Units: _usd USD per BTC, volume_usd USD, funding_usd_per_btc USD per BTC over the day (positive: longs pay); low_gap_log log of the perpetual's low over the low of the spot bars opened that day
-- Reads: recorded.episode_perp_daily, recorded.episode_bars
WITH
spot AS (
    SELECT date_trunc('day', open_at) AS day_at, min(low_usd) AS low_usd
    FROM recorded.episode_bars
    WHERE episode = $episode
    GROUP BY date_trunc('day', open_at)
)
SELECT
    p.day_at,
    p.venue,
    p.instrument,
    p.low_usd,
    s.low_usd AS spot_low_usd,
    ln(p.low_usd / s.low_usd) AS low_gap_log,
    p.close_usd,
    p.volume_usd,
    p.funding_usd_per_btc,
    p.funding_origin
FROM recorded.episode_perp_daily p
LEFT JOIN spot s ON s.day_at = p.day_at
WHERE p.episode = $episode
ORDER BY p.day_at, p.venue, p.instrument
