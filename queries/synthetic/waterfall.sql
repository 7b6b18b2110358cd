-- Question: Who bore the losses of those whom a made-up crash closed by force?
-- Grain: one row per rule set and bearer, in the order in which they bear
-- Units: _usd USD at the fill; share_pct percent of all; change_usd against the rules of record; orders are those in which the bearer bore anything
-- Reads: synthetic.orders, synthetic.rule_sets
WITH
orders AS (
    SELECT r.rule_set, o.margin_usd, o.fund_usd, o.vault_usd, o.winners_usd, o.bad_debt_usd
    FROM synthetic.rule_sets r
    LEFT JOIN synthetic.orders o ON o.world = r.world AND o.rule_set = r.rule_set
    WHERE r.world = $world
),
bearers AS (
    SELECT rule_set, 1 AS place, 'margins of those closed' AS bearer, margin_usd AS usd FROM orders
    UNION ALL SELECT rule_set, 2, 'insurance fund', fund_usd FROM orders
    UNION ALL SELECT rule_set, 3, 'vault', vault_usd FROM orders
    UNION ALL SELECT rule_set, 4, 'winners, deleveraged', winners_usd FROM orders
    UNION ALL SELECT rule_set, 5, 'nobody: bad debt', bad_debt_usd FROM orders
),
borne AS (
    SELECT rule_set, place, bearer, coalesce(sum(usd), 0) AS loss_usd, sum(CASE WHEN usd > 0 THEN 1 ELSE 0 END) AS orders
    FROM bearers
    GROUP BY rule_set, place, bearer
),
wholes AS (
    SELECT rule_set, sum(loss_usd) AS loss_usd FROM borne GROUP BY rule_set
)
SELECT
    b.rule_set,
    b.bearer,
    b.loss_usd,
    CASE WHEN w.loss_usd > 0 THEN 100 * b.loss_usd / w.loss_usd END AS share_pct,
    CASE WHEN b.rule_set <> 'record' THEN b.loss_usd - record.loss_usd END AS change_usd,
    b.orders
FROM borne b
JOIN wholes w ON w.rule_set = b.rule_set
LEFT JOIN borne record ON record.rule_set = 'record' AND record.place = b.place
ORDER BY CASE WHEN b.rule_set = 'record' THEN 0 ELSE 1 END, b.rule_set, b.place
