//! Amplification against the clock it is measured on.

use crate::not_measurable::{NotMeasurable, divide, require_finite};

/// Fewest returns on which an amplification of variance is printed.
///
/// A rule of this project: below it the drawdown is the headline and the ratio is not measurable.
pub const FEWEST_RETURNS: usize = 30;

/// An amplification on one clock.
#[derive(Debug, Clone, PartialEq)]
pub struct SignaturePoint {
    /// Base steps between two prices of this clock.
    pub step: usize,
    /// Returns on this clock, to be printed beside the ratio.
    pub returns: usize,
    /// Factual variance over null variance, no unit, or why there is none.
    pub ratio: Result<f64, NotMeasurable>,
}

/// Log returns over `step` base steps that do not overlap; what does not fill a step at the end is left out.
///
/// # Panics
/// When `step` is 0.
pub fn changes(log_prices: &[f64], step: usize) -> Vec<f64> {
    assert!(step > 0, "a clock needs a step of at least 1");
    let on_clock: Vec<f64> = log_prices.iter().step_by(step).copied().collect();
    on_clock.windows(2).map(|w| w[1] - w[0]).collect()
}

/// Log changes over `step` base steps from every base instant, so that they overlap.
///
/// # Panics
/// When `step` is 0.
pub fn overlapping_changes(log_prices: &[f64], step: usize) -> Vec<f64> {
    assert!(step > 0, "a change needs a step of at least 1");
    let later = log_prices.iter().skip(step);
    later
        .zip(log_prices)
        .map(|(after, before)| after - before)
        .collect()
}

/// The signature `A(Δ)`: factual over null variance on each clock of `steps` base steps, one estimator for both.
///
/// Amplification depends on its clock: a ratio below 1 on a fine clock and above 1 on a coarse one says that impact is
/// set too large, for the abducted path was given a bounce to cancel an over-estimated push. It is never printed as
/// one number without its clock. `variance` takes log returns and gives the variance of the window.
///
/// A point is not measurable below [`FEWEST_RETURNS`] returns, where a log price is not finite, where the estimator
/// has no answer and where the null path does not move.
///
/// # Panics
/// When the paths differ in length, or a step is 0.
///
/// ```
/// use aftershock_measure::signature::signature;
/// use aftershock_measure::variance::realized_variance;
/// let null: Vec<f64> = (0..200).map(|i| f64::from(i % 7)).collect();
/// let factual: Vec<f64> = null.iter().map(|p| 3.0 * p).collect();
/// let points = signature(&factual, &null, &[1, 5, 100], |r| Ok(realized_variance(r)));
/// assert_eq!(points[0].ratio, Ok(9.0));
/// assert!(points[2].ratio.is_err()); // one return every 100 steps is too few
/// ```
pub fn signature(
    factual_log: &[f64],
    null_log: &[f64],
    steps: &[usize],
    variance: impl Fn(&[f64]) -> Result<f64, NotMeasurable>,
) -> Vec<SignaturePoint> {
    assert_eq!(factual_log.len(), null_log.len(), "both paths need one clock");
    let point = |&step: &usize| {
        let (factual, null) = (changes(factual_log, step), changes(null_log, step));
        let ratio = || {
            require_finite(&factual, FEWEST_RETURNS)?;
            require_finite(&null, FEWEST_RETURNS)?;
            divide(variance(&factual)?, variance(&null)?)
        };
        SignaturePoint {
            step,
            returns: null.len(),
            ratio: ratio(),
        }
    };
    steps.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_close, noisy_days, noisy_log_prices};
    use crate::variance::realized_variance;

    /// Source: computed independently with `numpy.diff(p[::10])`.
    #[test]
    fn a_coarser_clock_sees_less_noise() {
        let path = noisy_log_prices();
        assert_close(realized_variance(&changes(&path, 1)), 6.070426479673439e-05);
        assert_close(realized_variance(&changes(&path, 10)), 0.0005033926634674491);
    }

    /// Source: computed independently in Python: under noise of 2 basis points on each of 23,400 ticks a variance of 4e-4
    /// reads 2.2712e-3 tick by tick and 4.0941e-4 (root mean square error 6.8339e-5) every 300 ticks (numpy, 600 days).
    #[test]
    fn noise_is_measured_by_the_tick() {
        let days = 60;
        let (mut ticks, mut slow) = (0.0, 0.0);
        for path in noisy_days(days, 4) {
            ticks += realized_variance(&changes(&path, 1)) / days as f64;
            slow += realized_variance(&changes(&path, 300)) / days as f64;
        }
        assert!((ticks / 0.002271186550877442 - 1.0).abs() < 0.005, "{ticks}");
        let standard_error = 6.833880697718254e-05 * (1.0 / days as f64 + 1.0 / 600.0).sqrt();
        assert!(
            (slow - 0.00040940920344810755).abs() < 3.0 * standard_error,
            "{slow}"
        );
    }

    #[test]
    fn changes_by_hand() {
        let path = [0.0, 1.0, 4.0, 9.0, 16.0, 25.0];
        assert_eq!(changes(&path, 2), [4.0, 12.0]);
        assert_eq!(overlapping_changes(&path, 2), [4.0, 8.0, 12.0, 16.0]);
        assert_eq!(changes(&path, 9), []);
        assert_eq!(overlapping_changes(&path, 9), []);
    }

    #[test]
    fn a_bounce_shows_on_the_fine_clock_alone() {
        let null: Vec<f64> = (0..2000_i32).map(|i| f64::from(i / 10 % 10)).collect();
        let factual: Vec<f64> = (0..).zip(&null).map(|(i, p)| p + f64::from(i % 2)).collect();
        let points = signature(&factual, &null, &[1, 2, 20], |r| Ok(realized_variance(r)));
        assert!(points[0].ratio.unwrap() > 1.1);
        assert_eq!(
            points[1].ratio,
            Ok(1.0),
            "even steps see the bounce at neither end"
        );
        assert_eq!(points[2].returns, 99);
        assert_eq!(points[2].ratio, Ok(1.0));
    }

    #[test]
    fn reasons_for_no_ratio() {
        let moving: Vec<f64> = (0..40_i32).map(|i| f64::from(i % 3)).collect();
        let ratio = |factual: &[f64], null: &[f64]| {
            signature(factual, null, &[1], |r| Ok(realized_variance(r)))[0].ratio
        };
        assert_eq!(ratio(&moving, &[1.0; 40]), Err(NotMeasurable::NoVariation));
        assert_eq!(
            ratio(&moving[..20], &moving[..20]),
            Err(NotMeasurable::TooFew {
                found: 19,
                needed: 30
            })
        );
        let mut unknown = moving.clone();
        unknown[5] = f64::NAN;
        assert_eq!(
            ratio(&moving, &unknown),
            Err(NotMeasurable::NotFinite { index: 4 })
        );
    }

    #[test]
    #[should_panic(expected = "both paths need one clock")]
    fn paths_of_unlike_length_are_a_mistake() {
        signature(&[0.0; 3], &[0.0; 4], &[1], |r| Ok(realized_variance(r)));
    }
}
