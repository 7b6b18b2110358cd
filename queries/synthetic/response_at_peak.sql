-- Question: Which market answers the forced flow of which, where the response matrix is at its largest?
-- Grain: one row per rule set, moment and entry other than zero; the moment is the largest spectral radius of the whole tape, or the largest while a forced order was under way
-- Units: event_at UTC; entries and radius are ratios, a fall for a fall of one in log price
-- Reads: synthetic.clock, synthetic.response, synthetic.prices, synthetic.markets
WITH
under_way AS (
    SELECT rule_set, event_at, sum(backlog_usd) AS backlog_usd
    FROM synthetic.prices
    WHERE world = $world
    GROUP BY rule_set, event_at
),
moments AS (
    SELECT c.rule_set, 1 AS place, 'largest' AS moment, c.event_at, c.spectral_radius
    FROM synthetic.clock c
    WHERE c.world = $world AND c.spectral_radius IS NOT NULL
    UNION ALL
    SELECT c.rule_set, 2, 'largest with orders under way', c.event_at, c.spectral_radius
    FROM synthetic.clock c
    JOIN under_way u ON u.rule_set = c.rule_set AND u.event_at = c.event_at
    WHERE c.world = $world AND c.spectral_radius IS NOT NULL AND u.backlog_usd > 0
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY rule_set, place ORDER BY spectral_radius DESC, event_at) AS number
    FROM moments
)
SELECT
    k.rule_set,
    k.moment,
    k.event_at,
    k.spectral_radius,
    f.venue AS from_venue,
    f.instrument AS from_instrument,
    t.venue AS to_venue,
    t.instrument AS to_instrument,
    r.response_ratio
FROM ranked k
JOIN synthetic.response r ON r.world = $world AND r.rule_set = k.rule_set AND r.event_at = k.event_at
JOIN synthetic.markets f ON f.world = $world AND f.market = r.from_market
JOIN synthetic.markets t ON t.world = $world AND t.market = r.to_market
WHERE k.number = 1
ORDER BY CASE WHEN k.rule_set = 'record' THEN 0 ELSE 1 END, k.rule_set, k.place, r.from_market, r.to_market
