-- Question: How many comparisons of a rule set with the rules of record stand side by side, and how many of them leave out zero?
-- Grain: one row per folder of runs; none where there is no comparison
-- Units: counts; comparisons counts runs other than the rules of record that have a baseline, judged those of them with an interval (the 5th to the 95th percentile of the change of the fall, from 100 draws on), less and more those whose interval lies below or above zero, unmoved those whose fall no draw changes; rule_set is a pattern, % asks for all of them
-- Reads: replayed.outcomes, catalog.runs
WITH
changes AS (
    SELECT
        o.episode,
        o.run,
        o.rule_set,
        o.draw,
        -- Replays that differ in nothing may differ in a float's last digit.
        round(100 * (exp(-b.mark_drawdown) - exp(-o.mark_drawdown)), 9) AS change
    FROM replayed.outcomes o
    JOIN catalog.runs r ON r.run = o.run
    JOIN replayed.outcomes b
        ON b.run = r.baseline AND b.run <> o.run AND b.draw = o.draw AND b.bar_order = o.bar_order
    WHERE o.rule_set LIKE $rule_set AND o.draw > 0
),
intervals AS (
    SELECT
        episode,
        run,
        rule_set,
        count(DISTINCT draw) >= 100 AS judged,
        percentile_cont(0.05) WITHIN GROUP (ORDER BY change) AS low,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY change) AS high,
        max(abs(change)) AS largest
    FROM changes
    GROUP BY episode, run, rule_set
)
SELECT
    count(DISTINCT episode) AS episodes,
    count(DISTINCT rule_set) AS rule_sets,
    count(*) AS comparisons,
    count(CASE WHEN judged THEN 1 END) AS judged,
    count(CASE WHEN judged AND high < 0 THEN 1 END) AS less,
    count(CASE WHEN judged AND low > 0 THEN 1 END) AS more,
    count(CASE WHEN largest = 0 THEN 1 END) AS unmoved
FROM intervals
HAVING count(*) > 0
ORDER BY comparisons
