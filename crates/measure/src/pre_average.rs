//! Variance under noise, from returns averaged before they are squared.

use crate::not_measurable::{NotMeasurable, require_finite};
use crate::variance::realized_variance;

/// Pre-averaged realized variance of log returns, squared log units over the window.
///
/// Weighted sums `r̄_i = Σ_{j=1}^{k−1} g(j/k)·r_{i+j−1}` with `g(x) = min(x, 1−x)` over windows of `k = θ√n` returns,
/// rounded down and then up to an even number, at least 2. The answer is `n/(n−k+2)·Σ r̄²/(kψ₂) − ψ₁·n/(k²ψ₂)·RV/(2n)`,
/// where the second term takes off the noise that averaging leaves, and `ψ₁ = kΣ(g_{j+1} − g_j)²`, `ψ₂ = Σg²/k` are
/// the sums for this `k` (1 and 1/12 in the limit). It can fall below zero where noise outweighs the price. A common
/// `theta` is 0.5.
///
/// Source: Jacod, Li, Mykland, Podolskij and Vetter (2009).
///
/// # Errors
/// With fewer than `k` returns, or one that is not finite.
///
/// # Panics
/// When `theta` is not above zero.
pub fn pre_averaged_variance(returns: &[f64], theta: f64) -> Result<f64, NotMeasurable> {
    assert!(
        theta > 0.0 && theta.is_finite(),
        "theta must be above zero, not {theta}"
    );
    let n = returns.len() as f64;
    let rounded_down = (theta * n.sqrt()) as usize;
    let window = (rounded_down + rounded_down % 2).max(2);
    require_finite(returns, window)?;
    let k = window as f64;
    let weights: Vec<f64> = (1..window)
        .map(|j| (j as f64 / k).min(1.0 - j as f64 / k))
        .collect();
    // An even window makes every difference of neighbouring weights 1/k, so that ψ₁ is 1 exactly.
    let psi_1 = 1.0;
    let psi_2 = weights.iter().map(|g| g * g).sum::<f64>() / k;
    let averaged = |w: &[f64]| -> f64 { w.iter().zip(&weights).map(|(r, g)| r * g).sum() };
    let squares: f64 = returns
        .windows(window - 1)
        .map(averaged)
        .map(|mean| mean * mean)
        .sum();
    let noise = psi_1 * realized_variance(returns) / (2.0 * k * k * psi_2);
    Ok(n / (n - k + 2.0) * squares / (k * psi_2) - noise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close, noisy_days, noisy_log_prices};
    use crate::signature::changes;

    /// Source: computed independently in Python with numpy from the formula, `ψ₁` and `ψ₂` summed over the weights.
    #[test]
    fn of_a_noisy_path() {
        let returns = changes(&noisy_log_prices(), 1);
        assert_close(
            pre_averaged_variance(&returns, 0.5).unwrap(),
            0.0003726942694426906,
        );
        assert_close(
            pre_averaged_variance(&returns, 1.0).unwrap(),
            0.0007414471273710861,
        );
    }

    /// Source: computed independently in Python: mean 3.9969e-4 and root mean square error 2.4326e-5 over 600 days
    /// (numpy), θ = 0.5.
    #[test]
    fn finds_the_variance_under_noise() {
        let days = 60;
        let measured = |day: Vec<f64>| pre_averaged_variance(&changes(&day, 1), 0.5).unwrap();
        let mean = noisy_days(days, 3).map(measured).sum::<f64>() / days as f64;
        let standard_error = 2.4326202289772824e-05 * (1.0 / days as f64 + 1.0 / 600.0).sqrt();
        assert!(
            (mean - 0.0003996857675991291).abs() < 3.0 * standard_error,
            "{mean}"
        );
    }

    #[test]
    fn noise_alone_has_no_variance_on_average() {
        let mut draws = Draws(4);
        let mut day = || {
            let noise: Vec<f64> = (0..2001).map(|_| draws.normal()).collect();
            pre_averaged_variance(&changes(&noise, 1), 0.5).unwrap()
        };
        let days: Vec<f64> = (0..200).map(|_| day()).collect();
        let mean = days.iter().sum::<f64>() / 200.0;
        let spread = crate::moments::sample_std(&days).unwrap() / 200.0_f64.sqrt();
        // Realized variance of the same noise is 2·2,000·1.
        assert!(mean.abs() < 3.0 * spread && spread < 1.0, "{mean} ± {spread}");
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            pre_averaged_variance(&[0.1], 0.5),
            Err(NotMeasurable::TooFew { found: 1, needed: 2 })
        );
        assert_eq!(
            pre_averaged_variance(&[0.1, f64::INFINITY], 0.5),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
        assert!(pre_averaged_variance(&[0.1; 4], 9.0).is_err());
        assert_eq!(pre_averaged_variance(&[0.0; 9], 0.5), Ok(0.0));
    }
}
