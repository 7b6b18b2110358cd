-- Question: What becomes of the user's own accounts under each rule set: how often closed, at what loss, and how in the central draw?
-- Grain: one row per run and margin account
-- Units: _usd USD (prices per BTC), closed_pct percent of draws and bar orders in which a closing order went out, net_btc BTC long; closing_usd the mark that closes it under the rules of record, null for several positions; loss (low, median, high) collateral less what is left at the end, debt the loss beyond it, both over draws and bar orders, low and high the 5th and 95th percentile, null below 100 draws; fate, times, prices and ratios (equity over maintenance margin) of the central draw, high first
-- Reads: replayed.own_accounts
WITH
spread AS (
    SELECT
        run,
        number,
        count(DISTINCT draw) AS draws,
        100 * avg(CASE WHEN fate = 'survived' THEN 0.0 ELSE 1.0 END) AS closed_pct,
        CASE WHEN count(DISTINCT draw) >= 100
            THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY loss_usd) END AS low_loss,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY loss_usd) AS median_loss,
        CASE WHEN count(DISTINCT draw) >= 100
            THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY loss_usd) END AS high_loss,
        CASE WHEN count(DISTINCT draw) >= 100
            THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY bad_debt_usd) END AS low_debt,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY bad_debt_usd) AS median_debt,
        CASE WHEN count(DISTINCT draw) >= 100
            THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY bad_debt_usd) END AS high_debt
    FROM replayed.own_accounts
    WHERE episode = $episode AND draw > 0
    GROUP BY run, number
)
SELECT
    c.run,
    c.rule_set,
    c.number,
    c.account,
    c.venue,
    c.instrument,
    c.margin,
    c.holding,
    c.net_btc,
    c.collateral_usd,
    c.closing_usd,
    s.draws,
    s.closed_pct,
    s.low_loss,
    s.median_loss,
    s.high_loss,
    s.low_debt,
    s.median_debt,
    s.high_debt,
    c.fate,
    c.triggered_at,
    c.trigger_usd,
    c.filled_at,
    c.fill_usd,
    c.lowest_ratio,
    c.lowest_at,
    c.end_equity_usd
FROM replayed.own_accounts c
LEFT JOIN spread s ON s.run = c.run AND s.number = c.number
WHERE c.episode = $episode AND c.draw = 0 AND c.bar_order = 'high_first'
ORDER BY CASE WHEN c.rule_set = 'record' THEN 0 ELSE 1 END, c.rule_set, c.run, c.number
