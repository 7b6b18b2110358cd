-- Question: What did a made-up crash come to in each market under each rule set?
-- Grain: one row per rule set and market
-- Units: _pct percent of the high before the fall, _usd USD, _s s; closed_at_end 1 where it still was; amplification is the variance of the price over that of the null off-book on the clock
-- Reads: synthetic.outcomes
SELECT
    rule_set,
    venue,
    instrument,
    100 * (1 - exp(-fall_log)) AS fall_pct,
    100 * (1 - exp(-null_fall_log)) AS null_fall_pct,
    amplification,
    clock_s,
    forced_orders,
    forced_usd,
    deleveraged_usd,
    fund_usd,
    vault_usd,
    bad_debt_usd,
    backlog_peak_usd,
    halts,
    halted_s,
    closed_at_end
FROM synthetic.outcomes
WHERE world = $world AND market IS NOT NULL
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, market
