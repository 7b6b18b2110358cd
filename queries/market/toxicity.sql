-- Question: How one-sided was the flow of the record, and how far did the price move with what takers bought or sold?
-- Grain: one row per venue and instrument
-- Units: bars a number; volume_musd million USD; vpin a ratio, in fifty buckets of equal volume, sides guessed from the bars' prices; taker_sell_share a ratio; log_per_busd slope of log returns on what takers bought less what they sold, log units per billion USD, null where takers are not recorded; none of it predicts
-- Reads: recorded.episode_bars
WITH bars AS (
    SELECT *, sum(volume_usd) OVER (PARTITION BY venue, instrument) / 50 AS bucket_usd
    FROM recorded.episode_bars
    WHERE episode = $episode
)
SELECT
    venue,
    instrument,
    count(*) AS bars,
    sum(volume_usd) / 1e6 AS volume_musd,
    vpin(close_at, close_usd, volume_usd, bucket_usd) AS vpin,
    1 - sum(taker_buy_usd) / nullif(sum(CASE WHEN taker_buy_usd IS NOT NULL THEN volume_usd END), 0) AS taker_sell_share,
    1e9 * kyle_lambda(close_at, close_usd, 2 * taker_buy_usd - volume_usd) AS log_per_busd
FROM bars
WHERE bucket_usd > 0
GROUP BY venue, instrument
ORDER BY venue, instrument
