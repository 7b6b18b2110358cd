//! How much of a tick's variance is noise rather than price.

use crate::not_measurable::{NotMeasurable, require_finite};
use crate::variance::realized_variance;

/// Variance `ω² = Σr²/(2n)` of the independent noise on each log price, squared log units.
///
/// Each return on the finest clock carries the noise of both its ends, so `n` of them add `2nω²` to the realized
/// variance, which at a fine clock is nearly all of it. What is left of the true variance biases the answer upward by
/// `IV/(2n)`. A model's mid path has no such noise: there the answer is that bias alone.
///
/// Source: Zhang, Mykland and Aït-Sahalia (2005).
///
/// # Errors
/// Without a return, or where one is not finite.
pub fn noise_variance(returns: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(returns, 1)?;
    Ok(realized_variance(returns) / (2.0 * returns.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_close, noisy_log_prices};
    use crate::signature::changes;

    /// Source: computed independently in Python, `(diff(p)**2).sum()/(2*399)`.
    #[test]
    fn of_a_noisy_path() {
        let returns = changes(&noisy_log_prices(), 1);
        assert_close(noise_variance(&returns).unwrap(), 7.607050726407818e-08);
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            noise_variance(&[]),
            Err(NotMeasurable::TooFew { found: 0, needed: 1 })
        );
        assert_eq!(
            noise_variance(&[0.0, f64::NAN]),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
        assert_eq!(noise_variance(&[0.0; 5]), Ok(0.0));
    }
}
