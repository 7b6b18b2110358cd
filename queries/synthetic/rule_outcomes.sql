-- Question: What did a made-up crash come to under each rule set, all markets together?
-- Grain: one row per rule set
-- Units: _pct percent of the high before the fall of the market that fell deepest, _points percentage points against the rules of record (negative: it fell less), _usd USD, _s s; closed_at_end markets; amplification is the variance of the price over that of the null on the clock, all markets
-- Reads: synthetic.outcomes
WITH
whole AS (
    SELECT * FROM synthetic.outcomes WHERE world = $world AND market IS NULL
),
record AS (
    SELECT fall_log FROM whole WHERE rule_set = 'record'
)
SELECT
    whole.rule_set,
    100 * (1 - exp(-whole.fall_log)) AS fall_pct,
    CASE WHEN whole.rule_set <> 'record' THEN 100 * (exp(-record.fall_log) - exp(-whole.fall_log)) END AS change_points,
    100 * (1 - exp(-whole.null_fall_log)) AS null_fall_pct,
    100 * (1 - exp(-whole.free_fall_log)) AS free_fall_pct,
    whole.amplification,
    whole.clock_s,
    'off-book' AS against,
    whole.forced_orders,
    whole.forced_usd,
    whole.deleveraged_usd,
    whole.bad_debt_usd,
    whole.backlog_peak_usd,
    whole.halts,
    whole.halted_s,
    whole.closed_at_end,
    whole.hastened_share,
    whole.additional_share
FROM whole
LEFT JOIN record ON true
ORDER BY CASE WHEN whole.rule_set = 'record' THEN 0 ELSE 1 END, whole.rule_set
