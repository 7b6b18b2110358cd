//! Variance of a window from its log returns, and the clocks those returns are taken on.
//!
//! A ratio of two variances is only an amplification when both use the same estimator and the same clock.
//! Realized variance keeps the jumps, which in a cascade are the object of study; [`med_rv`] and [`min_rv`] leave
//! them out and serve as companions, never as the headline.
//!
//! Source for the constants of [`min_rv`] and [`med_rv`]: the R package `highfrequency`, functions `rMinRV` and
//! `rMedRV`.

use std::f64::consts::PI;

/// `π/2`, the factor that makes the product of neighbouring absolute normal returns a variance.
pub const BIPOWER_FACTOR: f64 = PI / 2.0;

/// `π/(π − 2)`, the factor of [`min_rv`].
pub const MIN_RV_FACTOR: f64 = PI / (PI - 2.0);

/// `π/(6 − 4√3 + π)`, the factor of [`med_rv`].
pub const MED_RV_FACTOR: f64 = PI / (6.0 - 4.0 * 1.732_050_807_568_877_2 + PI);

/// Sum of squared log returns over the window, `Σ r²`.
///
/// It is the variance of the whole window, not of a day. No returns give 0; a NaN return gives NaN.
///
/// ```
/// let rv = aftershock_measure::variance::realized_variance(&[0.01, -0.02]);
/// assert!((rv - 0.0005).abs() < 1e-15);
/// ```
pub fn realized_variance(returns: &[f64]) -> f64 {
    returns.iter().map(|r| r * r).sum()
}

/// Part of [`realized_variance`] that comes from falls, `Σ r²` over `r < 0`.
///
/// No returns give 0; a NaN return gives NaN.
pub fn downside_semivariance(returns: &[f64]) -> f64 {
    // A NaN is not >= 0 and so reaches the sum instead of vanishing.
    returns.iter().map(|&r| if r >= 0.0 { 0.0 } else { r * r }).sum()
}

/// Part of [`realized_variance`] that comes from rises, `Σ r²` over `r > 0`.
///
/// No returns give 0; a NaN return gives NaN.
pub fn upside_semivariance(returns: &[f64]) -> f64 {
    returns.iter().map(|&r| if r <= 0.0 { 0.0 } else { r * r }).sum()
}

/// Bipower variation `(π/2)·n/(n−1)·Σ|rᵢ||rᵢ₋₁|`: the variance of the window with lone jumps damped.
///
/// `None` below two returns or when a return is NaN.
pub fn bipower_variation(returns: &[f64]) -> Option<f64> {
    neighbours(returns, 2, BIPOWER_FACTOR, |w| w[0].abs() * w[1].abs())
}

/// `π/(π−2)·n/(n−1)·Σ min(|rᵢ|,|rᵢ₋₁|)²`: the variance of the window without lone jumps.
///
/// `None` below two returns or when a return is NaN.
pub fn min_rv(returns: &[f64]) -> Option<f64> {
    neighbours(returns, 2, MIN_RV_FACTOR, |w| {
        let least = w[0].abs().min(w[1].abs());
        least * least
    })
}

/// `π/(6−4√3+π)·n/(n−2)·Σ med(|rᵢ₋₁|,|rᵢ|,|rᵢ₊₁|)²`: the variance of the window without lone jumps, less
/// disturbed by zero returns than [`min_rv`].
///
/// `None` below three returns or when a return is NaN.
pub fn med_rv(returns: &[f64]) -> Option<f64> {
    neighbours(returns, 3, MED_RV_FACTOR, |w| {
        let (a, b, c) = (w[0].abs(), w[1].abs(), w[2].abs());
        let median = a.min(b).max(a.max(b).min(c));
        median * median
    })
}

/// `factor·n/(n−width+1)·Σ term(window)`, where the middle factor replaces the windows lost at the ends.
fn neighbours(returns: &[f64], width: usize, factor: f64, term: impl Fn(&[f64]) -> f64) -> Option<f64> {
    let n = returns.len();
    if n < width || returns.iter().any(|r| r.is_nan()) {
        return None;
    }
    let windows = n - width + 1;
    Some(factor * n as f64 / windows as f64 * returns.windows(width).map(term).sum::<f64>())
}

/// Log returns `ln(pᵢ/pᵢ₋₁)` between neighbouring prices; one element fewer than `prices`.
///
/// A return that touches a price that is not above zero is NaN.
pub fn log_returns(prices: &[f64]) -> Vec<f64> {
    let between = |w: &[f64]| {
        if w[0] > 0.0 && w[1] > 0.0 {
            libm::log(w[1] / w[0])
        } else {
            f64::NAN
        }
    };
    prices.windows(2).map(between).collect()
}

/// The last value known at or before each instant `from_us`, `from_us + step_us`, … up to and including `to_us`.
///
/// This is the clock that makes irregular records comparable: where bars come faster than the step, the last one
/// counts; where a bar is longer than the step, its value repeats and the returns across it are zero. Of several
/// values stamped alike the last one counts. Instants before the first observation are left out, so the answer is
/// shorter when the record starts late and empty when nothing had been observed by `to_us`. Observations before
/// `from_us` do count: they are what was known then.
///
/// A bar's close belongs to the end of the bar: stamping it with the open would look ahead.
///
/// `times_us` is in microseconds since the epoch, ascending; unsorted times give a meaningless answer.
///
/// # Panics
/// When `times_us` and `values` differ in length, or `step_us` is not above zero.
///
/// ```
/// use aftershock_measure::variance::sample_previous_tick;
/// let values = sample_previous_tick(&[5, 12, 13, 40], &[1.0, 2.0, 3.0, 4.0], 0, 40, 10);
/// assert_eq!(values, [1.0, 3.0, 3.0, 4.0]); // at 10, 20, 30 and 40; nothing was known at 0
/// ```
pub fn sample_previous_tick(
    times_us: &[i64],
    values: &[f64],
    from_us: i64,
    to_us: i64,
    step_us: i64,
) -> Vec<f64> {
    assert_eq!(times_us.len(), values.len(), "every value needs one time");
    assert!(step_us > 0, "the step must be above zero, not {step_us}");
    let mut sampled = Vec::new();
    let mut known = 0;
    let mut instant = Some(from_us);
    while let Some(now) = instant.filter(|&now| now <= to_us) {
        while known < times_us.len() && times_us[known] <= now {
            known += 1;
        }
        if known > 0 {
            sampled.push(values[known - 1]);
        }
        instant = now.checked_add(step_us);
    }
    sampled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    const RETURNS: [f64; 10] = [
        0.010, -0.020, 0.015, 0.005, -0.010, 0.030, -0.025, 0.002, -0.004, 0.012,
    ];

    fn measured(value: Option<f64>) -> f64 {
        value.unwrap_or(f64::NAN)
    }

    /// Source: computed independently in Python from the formulas.
    #[test]
    fn ten_returns() {
        assert_close(realized_variance(&RETURNS), 0.002539);
        assert_close(downside_semivariance(&RETURNS), 0.001141);
        assert_close(measured(bipower_variation(&RETURNS)), 0.0031084313978019013);
        assert_close(measured(min_rv(&RETURNS)), 0.003436865283028598);
        assert_close(measured(med_rv(&RETURNS)), 0.003427750299384196);
    }

    /// Source: computed independently in Python from the formulas.
    #[test]
    fn factors() {
        assert_close(BIPOWER_FACTOR, libm::asin(1.0));
        assert_close(MIN_RV_FACTOR, 2.751938393884109);
        assert_close(MED_RV_FACTOR, 1.4193583020224412);
    }

    /// Source: `n·Var/IV²` of each estimator without noise or jumps: in the limit 2, `π²/4 + π − 3` = 2.6090 and, from the
    /// literature, 3.81 (min) and 2.96 (median); 1.971, 2.581, 3.775 and 2.932 over 40,000 numpy paths of 2,000.
    #[test]
    fn how_far_each_is_off_without_jumps() {
        let (n, paths, mut draws) = (1000, 2000, Draws(8));
        let mut estimates = [const { Vec::<f64>::new() }; 4];
        for _ in 0..paths {
            let returns: Vec<f64> = (0..n).map(|_| draws.normal() / 1000.0_f64.sqrt()).collect();
            estimates[0].push(realized_variance(&returns));
            estimates[1].push(measured(bipower_variation(&returns)));
            estimates[2].push(measured(min_rv(&returns)));
            estimates[3].push(measured(med_rv(&returns)));
        }
        for (values, expected) in estimates.iter().zip([1.971, 2.581, 3.775, 2.932]) {
            let deviation = crate::moments::sample_std(values).unwrap();
            let found = 1000.0 * deviation * deviation;
            // A variance of 2,000 draws is known to 3.2 %.
            assert!((found / expected - 1.0).abs() < 0.1, "{found} is not {expected}");
            let mean = values.iter().sum::<f64>() / f64::from(paths);
            assert!((mean - 1.0).abs() < 3.0 * deviation / f64::from(paths).sqrt());
        }
    }

    #[test]
    fn scale_squared_and_sign_and_reversal() {
        let tripled = RETURNS.map(|r| 3.0 * r);
        let flipped = RETURNS.map(|r| -r);
        let mut reversed = RETURNS;
        reversed.reverse();
        let every: [fn(&[f64]) -> f64; 4] = [
            realized_variance,
            |r| measured(bipower_variation(r)),
            |r| measured(min_rv(r)),
            |r| measured(med_rv(r)),
        ];
        for estimator in every {
            let base = estimator(&RETURNS);
            assert_close(estimator(&tripled), 9.0 * base);
            assert_close(estimator(&flipped), base);
            assert_close(estimator(&reversed), base);
        }
        assert_close(
            downside_semivariance(&tripled),
            9.0 * downside_semivariance(&RETURNS),
        );
        assert_close(upside_semivariance(&RETURNS), downside_semivariance(&flipped));
        let both = downside_semivariance(&RETURNS) + upside_semivariance(&RETURNS);
        assert_close(both, realized_variance(&RETURNS));
    }

    #[test]
    fn order_matters_only_where_neighbours_do() {
        let mut sorted = RETURNS;
        sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        assert_close(realized_variance(&sorted), realized_variance(&RETURNS));
        assert!(measured(bipower_variation(&sorted)) > measured(bipower_variation(&RETURNS)));
    }

    #[test]
    fn a_lone_jump_stays_in_rv_only() {
        let mut jump = [0.001; 100];
        jump[50] = 0.2;
        assert!(realized_variance(&jump) > 0.04);
        assert!(measured(min_rv(&jump)) < 0.001);
        assert!(measured(med_rv(&jump)) < 0.001);
    }

    #[test]
    fn too_few_or_unknown() {
        assert_eq!(realized_variance(&[]), 0.0);
        assert_eq!(downside_semivariance(&[]), 0.0);
        assert_eq!(upside_semivariance(&[]), 0.0);
        assert_eq!(bipower_variation(&[0.1]), None);
        assert_eq!(min_rv(&[0.1]), None);
        assert_eq!(med_rv(&[0.1, 0.2]), None);
        let unknown = [0.1, f64::NAN, 0.1, 0.2];
        assert!(realized_variance(&unknown).is_nan());
        assert!(downside_semivariance(&unknown).is_nan());
        assert!(upside_semivariance(&unknown).is_nan());
        assert_eq!(bipower_variation(&unknown), None);
        assert_eq!(min_rv(&unknown), None);
        assert_eq!(med_rv(&unknown), None);
    }

    #[test]
    fn returns_of_prices() {
        let returns = log_returns(&[100.0, 110.0, 100.0]);
        assert_close(returns[0], 0.09531017980432487);
        assert_close(returns[0] + returns[1], 0.0);
        assert!(log_returns(&[]).is_empty());
        assert!(log_returns(&[100.0]).is_empty());
        assert!(log_returns(&[-1.0, -2.0])[0].is_nan());
        assert!(log_returns(&[0.0, 1.0])[0].is_nan());
    }

    #[test]
    fn irregular_bars_on_a_regular_clock() {
        // Three dollar bars close inside the first quarter of an hour, then one lasts over two of them.
        let (minute, quarter) = (60_000_000, 900_000_000);
        let closes_at = [minute, 2 * minute, 14 * minute, 46 * minute];
        let closes = [100.0, 90.0, 95.0, 99.0];
        assert_eq!(
            sample_previous_tick(&closes_at, &closes, 0, 60 * minute, quarter),
            [95.0, 95.0, 95.0, 99.0],
            "at 15, 30, 45 and 60 minutes; nothing was known at 0"
        );
    }

    #[test]
    fn sampling_edges() {
        assert!(sample_previous_tick(&[], &[], 0, 100, 10).is_empty());
        assert!(sample_previous_tick(&[200], &[1.0], 0, 100, 10).is_empty());
        assert!(sample_previous_tick(&[0], &[1.0], 10, 0, 10).is_empty());
        // An observation at the very instant is known; the later of two alike stamps counts.
        assert_eq!(
            sample_previous_tick(&[10, 10, 20], &[1.0, 2.0, 3.0], 10, 20, 10),
            [2.0, 3.0]
        );
        // What was observed before the window is known inside it, and the last instant need not be `to`.
        assert_eq!(sample_previous_tick(&[-50], &[7.0], 0, 25, 10), [7.0, 7.0, 7.0]);
        assert_eq!(
            sample_previous_tick(&[0], &[7.0], i64::MAX - 5, i64::MAX, 10),
            [7.0]
        );
    }

    #[test]
    fn a_regular_record_is_its_own_sample() {
        let times = [0, 10, 20, 30];
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(sample_previous_tick(&times, &values, 0, 30, 10), values);
        assert_eq!(sample_previous_tick(&times, &values, 0, 30, 30), [1.0, 4.0]);
    }
}
