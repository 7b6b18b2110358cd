-- Question: Which of the unknowns moves the answer?
-- Grain: one row per run and parameter that varies over the draws
-- Units: rank correlations over draws and bar orders, -1 to 1: fall (drawdown under the run's rules), excess (that drawdown minus the null's), forced_sell (forced selling)
-- Reads: replayed.parameters, replayed.outcomes
WITH
pairs AS (
    SELECT
        p.run,
        p.rule_set,
        p.name,
        p.draw,
        p.value,
        o.mark_drawdown,
        o.mark_drawdown - o.null_drawdown AS excess,
        o.forced_sell_usd
    FROM replayed.parameters p
    JOIN replayed.outcomes o ON o.run = p.run AND o.draw = p.draw
    WHERE p.episode = $episode AND p.draw > 0
),
-- Ties share the mean of their ranks, as Spearman's coefficient wants.
ranks AS (
    SELECT
        run,
        rule_set,
        name,
        draw,
        rank() OVER (PARTITION BY run, name ORDER BY value)
            + (count(*) OVER (PARTITION BY run, name, value) - 1) / 2.0 AS value_rank,
        rank() OVER (PARTITION BY run, name ORDER BY mark_drawdown)
            + (count(*) OVER (PARTITION BY run, name, mark_drawdown) - 1) / 2.0 AS fall_rank,
        rank() OVER (PARTITION BY run, name ORDER BY excess)
            + (count(*) OVER (PARTITION BY run, name, excess) - 1) / 2.0 AS excess_rank,
        rank() OVER (PARTITION BY run, name ORDER BY forced_sell_usd)
            + (count(*) OVER (PARTITION BY run, name, forced_sell_usd) - 1) / 2.0 AS sell_rank
    FROM pairs
)
SELECT
    run,
    rule_set,
    name,
    count(DISTINCT draw) AS draws,
    corr(value_rank, fall_rank) AS fall,
    corr(value_rank, excess_rank) AS excess,
    corr(value_rank, sell_rank) AS forced_sell
FROM ranks
GROUP BY run, rule_set, name
HAVING count(DISTINCT value_rank) > 1
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, name
