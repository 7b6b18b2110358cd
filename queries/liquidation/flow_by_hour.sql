-- Question: How much was liquidated in each hour?
-- Grain: one row per run and hour from the run's first price to its last, of the central draw
-- Units: _usd USD at the fill, the mean of both orders inside a bar
-- Reads: replayed.forced_orders, replayed.prices
WITH
hours AS (
    SELECT DISTINCT run, rule_set, date_trunc('hour', event_at) AS hour_at
    FROM replayed.prices
    WHERE episode = $episode
),
flow AS (
    SELECT
        run,
        date_trunc('hour', event_at) AS hour_at,
        sum(CASE WHEN side = 'sell' THEN notional_usd ELSE 0 END) / 2 AS sell_usd,
        sum(CASE WHEN side = 'buy' THEN notional_usd ELSE 0 END) / 2 AS buy_usd,
        count(*) AS orders
    FROM replayed.forced_orders
    WHERE episode = $episode
    GROUP BY run, date_trunc('hour', event_at)
)
SELECT
    h.run,
    h.rule_set,
    h.hour_at,
    coalesce(f.sell_usd, 0) AS sell_usd,
    coalesce(f.buy_usd, 0) AS buy_usd,
    coalesce(f.orders, 0) AS orders
FROM hours h
LEFT JOIN flow f ON f.run = h.run AND f.hour_at = h.hour_at
ORDER BY CASE WHEN h.rule_set = 'record' THEN 0 ELSE 1 END, h.rule_set, h.run, h.hour_at
