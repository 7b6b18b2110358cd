//! One mix from several sets of assumptions, each weighted by how well it explains what is printed.
//!
//! Resamples of one set of assumptions say how printed values scatter, which is little; which positions were held is the
//! larger doubt, and only other assumptions show it.

use super::design::Crossings;
use super::leverage::{Fitting, Leverage, fit, interval_of};
use super::positions::{Assumed, Positions, PositionsError};
use crate::clocked::Clocked;
use crate::observed::Observed;

/// The structural cells of a calibration around an assumption: churn at half, once and one and a half times, positions
/// closed alike or gains first, opened all over a bar or at its close, and open interest that falls because of
/// liquidations that are printed, or that are not.
pub fn structural(around: &Assumed) -> Vec<Assumed> {
    use super::attrition::Attrition::{Disposition, Proportional};
    let mut cells = Vec::new();
    for churn in [0.5, 1.0, 1.5] {
        for attrition in [Proportional, Disposition] {
            for (smeared, reporting) in [(true, 1.0), (true, 0.3), (false, 1.0), (false, 0.3)] {
                cells.push(Assumed {
                    churn: (churn * around.churn).min(1.0),
                    smeared,
                    attrition,
                    reporting: (reporting * around.reporting).min(1.0),
                    ..around.clone()
                });
            }
        }
    }
    cells
}

/// Mixes of all cells.
#[derive(Clone, Debug, PartialEq)]
pub struct OfCells {
    /// Weight of each cell; they sum to one.
    pub weights: Vec<f64>,
    /// What each cell finds; `None` where its assumptions find nothing.
    pub found: Vec<Option<Leverage>>,
    /// Place of the cell with the largest weight.
    pub best: usize,
    /// 5 % and 95 % of reporting times share by class, over the resamples of all cells by their weight.
    pub reported_intervals: Vec<(f64, f64)>,
    /// Whether a class is identified, up to reporting: crossed in the best cell, and the interval above 0.
    pub identified: Vec<bool>,
    /// Mixes of all cells' resamples, as many of each as its weight asks for.
    pub ensemble: Vec<Vec<f64>>,
}

/// Fits every cell between two instants, s after the clock's start. A cell's weight is its likelihood for normal
/// residuals, bins counted by blocks since neighbours repeat each other.
///
/// # Errors
/// The first cell's, where none finds anything.
pub fn fit_cells(
    observed: &Observed,
    clocked: &Clocked,
    cells: &[Assumed],
    fitting: &Fitting,
    span_s: (f64, f64),
) -> Result<OfCells, PositionsError> {
    let of = |assumed: &Assumed| {
        let positions = Positions::new(observed, clocked, assumed.clone())?;
        let crossings = Crossings::new(observed, clocked, &positions);
        fit(observed, clocked, &positions, &crossings, fitting, span_s)
    };
    let mut found = Vec::with_capacity(cells.len());
    let mut error = PositionsError::Assumed("no cell: there should be one at least".into());
    for cell in cells.iter().rev() {
        found.push(of(cell).map_err(|why| error = why).ok());
    }
    found.reverse();
    let log_likelihood = |one: &Leverage| {
        let bins = one.rows as f64 / fitting.mean_block.max(1.0);
        -0.5 * bins * libm::log(one.residual_sum.max(f64::MIN_POSITIVE))
    };
    let scores: Vec<f64> = found
        .iter()
        .map(|one| one.as_ref().map_or(f64::NEG_INFINITY, log_likelihood))
        .collect();
    let best = (0..scores.len())
        .rev()
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let Some((best, leading)) = best.and_then(|best| Some((best, found[best].as_ref()?))) else {
        return Err(error);
    };
    let mut weights: Vec<f64> = scores
        .iter()
        .map(|score| libm::exp(score - scores[best]))
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let (mut reported, mut ensemble) = (Vec::new(), Vec::new());
    for (one, weight) in found.iter().zip(&weights) {
        let Some(one) = one else { continue };
        let count = (weight * fitting.draws as f64).round() as usize;
        reported.extend_from_slice(&one.refits[..count.min(one.refits.len())]);
        ensemble.extend_from_slice(&one.ensemble[..count.min(one.ensemble.len())]);
    }
    let columns = fitting.prior.len();
    let reported_intervals: Vec<(f64, f64)> =
        (0..columns).map(|class| interval_of(&reported, class)).collect();
    let identified = leading
        .classes
        .iter()
        .zip(&reported_intervals)
        .map(|(class, interval)| class.crossed >= fitting.least_crossed && interval.0 > 0.0);
    Ok(OfCells {
        best,
        identified: identified.collect(),
        reported_intervals,
        weights,
        ensemble,
        found,
    })
}
