//! What the fit makes of tapes whose impact is known, case by case.

use std::fmt;

use aftershock_measure::moments::sample_std;
use aftershock_measure::quantile::median;
use aftershock_measure::tail::normal_quantile;

use super::cases::{Case, Told};
use crate::clocked::ClockError;
use crate::fit::impact::{Settings, Weight};

/// What came of one case, over all seeds. Medians are over seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Name of the case.
    pub case: String,
    /// Correlation of news and ordinary flow.
    pub correlation: f64,
    /// The true `Y`.
    pub truth: f64,
    /// Number of tapes.
    pub seeds: usize,
    /// Median first-stage F.
    pub f: f64,
    /// Median slope by least squares.
    pub ols: f64,
    /// Median slope by instrument with the mean of the whole tape taken out, and no window.
    pub whole: f64,
    /// Length of windows (s), whether a line is taken out, and median slope by instrument over seeds and offsets.
    pub iv_by_window: Vec<(f64, bool, f64)>,
    /// Median over seeds of the median row, without the prior.
    pub y_iv: f64,
    /// Standard deviation over seeds of the median row less the truth.
    pub y_iv_sd: f64,
    /// Median `Y` after the tape, prior included.
    pub estimate: f64,
    /// Median of the median row less the truth.
    pub bias: f64,
    /// Medians of the ends of the interval, prior included.
    pub interval: (f64, f64),
    /// Share of intervals that hold the truth.
    pub covered: f64,
    /// Share of intervals without the prior that hold it, of tapes that have one.
    pub covered_by_tape: f64,
    /// Median log width of the interval over that of the prior's.
    pub width: f64,
    /// The same of intervals without the prior.
    pub width_by_tape: f64,
    /// Share of largest rows that lie above the truth.
    pub below_upper_bound: f64,
    /// Median upper bound from news that would have to reverse, of tapes that have one.
    pub reversal_bound: f64,
    /// Share of such bounds that lie above the truth; none counts as above.
    pub below_reversal_bound: f64,
    /// Share of tapes with the verdict "impact prior-dominated".
    pub prior_dominated: f64,
}

/// Runs every case on a tape of each seed.
///
/// # Errors
/// A case whose tape has no step.
pub fn known_answers(cases: &[Case], seeds: &[u64], settings: &Settings) -> Result<Vec<Answer>, ClockError> {
    cases.iter().map(|case| answer(case, seeds, settings)).collect()
}

fn answer(case: &Case, seeds: &[u64], settings: &Settings) -> Result<Answer, ClockError> {
    let run = |seed: &u64| case.run(*seed, settings);
    let all = seeds.iter().map(run).collect::<Result<Vec<Told>, _>>()?;
    let values = |of: &dyn Fn(&Told) -> Option<f64>| -> Vec<f64> { all.iter().filter_map(of).collect() };
    let middle = |of: &dyn Fn(&Told) -> Option<f64>| median(&values(of)).unwrap_or(f64::NAN);
    let share = |of: &dyn Fn(&Told) -> Option<bool>| {
        let told: Vec<bool> = all.iter().filter_map(of).collect();
        told.iter().filter(|yes| **yes).count() as f64 / told.len() as f64
    };
    let holds = |(low, high): (f64, f64), truth: f64| low <= truth && truth <= high;
    let tail = normal_quantile(0.5 * (1.0 + settings.level)).unwrap_or(f64::NAN);
    let width = |(low, high): (f64, f64)| libm::log(high / low) / (2.0 * tail * settings.prior.sd_log);
    let iv_by_window = settings.windows.iter().map(|&(window_s, trend)| {
        let of = |told: &Told| -> Vec<f64> {
            let rows = told
                .fit
                .rows
                .iter()
                .filter(|row| row.window_s == window_s && row.trend == trend);
            rows.filter_map(|row| row.y_iv()).collect()
        };
        let slopes: Vec<f64> = all.iter().flat_map(of).collect();
        (window_s, trend, median(&slopes).unwrap_or(f64::NAN))
    });
    let off = |told: &Told| Some(told.fit.y_iv? - told.truth);
    Ok(Answer {
        case: case.name.clone(),
        correlation: case.truth.correlation,
        truth: middle(&|told| Some(told.truth)),
        seeds: seeds.len(),
        f: middle(&|told| told.fit.f),
        ols: middle(&|told| told.fit.y_ols),
        whole: middle(&|told| told.whole),
        iv_by_window: iv_by_window.collect(),
        y_iv: middle(&|told| told.fit.y_iv),
        y_iv_sd: sample_std(&values(&off)).unwrap_or(f64::NAN),
        estimate: middle(&|told| Some(told.fit.y)),
        bias: middle(&off),
        interval: (
            middle(&|told| Some(told.fit.interval.0)),
            middle(&|told| Some(told.fit.interval.1)),
        ),
        covered: share(&|told| Some(holds(told.fit.interval, told.truth))),
        covered_by_tape: share(&|told| Some(holds(told.fit.tape_interval?, told.truth))),
        width: middle(&|told| Some(width(told.fit.interval))),
        width_by_tape: middle(&|told| told.fit.tape_interval.map(width)),
        below_upper_bound: share(&|told| Some(told.fit.upper_bound? >= told.truth)),
        reversal_bound: middle(&|told| told.reversal_bound),
        below_reversal_bound: share(&|told| Some(told.reversal_bound.unwrap_or(f64::INFINITY) >= told.truth)),
        prior_dominated: share(&|told| Some(matches!(told.fit.verdict, Weight::PriorDominated(_)))),
    })
}

impl Answer {
    /// Names of the columns of its `Display`, for the windows of these settings.
    pub fn header(settings: &Settings) -> String {
        let names = settings.windows.iter().map(|(window_s, trend)| {
            let name = format!("{window_s}{}", if *trend { "+t" } else { "" });
            format!("{name:>6}")
        });
        let windows: Vec<String> = names.collect();
        format!(
            "{:<26} corr     Y      F    ols  whole {}   y_iv     sd   bias  after  interval       cover  width  \
             tape: cover  width  bound  reversal      prior",
            "case",
            windows.join(" ")
        )
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<26} {:4.1} {:5.2} {:6.0} {:6.2} {:6.2}",
            self.case, self.correlation, self.truth, self.f, self.ols, self.whole
        )?;
        for (_, _, slope) in &self.iv_by_window {
            write!(f, " {slope:6.2}")?;
        }
        write!(
            f,
            " {:6.2} {:6.2} {:+6.2} {:6.2}  {:5.2} to {:5.2} {:5.2} {:6.2} {:12.2} {:6.2} {:6.2} {:6.2} {:5.2} {:6.2}",
            self.y_iv,
            self.y_iv_sd,
            self.bias,
            self.estimate,
            self.interval.0,
            self.interval.1,
            self.covered,
            self.width,
            self.covered_by_tape,
            self.width_by_tape,
            self.below_upper_bound,
            self.reversal_bound,
            self.below_reversal_bound,
            self.prior_dominated
        )
    }
}
