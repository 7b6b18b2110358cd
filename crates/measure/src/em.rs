//! Weights of known shapes in counts: the multiplicative step that never leaves weights below 0.
//!
//! Source: Richardson (1972) and Lucy (1974); the maximum-likelihood weights of a Poisson mean `X·w` by expectation and
//! maximisation, Shepp and Vardi (1982).

use crate::not_measurable::{NotMeasurable, require_finite};

/// One step: `w ← w·[Σ_b X_b y_b/(Xw)_b]/Σ_b X_b`, in place; returns the largest change over the largest weight.
///
/// `matrix` is row after row with one value a column and nothing below 0. A column of zeros keeps its weight; a row
/// whose mean is 0 says nothing.
///
/// # Panics
/// Where the matrix does not have one row a value of `y` and one column a weight.
pub fn em_step(matrix: &[f64], y: &[f64], weights: &mut [f64]) -> f64 {
    let columns = weights.len();
    assert_eq!(matrix.len(), columns * y.len(), "one row a value of y");
    let (mut told, mut sums) = (vec![0.0; columns], vec![0.0; columns]);
    for (row, y) in matrix.chunks_exact(columns).zip(y) {
        let mean: f64 = row.iter().zip(&*weights).map(|(x, w)| x * w).sum();
        let ratio = if mean > 0.0 { y / mean } else { 0.0 };
        for ((told, sum), x) in told.iter_mut().zip(&mut sums).zip(row) {
            *told += x * ratio;
            *sum += x;
        }
    }
    let (mut change, mut largest) = (0.0_f64, 0.0_f64);
    for ((weight, told), sum) in weights.iter_mut().zip(told).zip(sums) {
        if sum > 0.0 {
            let next = *weight * told / sum;
            change = change.max((next - *weight).abs());
            *weight = next;
        }
        largest = largest.max(*weight);
    }
    if largest > 0.0 { change / largest } else { 0.0 }
}

/// Steps from equal weights until none changes by more than `tolerance` of the largest, or `most_steps` are done: an
/// early end is a fit that keeps more of the start. Columns of zeros get 0.
///
/// # Errors
/// Values that are not finite or below 0; no column or no `y` above 0.
///
/// # Panics
/// As [`em_step`].
pub fn richardson_lucy(
    matrix: &[f64],
    columns: usize,
    y: &[f64],
    most_steps: usize,
    tolerance: f64,
) -> Result<Vec<f64>, NotMeasurable> {
    require_finite(matrix, 0)?;
    require_finite(y, 1)?;
    for values in [matrix, y] {
        if let Some(index) = values.iter().position(|x| *x < 0.0) {
            let value = values[index];
            return Err(NotMeasurable::OutOfRange {
                index,
                value,
                wanted: "0 or more",
            });
        }
    }
    let mut sums = vec![0.0; columns];
    for row in matrix.chunks_exact(columns) {
        for (sum, x) in sums.iter_mut().zip(row) {
            *sum += x;
        }
    }
    let (unit, all): (f64, f64) = (sums.iter().sum(), y.iter().sum());
    if unit <= 0.0 || all <= 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    let start = |sum: &f64| if *sum > 0.0 { all / unit } else { 0.0 };
    let mut weights: Vec<f64> = sums.iter().map(start).collect();
    for _ in 0..most_steps {
        if em_step(matrix, y, &mut weights) <= tolerance {
            break;
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_all_close;

    /// By hand: means 1 and 3, ratios 3 and 2, so 1·(3 + 2)/2 and 1·(2·2)/2; then means 2.5 and 6.5, ratios 6/5 and
    /// 12/13, so 2.5·(6/5 + 12/13)/2 and 2·(2·12/13)/2.
    #[test]
    fn two_steps_by_hand() {
        let (matrix, y) = ([1.0, 0.0, 1.0, 2.0], [3.0, 6.0]);
        let mut weights = [1.0, 1.0];
        assert_eq!(em_step(&matrix, &y, &mut weights), 1.5 / 2.5);
        assert_all_close(&weights, &[2.5, 2.0]);
        em_step(&matrix, &y, &mut weights);
        assert_all_close(&weights, &[1.25 * (6.0 / 5.0 + 12.0 / 13.0), 24.0 / 13.0]);
    }

    /// Source: what solves the rows exactly, 3 and 1.5, is the most likely; and each step keeps the sum of means.
    #[test]
    fn steps_end_at_the_most_likely() {
        let weights = richardson_lucy(&[1.0, 0.0, 1.0, 2.0], 2, &[3.0, 6.0], 10_000, 1e-13).unwrap();
        assert!((weights[0] - 3.0).abs() < 1e-9 && (weights[1] - 1.5).abs() < 1e-9);
        let mut weights = [0.3, 4.0];
        em_step(&[1.0, 0.0, 1.0, 2.0], &[3.0, 6.0], &mut weights);
        assert!((2.0 * weights[0] + 2.0 * weights[1] - 9.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_fit() {
        let steps = |matrix: &[f64], y: &[f64]| richardson_lucy(matrix, 1, y, 10, 0.0);
        assert_eq!(steps(&[0.0], &[1.0]), Err(NotMeasurable::NoVariation));
        assert_eq!(steps(&[1.0], &[0.0]), Err(NotMeasurable::NoVariation));
        assert!(matches!(
            steps(&[1.0], &[-1.0]),
            Err(NotMeasurable::OutOfRange { index: 0, .. })
        ));
        assert_eq!(
            steps(&[1.0], &[f64::NAN]),
            Err(NotMeasurable::NotFinite { index: 0 })
        );
    }
}
