//! Who was the aggressor, where the record does not say.
//!
//! Source: the documentation of `vpin` in the R package `PINstimation` (bulk volume classification, buckets, VPIN).

use std::f64::consts::FRAC_1_SQRT_2;

/// Standard normal distribution function, `P(Z <= x)`.
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Share of a bar's volume counted as bought by bulk classification, `Φ(ΔP/σ)`, in [0, 1].
///
/// `delta_price` is the bar's price change and `sigma` the standard deviation of such changes in the same unit, taken
/// from bars before this one where a replay must not look ahead. An unchanged price gives one half; without any
/// variation (`sigma` not above zero) a change gives all or nothing. The share is modelled, never recorded.
///
/// ```
/// assert_eq!(aftershock_measure::flow::bulk_buy_share(0.0, 12.5), 0.5);
/// ```
#[inline]
pub fn bulk_buy_share(delta_price: f64, sigma: f64) -> f64 {
    if delta_price == 0.0 && !sigma.is_nan() {
        return 0.5;
    }
    let scale = if sigma <= 0.0 { 0.0 } else { sigma };
    normal_cdf(delta_price / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently in Python with `scipy.stats.norm.cdf`.
    #[test]
    fn distribution_function() {
        assert_close(normal_cdf(-8.0), 6.22096057427174e-16);
        assert_close(normal_cdf(-1.0), 0.15865525393145707);
        assert_close(normal_cdf(0.0), 0.5);
        assert_close(normal_cdf(0.5), 0.6914624612740131);
        assert_close(normal_cdf(1.959963984540054), 0.975);
    }

    #[test]
    fn shares_mirror_and_grow() {
        let mut before = 0.0;
        for dp in [-900.0, -3.0, -0.5, 0.0, 0.5, 3.0] {
            let share = bulk_buy_share(dp, 1.5);
            assert!(share >= before);
            assert_close(share + bulk_buy_share(-dp, 1.5), 1.0);
            assert_eq!(share, bulk_buy_share(2.0 * dp, 3.0));
            before = share;
        }
    }

    #[test]
    fn no_variation_or_no_number() {
        assert_eq!(bulk_buy_share(0.0, 0.0), 0.5);
        assert_eq!(bulk_buy_share(1.0, 0.0), 1.0);
        assert_eq!(bulk_buy_share(-1.0, -2.0), 0.0);
        assert!(bulk_buy_share(f64::NAN, 1.0).is_nan());
        assert!(bulk_buy_share(1.0, f64::NAN).is_nan());
        assert!(bulk_buy_share(0.0, f64::NAN).is_nan());
    }
}
