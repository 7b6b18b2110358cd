//! Variance under noise, from the autocovariances of the returns: the realized kernel with Parzen weights.

use crate::not_measurable::{NotMeasurable, require_finite};

/// `c* = (12²/0.269)^(1/5)`, the constant of the bandwidth for Parzen weights.
///
/// Source: Barndorff-Nielsen, Hansen, Lunde and Shephard (2009), "Realized kernels in practice".
pub const PARZEN_BANDWIDTH_FACTOR: f64 = 3.513_355_064_583_359_3;

/// Parzen's weight at `|x|`: `1 − 6x² + 6x³` up to one half, `2(1−x)³` up to one, 0 beyond.
pub fn parzen(x: f64) -> f64 {
    let x = x.abs();
    if x <= 0.5 {
        1.0 - 6.0 * x * x * (1.0 - x)
    } else if x <= 1.0 {
        2.0 * (1.0 - x) * (1.0 - x) * (1.0 - x)
    } else {
        0.0
    }
}

/// Realized kernel `γ₀ + 2Σ_{h=1}^{H} k(h/(H+1))·γ_h` of log returns, `γ_h = Σ_{i>h} r_i·r_{i−h}`, `k` Parzen's.
///
/// Squared log units over the window, and never below zero. With `H = 0` it is the realized variance; `H` from
/// [`bandwidth`]. Its theory wants the first and last price averaged over a few ticks: [`average_ends`] before taking
/// returns.
///
/// Source: Barndorff-Nielsen, Hansen, Lunde and Shephard (2008, 2009).
///
/// # Errors
/// With `H` returns or fewer, or one that is not finite.
pub fn realized_kernel(returns: &[f64], bandwidth: usize) -> Result<f64, NotMeasurable> {
    require_finite(returns, bandwidth + 1)?;
    let autocovariance = |lag: usize| -> f64 {
        let later = returns.iter().skip(lag);
        later.zip(returns).map(|(after, before)| after * before).sum()
    };
    let lags = (1..=bandwidth).map(|h| parzen(h as f64 / (bandwidth as f64 + 1.0)) * autocovariance(h));
    // The sum is a quadratic form that cannot be negative; what rounding leaves below zero is zero.
    Ok((autocovariance(0) + 2.0 * lags.sum::<f64>()).max(0.0))
}

/// The bandwidth `H* = c*·ξ^(4/5)·n^(3/5)`, rounded up, with `ξ² = ω²/IV`.
///
/// `noise_variance` is `ω²`, from [`crate::noise::noise_variance`]. `integrated_variance` stands for `√(T∫σ⁴)`: a
/// realized variance on a clock slow enough to be free of noise, both in squared log units.
///
/// # Errors
/// Where a variance is not finite or negative, or the integrated one is 0.
pub fn bandwidth(
    noise_variance: f64,
    integrated_variance: f64,
    returns: usize,
) -> Result<usize, NotMeasurable> {
    let variances = [noise_variance, integrated_variance];
    require_finite(&variances, 2)?;
    if let Some(index) = variances.iter().position(|v| *v < 0.0) {
        return Err(NotMeasurable::OutOfRange {
            index,
            value: variances[index],
            wanted: "at least zero",
        });
    }
    if integrated_variance == 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    let xi_squared = noise_variance / integrated_variance;
    let best = PARZEN_BANDWIDTH_FACTOR * libm::pow(xi_squared, 0.4) * libm::pow(returns as f64, 0.6);
    Ok(best.ceil() as usize)
}

/// The path with its first `m` and its last `m` log prices each replaced by their mean.
///
/// This is the customary treatment of the ends, which otherwise enter with their noise in full; `m = 2` is usual, and
/// `m = 1` changes nothing. The answer is `2(m − 1)` prices shorter.
///
/// # Errors
/// With fewer than `2m` prices, or one that is not finite.
///
/// # Panics
/// When `m` is 0.
///
/// ```
/// use aftershock_measure::realized_kernel::average_ends;
/// assert_eq!(average_ends(&[1.0, 3.0, 5.0, 4.0, 0.0], 2), Ok(vec![2.0, 5.0, 2.0]));
/// ```
pub fn average_ends(log_prices: &[f64], m: usize) -> Result<Vec<f64>, NotMeasurable> {
    assert!(m > 0, "at least one price stands at each end");
    require_finite(log_prices, 2 * m)?;
    let mean = |prices: &[f64]| prices.iter().sum::<f64>() / m as f64;
    let (first, rest) = log_prices.split_at(m);
    let (middle, last) = rest.split_at(rest.len() - m);
    let mut path = vec![mean(first)];
    path.extend_from_slice(middle);
    path.push(mean(last));
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_close, noisy_days, noisy_log_prices};
    use crate::noise::noise_variance;
    use crate::signature::changes;
    use crate::variance::realized_variance;
    use proptest::prelude::*;

    /// Source: computed independently in Python with numpy from the formula; the ends by `p[:m].mean()`.
    #[test]
    fn of_a_noisy_path() {
        let path = noisy_log_prices();
        let returns = changes(&path, 1);
        for (h, expected) in [
            (0, 6.070426479673439e-05),
            (1, 8.451491701589959e-05),
            (5, 0.00023469828267755338),
            (20, 0.0007950992322571757),
        ] {
            assert_close(realized_kernel(&returns, h).unwrap(), expected);
        }
        for (m, expected) in [
            (1, 0.00023469828267755338),
            (2, 0.00023374984047380205),
            (3, 0.00023322237219065855),
        ] {
            let ends = average_ends(&path, m).unwrap();
            assert_eq!(ends.len(), 402 - 2 * m);
            assert_close(realized_kernel(&changes(&ends, 1), 5).unwrap(), expected);
        }
    }

    /// Source: computed independently in Python from the formula.
    #[test]
    fn the_best_bandwidth() {
        assert_close(PARZEN_BANDWIDTH_FACTOR, libm::pow(144.0 / 0.269, 0.2));
        let h = bandwidth(7.607050726407818e-08, 0.0005033926634674491, 399);
        assert_eq!(h, Ok(4));
        assert_eq!(bandwidth(0.0, 1.0, 100), Ok(0));
    }

    /// Source: computed independently in Python: mean 4.0617e-4 and root mean square error 1.8838e-5 over 600 days
    /// (numpy), bandwidth from the noise of all ticks and the true variance.
    #[test]
    fn finds_the_variance_under_noise() {
        let days = 60;
        let measured = |day: Vec<f64>| {
            let returns = changes(&day, 1);
            let h = bandwidth(noise_variance(&returns).unwrap(), 4e-4, returns.len()).unwrap();
            realized_kernel(&returns, h).unwrap()
        };
        let mean = noisy_days(days, 2).map(measured).sum::<f64>() / days as f64;
        let standard_error = 1.8838126237174568e-05 * (1.0 / days as f64 + 1.0 / 600.0).sqrt();
        assert!(
            (mean - 0.0004061653591070726).abs() < 3.0 * standard_error,
            "{mean}"
        );
    }

    #[test]
    fn weights_fall_from_one_to_nothing() {
        assert_eq!(parzen(0.0), 1.0);
        assert_eq!(parzen(0.5), 0.25);
        assert_eq!(parzen(-1.0), 0.0);
        assert_eq!(parzen(1.5), 0.0);
        let weights: Vec<f64> = (0..=100).map(|i| -parzen(f64::from(i) / 100.0)).collect();
        assert!(weights.is_sorted());
    }

    proptest! {
        #[test]
        fn never_negative_and_scale_squared(
            returns in prop::collection::vec(-0.1..0.1f64, 12..60),
            h in 0usize..12,
        ) {
            let base = realized_kernel(&returns, h).unwrap();
            prop_assert!(base >= 0.0);
            let doubled: Vec<f64> = returns.iter().map(|r| 2.0 * r).collect();
            prop_assert_eq!(realized_kernel(&doubled, h).unwrap(), 4.0 * base);
            let mut reversed = returns.clone();
            reversed.reverse();
            prop_assert!((realized_kernel(&reversed, h).unwrap() - base).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            realized_kernel(&[0.1; 3], 3),
            Err(NotMeasurable::TooFew { found: 3, needed: 4 })
        );
        assert_eq!(
            realized_kernel(&[0.1, f64::NAN], 1),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
        assert_eq!(realized_kernel(&[0.0; 9], 3), Ok(0.0));
        assert_eq!(bandwidth(1.0, 0.0, 10), Err(NotMeasurable::NoVariation));
        assert!(bandwidth(-1.0, 1.0, 10).is_err());
        assert!(bandwidth(f64::NAN, 1.0, 10).is_err());
        assert_eq!(
            average_ends(&[1.0, 2.0, 3.0], 2),
            Err(NotMeasurable::TooFew { found: 3, needed: 4 })
        );
        assert_eq!(realized_variance(&[0.1]), realized_kernel(&[0.1], 0).unwrap());
    }
}
