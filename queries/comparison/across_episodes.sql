-- Question: What did a rule set change in every episode: the fall, forced selling, and losses that nobody covered?
-- Grain: one row per episode and run other than the rules of record; rule_set is a pattern, % asks for all of them
-- Units: _pct percent of the high before the fall, _change percentage points (negative: it fell less), sold in million USD, _ratio over the rules of record, debt in million USD; medians over draws and bar orders, low and high the 5th and 95th percentile, null below 100 draws; same_sign_pct is the share of draws and bar orders whose change of the fall has the median's sign, null where the median is 0; sold_ratio is the median of ratios, not the ratio of the two medians
-- Reads: replayed.outcomes, catalog.runs
WITH
pairs AS (
    SELECT
        o.episode, o.run, o.rule_set, o.draw,
        100 * (1 - exp(-b.mark_drawdown)) AS record_pct,
        -- Replays that differ in nothing may differ in a float's last digit.
        round(100 * (exp(-b.mark_drawdown) - exp(-o.mark_drawdown)), 9) AS change,
        b.forced_sell_usd / 1e6 AS record_sold,
        o.forced_sell_usd / 1e6 AS sold,
        CASE WHEN b.forced_sell_usd > 0 THEN o.forced_sell_usd / b.forced_sell_usd END AS sold_ratio,
        b.bad_debt_usd / 1e6 AS record_debt,
        o.bad_debt_usd / 1e6 AS debt
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    JOIN replayed.outcomes b
        ON b.run = r.baseline AND b.run <> o.run AND b.draw = o.draw AND b.bar_order = o.bar_order
    WHERE o.rule_set LIKE $rule_set AND o.draw > 0
),
medians AS (
    SELECT run, percentile_cont(0.5) WITHIN GROUP (ORDER BY change) AS median_change
    FROM pairs
    GROUP BY run
)
SELECT
    p.episode,
    p.rule_set,
    p.run,
    count(DISTINCT p.draw) AS draws,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.record_pct) AS record_pct,
    CASE WHEN count(DISTINCT p.draw) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY p.change) END AS low_change,
    max(m.median_change) AS median_change,
    CASE WHEN count(DISTINCT p.draw) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY p.change) END AS high_change,
    CASE WHEN max(abs(m.median_change)) > 0
        THEN 100.0 * sum(CASE WHEN signum(p.change) = signum(m.median_change) THEN 1 ELSE 0 END) / count(*)
        END AS same_sign_pct,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.record_sold) AS record_sold_musd,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.sold) AS sold_musd,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.sold_ratio) AS sold_ratio,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.record_debt) AS record_debt_musd,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY p.debt) AS debt_musd
FROM pairs p
JOIN medians m ON m.run = p.run
GROUP BY p.episode, p.rule_set, p.run
ORDER BY p.episode, p.rule_set, p.run
