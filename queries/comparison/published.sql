-- Question: What was published about the episode, and what does the replay under the rules of record give beside it?
-- Grain: one row per published figure and run under the rules of record; episode=% asks for all episodes; figures outside the interval first
-- Units: value, replayed, low, high and a difference in the unit of the row, dollars in millions; replayed is a median over draws and bar orders, low and high its 5 to 95 % range, from 100 draws on; what an insurance fund paid is in BTC at the lowest price of the window; error in log ratio of replayed over published, or their difference where either is not above zero, unit is a ratio or time
-- Reads: catalog.published, catalog.episodes, catalog.runs, recorded.episode_bars, replayed.outcomes, replayed.prices, replayed.forced_orders
WITH
-- What stands beside a measure. `of` says where it comes from: draws (every draw), central (the central draw alone) or
-- record (the recorded price, which the replay equals by construction). `adds`: a part cannot be more than the whole.
beside AS (
    SELECT * FROM (
        VALUES
            ('liquidated', 'usd', 'during', 'forced_usd', 'draws', true),
            ('liquidated', 'btc', 'during', 'forced_btc', 'central', true),
            ('liquidated_long', 'usd', 'during', 'sold_usd', 'draws', true),
            ('liquidated_short', 'usd', 'during', 'bought_usd', 'draws', true),
            ('open_interest', 'btc', 'before', 'interest_before_btc', 'draws', true),
            ('open_interest', 'usd', 'before', 'interest_before_usd', 'draws', true),
            ('open_interest', 'btc', 'after', 'interest_after_btc', 'draws', true),
            ('open_interest', 'usd', 'after', 'interest_after_usd', 'draws', true),
            ('open_interest_change', 'ratio', 'after', 'interest_change', 'draws', false),
            ('open_interest_change', 'btc', 'after', 'interest_change_btc', 'draws', false),
            ('open_interest_change', 'usd', 'after', 'interest_change_usd', 'draws', false),
            ('open_interest_usd_change', 'ratio', 'after', 'interest_usd_change', 'draws', false),
            ('bad_debt', 'usd', 'after', 'bad_debt_usd', 'draws', true),
            ('insurance_fund_draw', 'btc', 'during', 'insurance_btc', 'draws', true),
            ('depth_change', 'ratio', 'during', 'depth_change', 'central', false),
            ('price_at_trigger', 'usd_per_btc', 'before', 'price_at_trigger', 'record', false),
            ('price_before', 'usd_per_btc', 'before', 'price_before', 'record', false),
            ('price_low', 'usd_per_btc', 'during', 'price_low', 'record', false),
            ('price_fall', 'ratio', 'during', 'price_fall', 'record', false),
            ('price_change', 'ratio', 'during', 'price_change', 'record', false)
    ) AS t (measure, unit, timing, outcome, "of", adds)
),
-- Why nothing stands beside the others; the first row whose pattern fits.
reasons AS (
    SELECT * FROM (
        VALUES
            (1, 'funding%', 'funding is not modelled'),
            (2, 'auto_deleveraged', 'auto-deleveraging is not modelled in the replay of a record'),
            (2, 'deleverag%', 'auto-deleveraging is not modelled in the replay of a record'),
            (2, '%deleveraging%', 'auto-deleveraging is not modelled in the replay of a record'),
            (3, 'accounts%', 'accounts are not counted: positions are cohorts'),
            (3, 'largest%', 'single accounts are not replayed: positions are cohorts'),
            (3, 'liquidations%', 'orders are batches of cohorts: their number is not that of a venue'),
            (4, 'liquidated_other%', 'only bitcoin is replayed'),
            (4, 'token%', 'only bitcoin is replayed'),
            (4, 'open_interest_other%', 'only bitcoin is replayed'),
            (5, 'liquidated_on%', 'lenders and margin in other coins are not replayed'),
            (5, 'zero%', 'lending protocols are not replayed'),
            (6, 'open_interest', 'a level at another time than the start and end of the replay'),
            (6, 'open_interest%', 'of another span than the replay'),
            (6, 'liquidat%', 'shares between venues and minutes are not replayed: the scope is one venue and its bars are longer'),
            (7, 'insurance%', 'the level of a fund is a prior and not a result'),
            (7, 'bad_debt', 'not of the time after'),
            (8, 'depth%', 'levels of depth are a prior; only what is left of it is replayed'),
            (8, 'spread%', 'the bid-ask spread is not replayed'),
            (9, 'outage', 'outages are not replayed; quality/outages finds those of a tape'),
            (9, 'time%', 'the path inside a bar is drawn, so that no time within it is a result'),
            (9, 'price%', 'a level at an instant or over a span that is not the replay''s'),
            (9, 'rebound', 'a level at an instant or over a span that is not the replay''s'),
            (10, '%', 'nothing of this kind is replayed')
    ) AS t (place, pattern, reason)
),
figures AS (
    SELECT
        p.*,
        e.trigger_at,
        e.open_interest_btc,
        r.run,
        b.outcome,
        b."of",
        b.adds,
        row_number() OVER () AS figure
    FROM catalog.published p
    JOIN catalog.episodes e ON e.episode = p.episode
    LEFT JOIN catalog.runs r ON r.episode = p.episode AND r.rule_set = 'record'
    LEFT JOIN beside b ON b.measure = p.measure AND b.unit = p.unit AND b.timing = p.timing
    WHERE p.episode LIKE $episode
),
why AS (
    SELECT f.figure, first_value(s.reason ORDER BY s.place, s.pattern) AS reason
    FROM figures f
    JOIN reasons s ON f.measure LIKE s.pattern
    WHERE f.outcome IS NULL
    GROUP BY f.figure
),
path AS (
    SELECT
        run,
        min(recorded_usd) AS low_usd,
        last_value(recorded_usd ORDER BY event_at, bar_close) AS last_usd,
        min(depth_ratio) - 1 AS depth_change
    FROM replayed.prices
    WHERE episode LIKE $episode AND rule_set = 'record'
    GROUP BY run
),
drawn AS (
    SELECT o.*, path.low_usd, path.last_usd
    FROM replayed.outcomes o
    JOIN path ON path.run = o.run
    WHERE o.episode LIKE $episode AND o.rule_set = 'record' AND o.draw > 0
),
bars AS (
    SELECT
        b.episode,
        max(b.high_usd) FILTER (
            WHERE b.open_at >= e.trigger_at - INTERVAL '1 day' AND b.open_at <= e.trigger_at
        ) AS price_before,
        last_value(b.close_usd ORDER BY b.close_at) FILTER (WHERE b.close_at <= e.trigger_at) AS price_at_trigger,
        last_value(b.close_usd ORDER BY b.close_at) FILTER (
            WHERE b.open_at >= date_trunc('day', e.trigger_at)
                AND b.close_at <= date_trunc('day', e.trigger_at) + INTERVAL '1 day'
        ) / first_value(b.open_usd ORDER BY b.open_at) FILTER (
            WHERE b.open_at >= date_trunc('day', e.trigger_at)
        ) - 1 AS price_change
    FROM recorded.episode_bars b
    JOIN catalog.episodes e ON e.episode = b.episode
    WHERE b.episode LIKE $episode
    GROUP BY b.episode
),
values_of AS (
    SELECT run, draw, 'forced_usd' AS outcome, forced_sell_usd + forced_buy_usd AS value FROM drawn
    UNION ALL SELECT run, draw, 'sold_usd', forced_sell_usd FROM drawn
    UNION ALL SELECT run, draw, 'bought_usd', forced_buy_usd FROM drawn
    UNION ALL SELECT run, draw, 'interest_before_btc', open_interest_btc_before FROM drawn
    UNION ALL SELECT run, draw, 'interest_before_usd', open_interest_usd FROM drawn
    UNION ALL SELECT run, draw, 'interest_after_btc', open_interest_btc_after FROM drawn
    UNION ALL SELECT run, draw, 'interest_after_usd', open_interest_btc_after * last_usd FROM drawn
    UNION ALL SELECT run, draw, 'interest_change', open_interest_btc_after / open_interest_btc_before - 1 FROM drawn
    UNION ALL SELECT run, draw, 'interest_change_btc', open_interest_btc_after - open_interest_btc_before FROM drawn
    UNION ALL SELECT run, draw, 'interest_change_usd', open_interest_btc_after * last_usd - open_interest_usd FROM drawn
    UNION ALL SELECT run, draw, 'interest_usd_change', open_interest_btc_after * last_usd / open_interest_usd - 1 FROM drawn
    UNION ALL SELECT run, draw, 'bad_debt_usd', bad_debt_usd FROM drawn
    UNION ALL SELECT run, draw, 'insurance_btc', insurance_used_usd / low_usd FROM drawn
    UNION ALL SELECT run, draw, 'price_fall', exp(-recorded_drawdown) - 1 FROM drawn
    UNION ALL SELECT run, 0, 'depth_change', depth_change FROM path
    UNION ALL SELECT run, 0, 'price_low', low_usd FROM path
    UNION ALL SELECT run, 0, 'forced_btc', sum(quantity_btc) FROM replayed.forced_orders
        WHERE episode LIKE $episode AND rule_set = 'record' GROUP BY run, bar_order
    UNION ALL SELECT r.run, 0, 'price_before', b.price_before FROM bars b
        JOIN catalog.runs r ON r.episode = b.episode AND r.rule_set = 'record'
    UNION ALL SELECT r.run, 0, 'price_at_trigger', b.price_at_trigger FROM bars b
        JOIN catalog.runs r ON r.episode = b.episode AND r.rule_set = 'record'
    UNION ALL SELECT r.run, 0, 'price_change', b.price_change FROM bars b
        JOIN catalog.runs r ON r.episode = b.episode AND r.rule_set = 'record'
),
spreads AS (
    SELECT
        run,
        outcome,
        count(DISTINCT draw) FILTER (WHERE draw > 0) AS draws,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS replayed,
        percentile_cont(0.05) WITHIN GROUP (ORDER BY value) AS p05,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95
    FROM values_of
    GROUP BY run, outcome
),
compared AS (
    SELECT
        f.*,
        w.reason,
        s.replayed,
        s.draws,
        CASE WHEN s.draws >= 100 AND f."of" = 'draws' THEN s.p05 END AS low,
        CASE WHEN s.draws >= 100 AND f."of" = 'draws' THEN s.p95 END AS high,
        f.measure = 'open_interest' AND f.timing = 'before' AND f.covers = 'same'
            AND f.open_interest_btc IS NOT NULL AS input
    FROM figures f
    LEFT JOIN why w ON w.figure = f.figure
    LEFT JOIN spreads s ON s.run = f.run AND s.outcome = f.outcome
),
judged AS (
    SELECT
        *,
        CASE
            WHEN input THEN 'input'
            WHEN outcome IS NULL THEN 'not replayed'
            WHEN replayed IS NULL THEN 'not run'
            WHEN "of" = 'record' AND covers = 'same' THEN 'identity of the record'
            WHEN "of" = 'record' THEN 'other scope'
            WHEN covers = 'same' AND low IS NULL THEN 'no interval'
            WHEN covers = 'same' AND value BETWEEN low AND high THEN 'inside'
            WHEN covers = 'same' THEN 'outside the interval'
            WHEN covers = 'more' AND adds AND low > value THEN 'outside the interval'
            WHEN covers = 'less' AND adds AND high < value THEN 'outside the interval'
            ELSE 'other scope'
        END AS verdict,
        CASE WHEN unit = 'usd' THEN 1e6 ELSE 1.0 END AS scale
    FROM compared
)
SELECT
    verdict,
    episode,
    measure,
    timing,
    scope,
    CASE WHEN unit = 'usd' THEN 'million USD' ELSE unit END AS unit,
    value / scale AS value,
    replayed / scale AS replayed,
    low / scale AS low,
    high / scale AS high,
    draws,
    CASE
        WHEN unit IN ('ratio', 's') OR replayed * value <= 0 THEN (replayed - value) / scale
        ELSE ln(replayed / value)
    END AS error,
    CASE
        WHEN replayed IS NULL THEN NULL
        WHEN unit IN ('ratio', 's') OR replayed * value <= 0 THEN 'difference'
        ELSE 'log ratio'
    END AS error_in,
    CASE
        WHEN verdict = 'input' THEN 'given to the replay'
        WHEN verdict = 'not replayed' THEN reason
        WHEN verdict = 'not run' THEN 'replay the episode'
        WHEN verdict = 'identity of the record' THEN 'tests the record, not the replay'
        WHEN "of" = 'record' THEN 'the record, beside another market or span'
        WHEN verdict = 'no interval' AND "of" = 'central' THEN 'the same scope; the central draw alone'
        WHEN verdict = 'no interval' THEN 'the same scope; fewer than 100 draws'
        WHEN covers = 'same' THEN 'the same scope'
        WHEN covers = 'more' AND adds AND measure LIKE 'liquidated%'
            THEN 'ours is a part: not more, unless feeds under-count'
        WHEN covers = 'more' AND adds THEN 'ours is a part: not more'
        WHEN covers = 'less' AND adds THEN 'ours is the whole: not less'
        WHEN covers = 'more' THEN 'ours is a part: may change more or less'
        ELSE 'neither contains the other'
    END AS reading,
    source,
    trust,
    run
FROM judged
ORDER BY
    CASE verdict
        WHEN 'outside the interval' THEN 1
        WHEN 'inside' THEN 2
        WHEN 'no interval' THEN 3
        WHEN 'other scope' THEN CASE WHEN "of" = 'record' THEN 5 ELSE 4 END
        WHEN 'identity of the record' THEN 6
        WHEN 'input' THEN 7
        WHEN 'not run' THEN 8
        ELSE 9
    END,
    episode, measure, timing, scope, unit, value, source, trust, run
