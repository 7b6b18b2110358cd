//! How bad the bad days are: value at risk and expected shortfall.
//!
//! Both are losses, positive when the price falls, over the horizon of the returns they are taken from. `level` is
//! the confidence, such as 0.99, so the tail holds the share `1 − level`.

use crate::normal::normal_density;
pub use crate::normal::normal_quantile;
use crate::quantile::quantile;

/// Historical value at risk: minus the `1 − level` quantile of returns sorted ascending.
///
/// The quantile is [`quantile`]'s. `None` for no returns, a NaN among them, or a level outside [0, 1].
pub fn historical_var(sorted_returns: &[f64], level: f64) -> Option<f64> {
    quantile(sorted_returns, 1.0 - level).map(|q| -q)
}

/// Historical expected shortfall: minus the mean of the worst `n·(1 − level)` returns, sorted ascending.
///
/// Where that number is not whole, the last return enters with the fraction; below one it is the worst return alone.
/// So it moves smoothly with the level and is never below [`historical_var`]. `None` for no returns, a NaN among
/// them, or a level outside [0, 1).
pub fn historical_es(sorted_returns: &[f64], level: f64) -> Option<f64> {
    let (first, last) = (sorted_returns.first()?, sorted_returns.last()?);
    if first.is_nan() || last.is_nan() || !(0.0..1.0).contains(&level) {
        return None;
    }
    let tail = sorted_returns.len() as f64 * (1.0 - level);
    let whole = tail.floor() as usize;
    let fraction = tail - whole as f64;
    let sum: f64 = sorted_returns[..whole].iter().sum();
    let partial = sorted_returns.get(whole).map_or(0.0, |r| fraction * r);
    Some(-(sum + partial) / tail)
}

/// Expected shortfall of a standard normal law, `φ(z)/(1 − level)` at `z` its quantile; times σ it is a loss.
///
/// `None` unless `0 < level < 1`.
pub fn normal_es(level: f64) -> Option<f64> {
    Some(normal_density(normal_quantile(level)?) / (1.0 - level))
}

/// Normal quantile `z` bent for skewness `S` and excess kurtosis `K`:
/// `z + (z²−1)S/6 + (z³−3z)K/24 − (2z³−5z)S²/36`.
///
/// `None` where skewness and kurtosis are too strong for the expansion: it then falls somewhere as `z` grows, and is
/// no quantile of anything.
pub fn cornish_fisher(z: f64, skewness: f64, excess_kurtosis: f64) -> Option<f64> {
    let (s, k) = (skewness, excess_kurtosis);
    // The derivative in z is the parabola a·z² + b·z + c; it must stay above zero.
    let (a, b, c) = (k / 8.0 - s * s / 6.0, s / 3.0, 1.0 - k / 8.0 + 5.0 * s * s / 36.0);
    let grows = c > 0.0 && (b * b < 4.0 * a * c || a == 0.0 && b == 0.0);
    let (z2, z3) = (z * z, z * z * z);
    grows.then(|| z + (z2 - 1.0) * s / 6.0 + (z3 - 3.0 * z) * k / 24.0 - (2.0 * z3 - 5.0 * z) * s * s / 36.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    const SORTED: [f64; 10] = [
        -0.025, -0.020, -0.010, -0.004, 0.002, 0.005, 0.010, 0.012, 0.015, 0.030,
    ];

    fn number(value: Option<f64>) -> f64 {
        value.unwrap_or(f64::NAN)
    }

    /// Source: computed independently in Python with `numpy.quantile` and from the definition of the tail mean.
    #[test]
    fn historical() {
        for (level, var, es) in [(0.75, 0.0085, 0.02), (0.9, 0.0205, 0.025), (0.99, 0.02455, 0.025)] {
            assert_close(number(historical_var(&SORTED, level)), var);
            assert_close(number(historical_es(&SORTED, level)), es);
        }
    }

    #[test]
    fn shortfall_is_at_least_value_at_risk() {
        for n in 1..=SORTED.len() {
            for i in 0..100 {
                let level = f64::from(i) / 100.0;
                let (var, es) = (
                    historical_var(&SORTED[..n], level),
                    historical_es(&SORTED[..n], level),
                );
                assert!(number(es) >= number(var) - 1e-15, "{n} returns at {level}");
            }
        }
    }

    #[test]
    fn the_whole_sample_is_its_mean() {
        assert_close(
            number(historical_es(&SORTED, 0.0)),
            -SORTED.iter().sum::<f64>() / 10.0,
        );
    }

    #[test]
    fn losses_scale() {
        let doubled = SORTED.map(|r| 2.0 * r);
        assert_close(
            number(historical_var(&doubled, 0.9)),
            2.0 * number(historical_var(&SORTED, 0.9)),
        );
        assert_close(
            number(historical_es(&doubled, 0.9)),
            2.0 * number(historical_es(&SORTED, 0.9)),
        );
    }

    /// Source: computed independently in Python with `scipy.stats.norm`.
    #[test]
    fn normal_shortfall() {
        assert_close(number(normal_es(0.975)), 2.3378027922014133);
        assert_close(number(normal_es(0.99)), 2.665214220345806);
        assert_close(number(normal_es(0.5)), (2.0 / std::f64::consts::PI).sqrt());
    }

    /// Source: computed independently in Python from the formula.
    #[test]
    fn bent_quantile() {
        let z = number(normal_quantile(0.01));
        assert_close(z, -2.3263478740408408);
        assert_close(number(cornish_fisher(z, -0.5, 3.0)), -3.301284492180553);
        assert_close(number(cornish_fisher(z, 0.0, 0.0)), z);
        assert_close(number(cornish_fisher(-z, 0.5, 3.0)), 3.301284492180553);
    }

    #[test]
    fn bent_beyond_use() {
        assert_eq!(cornish_fisher(-2.0, -3.0, 0.0), None);
        assert_eq!(cornish_fisher(-2.0, 0.0, 9.0), None);
        assert_eq!(cornish_fisher(-2.0, 0.0, -1.0), None);
        assert_eq!(cornish_fisher(-2.0, f64::NAN, 0.0), None);
    }

    #[test]
    fn accepted_bends_grow() {
        for (s, k) in [(-0.5, 3.0), (0.8, 2.0), (0.0, 7.9), (0.3, 0.8)] {
            let bent: Vec<_> = (-60..=60)
                .filter_map(|i| cornish_fisher(f64::from(i) / 10.0, s, k))
                .collect();
            assert_eq!(bent.len(), 121, "{s} {k}");
            assert!(bent.is_sorted());
        }
    }

    #[test]
    fn not_measurable() {
        assert_eq!(historical_var(&[], 0.99), None);
        assert_eq!(historical_es(&[], 0.99), None);
        assert_eq!(historical_es(&[0.1], 1.0), None);
        assert_eq!(historical_es(&[0.1, f64::NAN], 0.5), None);
        assert_eq!(historical_var(&[0.1, f64::NAN], 0.5), None);
        assert_eq!(historical_es(&[-0.1], 0.99), historical_var(&[-0.1], 0.99));
        assert_eq!(normal_es(1.0), None);
        assert_eq!(normal_es(0.0), None);
    }
}
