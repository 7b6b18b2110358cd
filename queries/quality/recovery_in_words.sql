-- Question: What do the scores on made-up crashes with known truth say of an answer from priors and bars, and of a calibrated one?
-- Grain: one row per way of answering; on the longest clock on which bars were answered, effects of both families counted together
-- Units: in the words; an interval is meant to hold 90 % of truths, an effect counts from 0.05 of log variance on
-- Reads: catalog.recovery
WITH
longest AS (
    SELECT max(clock_s) AS clock_s FROM catalog.recovery WHERE way = 'prior-only on bars'
),
known AS (
    SELECT
        r.*,
        CASE r.way WHEN 'calibrated' THEN 2 ELSE 1 END AS place,
        round(100.0 * exp(r.width)) AS cents
    FROM catalog.recovery r
    JOIN longest l ON l.clock_s = r.clock_s
    WHERE r.way IN ('prior-only on bars', 'calibrated')
),
phrases AS (
    SELECT
        place,
        family <> 'own' AS other,
        figure,
        concat(CAST(covers AS VARCHAR), ' of ', CAST(crashes AS VARCHAR)) AS held,
        concat(
            CAST(CAST(floor(cents / 100) AS BIGINT) AS VARCHAR),
            '.',
            lpad(CAST(CAST(cents - 100 * floor(cents / 100) AS BIGINT) AS VARCHAR), 2, '0')
        ) AS wide
    FROM known
),
families AS (
    SELECT
        place,
        other,
        max(held) FILTER (WHERE figure = 'amplification') AS amplification,
        max(held) FILTER (WHERE figure = 'effect') AS effect,
        max(wide) FILTER (WHERE figure = 'amplification') AS wide
    FROM phrases
    GROUP BY place, other
),
ways AS (
    SELECT
        place,
        string_agg(
            concat(
                coalesce(amplification, 'none'), ' amplifications and ', coalesce(effect, 'none'), ' effects ',
                CASE WHEN other THEN 'under foreign equations' ELSE 'under the replay''s own equations' END
            ),
            ', ' ORDER BY other
        ) AS held,
        string_agg(
            concat(coalesce(wide, 'none'), CASE WHEN other THEN ' (foreign equations)' ELSE ' (own equations)' END),
            ' and ' ORDER BY other
        ) AS wide
    FROM families
    GROUP BY place
),
counts AS (
    SELECT
        place,
        CAST(sum(signs_right) AS VARCHAR) AS signs_right,
        CAST(sum(signs_of) AS VARCHAR) AS signs_of,
        CAST(sum(claims_right) AS VARCHAR) AS claims_right,
        CAST(sum(claims_of) AS VARCHAR) AS claims_of,
        CAST(sum(false_claims) AS VARCHAR) AS false_claims,
        CAST(sum(false_claims_of) AS VARCHAR) AS false_claims_of
    FROM known
    WHERE figure = 'effect'
    GROUP BY place
),
named AS (
    SELECT
        w.*,
        c.signs_right,
        c.signs_of,
        c.claims_right,
        c.claims_of,
        c.false_claims,
        c.false_claims_of,
        CASE w.place WHEN 1 THEN 'prior-only on bars' ELSE 'calibrated' END AS way,
        CASE w.place WHEN 1 THEN 'From priors and bars alone' ELSE 'Calibrated' END AS how
    FROM ways w
    LEFT JOIN counts c ON c.place = w.place
)
SELECT
    place AS number,
    way,
    concat(
        how, ', on the clock of ', (SELECT CAST(CAST(clock_s AS BIGINT) AS VARCHAR) FROM longest),
        ' s: intervals meant to hold 90 % of truths held ', held,
        '; at the median the upper end of an interval of amplification is ', wide, ' times the lower',
        CASE WHEN signs_of IS NULL THEN '' ELSE concat(
            '. Of ', signs_of, ' effects that count the median had the right sign in ', signs_right,
            '; the interval excluded zero in ', claims_of, ' of them, with the right sign in ', claims_right,
            ', and also in ', false_claims, ' of ', false_claims_of, ' where there was no effect'
        ) END,
        '.'
    ) AS text
FROM named
ORDER BY place
