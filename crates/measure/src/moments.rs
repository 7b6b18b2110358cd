//! Moments of a sample.

/// Standard deviation with divisor `n − 1`, in the unit of the values. `None` below two values; NaN where one is NaN.
pub fn sample_std(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    (n >= 2.0).then(|| (central_moment(values, 2) * n / (n - 1.0)).sqrt())
}

/// Skewness `m₃/m₂^(3/2)`, no unit. `None` where the values do not vary.
pub fn skewness(values: &[f64]) -> Option<f64> {
    let m2 = central_moment(values, 2);
    (m2 > 0.0).then(|| central_moment(values, 3) / (m2 * m2.sqrt()))
}

/// Excess kurtosis `m₄/m₂² − 3`, no unit, 0 for a normal law. `None` where the values do not vary.
pub fn excess_kurtosis(values: &[f64]) -> Option<f64> {
    let m2 = central_moment(values, 2);
    (m2 > 0.0).then(|| central_moment(values, 4) / (m2 * m2) - 3.0)
}

/// `Σ(x − mean)^order/n`; NaN for no values.
fn central_moment(values: &[f64], order: i32) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    // Repeated multiplication rather than `powi`, whose rounding the language leaves open.
    let power = |x: f64| (0..order).map(|_| x - mean).product::<f64>();
    values.iter().map(|&x| power(x)).sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    const VALUES: [f64; 10] = [
        0.010, -0.020, 0.015, 0.005, -0.010, 0.030, -0.025, 0.002, -0.004, 0.012,
    ];

    /// Source: computed independently with `numpy.std(ddof=1)`, `scipy.stats.skew` and `scipy.stats.kurtosis`.
    #[test]
    fn ten_values() {
        assert_close(sample_std(&VALUES).unwrap_or(f64::NAN), 0.01672157621491201);
        assert_close(skewness(&VALUES).unwrap_or(f64::NAN), -0.07041504213712756);
        assert_close(excess_kurtosis(&VALUES).unwrap_or(f64::NAN), -0.732863952276193);
    }

    #[test]
    fn shift_and_scale() {
        let moved = VALUES.map(|x| 5.0 - 2.0 * x);
        let pair =
            |f: fn(&[f64]) -> Option<f64>| (f(&moved).unwrap_or(f64::NAN), f(&VALUES).unwrap_or(f64::NAN));
        let (sd, skew, kurtosis) = (pair(sample_std), pair(skewness), pair(excess_kurtosis));
        assert_close(sd.0, 2.0 * sd.1);
        assert_close(skew.0, -skew.1);
        assert_close(kurtosis.0, kurtosis.1);
    }

    #[test]
    fn too_few_or_alike() {
        assert_eq!(sample_std(&[]), None);
        assert_eq!(sample_std(&[1.0]), None);
        assert_eq!(sample_std(&[2.0, 2.0]), Some(0.0));
        assert_eq!(skewness(&[]), None);
        assert_eq!(skewness(&[2.0, 2.0]), None);
        assert_eq!(excess_kurtosis(&[1.0, f64::NAN]), None);
    }
}
