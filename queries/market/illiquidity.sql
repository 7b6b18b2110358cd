-- Question: How far did a million USD of trading go with the price, span by span?
-- Grain: one row per venue, instrument and span of four hours
-- Units: span_at UTC, by the end of the bars; bars a number; volume_musd million USD; log_per_musd mean of |log return| over volume, log units per million USD; fall_log the largest fall within the span, log units
-- Reads: recorded.episode_bars
SELECT
    venue,
    instrument,
    time_bucket(INTERVAL '4 hours', open_at) AS span_at,
    count(*) AS bars,
    sum(volume_usd) / 1e6 AS volume_musd,
    1e6 * amihud(close_at, close_usd, volume_usd) AS log_per_musd,
    max_drawdown(close_at, close_usd) AS fall_log
FROM recorded.episode_bars
WHERE episode = $episode
GROUP BY venue, instrument, span_at
ORDER BY venue, instrument, span_at
