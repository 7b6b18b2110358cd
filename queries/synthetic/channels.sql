-- Question: How much of a made-up crash does each channel of the world bring about, under the rules of record?
-- Grain: one row per measure and channel
-- Units: log; `log_amplification` of all markets on the declared clock, `fall_log` of the deepest market; share_pct percent of the total; a share whose values alone and last differ by more than half of it is order-dependent
-- Reads: synthetic.shapley
SELECT
    measure,
    channel,
    phi,
    first_in,
    last_out,
    total,
    CASE WHEN total <> 0 THEN 100 * phi / total END AS share_pct,
    CASE WHEN order_dependent THEN 'order-dependent' ELSE 'stable' END AS reading,
    efficiency_gap
FROM synthetic.shapley
WHERE world = $world
ORDER BY measure DESC, channel
