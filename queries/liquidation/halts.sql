-- Question: When was trading halted?
-- Grain: one row per run, bar order and halt, of the central draw
-- Units: halt_s s, up to the next price after the halt; _usd USD per BTC, reopening_usd is the first mark after it
-- Reads: replayed.prices
WITH
steps AS (
    SELECT
        run,
        rule_set,
        bar_order,
        event_at,
        bar_close,
        halted,
        mark_usd,
        lag(halted) OVER path AS halted_before,
        lead(event_at) OVER path AS next_at,
        lead(mark_usd) OVER path AS next_usd
    FROM replayed.prices
    WHERE episode = $episode
    -- Where a bar closes as the next one opens, the close comes first.
    WINDOW path AS (PARTITION BY run, bar_order ORDER BY event_at, bar_close DESC)
),
spells AS (
    SELECT
        *,
        sum(CASE WHEN halted AND NOT coalesce(halted_before, false) THEN 1 ELSE 0 END)
            OVER (PARTITION BY run, bar_order ORDER BY event_at, bar_close DESC) AS spell
    FROM steps
)
SELECT
    run,
    rule_set,
    bar_order,
    spell AS halt,
    min(event_at) AS from_at,
    max(coalesce(next_at, event_at)) AS until_at,
    CAST(to_unixtime(max(coalesce(next_at, event_at))) - to_unixtime(min(event_at)) AS DOUBLE) AS halt_s,
    first_value(mark_usd ORDER BY event_at, bar_close DESC) AS halted_usd,
    last_value(next_usd ORDER BY event_at, bar_close DESC) AS reopening_usd
FROM spells
WHERE halted
GROUP BY run, rule_set, bar_order, spell
ORDER BY rule_set, run, bar_order, halt
