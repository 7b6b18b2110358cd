//! Ordinary least squares with standard errors that allow for memory and changing variance.
//!
//! Source: Newey and West (1987); weights `1 − k/(lags + 1)` of Bartlett, no correction for few values.

use crate::linear::solve;
use crate::not_measurable::{NotMeasurable, require_finite};

/// A regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// A coefficient a column.
    pub coefficients: Vec<f64>,
    /// Their standard errors.
    pub standard_errors: Vec<f64>,
    /// Residuals, in the order of the rows.
    pub residuals: Vec<f64>,
    /// One less residual over total variation about the mean of `y`.
    pub r_squared: f64,
}

impl Regression {
    /// Coefficient over standard error.
    pub fn t(&self, column: usize) -> f64 {
        self.coefficients[column] / self.standard_errors[column]
    }
}

/// Regresses `y` on the columns of a matrix, row after row; a constant is a column of ones. Standard errors count
/// products of residuals up to `lags` rows apart.
///
/// # Errors
/// Fewer rows than columns and one, a value that is not finite, columns that make one another up, or a constant `y`.
///
/// # Panics
/// Where the matrix does not have as many rows as `y`.
pub fn regress(matrix: &[f64], columns: usize, y: &[f64], lags: usize) -> Result<Regression, NotMeasurable> {
    assert_eq!(matrix.len(), columns * y.len(), "one row a value of y");
    require_finite(y, columns + 1)?;
    require_finite(matrix, 0)?;
    let rows: Vec<&[f64]> = matrix.chunks_exact(columns).collect();
    // Columns are scaled to one, so that what counts as singular does not hang on their units.
    let norm = |a: usize| rows.iter().map(|row| row[a] * row[a]).sum::<f64>().sqrt();
    let norms: Vec<f64> = (0..columns).map(norm).collect();
    if norms.iter().any(|norm| *norm <= 0.0) {
        return Err(NotMeasurable::NoVariation);
    }
    let product =
        |a: usize, b: usize| rows.iter().map(|row| row[a] * row[b]).sum::<f64>() / (norms[a] * norms[b]);
    let products: Vec<Vec<f64>> = (0..columns)
        .map(|a| (0..columns).map(|b| product(a, b)).collect())
        .collect();
    let mut inverse = Vec::with_capacity(columns);
    for a in 0..columns {
        let unit = (0..columns).map(|b| f64::from(u8::from(a == b))).collect();
        let column = solve(products.clone(), unit).ok_or(NotMeasurable::NoVariation)?;
        // Rounding hides a column that others make up; its variance then explodes.
        if column[a].is_nan() || column[a] > 1e10 || column[a] <= 0.0 {
            return Err(NotMeasurable::NoVariation);
        }
        inverse.push(column);
    }
    let with_y: Vec<f64> = (0..columns)
        .map(|a| rows.iter().zip(y).map(|(row, y)| row[a] * y).sum::<f64>() / norms[a])
        .collect();
    let coefficients: Vec<f64> = (0..columns)
        .map(|a| (0..columns).map(|b| inverse[a][b] * with_y[b]).sum::<f64>() / norms[a])
        .collect();
    let fitted = |row: &[f64]| row.iter().zip(&coefficients).map(|(x, c)| x * c).sum::<f64>();
    let residuals: Vec<f64> = rows.iter().zip(y).map(|(row, y)| y - fitted(row)).collect();
    let score = |place: usize, a: usize| rows[place][a] / norms[a] * residuals[place];
    let mut middle = vec![vec![0.0; columns]; columns];
    for lag in 0..=lags.min(y.len() - 1) {
        let weight = 1.0 - lag as f64 / (lags as f64 + 1.0);
        for place in lag..y.len() {
            for (a, line) in middle.iter_mut().enumerate() {
                for (b, entry) in line.iter_mut().enumerate() {
                    let forth = score(place, a) * score(place - lag, b);
                    *entry += if lag == 0 {
                        forth
                    } else {
                        weight * (forth + score(place - lag, a) * score(place, b))
                    };
                }
            }
        }
    }
    let variance = |a: usize| -> f64 {
        let pairs = (0..columns).flat_map(|b| (0..columns).map(move |c| (b, c)));
        pairs
            .map(|(b, c)| inverse[a][b] * middle[b][c] * inverse[c][a])
            .sum()
    };
    let standard_errors = (0..columns)
        .map(|a| variance(a).max(0.0).sqrt() / norms[a])
        .collect();
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let total: f64 = y.iter().map(|y| (y - mean) * (y - mean)).sum();
    if total <= 1e-28 * mean * mean * y.len() as f64 {
        return Err(NotMeasurable::NoVariation);
    }
    let left: f64 = residuals.iter().map(|r| r * r).sum();
    Ok(Regression {
        coefficients,
        standard_errors,
        residuals,
        r_squared: 1.0 - left / total,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_all_close, assert_close};

    /// Source: statsmodels `OLS(...).fit(cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": False})`, and numpy.
    #[test]
    fn statsmodels() {
        let (mut matrix, mut y) = (Vec::new(), Vec::new());
        for i in 0..40_u32 {
            let x = f64::from((7 * i * i + 3 * i) % 31) / 31.0;
            let z = f64::from((5 * i * i + 11 * i) % 29) / 29.0;
            let e = f64::from((13 * i * i + 2 * i) % 23) / 23.0 - 0.5;
            matrix.extend([1.0, x, z]);
            y.push(1.0 + 2.0 * x - 0.5 * z + e);
        }
        let found = regress(&matrix, 3, &y, 4).unwrap();
        assert_all_close(
            &found.coefficients,
            &[0.891452828198005, 2.026946627080876, -0.33750066754987773],
        );
        assert_all_close(
            &found.standard_errors,
            &[0.09454686044660442, 0.1557010299597773, 0.16618348066389155],
        );
        assert_close(found.r_squared, 0.819045460767743);
        assert_close(found.t(1), 2.026946627080876 / 0.1557010299597773);
    }

    #[test]
    fn nothing_to_regress() {
        let twice = [1.0, 2.0, 2.0, 4.0, 3.0, 6.0, 4.0, 8.0];
        let y = [1.0, 2.0, 4.0, 3.0];
        assert_eq!(regress(&twice, 2, &y, 0), Err(NotMeasurable::NoVariation));
        assert_eq!(
            regress(&[1.0; 4], 1, &[2.0; 4], 0),
            Err(NotMeasurable::NoVariation)
        );
        assert_eq!(
            regress(&[1.0], 1, &[1.0], 0),
            Err(NotMeasurable::TooFew { found: 1, needed: 2 })
        );
    }
}
