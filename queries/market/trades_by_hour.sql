-- Question: What did the trades of the tape do, hour by hour: prices, variance on two clocks, spread, and impact?
-- Grain: one row per venue, instrument, unit of quantity and hour
-- Units: hour_at UTC; trades a number; open, high, low, close and spread in the quote asset, spread by Roll's estimator, null where the price trended; variance_ticks and variance_minutes squared log units over the hour, trade by trade and on a clock of a minute; imbalance VPIN of recorded sides in ten buckets of equal volume, a ratio; log_per_unit slope of log returns on signed quantity, log units per quantity_unit
-- Reads: recorded.trades
WITH trades AS (
    SELECT
        venue,
        instrument,
        quantity_unit,
        time_bucket(INTERVAL '1 hour', traded_at) AS hour_at,
        traded_at,
        price,
        coalesce(trade_id, source_row) AS number,
        CASE side WHEN 'buy' THEN quantity WHEN 'sell' THEN -quantity END AS signed
    FROM recorded.trades
    WHERE episode = $episode
),
hours AS (
    SELECT
        venue,
        instrument,
        quantity_unit,
        hour_at,
        sum(abs(signed)) / 10 AS bucket
    FROM trades
    GROUP BY venue, instrument, quantity_unit, hour_at
),
bars AS (
    SELECT
        t.venue,
        t.instrument,
        t.quantity_unit,
        t.hour_at,
        count(*) AS trades,
        ohlc(t.traded_at, t.price, t.number) AS bar,
        realized_variance(t.traded_at, t.price) AS variance_ticks,
        realized_variance(t.traded_at, t.price, INTERVAL '1 minute') AS variance_minutes,
        roll_spread(t.traded_at, t.price) AS spread,
        vpin_signed(t.traded_at, t.signed, h.bucket) AS imbalance,
        kyle_lambda(t.traded_at, t.price, t.signed) AS log_per_unit
    FROM trades t
    JOIN hours h
        ON h.venue = t.venue AND h.instrument = t.instrument AND h.quantity_unit = t.quantity_unit AND h.hour_at = t.hour_at
    GROUP BY t.venue, t.instrument, t.quantity_unit, t.hour_at
)
SELECT
    venue,
    instrument,
    quantity_unit,
    hour_at,
    trades,
    bar['open'] AS open,
    bar['high'] AS high,
    bar['low'] AS low,
    bar['close'] AS close,
    variance_ticks,
    variance_minutes,
    spread,
    imbalance,
    log_per_unit
FROM bars
ORDER BY venue, instrument, quantity_unit, hour_at
