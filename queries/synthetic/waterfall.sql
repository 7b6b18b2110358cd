-- Question: Who bore the losses of those whom a made-up crash closed by force?
-- Grain: one row per rule set and bearer, in the order in which they bear
-- Units: _usd USD at the fill; share_pct percent of all; change_usd against the rules of record; orders are those in which the bearer bore anything
-- Reads: synthetic.orders, synthetic.rule_sets
WITH
-- Sums first, and bearers below each other only then: branches of a union come in any order, and floats do not add up alike in any.
sums AS (
    SELECT
        r.rule_set,
        coalesce(sum(o.margin_usd), 0) AS margin_usd,
        coalesce(sum(o.fund_usd), 0) AS fund_usd,
        coalesce(sum(o.vault_usd), 0) AS vault_usd,
        coalesce(sum(o.winners_usd), 0) AS winners_usd,
        coalesce(sum(o.bad_debt_usd), 0) AS bad_debt_usd,
        sum(CASE WHEN o.margin_usd > 0 THEN 1 ELSE 0 END) AS margin_orders,
        sum(CASE WHEN o.fund_usd > 0 THEN 1 ELSE 0 END) AS fund_orders,
        sum(CASE WHEN o.vault_usd > 0 THEN 1 ELSE 0 END) AS vault_orders,
        sum(CASE WHEN o.winners_usd > 0 THEN 1 ELSE 0 END) AS winners_orders,
        sum(CASE WHEN o.bad_debt_usd > 0 THEN 1 ELSE 0 END) AS bad_debt_orders
    FROM synthetic.rule_sets r
    LEFT JOIN synthetic.orders o ON o.world = r.world AND o.rule_set = r.rule_set
    WHERE r.world = $world
    GROUP BY r.rule_set
),
totals AS (
    SELECT *, margin_usd + fund_usd + vault_usd + winners_usd + bad_debt_usd AS all_usd FROM sums
),
borne AS (
    SELECT rule_set, all_usd, 1 AS place, 'margins of those closed' AS bearer, margin_usd AS loss_usd, margin_orders AS orders
    FROM totals
    UNION ALL SELECT rule_set, all_usd, 2, 'insurance fund', fund_usd, fund_orders FROM totals
    UNION ALL SELECT rule_set, all_usd, 3, 'vault', vault_usd, vault_orders FROM totals
    UNION ALL SELECT rule_set, all_usd, 4, 'winners, deleveraged', winners_usd, winners_orders FROM totals
    UNION ALL SELECT rule_set, all_usd, 5, 'nobody: bad debt', bad_debt_usd, bad_debt_orders FROM totals
)
SELECT
    b.rule_set,
    b.bearer,
    b.loss_usd,
    CASE WHEN b.all_usd > 0 THEN 100 * b.loss_usd / b.all_usd END AS share_pct,
    CASE WHEN b.rule_set <> 'record' THEN b.loss_usd - record.loss_usd END AS change_usd,
    b.orders
FROM borne b
LEFT JOIN borne record ON record.rule_set = 'record' AND record.place = b.place
ORDER BY CASE WHEN b.rule_set = 'record' THEN 0 ELSE 1 END, b.rule_set, b.place
