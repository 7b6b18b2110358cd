//! Several forms of impact beside each other, and how well each explains quiet times.

use aftershock_measure::NotMeasurable;

use super::{ImpactFit, ImpactForm, Path, Settings, conclude, reversal_bound, rows};
use crate::clocked::Clocked;

/// Time before and after a step over which forced flow must be rare for the step to be quiet, s.
const QUIET_S: f64 = 600.0;
/// Most forced flow over all flow, both in absolute value, of a quiet time.
const RARE: f64 = 0.02;
/// Fewest quiet steps that a form is judged by.
const ENOUGH: usize = 600;

/// One form on one tape.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What the forced flow says of its `Y`.
    pub fit: ImpactFit,
    /// How well it explains price changes of quiet times, whatever its `Y`.
    pub quiet: Result<Quiet, NotMeasurable>,
    /// Upper bound of `Y` from news that would have to reverse.
    pub reversal_bound: Option<f64>,
}

/// Price changes of quiet steps on changes of impact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quiet {
    /// Number of quiet steps.
    pub steps: usize,
    /// Slope of least squares: of the size of `Y` where news does not move flow, too large where it does.
    pub slope: f64,
    /// Share of the variance of price changes that it explains.
    pub r2: f64,
    /// Log likelihood of the form against no impact, normal errors.
    pub log_likelihood: f64,
    /// The same with the flow of the step taken out of both first, which takes out news that moves flow at once: only
    /// the decay of impact and its curvature are left to judge by. This is little, and the safer weight.
    pub log_likelihood_given_flow: f64,
}

/// Fits every form; columns as in [`super::fit`].
///
/// # Panics
/// When a column is not as long as the tape.
pub fn fit_cells(
    tape: &Clocked,
    forms: &[ImpactForm],
    forced_usd: &[f64],
    depth_ratio: Option<&[f64]>,
    settings: &Settings,
) -> Vec<Cell> {
    let returns = tape.returns();
    let quiet_steps = quiet_steps(tape);
    let cell = |form: &ImpactForm| {
        let path = Path::new(tape, form, forced_usd, depth_ratio);
        Cell {
            fit: conclude(&form.name, rows(tape, &path, settings), 0.0, settings),
            quiet: quiet(&returns, &path.change, &tape.flow_usd, &quiet_steps),
            reversal_bound: reversal_bound(tape, &path, settings),
        }
    };
    forms.iter().map(cell).collect()
}

/// Weights of cells that sum to 1, from quiet times given the flow; equal where one of them has none.
pub fn weights(cells: &[Cell]) -> Vec<f64> {
    let told: Option<Vec<f64>> = (cells.iter())
        .map(|cell| Some(cell.quiet.as_ref().ok()?.log_likelihood_given_flow))
        .collect();
    let told = told.unwrap_or_else(|| vec![0.0; cells.len()]);
    let highest = told.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = told.iter().map(|one| libm::exp(one - highest)).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|one| one / total).collect()
}

/// Steps around which hardly anything was forced.
fn quiet_steps(tape: &Clocked) -> Vec<usize> {
    let reach = (QUIET_S / tape.step_s).round() as usize;
    let steps = tape.len();
    let (mut forced, mut all) = (vec![0.0; steps + 1], vec![0.0; steps + 1]);
    for step in 0..steps {
        forced[step + 1] = forced[step] + tape.forced_usd[step].abs();
        all[step + 1] = all[step] + tape.flow_usd[step].abs();
    }
    let quiet = |step: &usize| {
        let (from, to) = (step.saturating_sub(reach), (step + reach + 1).min(steps));
        forced[to] - forced[from] <= RARE * (all[to] - all[from])
    };
    (0..steps).filter(quiet).collect()
}

fn quiet(y: &[f64], x: &[f64], flow: &[f64], steps: &[usize]) -> Result<Quiet, NotMeasurable> {
    if steps.len() < ENOUGH {
        let found = steps.len();
        return Err(NotMeasurable::TooFew {
            found,
            needed: ENOUGH,
        });
    }
    let n = steps.len() as f64;
    let mean = |of: &[f64]| steps.iter().map(|step| of[*step]).sum::<f64>() / n;
    let means = [mean(y), mean(x), mean(flow)];
    let (mut yy, mut xx, mut qq, mut xy, mut qy, mut qx) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for &step in steps {
        let (y, x, q) = (y[step] - means[0], x[step] - means[1], flow[step] - means[2]);
        yy += y * y;
        xx += x * x;
        qq += q * q;
        xy += x * y;
        qy += q * y;
        qx += q * x;
    }
    // What is left of each after the flow of the step.
    let (yy_left, xx_left, xy_left) = (yy - qy * qy / qq, xx - qx * qx / qq, xy - qx * qy / qq);
    let r2 = xy * xy / (xx * yy);
    let r2_left = if xx_left > 1e-9 * xx {
        xy_left * xy_left / (xx_left * yy_left)
    } else {
        0.0
    };
    if !(r2.is_finite() && r2_left.is_finite()) {
        return Err(NotMeasurable::NoVariation);
    }
    // A fit whose slope has the wrong sign explains nothing that impact could.
    let gain = |r2: f64, slope: f64| {
        if slope > 0.0 {
            -0.5 * n * libm::log1p(-r2)
        } else {
            0.0
        }
    };
    Ok(Quiet {
        steps: steps.len(),
        slope: xy / xx,
        r2,
        log_likelihood: gain(r2, xy),
        log_likelihood_given_flow: gain(r2_left, xy_left),
    })
}
