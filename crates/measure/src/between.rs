//! How much several measurements of one thing differ by more than their errors.
//!
//! Source: R. DerSimonian and N. Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7 (1986),
//! 177-188.

use crate::not_measurable::{NotMeasurable, require_finite, require_positive};

/// Several measurements as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combined {
    /// Mean, each weighted with the inverse of its own and the common variance.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// Variance between measurements beyond their errors; 0 where errors explain the spread.
    pub between: f64,
    /// Cochran's Q: squared distances from the fixed-effect mean over squared errors; about one less than the number
    /// of measurements where errors explain the spread.
    pub q: f64,
}

/// Combines `values` with standard `errors` by the moments of DerSimonian and Laird.
///
/// # Errors
/// No value, a value that is not finite, or an error that is not above zero.
///
/// # Panics
/// When the slices differ in length.
pub fn combine(values: &[f64], errors: &[f64]) -> Result<Combined, NotMeasurable> {
    assert_eq!(values.len(), errors.len(), "slices differ in length");
    require_finite(values, 1)?;
    require_positive(errors, 1)?;
    let over = |between: f64| {
        let (mut total, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (value, error) in values.iter().zip(errors) {
            let weight = 1.0 / (error * error + between);
            total += weight;
            sum += weight * value;
            squares += weight * weight;
        }
        (total, sum / total, squares)
    };
    let (total, fixed, squares) = over(0.0);
    let far = |(value, error): (&f64, &f64)| (value - fixed) * (value - fixed) / (error * error);
    let q: f64 = values.iter().zip(errors).map(far).sum();
    let spare = (values.len() - 1) as f64;
    let between = if spare > 0.0 {
        ((q - spare) / (total - squares / total)).max(0.0)
    } else {
        0.0
    };
    let (total, mean, _) = over(between);
    Ok(Combined {
        mean,
        standard_error: (1.0 / total).sqrt(),
        between,
        q,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: `statsmodels.stats.meta_analysis.combine_effects(values, errors**2, method_re="dl")`, 0.15.0.
    #[test]
    fn five_measurements() {
        let values = [0.9, 1.3, 0.7, 1.6, 1.1];
        let errors = [0.1, 0.2, 0.15, 0.3, 0.12];
        let found = combine(&values, &errors).unwrap();
        let [mean, error, between, q] = [
            1.0485629954214524,
            0.11954739743637531,
            0.04407140405080671,
            11.924691358024688,
        ];
        assert_close(found.mean, mean);
        assert_close(found.standard_error, error);
        assert_close(found.between, between);
        assert_close(found.q, q);
    }

    #[test]
    fn one_measurement_is_itself() {
        let found = combine(&[0.8], &[0.2]).unwrap();
        assert_close(found.mean, 0.8);
        assert_close(found.standard_error, 0.2);
        assert_eq!((found.between, combine(&[], &[]).is_err()), (0.0, true));
    }
}
