//! How fast the price of one venue comes back to another's.

use aftershock_measure::NotMeasurable;
use aftershock_measure::ols::regress;

use crate::clocked::Clocked;

/// Steps this near to a printed liquidation of either venue, s, are not quiet.
const QUIET_S: f64 = 300.0;
/// Normal quantile of a two-sided interval of 90 %.
const Z90: f64 = 1.644_853_626_951_472_2;

/// The gap between two log prices as an autoregression of order one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basis {
    /// Rate of return to the mean, 1/s.
    pub rate_per_s: f64,
    /// Half-life, s.
    pub half_life_s: f64,
    /// 5 % and 95 % of it, s; infinite where a random walk cannot be told from it.
    pub half_life_interval_s: (f64, f64),
    /// Standard deviation of what is new in a step, log.
    pub innovation: f64,
    /// Mean gap, log.
    pub mean: f64,
    /// Quiet steps.
    pub steps: usize,
}

/// Why two markets have no measurable basis.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BasisError {
    /// Two clocks that do not tick together.
    #[error("clocks from {0} and {1} differ in start, step or length; put both markets on the same clock")]
    Clocks(aftershock_market::Timestamp, aftershock_market::Timestamp),
    /// The gap does not return: a random walk, or noise that turns around each step.
    #[error("the gap keeps {0:.4} of itself over a step; a half-life needs more than 0 and less than 1")]
    NoReturn(f64),
    /// Too few quiet steps, or a gap that does not vary.
    #[error("not measurable: {0}")]
    NotMeasurable(#[from] NotMeasurable),
}

/// The basis of two markets of one asset on steps far from any printed liquidation. With one venue there is none.
///
/// # Errors
/// Unlike clocks, too few quiet steps, or a gap that does not come back.
pub fn basis(one: &Clocked, other: &Clocked) -> Result<Basis, BasisError> {
    if one.from != other.from || one.step_s != other.step_s || one.len() != other.len() {
        return Err(BasisError::Clocks(one.from, other.from));
    }
    let loud = |step: usize| one.forced_usd[step] != 0.0 || other.forced_usd[step] != 0.0;
    let near = (QUIET_S / one.step_s).ceil() as usize;
    let gap: Vec<f64> = one
        .log_mid
        .iter()
        .zip(&other.log_mid)
        .map(|(a, b)| a - b)
        .collect();
    let (mut rows, mut next) = (Vec::new(), Vec::new());
    let mut silent_since = near;
    for step in 0..one.len() {
        silent_since = if loud(step) { 0 } else { silent_since + 1 };
        if silent_since > near {
            rows.extend([1.0, gap[step]]);
            next.push(gap[step + 1]);
        }
    }
    if next.len() < 30 {
        let found = next.len();
        return Err(NotMeasurable::TooFew { found, needed: 30 }.into());
    }
    // Memory of the residuals up to five steps is allowed for.
    let fit = regress(&rows, 2, &next, 5)?;
    let keeps = fit.coefficients[1];
    if !(keeps > 0.0 && keeps < 1.0) {
        return Err(BasisError::NoReturn(keeps));
    }
    let half_life_s = |keeps: f64| {
        if keeps >= 1.0 {
            f64::INFINITY
        } else {
            -core::f64::consts::LN_2 * one.step_s / libm::log(keeps.max(f64::MIN_POSITIVE))
        }
    };
    let error = Z90 * fit.standard_errors[1];
    let squares: f64 = fit.residuals.iter().map(|r| r * r).sum();
    Ok(Basis {
        rate_per_s: -libm::log(keeps) / one.step_s,
        half_life_s: half_life_s(keeps),
        half_life_interval_s: (half_life_s(keeps - error), half_life_s(keeps + error)),
        innovation: (squares / (next.len() - 2) as f64).sqrt(),
        mean: fit.coefficients[0] / (1.0 - keeps),
        steps: next.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    /// A gap that keeps 2^(−1/30) of itself each second and gets noise of 1e-4: half-life 30 s by construction.
    #[test]
    fn a_known_half_life() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let keeps = libm::exp2(-1.0 / 30.0);
        let (mut gap, mut path) = (0.0, vec![0.0]);
        for _ in 0..20_000 {
            let z: f64 = StandardNormal.sample(&mut rng);
            gap = keeps * gap + 1e-4 * z;
            path.push(gap);
        }
        let flat = vec![0.0; path.len()];
        let clocked = |log_mid: Vec<f64>| Clocked {
            step_s: 1.0,
            flow_usd: vec![0.0; log_mid.len() - 1],
            forced_usd: vec![0.0; log_mid.len() - 1],
            log_mid,
            ..Clocked::default()
        };
        let found = basis(&clocked(path), &clocked(flat.clone())).expect("it returns");
        let (low, high) = found.half_life_interval_s;
        assert!(low < 30.0 && 30.0 < high && high - low < 12.0, "{found:?}");
        assert!((found.innovation / 1e-4 - 1.0).abs() < 0.02);
        let same = basis(&clocked(flat.clone()), &clocked(flat));
        assert!(matches!(same, Err(BasisError::NotMeasurable(_))));
    }
}
