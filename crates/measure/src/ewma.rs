//! Exponentially weighted variance, for regular and for irregular returns.

use std::f64::consts::LN_2;

/// One step of the exponentially weighted variance, `λσ² + (1−λ)r²`.
///
/// `lambda` is the share kept per step, `variance` the variance per step so far, `log_return` the step's return.
#[inline]
pub fn ewma_next(lambda: f64, variance: f64, log_return: f64) -> f64 {
    lambda * variance + (1.0 - lambda) * log_return * log_return
}

/// Exponentially weighted variance per second of returns that come at irregular times.
///
/// A return `r` over `dt` seconds replaces the share `1 − 2^(−dt/halflife)` of the estimate by its own rate `r²/dt`.
/// At a fixed `dt` this is [`ewma_next`] with `λ = 2^(−dt/halflife)`. A return at `dt = 0` (two prices stamped alike)
/// takes the limit and adds `r²·ln 2/halflife`.
///
/// ```
/// use aftershock_measure::ewma::EwmaVariance;
/// let mut ewma = EwmaVariance::new(60.0, 0.0);
/// let per_s = ewma.update(0.06, 60.0); // half of 0.06²/60
/// assert!((per_s - 3e-5).abs() < 1e-18);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EwmaVariance {
    decay_per_s: f64,
    variance_per_s: f64,
}

impl EwmaVariance {
    /// An estimate that starts at `initial_variance_per_s` and forgets half of it in `halflife_s` seconds.
    ///
    /// # Panics
    /// When the half-life is not above zero, or the initial variance is negative or not finite.
    pub fn new(halflife_s: f64, initial_variance_per_s: f64) -> Self {
        assert!(
            halflife_s > 0.0,
            "the half-life must be above zero, not {halflife_s}"
        );
        assert!(
            initial_variance_per_s >= 0.0 && initial_variance_per_s.is_finite(),
            "the initial variance must be a number of at least zero, not {initial_variance_per_s}"
        );
        Self {
            decay_per_s: LN_2 / halflife_s,
            variance_per_s: initial_variance_per_s,
        }
    }

    /// Takes in a log return over `dt_s` seconds and returns the new variance per second.
    ///
    /// A return that is not finite, or a time that is negative or not finite, leaves the estimate as it was.
    #[inline]
    pub fn update(&mut self, log_return: f64, dt_s: f64) -> f64 {
        if log_return.is_finite() && dt_s.is_finite() && dt_s >= 0.0 {
            let replaced = -libm::expm1(-self.decay_per_s * dt_s);
            let replaced_per_s = if dt_s > 0.0 {
                replaced / dt_s
            } else {
                self.decay_per_s
            };
            self.variance_per_s += replaced_per_s * log_return * log_return - replaced * self.variance_per_s;
        }
        self.variance_per_s
    }

    /// The variance per second as it stands.
    #[inline]
    pub fn variance_per_s(&self) -> f64 {
        self.variance_per_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    const RETURNS: [f64; 3] = [0.01, -0.02, 0.015];

    /// Source: computed independently in Python from the formula.
    #[test]
    fn three_steps_at_lambda_094() {
        let variance = RETURNS
            .iter()
            .fold(1e-4, |variance, &r| ewma_next(0.94, variance, r));
        assert_close(variance, 0.00012441999999999998);
    }

    #[test]
    fn regular_times_give_the_lambda_form() {
        let (dt_s, halflife_s) = (60.0, 671.0);
        let lambda = libm::exp2(-dt_s / halflife_s);
        let mut ewma = EwmaVariance::new(halflife_s, 1e-4 / dt_s);
        let mut variance = 1e-4;
        for r in RETURNS {
            variance = ewma_next(lambda, variance, r);
            assert_close(ewma.update(r, dt_s) * dt_s, variance);
        }
        assert_eq!(ewma.variance_per_s(), ewma.update(f64::NAN, dt_s));
    }

    #[test]
    fn a_steady_rate_stays_whatever_the_spacing() {
        let mut ewma = EwmaVariance::new(300.0, 2e-6);
        for dt_s in [1e-6_f64, 0.5, 7.0, 900.0, 86_400.0] {
            assert_close(ewma.update((2e-6 * dt_s).sqrt(), dt_s), 2e-6);
        }
    }

    #[test]
    fn half_is_forgotten_in_a_halflife_however_it_is_cut() {
        let mut once = EwmaVariance::new(300.0, 1.0);
        assert_close(once.update(0.0, 300.0), 0.5);
        let mut often = EwmaVariance::new(300.0, 1.0);
        for dt_s in [10.0, 90.0, 0.0, 200.0] {
            often.update(0.0, dt_s);
        }
        assert_close(often.variance_per_s(), 0.5);
    }

    #[test]
    fn no_time_is_the_limit_of_little_time() {
        let mut none = EwmaVariance::new(300.0, 1e-6);
        let mut little = none;
        assert_close(none.update(0.01, 0.0), little.update(0.01, 1e-12));
    }

    #[test]
    fn unusable_input_changes_nothing() {
        let mut ewma = EwmaVariance::new(300.0, 1e-6);
        for (r, dt_s) in [
            (f64::NAN, 1.0),
            (f64::INFINITY, 1.0),
            (0.1, -1.0),
            (0.1, f64::NAN),
            (0.1, f64::INFINITY),
        ] {
            assert_eq!(ewma.update(r, dt_s), 1e-6);
        }
    }
}
