-- Question: Which path did the spectral radius of the response matrix take, and the capital that arbitrage had free?
-- Grain: one row per rule set and instant on the clock of the page
-- Units: both are ratios; capital is that of the market where least is free; backlog_usd USD, all markets
-- Reads: synthetic.clock, synthetic.prices, synthetic.worlds
WITH
under_way AS (
    SELECT rule_set, event_at, sum(backlog_usd) AS backlog_usd
    FROM synthetic.prices
    WHERE world = $world
    GROUP BY rule_set, event_at
)
SELECT c.rule_set, c.event_at, c.spectral_radius, c.arbitrage_capital_ratio, u.backlog_usd
FROM synthetic.clock c
JOIN synthetic.worlds w ON w.world = c.world
JOIN under_way u ON u.rule_set = c.rule_set AND u.event_at = c.event_at
WHERE c.world = $world
  AND (CAST(c.event_at AS BIGINT) - CAST(w.start_at AS BIGINT)) % (w.path_clock_s * 1000000) = 0
ORDER BY CASE WHEN c.rule_set = 'record' THEN 0 ELSE 1 END, c.rule_set, c.event_at
