-- Question: How did the insurance fund and the uncovered losses move?
-- Grain: one row per run, bar order, venue and change, of the central draw
-- Units: USD; paid_usd is the fall of the fund since the change before it
-- Reads: replayed.fund_balances
SELECT
    run,
    rule_set,
    bar_order,
    venue,
    event_at,
    insurance_usd,
    lag(insurance_usd) OVER (
        PARTITION BY run, bar_order, venue
        ORDER BY event_at, insurance_usd DESC, bad_debt_usd
    ) - insurance_usd AS paid_usd,
    bad_debt_usd
FROM replayed.fund_balances
WHERE episode = $episode
ORDER BY
    CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END,
    rule_set, run, bar_order, venue, event_at, insurance_usd DESC, bad_debt_usd
