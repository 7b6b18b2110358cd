-- Question: Which moments of the episode are published, and when were they?
-- Grain: one row per moment inside the replayed window: the trigger, and every time that somebody published
-- Units: event_at UTC, a published time counted from the trigger; mark is what the picture calls the moment
-- Reads: catalog.episodes, catalog.published
WITH moments AS (
    SELECT e.trigger_at AS event_at, 'trigger' AS what, NULL AS scope, e.trigger_source AS source, e.trigger_trust AS trust
    FROM catalog.episodes e
    WHERE e.episode = $episode
    UNION ALL
    SELECT
        arrow_cast(CAST(e.trigger_at AS BIGINT) + CAST(round(1e6 * p.value) AS BIGINT), 'Timestamp(Microsecond, Some("UTC"))'),
        replace(substr(p.measure, 9), '_', ' '),
        p.scope,
        p.source,
        p.trust
    FROM catalog.published p
    JOIN catalog.episodes e ON e.episode = p.episode
    WHERE p.episode = $episode AND p.measure LIKE 'time\_of\_%' AND p.unit = 's'
),
inside AS (
    SELECT
        m.*,
        -- A letter for each but the trigger, in order of time.
        row_number() OVER (PARTITION BY m.what = 'trigger' ORDER BY m.event_at, m.what, m.scope) AS number
    FROM moments m
    JOIN catalog.episodes e ON e.episode = $episode
    WHERE m.event_at >= e.replay_from AND m.event_at <= e.replay_to
)
SELECT
    CASE WHEN what = 'trigger' THEN what ELSE substr('abcdefghijklmnopqrstuvwxyz', CAST(number AS INT), 1) END AS mark,
    event_at,
    what,
    scope,
    source,
    trust
FROM inside
ORDER BY event_at, CASE WHEN what = 'trigger' THEN 0 ELSE 1 END, what, scope
