//! What the fit makes of tapes whose impact is known, case by case.

use std::fmt;

use aftershock_market::Timestamp;
use aftershock_measure::quantile::median;

use super::KnownTruth;
use crate::clocked::{ClockError, Clocked};
use crate::fit::impact::{Choice, ImpactFit, ImpactForm, Path, Settings, Weight, fit, predetermined, rows};
use crate::synth::Shape;

/// One truth, and what the fit believes of it beside `Y`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it is called in tables.
    pub name: String,
    /// What is true.
    pub truth: KnownTruth,
    /// Form of impact that the fit uses.
    pub form: ImpactForm,
    /// Forced flow that the fit takes for predetermined.
    pub choice: Choice,
    /// Length of a step of the fit's clock, s.
    pub step_s: f64,
}

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
    /// Standard deviation over seeds of the median row.
    pub y_iv_sd: f64,
    /// Median `Y` after the tape, prior included.
    pub estimate: f64,
    /// `y_iv` less the truth.
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
    /// Share of tapes with the verdict "impact prior-dominated".
    pub prior_dominated: f64,
}

/// Correlations of news and ordinary flow that each case is run at.
const CORRELATIONS: [f64; 3] = [0.0, 0.3, 0.6];

/// The experiment as documented, and the variations under which it was found to fail.
pub fn cases() -> Vec<Case> {
    let truth = KnownTruth::default;
    let ramp = |shape| {
        let mut truth = truth();
        truth.ramp.shape = shape;
        truth
    };
    let half_life = |factor: f64| {
        let form = truth().form;
        let half_life_s = form.half_lives_s[0] * factor;
        form.with_decay("exponential", &[half_life_s], &[1.0])
    };
    let right = truth().form;
    let told = [
        ("as documented", truth(), right.clone()),
        ("ramp shifted 300 s", ramp(Shape::Shifted), right.clone()),
        ("ramp exponential", ramp(Shape::Exponential), right.clone()),
        ("ramp 180 s long", ramp(Shape::Short), right.clone()),
        ("ramp in jumps", ramp(Shape::Jumps), right),
        ("decay 3 times too slow", truth(), half_life(3.0)),
        ("decay 3 times too fast", truth(), half_life(1.0 / 3.0)),
    ];
    let case = |(name, truth, form): &(&str, KnownTruth, ImpactForm), correlation| Case {
        name: (*name).to_owned(),
        truth: KnownTruth {
            correlation,
            ..truth.clone()
        },
        form: form.clone(),
        choice: Choice::All,
        step_s: 1.0,
    };
    let each = told
        .iter()
        .flat_map(|told| CORRELATIONS.map(|correlation| case(told, correlation)));
    each.collect()
}

impl Case {
    /// The fit of one tape, and the slope by instrument without windows.
    ///
    /// # Errors
    /// A tape without a step.
    pub fn run(&self, seed: u64, settings: &Settings) -> Result<(ImpactFit, Option<f64>), ClockError> {
        let observed = self.truth.tape(seed);
        let end = Timestamp((self.truth.duration_s * 1e6) as i64);
        let tape = Clocked::new(&observed, Timestamp(0), end, self.step_s)?;
        let forced = predetermined(&observed, &tape, self.choice);
        let whole = Settings {
            windows: vec![(self.truth.duration_s, false)],
            offsets: vec![0.0],
            ..settings.clone()
        };
        let path = Path::new(&tape, &self.form, &forced, None);
        let whole = rows(&tape, &path, &whole)[0].y_iv();
        Ok((fit(&tape, &self.form, &forced, None, settings), whole))
    }
}

/// Runs every case on a tape of each seed.
///
/// # Errors
/// A case whose tape has no step.
pub fn known_answers(cases: &[Case], seeds: &[u64], settings: &Settings) -> Result<Vec<Answer>, ClockError> {
    cases.iter().map(|case| answer(case, seeds, settings)).collect()
}

fn answer(case: &Case, seeds: &[u64], settings: &Settings) -> Result<Answer, ClockError> {
    let mut fits = Vec::with_capacity(seeds.len());
    let mut whole = Vec::new();
    for &seed in seeds {
        let (fit, without_windows) = case.run(seed, settings)?;
        fits.push(fit);
        whole.extend(without_windows);
    }
    let truth = case.truth.y;
    let middle = |of: &dyn Fn(&ImpactFit) -> Option<f64>| {
        let values: Vec<f64> = fits.iter().filter_map(of).collect();
        median(&values).unwrap_or(f64::NAN)
    };
    let share = |of: &dyn Fn(&ImpactFit) -> Option<bool>| {
        let told: Vec<bool> = fits.iter().filter_map(of).collect();
        told.iter().filter(|yes| **yes).count() as f64 / told.len() as f64
    };
    let holds = |(low, high): (f64, f64)| low <= truth && truth <= high;
    let tail = aftershock_measure::tail::normal_quantile(0.5 * (1.0 + settings.level)).unwrap_or(f64::NAN);
    let prior_width = 2.0 * tail * settings.prior.sd_log;
    let width = |(low, high): (f64, f64)| libm::log(high / low) / prior_width;
    let y_iv = middle(&|fit| fit.y_iv);
    let slopes: Vec<f64> = fits.iter().filter_map(|fit| fit.y_iv).collect();
    let iv_by_window = settings.windows.iter().map(|&(window_s, trend)| {
        let of = |fit: &ImpactFit| -> Vec<f64> {
            let rows = fit
                .rows
                .iter()
                .filter(|row| row.window_s == window_s && row.trend == trend);
            rows.filter_map(|row| row.y_iv()).collect()
        };
        let all: Vec<f64> = fits.iter().flat_map(of).collect();
        (window_s, trend, median(&all).unwrap_or(f64::NAN))
    });
    Ok(Answer {
        case: case.name.clone(),
        correlation: case.truth.correlation,
        truth,
        seeds: seeds.len(),
        f: middle(&|fit| fit.f),
        ols: middle(&|fit| fit.y_ols),
        whole: median(&whole).unwrap_or(f64::NAN),
        iv_by_window: iv_by_window.collect(),
        y_iv,
        y_iv_sd: aftershock_measure::moments::sample_std(&slopes).unwrap_or(f64::NAN),
        estimate: middle(&|fit| Some(fit.y)),
        bias: y_iv - truth,
        interval: (
            middle(&|fit| Some(fit.interval.0)),
            middle(&|fit| Some(fit.interval.1)),
        ),
        covered: share(&|fit| Some(holds(fit.interval))),
        covered_by_tape: share(&|fit| fit.tape_interval.map(holds)),
        width: middle(&|fit| Some(width(fit.interval))),
        width_by_tape: middle(&|fit| fit.tape_interval.map(width)),
        below_upper_bound: share(&|fit| fit.upper_bound.map(|bound| bound >= truth)),
        prior_dominated: share(&|fit| Some(matches!(fit.verdict, Weight::PriorDominated(_)))),
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
             tape: cover  width  bound  prior",
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
            " {:6.2} {:6.2} {:+6.2} {:6.2}  {:5.2} to {:5.2} {:5.2} {:6.2} {:12.2} {:6.2} {:6.2} {:6.2}",
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
            self.prior_dominated
        )
    }
}
