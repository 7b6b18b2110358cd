-- Question: What is each rule set worth, on every measure at once, against the rules of record?
-- Grain: one row per run other than the rules of record and measure, in the order in which they are read
-- Units: as unit says; of_record and of_rule are medians over draws and bar orders of the figure itself, low, median and high are of the change, draw by draw: of a logarithm the difference, of all else too (fall and reopening gap in percentage points); all are of the replays in which the figure is known under both, compared_pct percent of them; low and high the 5th and 95th percentile, null below 100 draws; same_sign_pct is the share of draws and bar orders whose change has the median's sign, null where that is 0; only delayed counts draws and bar orders whose fall is deeper, equal or smaller by less than 0.05 points while the low comes later or was not traded at, as a share and not as a median; of draws that never reach the record's low the time is not counted, and reason says so; a measure without a value says why
-- Reads: replayed.outcomes, replayed.amplification, catalog.runs
WITH
pairs AS (
    SELECT
        o.episode, o.run, o.rule_set, o.draw, o.bar_order,
        100 * (1 - exp(-b.mark_drawdown)) AS b_fall, 100 * (1 - exp(-o.mark_drawdown)) AS o_fall,
        b.forced_sell_usd / 1e6 AS b_sold, o.forced_sell_usd / 1e6 AS o_sold,
        b.forced_buy_usd / 1e6 AS b_bought, o.forced_buy_usd / 1e6 AS o_bought,
        b.bad_debt_usd / 1e6 AS b_debt, o.bad_debt_usd / 1e6 AS o_debt,
        b.insurance_used_usd / 1e6 AS b_fund, o.insurance_used_usd / 1e6 AS o_fund,
        b.margin_lost_usd / 1e6 AS b_margin, o.margin_lost_usd / 1e6 AS o_margin,
        b.socialised_usd / 1e6 AS b_shared, o.socialised_usd / 1e6 AS o_shared,
        b.deleveraged_usd / 1e6 AS b_against, o.deleveraged_usd / 1e6 AS o_against,
        b.deleveraged_profit_usd / 1e6 AS b_given, o.deleveraged_profit_usd / 1e6 AS o_given,
        b.forced_fees_usd / 1e6 AS b_fees, o.forced_fees_usd / 1e6 AS o_fees,
        b.open_interest_usd / 1e6 AS b_open, o.open_interest_usd / 1e6 AS o_open,
        b.low_reached_s / 3600 AS b_low, o.low_reached_s / 3600 AS o_low,
        b.margin_called_usd / 1e6 AS b_called, o.margin_called_usd / 1e6 AS o_called,
        b.margin_peak_to_trough AS b_peak, o.margin_peak_to_trough AS o_peak,
        100 * b.margin_growth_1d AS b_growth, 100 * o.margin_growth_1d AS o_growth,
        b.volume_lost_usd / 1e6 AS b_lost, o.volume_lost_usd / 1e6 AS o_lost,
        b.stale_s / 3600 AS b_stale, o.stale_s / 3600 AS o_stale,
        b.halted_s / 3600 AS b_halted, o.halted_s / 3600 AS o_halted,
        100 * (exp(coalesce(b.reopening_gap_log, 0)) - 1) AS b_gap,
        100 * (exp(coalesce(o.reopening_gap_log, 0)) - 1) AS o_gap
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    JOIN replayed.outcomes b
        ON b.run = r.baseline AND b.run <> o.run AND b.draw = o.draw AND b.bar_order = o.bar_order
    WHERE o.episode LIKE $episode AND o.draw > 0
),
tall AS (
    SELECT episode, run, rule_set, draw, 200 AS place, 'fall from the running high' AS measure, 'percent' AS unit,
        b_fall AS before, o_fall AS after, CAST(NULL AS VARCHAR) AS reason FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 210, 'low reached after', 'h', b_low, o_low,
        CASE WHEN o_low IS NULL THEN 'the low was not reached in some draws' END FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 220, 'only delayed', 'percent of draws', CASE WHEN b_low IS NOT NULL THEN 0.0 END,
        CASE WHEN b_low IS NULL THEN NULL
            WHEN o_fall > b_fall - 0.05 AND (o_low IS NULL OR o_low > b_low) THEN 100.0 ELSE 0.0 END, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 300, 'forced selling', 'million USD', b_sold, o_sold, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 310, 'forced buying', 'million USD', b_bought, o_bought, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 390, 'margin lost by those closed', 'million USD', b_margin, o_margin, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 395, 'fees of forced orders', 'million USD', b_fees, o_fees, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 400, 'bad debt', 'million USD', b_debt, o_debt, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 410, 'insurance used', 'million USD', b_fund, o_fund, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 412, 'charged to winners', 'million USD', b_shared, o_shared, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 414, 'closed against winners', 'million USD', b_against, o_against, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 416, 'profit that winners gave up', 'million USD', b_given, o_given, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 420, 'margin called', 'million USD', b_called, o_called, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 430, 'margin, peak to trough', 'ratio', b_peak, o_peak, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 440, 'margin, growth within a day', 'percent', b_growth, o_growth, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 500, 'open interest at the start', 'million USD', b_open, o_open, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 600, 'time halted', 'h', b_halted, o_halted, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 610, 'widest gap at a reopening', 'percent', b_gap, o_gap, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 620, 'volume lost', 'million USD', b_lost, o_lost, NULL FROM pairs
    UNION ALL
    SELECT episode, run, rule_set, draw, 630, 'price stale', 'h', b_stale, o_stale, NULL FROM pairs
    UNION ALL
    SELECT
        a.episode, a.run, a.rule_set, a.draw, 100 + CAST(a.clock_s AS DOUBLE) / 1e6,
        concat('log amplification, ', CAST(a.clock_s AS VARCHAR), ' s'), 'log',
        ln(b.amplification), ln(a.amplification), a.reason
    FROM replayed.amplification a
    JOIN catalog.runs r ON r.run = a.run
    JOIN replayed.amplification b
        ON b.run = r.baseline AND b.run <> a.run AND b.draw = a.draw AND b.bar_order = a.bar_order
        AND b.clock_s = a.clock_s
    WHERE a.episode LIKE $episode AND a.draw > 0
),
-- Replays that differ in nothing may differ in a float's last digit.
changed AS (SELECT *, round(after - before, 9) AS change FROM tall),
medians AS (
    SELECT run, measure, percentile_cont(0.5) WITHIN GROUP (ORDER BY change) AS median_change
    FROM changed
    GROUP BY run, measure
)
SELECT
    c.episode, c.rule_set, c.run, c.measure, c.unit,
    count(DISTINCT CASE WHEN c.change IS NOT NULL THEN c.draw END) AS draws,
    100.0 * count(c.change) / count(*) AS compared_pct,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN c.change IS NOT NULL THEN c.before END) AS of_record,
    CASE WHEN c.measure = 'only delayed' THEN avg(c.after)
        ELSE percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN c.change IS NOT NULL THEN c.after END) END AS of_rule,
    CASE WHEN c.measure <> 'only delayed' AND count(DISTINCT CASE WHEN c.change IS NOT NULL THEN c.draw END) >= 100
        THEN percentile_cont(0.05) WITHIN GROUP (ORDER BY c.change) END AS low,
    CASE WHEN c.measure = 'only delayed' THEN avg(c.change) ELSE max(m.median_change) END AS median,
    CASE WHEN c.measure <> 'only delayed' AND count(DISTINCT CASE WHEN c.change IS NOT NULL THEN c.draw END) >= 100
        THEN percentile_cont(0.95) WITHIN GROUP (ORDER BY c.change) END AS high,
    CASE WHEN c.measure <> 'only delayed' AND max(abs(m.median_change)) > 0
        THEN 100.0 * sum(CASE WHEN signum(c.change) = signum(m.median_change) THEN 1 ELSE 0 END) / count(c.change)
        END AS same_sign_pct,
    max(c.reason) AS reason
FROM changed c
JOIN medians m ON m.run = c.run AND m.measure = c.measure
GROUP BY c.episode, c.rule_set, c.run, c.measure, c.unit
ORDER BY c.episode, c.rule_set, c.run, min(c.place), c.measure
