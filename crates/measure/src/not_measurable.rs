//! Why a number cannot be had: the third verdict beside pass and fail, with its reason.

/// Why an estimator has no answer for these values.
///
/// Bad or missing data end here; a setting that makes no sense (a clock of step 0) is a programmer's error and meets
/// an `assert!`.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotMeasurable {
    /// The sample is shorter than the estimator needs.
    #[error("{found} values, at least {needed} are needed")]
    TooFew {
        /// How many there are.
        found: usize,
        /// How many there must be.
        needed: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {index}, counted from 0, is not a finite number")]
    NotFinite {
        /// Its place in the slice.
        index: usize,
    },
    /// A value is a number that the estimator has no meaning for.
    #[error("value {index}, counted from 0, is {value}: it must be {wanted}")]
    OutOfRange {
        /// Its place in the slice.
        index: usize,
        /// What it is.
        value: f64,
        /// What would have been right, as in "above zero".
        wanted: &'static str,
    },
    /// Nothing varies, so that a ratio or a fit has nothing to stand on.
    #[error("nothing varies: the measure would divide by zero")]
    NoVariation,
    /// Feedback of 1 or more: the linear answer is infinite or has no meaning.
    #[error("the feedback is {ratio}: a linear response needs less than 1")]
    Unstable {
        /// The branching ratio or spectral radius.
        ratio: f64,
    },
    /// The two laws compared are the same on these values.
    #[error("the best fits of the two laws coincide")]
    SameLaw,
    /// An iteration ended without reaching its tolerance.
    #[error("no convergence after {steps} steps")]
    NotConverged {
        /// How many steps were taken.
        steps: usize,
    },
}

/// Fails unless there are at least `needed` values and all are finite.
pub(crate) fn require_finite(values: &[f64], needed: usize) -> Result<(), NotMeasurable> {
    if values.len() < needed {
        let found = values.len();
        return Err(NotMeasurable::TooFew { found, needed });
    }
    match values.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(NotMeasurable::NotFinite { index }),
        None => Ok(()),
    }
}

/// Fails unless all values are finite and above zero, and there are at least `needed`.
pub(crate) fn require_positive(values: &[f64], needed: usize) -> Result<(), NotMeasurable> {
    require_finite(values, needed)?;
    match values.iter().position(|x| *x <= 0.0) {
        Some(index) => Err(NotMeasurable::OutOfRange {
            index,
            value: values[index],
            wanted: "above zero",
        }),
        None => Ok(()),
    }
}

/// `numerator/denominator` of two finite numbers, the denominator not 0.
pub(crate) fn divide(numerator: f64, denominator: f64) -> Result<f64, NotMeasurable> {
    require_finite(&[numerator, denominator], 2)?;
    if denominator == 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    Ok(numerator / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_is_named() {
        assert_eq!(require_finite(&[1.0, 2.0], 2), Ok(()));
        assert_eq!(
            require_finite(&[f64::NAN], 2),
            Err(NotMeasurable::TooFew { found: 1, needed: 2 })
        );
        assert_eq!(
            require_finite(&[1.0, f64::INFINITY, f64::NAN], 0),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
        assert_eq!(
            require_positive(&[1.0, 0.0], 1).unwrap_err().to_string(),
            "value 1, counted from 0, is 0: it must be above zero"
        );
        assert_eq!(divide(1.0, 0.0), Err(NotMeasurable::NoVariation));
        assert_eq!(divide(1.0, f64::NAN), Err(NotMeasurable::NotFinite { index: 1 }));
        assert_eq!(divide(-1.0, 4.0), Ok(-0.25));
    }
}
