//! How strongly flow moves the price: one `Y` by the forced flow as an instrument.
//!
//! News moves price and flow at once, so least squares of price changes on impact changes is too large by up to several
//! times. Forced flow that was triggered before a step and fills within it is not moved by the news of that step; it is
//! moved by a drift of news that lasts. So the drift is taken out of windows, of several lengths and at several offsets;
//! each is a [`Row`], and no row is believed alone.
//!
//! What is said of `Y` ([`conclude`]): every row's Anderson-Rubin statistic `t(Y)` gives a likelihood `exp(-t²/2)`, which
//! is flat where the instrument is weak; each is multiplied with the prior and made to sum to one, and the rows'
//! answers are averaged, every row counting the same. The spread over windows and offsets thereby adds to the error of
//! sampling, and nothing is gained from looking at one tape sixteen times. Rows with a drift left in them lie above the
//! truth: the largest is an upper bound, not an estimate. Below an F of [`Settings::least_f`] the interval is the
//! prior's and the verdict says so.
//!
//! Read [`Settings`], [`ImpactForm`], [`fit`], then [`ImpactFit`].

mod cells;
mod conclude;
mod form;
pub mod gates;
pub mod known;
mod pool;
mod predetermined;
mod reversal;

use std::fmt;

use aftershock_measure::NotMeasurable;
use aftershock_measure::instrument::{Instrumented, Scratch, SlopeSet, Windows, instrumented};

pub use cells::{Cell, Quiet, fit_cells, weights};
pub use conclude::conclude;
pub use form::{ImpactForm, ImpactShape, Path};
pub use pool::{Pooled, pooled};
pub use predetermined::{Choice, predetermined};
pub use reversal::reversal_bound;

use crate::clocked::Clocked;

/// How the fit is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Length of windows and whether a straight line is taken out of them, and not the mean alone; s.
    pub windows: Vec<(f64, bool)>,
    /// Where the first window begins, shares of its length.
    pub offsets: Vec<f64>,
    /// Whether what is taken out of a window is fitted to later steps alone, which keeps earlier news out of the
    /// instrument; see [`Windows::ahead`].
    pub ahead: bool,
    /// Memory allowed for in errors, s.
    pub memory_s: f64,
    /// What a wrong form of impact moves `ln Y` by, standard deviation, added to the error of every row.
    pub form_sd_log: f64,
    /// Least F of the first stage (the median over rows) for anything but the prior.
    pub least_f: f64,
    /// What is believed of `Y` without this tape.
    pub prior: LogNormal,
    /// Share of intervals that should hold the truth.
    pub level: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            windows: vec![
                (60.0, false),
                (120.0, false),
                (60.0, true),
                (120.0, true),
                (300.0, true),
                (600.0, false),
            ],
            offsets: vec![0.0, 0.25, 0.5, 0.75],
            ahead: true,
            memory_s: 60.0,
            form_sd_log: 0.15,
            least_f: 20.0,
            prior: LogNormal {
                median: 1.0,
                sd_log: 0.35,
            },
            level: 0.9,
        }
    }
}

/// A belief about a positive number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    /// Median.
    pub median: f64,
    /// Standard deviation of the logarithm.
    pub sd_log: f64,
}

/// What one window length at one offset says.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Length of a window, s.
    pub window_s: f64,
    /// Whether a straight line was taken out, and not the mean alone.
    pub trend: bool,
    /// Where the first window begins, s after the tape.
    pub offset_s: f64,
    /// The sums from which slope, error, F and Anderson and Rubin's set follow, or why there are none.
    pub sums: Result<Instrumented, NotMeasurable>,
}

/// Whether the tape says anything of impact.
#[derive(Clone, Debug, PartialEq)]
pub enum Weight {
    /// The instrument is strong enough.
    Measured,
    /// The interval is the prior's, and why.
    PriorDominated(String),
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Measured => "impact measured",
            Self::PriorDominated(_) => "impact prior-dominated",
        })
    }
}

/// What a tape says of `Y` under one form of impact.
#[derive(Clone, Debug, PartialEq)]
pub struct ImpactFit {
    /// Name of the form.
    pub form: String,
    /// One for each window and offset.
    pub rows: Vec<Row>,
    /// Slope by least squares (median over rows), biased by news that moves flow.
    pub y_ols: Option<f64>,
    /// Slope by instrument, median over rows, without the prior.
    pub y_iv: Option<f64>,
    /// The largest row: where drift is left in a window the slope is too large, so an upper bound.
    pub upper_bound: Option<f64>,
    /// F of the first stage with memory, median over rows.
    pub f: Option<f64>,
    /// Median of what is believed of `Y` after the tape.
    pub y: f64,
    /// Standard deviation of `ln Y` after the tape.
    pub sd_log: f64,
    /// Interval of that belief, prior included.
    pub interval: (f64, f64),
    /// The same without the prior, from a belief flat in `Y` up to 20; `None` where the verdict is prior-dominated.
    pub tape_interval: Option<(f64, f64)>,
    /// Whether the tape was used.
    pub verdict: Weight,
}

impl Row {
    /// Slope by instrument.
    pub fn y_iv(&self) -> Option<f64> {
        self.sums.as_ref().ok().map(Instrumented::slope)
    }

    /// Its standard error, with memory.
    pub fn standard_error(&self) -> Option<f64> {
        self.sums.as_ref().ok().map(Instrumented::standard_error)
    }

    /// Anderson and Rubin's set.
    pub fn slopes(&self, level: f64) -> Option<SlopeSet> {
        self.sums.as_ref().ok().map(|sums| sums.anderson_rubin(level))
    }
}

/// Fits `Y` of one form. `forced_usd` is the forced flow of each step that was triggered before it, signed (see
/// [`predetermined`]); `depth_ratio` divides all flow where it is given.
///
/// # Panics
/// When a column is not as long as the tape.
pub fn fit(
    tape: &Clocked,
    form: &ImpactForm,
    forced_usd: &[f64],
    depth_ratio: Option<&[f64]>,
    settings: &Settings,
) -> ImpactFit {
    let path = Path::new(tape, form, forced_usd, depth_ratio);
    conclude(&form.name, rows(tape, &path, settings), 0.0, settings)
}

/// A row for each window and offset.
pub fn rows(tape: &Clocked, path: &Path, settings: &Settings) -> Vec<Row> {
    let steps_in = |seconds: f64| (seconds / tape.step_s).round().max(0.0) as usize;
    let returns = tape.returns();
    let mut scratch = Scratch::default();
    let mut rows = Vec::with_capacity(settings.windows.len() * settings.offsets.len());
    for &(window_s, trend) in &settings.windows {
        let steps = steps_in(window_s);
        for share in &settings.offsets {
            let windows = Windows {
                steps,
                offset: steps_in(share * window_s),
                trend,
                ahead: settings.ahead,
            };
            // On a coarse clock a short window holds too little to take anything out of it.
            let sums = if steps < 4 {
                Err(NotMeasurable::TooFew {
                    found: steps,
                    needed: 4,
                })
            } else {
                let lags = steps_in(settings.memory_s);
                instrumented(&returns, &path.change, &path.forced, windows, lags, &mut scratch)
            };
            rows.push(Row {
                window_s,
                trend,
                offset_s: share * window_s,
                sums,
            });
        }
    }
    rows
}
