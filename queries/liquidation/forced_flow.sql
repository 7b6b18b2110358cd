-- Question: How much was liquidated, minute by minute?
-- Grain: one row per run, bar order, minute and side in which a forced order was executed, of the central draw
-- Units: _btc BTC, _usd USD (fills in USD per BTC); leverage weighted by quantity; shortfall_usd what the loss exceeds the margin by
-- Reads: replayed.forced_orders
SELECT
    run,
    rule_set,
    bar_order,
    date_trunc('minute', event_at) AS minute_at,
    side,
    count(*) AS orders,
    sum(quantity_btc) AS quantity_btc,
    sum(notional_usd) AS notional_usd,
    sum(notional_usd) / sum(quantity_btc) AS fill_usd,
    sum(quantity_btc * leverage) / sum(quantity_btc) AS leverage,
    sum(shortfall_usd) AS shortfall_usd,
    sum(insurance_usd) AS insurance_usd,
    sum(bad_debt_usd) AS bad_debt_usd
FROM replayed.forced_orders
WHERE episode = $episode
GROUP BY run, rule_set, bar_order, date_trunc('minute', event_at), side
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, bar_order, minute_at, side
