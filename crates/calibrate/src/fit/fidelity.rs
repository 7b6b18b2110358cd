//! How near a model's forced flow and open interest come to a record: gates G4 to G8 of the method notes.
//!
//! They take columns and know nothing of who made them. [`hold_out`] judges a mix fitted on the first half of the forced
//! volume by the second half.

use super::binned::{Binned, Bins, printed_by_s};
use super::design::Crossings;
use super::leverage::{Fitting, fit};
use super::positions::{Positions, PositionsError};
use crate::check::Verdict;
use crate::clocked::Clocked;
use crate::observed::Observed;

/// What a gate on a model and a record found.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its number, such as `G4`.
    pub gate: &'static str,
    /// What was measured, in words with the numbers first.
    pub figure: String,
    /// What has to hold.
    pub threshold: &'static str,
    /// How it ends.
    pub verdict: Verdict,
    /// Whether it passes the weak threshold alone.
    pub weak: bool,
}

impl Judged {
    fn new(gate: &'static str, threshold: &'static str, figure: String, holds: bool) -> Self {
        Self {
            gate,
            figure,
            threshold,
            verdict: if holds { Verdict::Pass } else { Verdict::Fail },
            weak: false,
        }
    }

    fn not_measurable(gate: &'static str, threshold: &'static str, reason: &str) -> Self {
        Self {
            gate,
            figure: String::new(),
            threshold,
            verdict: Verdict::NotMeasurable(reason.into()),
            weak: false,
        }
    }
}

pub(crate) const VOLUME: &str = "at most 0.22; weak up to 0.41";
pub(crate) const TIMING: &str =
    "correlation 0.6 or more, Kolmogorov-Smirnov 0.15 at most, half-time within 60 s";
pub(crate) const PRICE: &str = "at most 50 bp, 150 bp for assets other than the two largest";
pub(crate) const HELD: &str = "at most 0.10 of the recorded range";
pub(crate) const DEPTH: &str = "at most 0.35";

/// G4: `|ln(ρ·model/recorded)|` of forced volume, USD; `reporting` is the share that the record prints.
pub fn volume(model_usd: f64, recorded_usd: f64, reporting: f64) -> Judged {
    if recorded_usd.is_nan() || recorded_usd <= 0.0 {
        return Judged::not_measurable("G4", VOLUME, "the record has no forced volume");
    }
    if model_usd.is_nan() || model_usd <= 0.0 {
        return Judged::new("G4", VOLUME, "the model forces nothing".into(), false);
    }
    let log = libm::log(reporting * model_usd / recorded_usd);
    let figure = format!("{log:+.3} is the log of reporting times model over recorded forced volume");
    Judged {
        weak: log.abs() > 0.22 && log.abs() <= 0.41,
        ..Judged::new("G4", VOLUME, figure, log.abs() <= 0.41)
    }
}

/// G5: forced flow of equal bins of 10 s, one sign or absolute, both scaled to one for the cumulative.
///
/// # Panics
/// When the columns differ in length.
pub fn timing(model: &[f64], recorded: &[f64], bin_s: f64) -> Judged {
    assert_eq!(model.len(), recorded.len(), "one value a bin of both");
    let (all_model, all_recorded): (f64, f64) = (model.iter().sum(), recorded.iter().sum());
    if all_recorded.is_nan() || all_recorded <= 0.0 {
        return Judged::not_measurable("G5", TIMING, "the record has no forced volume");
    }
    let (Some(correlation), true) = (correlation(model, recorded), all_model > 0.0) else {
        return Judged::new("G5", TIMING, "model or record does not vary".into(), false);
    };
    let (mut a, mut b, mut apart) = (0.0, 0.0, 0.0_f64);
    for (model, recorded) in model.iter().zip(recorded) {
        a += model / all_model;
        b += recorded / all_recorded;
        apart = apart.max((a - b).abs());
    }
    let late_s = half(model, all_model, bin_s) - half(recorded, all_recorded, bin_s);
    let figure =
        format!("correlation {correlation:.3}, Kolmogorov-Smirnov {apart:.3}, half-time {late_s:+.0} s");
    let holds = correlation >= 0.6 && apart <= 0.15 && late_s.abs() <= 60.0;
    Judged::new("G5", TIMING, figure, holds)
}

/// When half of it has come, s, straight within a bin.
fn half(flow: &[f64], all: f64, bin_s: f64) -> f64 {
    let mut so_far = 0.0;
    for (bin, flow) in flow.iter().enumerate() {
        if so_far + flow >= 0.5 * all {
            return bin_s * (bin as f64 + (0.5 * all - so_far) / flow);
        }
        so_far += flow;
    }
    bin_s * flow.len() as f64
}

fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        aa += (a - mean_a) * (a - mean_a);
        bb += (b - mean_b) * (b - mean_b);
        ab += (a - mean_a) * (b - mean_b);
    }
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

/// G6: Wasserstein-1 distance of liquidated value by log price, basis points; each of `model` and `recorded` is a pair of
/// log prices and values, `large` whether the asset is one of the two largest.
pub fn prices(model: (&[f64], &[f64]), recorded: (&[f64], &[f64]), large: bool) -> Judged {
    match wasserstein(model, recorded) {
        None => Judged::not_measurable("G6", PRICE, "model or record forces nothing"),
        Some(log) => {
            let bp = 1e4 * log;
            let figure = format!("{bp:.1} bp between the prices of forced flow");
            Judged::new("G6", PRICE, figure, bp <= if large { 50.0 } else { 150.0 })
        }
    }
}

/// Wasserstein-1 distance of two weighted samples, each scaled to one, in the unit of the values.
pub fn wasserstein(a: (&[f64], &[f64]), b: (&[f64], &[f64])) -> Option<f64> {
    let (all_a, all_b): (f64, f64) = (a.1.iter().sum(), b.1.iter().sum());
    if !(all_a > 0.0 && all_b > 0.0) {
        return None;
    }
    let steps = |one: (&[f64], &[f64]), factor: f64| -> Vec<(f64, f64)> {
        one.0.iter().zip(one.1).map(|(x, w)| (*x, w * factor)).collect()
    };
    let mut all = steps(a, 1.0 / all_a);
    all.extend(steps(b, -1.0 / all_b));
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut ahead, mut distance) = (0.0_f64, 0.0);
    for pair in all.windows(2) {
        ahead += pair[0].1;
        distance += ahead.abs() * (pair[1].0 - pair[0].0);
    }
    Some(distance)
}

/// G7: root mean square difference of open interest read every five minutes, over the range of the record. The method
/// notes do not say over what; the range is the hardest of the usual.
///
/// # Panics
/// When the columns differ in length.
pub fn open_interest(model: &[f64], recorded: &[f64]) -> Judged {
    assert_eq!(model.len(), recorded.len(), "one value a reading of both");
    let low = recorded.iter().copied().fold(f64::INFINITY, f64::min);
    let high = recorded.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if recorded.len() < 3 || low >= high {
        return Judged::not_measurable(
            "G7",
            HELD,
            "fewer than three readings of open interest, or none that differs",
        );
    }
    let share = root_mean_square(model, recorded) / (high - low);
    Judged::new(
        "G7",
        HELD,
        format!("{share:.3} of the range of recorded open interest"),
        share <= 0.10,
    )
}

/// G8: root mean square difference of log depth, bands pooled.
///
/// # Panics
/// When the columns differ in length.
pub fn depth(model_log: &[f64], recorded_log: &[f64]) -> Judged {
    assert_eq!(model_log.len(), recorded_log.len(), "one value a reading of both");
    if recorded_log.is_empty() {
        return Judged::not_measurable("G8", DEPTH, "no depth on the record");
    }
    let apart = root_mean_square(model_log, recorded_log);
    Judged::new(
        "G8",
        DEPTH,
        format!("{apart:.3} between log depths"),
        apart <= 0.35,
    )
}

fn root_mean_square(a: &[f64], b: &[f64]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (sum / a.len() as f64).sqrt()
}

/// G4, G5 and G6 of a mix that is fitted on the first half of the forced volume and judged on the second, along the
/// recorded mark.
///
/// # Errors
/// Nothing printed, or nothing that a class explains.
pub fn hold_out(
    observed: &Observed,
    clocked: &Clocked,
    positions: &Positions,
    crossings: &Crossings,
    fitting: &Fitting,
    large: bool,
) -> Result<[Judged; 3], PositionsError> {
    let Some(half_s) = printed_by_s(observed, clocked, 0.5) else {
        let reason = "the record has no forced volume";
        return Ok([
            Judged::not_measurable("G4", VOLUME, reason),
            Judged::not_measurable("G5", TIMING, reason),
            Judged::not_measurable("G6", PRICE, reason),
        ]);
    };
    let found = fit(observed, clocked, positions, crossings, fitting, (0.0, half_s))?;
    let columns = positions.assumed.classes.len();
    let span_s = (half_s, clocked.len() as f64 * clocked.step_s);
    let of = |bins| Binned::new(observed, clocked, crossings, columns, bins, span_s);
    let (times, buckets) = (of(Bins::Time(10.0)), of(Bins::Price(1e-3)));
    let both = |sides: &[f64]| -> Vec<f64> {
        let (long, short) = sides.split_at(sides.len() / 2);
        long.iter().zip(short).map(|(a, b)| a + b).collect()
    };
    let modelled = times.modelled(found.survived, &found.mix);
    let (model, recorded) = (both(&modelled), both(&times.printed_usd));
    let by_price = buckets.modelled(found.survived, &found.mix);
    let at: Vec<f64> = (0..by_price.len())
        .map(|row| 1e-3 * (row % buckets.bins) as f64)
        .collect();
    Ok([
        volume(model.iter().sum(), recorded.iter().sum(), fitting.reporting),
        timing(&model, &recorded, 10.0),
        prices((&at, &by_price), (&at, &buckets.printed_usd), large),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: ln 1.25 = 0.223 is weak, ln 1.24 = 0.215 is not, ln 1.6 = 0.470 fails; half printed of twice is exact.
    #[test]
    fn volumes() {
        let judge = |model, recorded, reporting| {
            let judged = volume(model, recorded, reporting);
            (judged.verdict == Verdict::Pass, judged.weak)
        };
        assert_eq!(judge(1.25, 1.0, 1.0), (true, true));
        assert_eq!(judge(1.24, 1.0, 1.0), (true, false));
        assert_eq!(judge(1.6, 1.0, 1.0), (false, false));
        assert_eq!(judge(2.0, 1.0, 0.5), (true, false));
        assert!(matches!(volume(1.0, 0.0, 1.0).verdict, Verdict::NotMeasurable(_)));
    }

    /// By hand: the same flow one bin later is 10 s late, and its cumulative is at most one bin's half apart.
    #[test]
    fn one_bin_late() {
        let judged = timing(&[0.0, 1.0, 2.0, 1.0], &[1.0, 2.0, 1.0, 0.0], 10.0);
        assert_eq!(
            judged.figure,
            "correlation 0.000, Kolmogorov-Smirnov 0.500, half-time +10 s"
        );
        assert_eq!(judged.verdict, Verdict::Fail);
        let same = timing(&[1.0, 2.0, 1.0], &[2.0, 4.0, 2.0], 10.0);
        assert_eq!(same.verdict, Verdict::Pass);
    }

    /// Source: scipy.stats.wasserstein_distance([0, 1, 3], [5, 6, 8], [1, 1, 2], [2, 1, 1]) = 4.25.
    #[test]
    fn distance_of_prices() {
        let found = wasserstein(
            (&[0.0, 1.0, 3.0], &[1.0, 1.0, 2.0]),
            (&[5.0, 6.0, 8.0], &[2.0, 1.0, 1.0]),
        );
        assert!((found.expect("both weigh") - 4.25).abs() < 1e-12, "{found:?}");
        let one_bp = prices((&[0.0], &[1.0]), (&[1e-4], &[3.0]), true);
        assert_eq!(one_bp.figure, "1.0 bp between the prices of forced flow");
    }

    /// By hand: √(2/3) of a range of 2 is 0.408.
    #[test]
    fn open_interest_over_its_range() {
        let judged = open_interest(&[2.0, 2.0, 2.0], &[1.0, 2.0, 3.0]);
        assert_eq!(judged.figure, "0.408 of the range of recorded open interest");
        assert!(matches!(
            open_interest(&[1.0; 3], &[1.0; 3]).verdict,
            Verdict::NotMeasurable(_)
        ));
    }
}
