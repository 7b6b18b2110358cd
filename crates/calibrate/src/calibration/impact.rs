//! Impact under every structural form, as lines.

use serde::Serialize;

use crate::fit::impact::Weight;
use crate::recover::{Calibrated, MOST_OF_LEAST_SQUARES};

/// Spread of the prior of `ln Y`.
const PRIOR_SD_LOG: f64 = 0.35;
/// An interval this many times as wide as the prior's says hardly more than it.
const BARELY: f64 = 0.95;

/// What the tape says of one form of impact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImpactLine {
    /// Shape and decay.
    pub form: String,
    /// Whether flow counts for more where less rests, as the tape shows it.
    pub recorded_depth: bool,
    /// `impact measured` or `impact prior-dominated`.
    pub verdict: String,
    /// Why it is prior-dominated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Median of `Y` after the tape; like its ends no more than 1.25 times least squares.
    pub y: f64,
    /// 5 %, prior included.
    pub low: f64,
    /// 95 %.
    pub high: f64,
    /// Least squares, median over windows: too large where news moves flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_ols: Option<f64>,
    /// By instrument, median over windows, without the prior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y_iv: Option<f64>,
    /// F of the first stage, median over windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_stage_f: Option<f64>,
    /// The largest window's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_window: Option<f64>,
    /// Beyond this news would have to reverse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reversal_bound: Option<f64>,
    /// Weight in the amplification.
    pub weight: f64,
}

pub(super) fn of(calibrated: &Calibrated) -> Vec<ImpactLine> {
    let cells = calibrated.cells.iter().zip(&calibrated.weights);
    cells
        .map(|(cell, weight)| {
            let fit = &cell.fitted.fit;
            let most = fit
                .y_ols
                .filter(|ols| *ols > 0.0)
                .map_or(f64::INFINITY, |ols| MOST_OF_LEAST_SQUARES * ols);
            let reason = match &fit.verdict {
                Weight::PriorDominated(why) => Some(why.clone()),
                Weight::Measured => {
                    let told = libm::log(fit.interval.1 / fit.interval.0) / (2.0 * 1.645 * PRIOR_SD_LOG);
                    (told > BARELY).then(|| format!("the interval is {told:.2} times as wide as the prior's"))
                }
            };
            ImpactLine {
                form: cell.form.name.clone(),
                recorded_depth: cell.thin,
                verdict: if reason.is_some() {
                    "impact prior-dominated".into()
                } else {
                    "impact measured".into()
                },
                reason,
                y: fit.y.min(most),
                low: fit.interval.0.min(most),
                high: fit.interval.1.min(most),
                y_ols: fit.y_ols,
                y_iv: fit.y_iv,
                first_stage_f: fit.f,
                largest_window: fit.upper_bound,
                reversal_bound: cell.fitted.reversal_bound,
                weight: *weight,
            }
        })
        .collect()
}
