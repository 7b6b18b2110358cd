-- Question: Which of the unknowns drives the interval of each headline figure?
-- Grain: one row per run, figure and unknown that varies: the parameters of the draws, and the order inside a bar
-- Units: low, median, high and swing in the unit of the row: the figure's median in the fifth of the draws with the lowest values of the unknown, in all, in the fifth with the highest, and high less low; of the bar order, high first and low first; rank_correlation from -1 to 1; explained is its square, the share of the variance of ranks that the unknown alone explains; number counts the unknowns of a figure by swing
-- Reads: replayed.parameters, replayed.outcomes, replayed.amplification, catalog.runs
WITH
ensemble AS (
    SELECT
        o.run,
        o.rule_set,
        o.draw,
        o.bar_order,
        100 * (1 - exp(-o.mark_drawdown)) AS fall,
        100 * (1 - exp(-o.null_drawdown)) AS null_fall,
        o.forced_sell_usd,
        o.bad_debt_usd
    FROM replayed.outcomes o
    WHERE o.episode = $episode AND o.draw > 0
),
finest AS (
    SELECT run, min(clock_s) AS clock_s
    FROM replayed.amplification
    WHERE episode = $episode
    GROUP BY run
),
-- Differences from the rules of record, draw by draw and order by order.
against AS (
    SELECT
        e.run,
        e.rule_set,
        e.draw,
        e.bar_order,
        e.fall - b.fall AS fall,
        e.forced_sell_usd - b.forced_sell_usd AS forced_sell_usd,
        e.bad_debt_usd - b.bad_debt_usd AS bad_debt_usd
    FROM ensemble e
    JOIN catalog.runs r ON r.run = e.run
    JOIN ensemble b ON b.run = r.baseline AND b.draw = e.draw AND b.bar_order = e.bar_order
    WHERE e.rule_set <> 'record'
),
figures AS (
    SELECT run, rule_set, draw, bar_order, 1 AS place, 'fall beyond the null' AS figure, 'points' AS unit, fall - null_fall AS value FROM ensemble
    UNION ALL SELECT run, rule_set, draw, bar_order, 2, 'fall', 'percent', fall FROM ensemble
    UNION ALL SELECT run, rule_set, draw, bar_order, 3, 'fall with forced flow off the book', 'percent', null_fall FROM ensemble
    UNION ALL SELECT a.run, a.rule_set, a.draw, a.bar_order, 4, 'amplification', 'ratio', a.amplification
        FROM replayed.amplification a
        JOIN finest f ON f.run = a.run AND f.clock_s = a.clock_s
        WHERE a.draw > 0 AND a.amplification IS NOT NULL
    UNION ALL SELECT run, rule_set, draw, bar_order, 5, 'forced selling', 'million USD', forced_sell_usd / 1e6 FROM ensemble
    UNION ALL SELECT run, rule_set, draw, bar_order, 6, 'bad debt', 'million USD', bad_debt_usd / 1e6 FROM ensemble
    UNION ALL SELECT run, rule_set, draw, bar_order, 7, 'fall against record', 'points', fall FROM against
    UNION ALL SELECT run, rule_set, draw, bar_order, 8, 'forced selling against record', 'million USD', forced_sell_usd / 1e6 FROM against
    UNION ALL SELECT run, rule_set, draw, bar_order, 9, 'bad debt against record', 'million USD', bad_debt_usd / 1e6 FROM against
),
unknowns AS (
    SELECT run, name, draw, value FROM replayed.parameters WHERE episode = $episode AND draw > 0
),
fifths AS (
    SELECT
        run,
        name,
        percentile_cont(0.2) WITHIN GROUP (ORDER BY value) AS p20,
        percentile_cont(0.8) WITHIN GROUP (ORDER BY value) AS p80
    FROM unknowns
    GROUP BY run, name
    HAVING min(value) < max(value)
),
pairs AS (
    SELECT
        f.*,
        u.name,
        u.value AS unknown,
        u.value <= q.p20 AS lowest,
        u.value >= q.p80 AS highest
    FROM figures f
    JOIN unknowns u ON u.run = f.run AND u.draw = f.draw
    JOIN fifths q ON q.run = u.run AND q.name = u.name
    UNION ALL
    SELECT
        f.*,
        'bar_order',
        CASE WHEN f.bar_order = 'low_first' THEN 1.0 ELSE 0.0 END,
        f.bar_order = 'high_first',
        f.bar_order = 'low_first'
    FROM figures f
),
-- Ties share the mean of their ranks, as Spearman's coefficient wants.
ranked AS (
    SELECT
        *,
        rank() OVER (PARTITION BY run, figure, name ORDER BY unknown)
            + (count(*) OVER (PARTITION BY run, figure, name, unknown) - 1) / 2.0 AS unknown_rank,
        rank() OVER (PARTITION BY run, figure, name ORDER BY value)
            + (count(*) OVER (PARTITION BY run, figure, name, value) - 1) / 2.0 AS value_rank
    FROM pairs
),
swings AS (
    SELECT
        run,
        rule_set,
        place,
        figure,
        unit,
        name,
        count(DISTINCT draw) AS draws,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE lowest) AS low,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE highest) AS high,
        corr(unknown_rank, value_rank) AS rank_correlation
    FROM ranked
    GROUP BY run, rule_set, place, figure, unit, name
    HAVING min(value) < max(value)
)
SELECT
    run,
    rule_set,
    figure,
    unit,
    figure || ', ' || unit AS line,
    name AS unknown,
    draws,
    low,
    median,
    high,
    high - low AS swing,
    rank_correlation,
    rank_correlation * rank_correlation AS explained,
    row_number() OVER (PARTITION BY run, figure ORDER BY abs(high - low) DESC, name) AS number
FROM swings
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, place, abs(high - low) DESC, name
