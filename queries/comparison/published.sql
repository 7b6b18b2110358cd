-- Question: What was published about the episode, and what does the replay under the rules of record give beside it?
-- Grain: one row per published figure and run under the rules of record
-- Units: value and replayed in the unit of the row; replayed is a median over draws and bar orders (of price_low: the lowest mark of the central draw); a change of open interest is only set beside one of the same scope, and nothing beside figures of another coin
-- Reads: catalog.published, catalog.episodes, catalog.runs, replayed.outcomes, replayed.prices
WITH
outcomes AS (
    SELECT
        run,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY forced_sell_usd + forced_buy_usd) AS liquidated,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY forced_sell_usd) AS sold,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY forced_buy_usd) AS bought,
        percentile_cont(0.5) WITHIN GROUP (
            ORDER BY open_interest_btc_after / open_interest_btc_before - 1
        ) AS open_interest_change
    FROM replayed.outcomes
    WHERE episode = $episode AND draw > 0
    GROUP BY run
),
lows AS (
    SELECT run, min(mark_usd) AS low_usd
    FROM replayed.prices
    WHERE episode = $episode
    GROUP BY run
),
figures AS (
    SELECT
        p.*,
        e.venues,
        p.scope = e.venues AS same_scope,
        r.run,
        CASE
            WHEN p.scope LIKE '%ETH%' THEN NULL
            WHEN p.measure = 'liquidated' AND p.unit = 'usd' THEN o.liquidated
            WHEN p.measure = 'liquidated_long' AND p.unit = 'usd' THEN o.sold
            WHEN p.measure = 'liquidated_short' AND p.unit = 'usd' THEN o.bought
            WHEN p.measure = 'price_low' AND p.unit = 'usd_per_btc' THEN l.low_usd
            WHEN p.measure = 'open_interest_change' AND p.unit = 'ratio' AND p.timing = 'after'
                AND p.scope = e.venues THEN o.open_interest_change
        END AS replayed
    FROM catalog.published p
    JOIN catalog.episodes e ON e.episode = p.episode
    LEFT JOIN catalog.runs r ON r.episode = p.episode AND r.rule_set = 'record'
    LEFT JOIN outcomes o ON o.run = r.run
    LEFT JOIN lows l ON l.run = r.run
    WHERE p.episode = $episode
)
SELECT
    measure,
    timing,
    scope,
    unit,
    value,
    replayed,
    CASE
        WHEN replayed IS NULL THEN 'not replayed'
        WHEN same_scope THEN 'same scope'
        ELSE 'other scope: the replay covers ' || venues
    END AS reading,
    source,
    trust,
    run
FROM figures
ORDER BY measure, timing, scope, unit, value, source, trust, run
