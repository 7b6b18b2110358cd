-- Question: Which market answers the forced flow of which, where the response matrix is at its largest?
-- Grain: one row per rule set and entry other than zero, at the instant of the largest spectral radius
-- Units: event_at UTC; entries and radius are ratios, a fall for a fall of one in log price; backlog_usd USD under way at that instant, all markets
-- Reads: synthetic.clock, synthetic.response, synthetic.prices, synthetic.markets
WITH
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY rule_set ORDER BY spectral_radius DESC, event_at) AS number
    FROM synthetic.clock
    WHERE world = $world AND spectral_radius IS NOT NULL
),
under_way AS (
    SELECT p.rule_set, sum(p.backlog_usd) AS backlog_usd
    FROM synthetic.prices p
    JOIN ranked k ON k.rule_set = p.rule_set AND k.event_at = p.event_at
    WHERE p.world = $world AND k.number = 1
    GROUP BY p.rule_set
)
SELECT
    k.rule_set,
    k.event_at,
    k.spectral_radius,
    u.backlog_usd,
    f.venue || ' ' || f.instrument AS falling_market,
    t.venue || ' ' || t.instrument AS answering_market,
    r.response_ratio
FROM ranked k
JOIN under_way u ON u.rule_set = k.rule_set
JOIN synthetic.response r ON r.world = $world AND r.rule_set = k.rule_set AND r.event_at = k.event_at
JOIN synthetic.markets f ON f.world = $world AND f.market = r.from_market
JOIN synthetic.markets t ON t.world = $world AND t.market = r.to_market
WHERE k.number = 1
ORDER BY CASE WHEN k.rule_set = 'record' THEN 0 ELSE 1 END, k.rule_set, r.from_market, r.to_market
