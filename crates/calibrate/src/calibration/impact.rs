//! Impact under every structural form, as lines.

use serde::Serialize;

use crate::recover::Calibrated;

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
    /// Median of `Y` after the tape.
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
            ImpactLine {
                form: cell.form.name.clone(),
                recorded_depth: cell.thin,
                verdict: fit.verdict.to_string(),
                reason: match &fit.verdict {
                    crate::fit::impact::Weight::Measured => None,
                    crate::fit::impact::Weight::PriorDominated(why) => Some(why.clone()),
                },
                y: fit.y,
                low: fit.interval.0,
                high: fit.interval.1,
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
