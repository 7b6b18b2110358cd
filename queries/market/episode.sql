-- Question: What happened, what is recorded of it, and which part is replayed?
-- Grain: one row per episode
-- Units: _at, _from, _to UTC; bar_s s, the longest bar of the replay; open_interest_btc BTC, published before the event
-- Reads: catalog.episodes
SELECT
    episode,
    title,
    aliases,
    kind,
    summary,
    tape_from,
    tape_to,
    trigger_at,
    trigger_source,
    trigger_trust,
    replay_from,
    replay_to,
    instrument,
    fineness,
    bar_s,
    mark,
    absent,
    venues,
    volume,
    open_interest_btc,
    open_interest_source
FROM catalog.episodes
WHERE episode = $episode
ORDER BY episode
