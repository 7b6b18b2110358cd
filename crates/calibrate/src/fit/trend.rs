//! Whether leverage at opening rises with the return of the day before.
//!
//! The alternative is softmax: the logarithm of a class's share moves by `trend` times its log leverage times the
//! return, both in standard deviations. Funding would be the other driver of the method notes; it is on no tape of
//! [`Observed`], so it is left out.

use super::design::Crossings;
use super::leverage::{Fitting, Leverage, fit};
use super::positions::{Assumed, Positions, PositionsError};
use crate::clocked::Clocked;
use crate::observed::Observed;

/// Trends that are tried.
const TRIED: [f64; 9] = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0];

/// The two cells: leverage without a trend, and with the trend that fits best.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// The trend that fits best.
    pub best: f64,
    /// Trends and weighted residual sums of squares.
    pub profile: Vec<(f64, f64)>,
    /// Akaike's criterion of the best less that without a trend, bins counted by blocks; below 0 the trend earns its
    /// parameter.
    pub aic_gain: f64,
    /// Whether it does.
    pub improves: bool,
    /// The mix without a trend.
    pub without: Leverage,
    /// The mix with it.
    pub with: Leverage,
}

/// Profiles the trend over a span, s after the clock's start.
///
/// # Errors
/// As the fit of a mix.
pub fn trend(
    observed: &Observed,
    clocked: &Clocked,
    assumed: &Assumed,
    fitting: &Fitting,
    span_s: (f64, f64),
) -> Result<Trend, PositionsError> {
    let of = |trend: f64, draws: usize| {
        let assumed = Assumed {
            trend,
            ..assumed.clone()
        };
        let fitting = Fitting {
            draws,
            ..fitting.clone()
        };
        let positions = Positions::new(observed, clocked, assumed)?;
        let crossings = Crossings::new(observed, clocked, &positions);
        fit(observed, clocked, &positions, &crossings, &fitting, span_s)
    };
    let without = of(0.0, fitting.draws)?;
    let mut profile = Vec::with_capacity(TRIED.len());
    for tried in TRIED {
        profile.push((tried, of(tried, 1)?.residual_sum));
    }
    let (best, least) = profile
        .iter()
        .copied()
        .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.abs().total_cmp(&b.0.abs())))
        .unwrap_or((0.0, without.residual_sum));
    let bins = without.rows as f64 / fitting.mean_block.max(1.0);
    let aic_gain =
        bins * libm::log(least.max(f64::MIN_POSITIVE) / without.residual_sum.max(f64::MIN_POSITIVE)) + 2.0;
    Ok(Trend {
        best,
        profile,
        aic_gain,
        improves: aic_gain < 0.0,
        with: of(best, fitting.draws)?,
        without,
    })
}
