-- Question: How bad were the worst bars of the record, and how heavy is the tail of its falls?
-- Grain: one row per venue, instrument and length of bar
-- Units: bar_s s; returns a number of log returns between neighbouring closes; value_at_risk and expected_shortfall log units a bar, losses above zero, at 95 %; worst the largest fall of a bar, log units; tail_index none, of the largest tenth of falls; a few hundred bars of one crash are no sample of crashes
-- Reads: recorded.episode_bars
WITH returns AS (
    SELECT
        venue,
        instrument,
        CAST(close_at AS BIGINT) / 1000000 - CAST(open_at AS BIGINT) / 1000000 AS bar_s,
        ln(close_usd / lag(close_usd) OVER (PARTITION BY venue, instrument ORDER BY close_at)) AS log_return
    FROM recorded.episode_bars
    WHERE episode = $episode
)
SELECT
    venue,
    instrument,
    bar_s,
    count(log_return) AS returns,
    value_at_risk(log_return, 0.95) AS value_at_risk,
    expected_shortfall(log_return, 0.95) AS expected_shortfall,
    max(-log_return) AS worst,
    hill_tail_index(-log_return, 0.1) AS tail_index
FROM returns
GROUP BY venue, instrument, bar_s
ORDER BY venue, instrument, bar_s
