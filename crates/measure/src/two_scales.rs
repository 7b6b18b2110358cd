//! Variance under noise, from two clocks: a slow one that sees the price and a fast one that sees the noise.

use crate::not_measurable::{NotMeasurable, require_finite};

/// Two-scales realized variance of a path of log prices, squared log units over the window.
///
/// `[RV_avg − (n̄/n)·RV_all]/(1 − n̄/n)` with `n` returns, `n̄ = (n−K+1)/K`, `RV_all = Σ(p_i − p_{i−1})²` and
/// `RV_avg = Σ(p_i − p_{i−K})²/K`, the mean over the `K` grids of every `scale`-th price. The second term takes off
/// the noise that the slow grids still carry; the divisor is the correction for small samples. Noise that lasts longer
/// than a tick is not taken off. The answer can fall below zero where noise outweighs the price: then it says only that
/// there was too little to see.
///
/// Source: Zhang, Mykland and Aït-Sahalia (2005).
///
/// # Errors
/// With fewer than `scale + 1` prices, or one that is not finite.
///
/// # Panics
/// When `scale` is below 2: one clock is no two scales.
pub fn two_scales_variance(log_prices: &[f64], scale: usize) -> Result<f64, NotMeasurable> {
    assert!(scale >= 2, "the slow clock must be slower than the fast one");
    require_finite(log_prices, scale + 1)?;
    let squares = |step: usize| -> f64 {
        let later = log_prices.iter().skip(step);
        later.zip(log_prices).map(|(b, a)| (b - a) * (b - a)).sum()
    };
    let (n, k) = ((log_prices.len() - 1) as f64, scale as f64);
    let noise_share = (n - k + 1.0) / k / n;
    Ok((squares(scale) / k - noise_share * squares(1)) / (1.0 - noise_share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_close, noisy_days, noisy_log_prices};

    /// Source: computed independently in Python with numpy slices from the formula.
    #[test]
    fn of_a_noisy_path() {
        let path = noisy_log_prices();
        for (scale, expected) in [
            (2, 0.00015499475657496805),
            (5, 0.0003060240426229606),
            (30, 0.0013414255056132126),
        ] {
            assert_close(two_scales_variance(&path, scale).unwrap(), expected);
        }
    }

    /// Source: computed independently in Python: with variance 4e-4, noise of 2 basis points, 23,400 ticks and a scale
    /// of 300 the mean is 3.9917e-4 with a root mean square error of 5.2186e-5 over 600 days (numpy).
    #[test]
    fn finds_the_variance_under_noise() {
        let days = 60;
        let total: f64 = noisy_days(days, 1)
            .map(|day| two_scales_variance(&day, 300).unwrap())
            .sum();
        let mean = total / days as f64;
        let standard_error = 5.218550467348775e-05 * (1.0 / days as f64 + 1.0 / 600.0).sqrt();
        assert!(
            (mean - 0.00039916947181932726).abs() < 3.0 * standard_error,
            "{mean}"
        );
    }

    #[test]
    fn level_does_not_matter_and_scale_is_squared() {
        let path = noisy_log_prices();
        let base = two_scales_variance(&path, 7).unwrap();
        let moved: Vec<f64> = path.iter().map(|p| 2.0 * p).collect();
        assert_close(two_scales_variance(&moved, 7).unwrap(), 4.0 * base);
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            two_scales_variance(&[0.0, 1.0], 2),
            Err(NotMeasurable::TooFew { found: 2, needed: 3 })
        );
        assert_eq!(
            two_scales_variance(&[0.0, f64::NAN, 1.0], 2),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
        assert_eq!(two_scales_variance(&[2.0; 9], 3), Ok(0.0));
    }
}
