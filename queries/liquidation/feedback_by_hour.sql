-- Question: How much did forced flow add to the price's move in each hour, and did it go with that move or against it?
-- Grain: one row per run and hour, of the central draw, the high of each bar first; an hour ends with its last bar close
-- Units: _log log price; null_move_log is the move with forced flow off the book, added_log what forced flow and its decay put on top; loop_gain is added_log over the whole move, null where the two moves differ in sign; number orders the hours of a run by the size of added_log; null while or just after trading was halted
-- Reads: replayed.prices
WITH
path AS (
    SELECT
        run,
        rule_set,
        event_at,
        bar_close,
        halted,
        ln(mark_usd) AS mark_log,
        ln(null_usd) AS null_log,
        min(event_at) OVER (PARTITION BY run) AS first_at,
        -- What is stamped with the full hour ends the hour before.
        date_trunc('hour', event_at - INTERVAL '1 microsecond') AS hour_at
    FROM replayed.prices
    WHERE episode = $episode AND bar_order = 'high_first'
),
start AS (
    SELECT
        run,
        first_value(mark_log ORDER BY event_at, bar_close DESC) AS mark_log,
        first_value(null_log ORDER BY event_at, bar_close DESC) AS null_log
    FROM path
    WHERE event_at = first_at
    GROUP BY run
),
hours AS (
    SELECT
        run,
        rule_set,
        hour_at,
        last_value(mark_log ORDER BY event_at, bar_close) AS mark_log,
        last_value(null_log ORDER BY event_at, bar_close) AS null_log,
        bool_or(halted) AS halted
    FROM path
    WHERE event_at > first_at
    GROUP BY run, rule_set, hour_at
),
moves AS (
    SELECT
        h.run,
        h.rule_set,
        h.hour_at,
        h.mark_log - coalesce(lag(h.mark_log) OVER hour, s.mark_log) AS mark_move_log,
        h.null_log - coalesce(lag(h.null_log) OVER hour, s.null_log) AS null_move_log,
        h.halted OR coalesce(lag(h.halted) OVER hour, false) AS halted
    FROM hours h
    JOIN start s ON s.run = h.run
    WINDOW hour AS (PARTITION BY h.run ORDER BY h.hour_at)
),
added AS (
    SELECT
        *,
        CASE WHEN NOT halted THEN round(mark_move_log - null_move_log, 9) END AS added_log
    FROM moves
)
SELECT
    run,
    rule_set,
    hour_at,
    null_move_log,
    added_log,
    CASE WHEN added_log IS NOT NULL AND mark_move_log * null_move_log > 0 THEN 1 - null_move_log / mark_move_log END AS loop_gain,
    CASE
        WHEN halted THEN 'halted'
        WHEN abs(added_log) < 1e-6 THEN 'nothing added'
        WHEN added_log * null_move_log > 0 THEN 'with the move'
        ELSE 'against the move'
    END AS feedback,
    row_number() OVER (PARTITION BY run ORDER BY abs(added_log) DESC NULLS LAST, hour_at) AS number
FROM added
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, run, hour_at
