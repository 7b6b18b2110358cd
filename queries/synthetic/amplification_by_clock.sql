-- Question: How much more did a made-up price vary than its null, by clock, over the whole tape and over the crash?
-- Grain: one row per rule set, clock and market; market `all` is the sum of variances of all
-- Units: clock_s s; amplification is variance over that of the null off-book, null under thirty returns or where a rule stopped the market for as long as the clock
-- Reads: synthetic.amplification
SELECT
    rule_set,
    clock_s,
    venue,
    instrument,
    max(CASE WHEN span = 'whole' THEN returns END) AS whole_returns,
    max(CASE WHEN span = 'whole' THEN amplification END) AS whole_amplification,
    max(CASE WHEN span = 'crash' THEN returns END) AS crash_returns,
    max(CASE WHEN span = 'crash' THEN amplification END) AS crash_amplification
FROM synthetic.amplification
WHERE world = $world
GROUP BY rule_set, clock_s, coalesce(market, -1), venue, instrument
ORDER BY CASE WHEN rule_set = 'record' THEN 0 ELSE 1 END, rule_set, clock_s, coalesce(market, -1)
