-- Question: How did the variance of the last two hours move, bar by bar, and how much of it came from falls and from jumps?
-- Grain: one row per venue, instrument and recorded bar
-- Units: close_at UTC; close_usd USD per BTC; returns a number; realized_variance, bipower_variation and medrv squared log units over the two hours up to close_at, not annualised, the two last damping lone jumps; fall_share the part of realized_variance that falls made, a ratio
-- Reads: recorded.episode_bars
SELECT
    venue,
    instrument,
    close_at,
    close_usd,
    count(*) OVER hours - 1 AS returns,
    realized_variance(close_at, close_usd) OVER hours AS realized_variance,
    bipower_variation(close_at, close_usd) OVER hours AS bipower_variation,
    medrv(close_at, close_usd) OVER hours AS medrv,
    semivariance(close_at, close_usd, 'down') OVER hours
        / nullif(realized_variance(close_at, close_usd) OVER hours, 0) AS fall_share
FROM recorded.episode_bars
WHERE episode = $episode
WINDOW hours AS (
    PARTITION BY venue, instrument
    ORDER BY close_at
    RANGE BETWEEN INTERVAL '2 hours' PRECEDING AND CURRENT ROW
)
ORDER BY venue, instrument, close_at
