-- Question: At which prices would what was held have been closed by force, and how did those levels move?
-- Grain: one row per run, instant shown, side and step of four percent of the run's first recorded price that holds something and overlaps four fifths of the lowest to six fifths of the highest recorded price; shown are the start and of the whole hours every one, every second, third … as few as leave no more than 31, the last among them
-- Units: from_usd and to_usd USD per BTC; notional_usd USD at the mark at event_at; share_pct percent of all that this side then held, levels further away and what no price liquidates included; until_at is the next instant shown, or the last price of the run; lowest_usd and highest_usd are the mark's from event_at to before until_at; of the central draw, the high of each bar first; positions are the model's, whose closing order is under way in no row
-- Reads: replayed.account_states, replayed.prices
WITH
spans AS (
    SELECT
        run,
        first_value(recorded_usd ORDER BY event_at, bar_close DESC) AS start_usd,
        min(recorded_usd) AS lowest_usd,
        max(recorded_usd) AS highest_usd,
        min(event_at) AS start_at,
        max(event_at) AS end_at
    FROM replayed.prices
    WHERE episode = $episode AND bar_order = 'high_first'
    GROUP BY run
),
states AS (
    SELECT
        a.*,
        s.start_usd,
        s.lowest_usd,
        s.highest_usd,
        s.start_at,
        s.end_at,
        floor(round(50 * a.from_usd / s.start_usd) / 2) AS step,
        sum(a.notional_usd) OVER (PARTITION BY a.run, a.event_at, a.side) AS side_usd
    FROM replayed.account_states a
    JOIN spans s ON s.run = a.run
    WHERE a.episode = $episode AND a.bar_order = 'high_first'
),
-- Counted from the end, so that the last hour is there.
instants AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY run ORDER BY event_at DESC) AS from_end,
        sum(CASE WHEN event_at > start_at THEN 1 ELSE 0 END) OVER (PARTITION BY run) AS hours
    FROM (SELECT DISTINCT run, event_at, start_at, end_at FROM states)
),
shown AS (
    SELECT run, event_at, coalesce(lead(event_at) OVER (PARTITION BY run ORDER BY event_at), end_at) AS until_at
    FROM instants
    WHERE event_at = start_at OR (from_end - 1) % (1 + (hours - 1) / 31) = 0
),
-- How far the price went before the next of them.
reached AS (
    SELECT i.run, i.event_at, min(p.mark_usd) AS lowest_usd, max(p.mark_usd) AS highest_usd
    FROM replayed.prices AS p
    ASOF JOIN shown AS i MATCH_CONDITION (p.event_at >= i.event_at) ON p.run = i.run
    WHERE p.episode = $episode AND p.bar_order = 'high_first'
    GROUP BY i.run, i.event_at
)
SELECT
    s.run,
    s.rule_set,
    s.event_at,
    i.until_at,
    r.lowest_usd,
    r.highest_usd,
    s.side,
    s.start_usd * s.step / 25 AS from_usd,
    s.start_usd * (s.step + 1) / 25 AS to_usd,
    sum(s.notional_usd) AS notional_usd,
    100 * sum(s.notional_usd) / s.side_usd AS share_pct
FROM states s
JOIN shown i ON i.run = s.run AND i.event_at = s.event_at
JOIN reached r ON r.run = s.run AND r.event_at = s.event_at
WHERE s.to_usd IS NOT NULL
    AND s.start_usd * (s.step + 1) / 25 > 0.8 * s.lowest_usd
    AND s.start_usd * s.step / 25 < 1.2 * s.highest_usd
GROUP BY s.run, s.rule_set, s.event_at, i.until_at, r.lowest_usd, r.highest_usd, s.side, s.step, s.start_usd, s.side_usd
ORDER BY CASE WHEN s.rule_set = 'record' THEN 0 ELSE 1 END, s.rule_set, s.run, s.event_at, s.side, s.step
