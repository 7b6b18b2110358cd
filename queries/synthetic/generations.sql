-- Question: How deep is the causal tree of forced orders?
-- Grain: one row per rule set and class of generations; classes double in width
-- Units: from_generation and to_generation count parents up to the root; value_usd USD on the book and against winners; share_pct percent of the value of all forced orders
-- Reads: synthetic.orders
WITH
classed AS (
    SELECT
        rule_set,
        CASE WHEN generation = 0 THEN 0 ELSE CAST(floor(log2(CAST(generation AS DOUBLE))) AS BIGINT) + 1 END AS class,
        additional,
        notional_usd + deleveraged_usd AS value_usd
    FROM synthetic.orders
    WHERE world = $world
),
wholes AS (
    SELECT rule_set, sum(value_usd) AS value_usd FROM classed GROUP BY rule_set
)
SELECT
    c.rule_set,
    CAST(CASE WHEN c.class = 0 THEN 0 ELSE power(2, c.class - 1) END AS BIGINT) AS from_generation,
    CAST(CASE WHEN c.class = 0 THEN 0 ELSE power(2, c.class) - 1 END AS BIGINT) AS to_generation,
    count(*) AS orders,
    sum(c.value_usd) AS value_usd,
    100 * sum(c.value_usd) / max(w.value_usd) AS share_pct,
    100 * sum(CASE WHEN c.additional THEN c.value_usd ELSE 0 END) / max(w.value_usd) AS additional_pct
FROM classed c
JOIN wholes w ON w.rule_set = c.rule_set
GROUP BY c.rule_set, c.class
ORDER BY CASE WHEN c.rule_set = 'record' THEN 0 ELSE 1 END, c.rule_set, c.class
