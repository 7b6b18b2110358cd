-- Question: Which forced orders have the largest families, and what set them off?
-- Grain: one row per rule set and family, the largest first
-- Units: _at UTC; _usd USD on the book and against winners, root_usd of the first order; share_pct percent of the value of all forced orders; trigger_usd USD a coin
-- Reads: synthetic.orders
WITH
valued AS (
    SELECT *, notional_usd + deleveraged_usd AS value_usd FROM synthetic.orders WHERE world = $world
),
wholes AS (
    SELECT rule_set, sum(value_usd) AS value_usd FROM valued GROUP BY rule_set
),
families AS (
    SELECT
        rule_set,
        family_id,
        count(*) AS orders,
        max(generation) AS generations,
        count(DISTINCT market) AS markets,
        min(executed_at) AS first_at,
        max(executed_at) AS last_at,
        sum(value_usd) AS value_usd,
        sum(CASE WHEN additional THEN value_usd ELSE 0 END) AS additional_usd
    FROM valued
    GROUP BY rule_set, family_id
)
SELECT
    f.rule_set,
    row_number() OVER (PARTITION BY f.rule_set ORDER BY f.value_usd DESC, f.family_id) AS number,
    f.family_id,
    root.triggered_at,
    root.venue,
    root.closes,
    root.trigger_usd,
    root.value_usd AS root_usd,
    f.orders,
    f.generations,
    f.markets,
    f.last_at,
    f.value_usd,
    100 * f.value_usd / w.value_usd AS share_pct,
    f.additional_usd
FROM families f
JOIN wholes w ON w.rule_set = f.rule_set
LEFT JOIN valued root ON root.rule_set = f.rule_set AND root.order_id = f.family_id
ORDER BY CASE WHEN f.rule_set = 'record' THEN 0 ELSE 1 END, f.rule_set, number
