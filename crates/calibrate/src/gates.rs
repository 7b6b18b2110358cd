//! Gates: what must hold before a figure is shown. Each is a pass, a fail, or not measurable with the reason.

use aftershock_market::journal::GateRow;
use aftershock_market::{BarOrder, Cash, Coin, Side, Timestamp};
use aftershock_measure::{
    impact::sqrt_law,
    quantile::{median, quantile},
    shapley::shapley,
    variance,
};
use aftershock_protocol::{RuleSet, liquidation_price};
use aftershock_replay::{
    DecayTable, Exogenous, Mechanisms, Mode, Parameters, Path, Replay, ReplayError, Silent, lead_in,
};

use crate::synthetic;

/// Largest difference of log prices that still counts as identity.
pub const IDENTITY: f64 = 1e-9;
/// Largest relative difference from a known answer.
pub const GOLDEN: f64 = 1e-9;
/// Largest difference between the sum of attributions and the whole.
pub const EFFICIENCY: f64 = 1e-12;
/// Days that a placebo takes.
pub const PLACEBO_DAYS: usize = 10;
/// Largest median amplification of quiet days.
pub const PLACEBO_MEDIAN: f64 = 1.03;

/// A verdict by a condition.
pub fn judge(gate: &'static str, passes: bool, detail: String) -> GateRow {
    GateRow {
        gate,
        verdict: if passes { "pass" } else { "fail" },
        detail,
    }
}

/// A gate that this record cannot decide.
pub fn not_measurable(gate: &'static str, reason: &str) -> GateRow {
    GateRow {
        gate,
        verdict: "not measurable",
        detail: reason.into(),
    }
}

/// G1: money and contracts are conserved to the unit in every replay.
pub fn conservation(replays: usize, worst: (Coin, Cash)) -> GateRow {
    judge(
        "G1",
        worst == (Coin::ZERO, Cash::ZERO),
        format!(
            "largest ledger residual {} and largest gap between long and short open interest {}, in units of 1e-8, \
             after every batch of {replays} replays",
            worst.1.0, worst.0.0
        ),
    )
}

/// G2: what is abducted from a record, run forward, returns it; and on a crash whose truth is known it is the truth.
///
/// # Errors
/// The generated tape cannot be replayed.
pub fn anchored_identity(seed: u64) -> Result<GateRow, ReplayError> {
    let generated = synthetic::generate(seed, 1.0)?;
    let (identity, truth) = anchored_difference(&generated)?;
    Ok(judge(
        "G2",
        identity <= IDENTITY && truth <= IDENTITY && generated.forced_usd > 0.0,
        format!(
            "on a generated tape with {:.1} M USD of forced flow: replayed against recorded log price {identity:.1e}, \
             abducted against true news {truth:.1e}; this record has no forced flow, its own identity is not measurable",
            generated.forced_usd / 1e6
        ),
    ))
}

/// Largest difference of log prices: replayed from the record, and abducted from the truth.
fn anchored_difference(generated: &synthetic::Synthetic) -> Result<(f64, f64), ReplayError> {
    let rules = RuleSet::default();
    let (path, parameters) = (&generated.path, &generated.parameters);
    let replay = Replay {
        path,
        parameters,
        table: &generated.table,
        rules: &rules,
    };
    let start = lead_in(&replay, &mut Silent)?;
    let abducted = replay.run(start.clone(), Mode::ABDUCT, &mut Silent)?;
    let exogenous = abducted.exogenous.unwrap_or_default();
    let closed = Mode::closed_loop(&exogenous, Mechanisms::ALL);
    let forward = replay.run(start, closed, &mut Silent)?;
    Ok((
        largest_difference(&forward.log_mark, &path.log_price[path.first..]),
        largest_difference(&exogenous.log_price, &generated.truth.log_price),
    ))
}

/// G3: known answers from outside, as far as a replay touches them.
pub fn goldens() -> GateRow {
    let returns = [
        0.01, -0.02, 0.015, 0.005, -0.01, 0.03, -0.025, 0.002, -0.004, 0.012,
    ];
    let values = [0.0, 0.10, 0.06, 0.30, 0.02, 0.13, 0.08, 0.40];
    let attribution = shapley(3, |mask| values[mask as usize]);
    // Computed in Python from the formulas; the cross-margin price is the venue's own example.
    let mut pairs = vec![
        (variance::realized_variance(&returns), 0.002539),
        (variance::downside_semivariance(&returns), 0.001141),
        (
            variance::bipower_variation(&returns).unwrap_or(f64::NAN),
            0.0031084313978019013,
        ),
        (
            variance::med_rv(&returns).unwrap_or(f64::NAN),
            0.003427750299384196,
        ),
        (
            variance::min_rv(&returns).unwrap_or(f64::NAN),
            0.003436865283028598,
        ),
        (
            liquidation_price(Side::Long, 1.0, 1e5, 1e4, 0.004, 0.0),
            90361.44578313253,
        ),
        (
            liquidation_price(Side::Short, 1.0, 1e5, 1e4, 0.004, 0.0),
            109561.75298804781,
        ),
        (
            liquidation_price(Side::Long, 50.0, 1e5, 250e3, 0.01, 1_500.0),
            95929.29292929293,
        ),
    ];
    let impacts = [
        (0.001, 15.811388300841896),
        (0.01, 50.0),
        (0.05, 111.80339887498948),
        (0.1, 158.11388300841898),
    ];
    pairs.extend(impacts.map(|(share, basis_points)| (1e4 * sqrt_law(1.0, 0.05, share, 1.0), basis_points)));
    pairs.extend(attribution.phi.iter().copied().zip([
        0.19833333333333333,
        0.15333333333333332,
        0.04833333333333334,
    ]));
    let worst = pairs
        .iter()
        .map(|(actual, expected)| (actual / expected - 1.0).abs())
        .fold(0.0, f64::max);
    judge(
        "G3",
        worst <= GOLDEN,
        format!(
            "{} known answers, largest relative difference {worst:.1e}",
            pairs.len()
        ),
    )
}

/// G15: attributions add up to the whole.
pub fn efficiency(worst: f64, attributions: usize) -> GateRow {
    if attributions == 0 {
        return not_measurable(
            "G15",
            "nothing is attributed under other rules than those of record",
        );
    }
    judge(
        "G15",
        worst <= EFFICIENCY,
        format!("{attributions} attributions, largest |sum - whole| {worst:.1e}"),
    )
}

/// G17: taking away what comes after an instant changes nothing before it.
///
/// # Errors
/// The path cannot be replayed.
pub fn no_look_ahead(
    path: &Path,
    parameters: &Parameters,
    table: &DecayTable,
    rules: &RuleSet,
) -> Result<GateRow, ReplayError> {
    let record = RuleSet::default();
    let run = |path: &Path| -> Result<(Exogenous, Vec<f64>), ReplayError> {
        let replay = Replay {
            path,
            parameters,
            table,
            rules: &record,
        };
        let abducted = replay.run(lead_in(&replay, &mut Silent)?, Mode::ABDUCT, &mut Silent)?;
        let exogenous = abducted.exogenous.unwrap_or_default();
        let other = Replay {
            path,
            parameters,
            table,
            rules,
        };
        let start = lead_in(&other, &mut Silent)?;
        let marks = other
            .run(start, Mode::closed_loop(&exogenous, Mechanisms::ALL), &mut Silent)?
            .log_mark;
        Ok((exogenous, marks))
    };
    let (whole, whole_marks) = run(path)?;
    let mut cuts = 0;
    for quarter in 1..4 {
        let end = path.first + (path.len() - path.first) * quarter / 4;
        let (part, marks) = run(&path.truncated(end))?;
        let n = marks.len();
        let same = part.log_price == whole.log_price[..n]
            && part.log_null == whole.log_null[..n]
            && part.ordinary_usd == whole.ordinary_usd[..n]
            && part.ordinary_depth == whole.ordinary_depth[..n]
            && marks == whole_marks[..n];
        if !same {
            return Ok(judge(
                "G17",
                false,
                format!("the first {n} waypoints differ once the path ends there"),
            ));
        }
        cuts += 1;
    }
    Ok(judge(
        "G17",
        true,
        format!("{cuts} truncated paths, every waypoint before the cut bit-identical"),
    ))
}

/// G18: forced flow is part of what traded, so in no bar can it be more than the bar's volume in scope.
pub fn plausible_volume(largest_share: f64) -> GateRow {
    judge(
        "G18",
        largest_share <= 1.0,
        format!(
            "in the busiest bar of the central draw forced flow is {largest_share:.2} of all that traded in scope; above \
             1 the priors liquidate more than can have been"
        ),
    )
}

/// G19: no replay runs away. `lost` are those of `replays` that did: draw, bar order, and when at which price in USD it was
/// seen; they have no outcome, so that figures are of the others alone.
pub fn comes_to_an_end(replays: usize, lost: &[(u32, BarOrder, Timestamp, f64)]) -> GateRow {
    let worst = lost.iter().max_by(|a, b| a.3.total_cmp(&b.3));
    let detail = match worst {
        None => format!("{replays} replays, each to the end of its window"),
        Some((draw, order, at, usd)) => format!(
            "in {} of {replays} replays forced flow feeds on itself without end, and they are left out of every figure of \
             this run: its spread is too narrow on the side of the worst. In draw {draw}, {}, it stood at {usd:.1e} USD at {at}",
            lost.len(),
            order.name(),
        ),
    };
    judge("G19", lost.is_empty(), detail)
}

/// G11: on quiet days the machinery adds nothing. `draws` holds, for each draw and bar order, the amplifications of its
/// days on a clock of `clock_s` seconds; `wide` says whether there are draws enough for an interval.
///
/// The interval is that of every other figure, over draws: of each draw the median of its days counts. Pooled over days
/// too it would be as wide as the days differ, and one wild day could make room for 1; that is shown and not judged.
pub fn placebo(clock_s: u32, draws: &[Vec<f64>], wide: bool) -> GateRow {
    let days = draws.iter().map(Vec::len).min().unwrap_or(0);
    if days < PLACEBO_DAYS {
        return not_measurable(
            "G11",
            &format!("{days} quiet days with an amplification, fewer than {PLACEBO_DAYS}"),
        );
    }
    if !wide {
        return not_measurable("G11", "too few draws for an interval");
    }
    let (low, middle, high) = ends(draws.iter().filter_map(|days| median(days)).collect());
    let (pooled_low, pooled, pooled_high) = ends(draws.concat());
    judge(
        "G11",
        low <= 1.0 && 1.0 <= high && middle <= PLACEBO_MEDIAN,
        format!(
            "{days} quiet days of 24 hours, amplification on the clock of {clock_s} s: median day {middle:.4}, 5 to 95 % \
             over draws and bar orders {low:.4} to {high:.4}; to pass, the median is at most {PLACEBO_MEDIAN} and 1 lies \
             between the ends; pooled over days too {pooled:.4}, {pooled_low:.4} to {pooled_high:.4}"
        ),
    )
}

/// Fifth percentile, median and ninety-fifth percentile.
fn ends(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share| quantile(&values, share).unwrap_or(f64::NAN);
    (at(0.05), at(0.5), at(0.95))
}

/// Gates that need a record which none of the embedded episodes has.
pub fn out_of_reach() -> Vec<GateRow> {
    let no_forced = "no forced flow is recorded";
    vec![
        not_measurable("G4", no_forced),
        not_measurable("G5", no_forced),
        not_measurable("G6", no_forced),
        not_measurable("G7", "no open interest is recorded within the episode"),
        not_measurable("G8", "no depth is recorded"),
        not_measurable(
            "G9",
            "no signed trades at millisecond stamps are recorded: impact is prior-dominated",
        ),
        not_measurable(
            "G10",
            "no forced flow is recorded that could serve as an instrument",
        ),
        not_measurable(
            "G16",
            "no liquidations, winners and equities of Hyperliquid are in the record: the delay of the first \
             deleveraging, the order of policies and the share of the 40 minutes are figures of other venues",
        ),
    ]
}

/// Largest absolute difference of two columns; infinite where their lengths differ or a value is none.
pub fn largest_difference(left: &[f64], right: &[f64]) -> f64 {
    if left.len() != right.len() {
        return f64::INFINITY;
    }
    left.iter()
        .zip(right)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |worst, one| {
            if one.is_nan() {
                f64::INFINITY
            } else {
                one.max(worst)
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_tape_returns_its_record_and_its_truth() {
        for seed in [1, 2, 3] {
            let gate = anchored_identity(seed).expect("a generated tape replays");
            assert_eq!(gate.verdict, "pass", "{}", gate.detail);
        }
    }

    /// A wrong impact must not pass: the truth is missed although the record is matched.
    #[test]
    fn a_wrong_impact_misses_the_truth() {
        let mut generated = synthetic::generate(1, 0.0).expect("a generated tape replays");
        generated.parameters.impact.y = 2.0;
        let (identity, truth) = anchored_difference(&generated).expect("it replays");
        assert!(identity <= IDENTITY, "matching the record proves nothing");
        assert!(truth > 1e-3, "{truth}");
    }

    #[test]
    fn known_answers_hold() {
        let gate = goldens();
        assert_eq!(gate.verdict, "pass", "{}", gate.detail);
    }

    #[test]
    fn nothing_looks_ahead() {
        let generated = synthetic::generate(4, 1.0).expect("a generated tape replays");
        let rules = RuleSet::default();
        let gate = no_look_ahead(&generated.path, &generated.parameters, &generated.table, &rules)
            .expect("it replays");
        assert_eq!(gate.verdict, "pass", "{}", gate.detail);
    }

    /// Medians and ends computed with `numpy.median` and `numpy.quantile` on the same values: of 21 draws, each with ten
    /// days about its own level and one of them far above, which no median sees.
    #[test]
    fn a_placebo_passes_near_one_fails_above_and_wants_ten_days() {
        let draws = |from: f64, step: f64| -> Vec<Vec<f64>> {
            let day = |level: f64, d: u32| {
                if d == 9 {
                    3.0
                } else {
                    level + 0.001 * (f64::from(d) - 4.5)
                }
            };
            let levels = (0..21).map(|i| from + step * f64::from(i));
            levels
                .map(|level| (0..10).map(|d| day(level, d)).collect())
                .collect()
        };
        let quiet = placebo(900, &draws(0.99, 0.002), true);
        assert_eq!(quiet.verdict, "pass");
        for figures in [
            "median day 1.0100",
            "orders 0.9920 to 1.0280",
            "too 1.0115, 0.9905 to 3.0000",
        ] {
            assert!(quiet.detail.contains(figures), "{figures}: {}", quiet.detail);
        }
        let above = placebo(900, &draws(1.002, 0.001), true);
        assert_eq!(
            above.verdict, "fail",
            "1.012 and 1 below the interval: {}",
            above.detail
        );
        let high = placebo(900, &draws(0.9, 0.0135), true);
        assert_eq!(
            high.verdict, "fail",
            "1.035 although 1 is inside: {}",
            high.detail
        );
        let nine: Vec<Vec<f64>> = draws(0.99, 0.002).iter().map(|days| days[..9].to_vec()).collect();
        assert_eq!(placebo(900, &nine, true).verdict, "not measurable");
        assert_eq!(placebo(900, &draws(0.99, 0.002), false).verdict, "not measurable");
    }

    #[test]
    fn placebo_without_open_interest_amplifies_nothing() {
        let mut generated = synthetic::generate(5, 1.0).expect("a generated tape replays");
        generated.parameters.open_interest_usd = 1e-3;
        let rules = RuleSet::default();
        let replay = Replay {
            path: &generated.path,
            parameters: &generated.parameters,
            table: &generated.table,
            rules: &rules,
        };
        let start = lead_in(&replay, &mut Silent).expect("positions are left");
        let replayed = replay.run(start, Mode::ABDUCT, &mut Silent).expect("it replays");
        let null = replayed.exogenous.unwrap_or_default().log_null;
        assert!(largest_difference(&null, &replayed.log_mark) < 1e-9);
    }
}
