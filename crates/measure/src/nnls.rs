//! Least squares with weights that are not negative, for a few columns and many rows.
//!
//! Source: Lawson and Hanson, *Solving Least Squares Problems* (1974), chapter 23, on the normal equations of columns
//! scaled to one; Golub, Heath and Wahba (1979) for generalised cross-validation.

use crate::linear::solve;
use crate::not_measurable::NotMeasurable;

/// A column enters only where it lowers the residual by more than this, relative to the largest gradient.
const ENTERS: f64 = 1e-11;
/// Share of a column that no other column explains below which it counts as their combination.
const INDEPENDENT: f64 = 1e-11;

/// Normal equations of `y ≈ X·w`, gathered row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Normal {
    columns: usize,
    rows: usize,
    products: Vec<f64>,
    with_y: Vec<f64>,
    y_squared: f64,
}

/// Weights and how well they fit.
#[derive(Clone, Debug, PartialEq)]
pub struct NonNegative {
    /// A weight a column, none below 0.
    pub weights: Vec<f64>,
    /// Sum of squared residuals, in the square of the unit of `y`.
    pub residual_sum: f64,
    /// Columns that the smoothed fit spends: the trace of its hat matrix.
    pub spent: f64,
    /// Weight of the second differences.
    pub smoothing: f64,
}

impl Normal {
    /// No rows yet.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            rows: 0,
            products: vec![0.0; columns * columns],
            with_y: vec![0.0; columns],
            y_squared: 0.0,
        }
    }

    /// Adds a row with its weight in the sum of squares.
    ///
    /// # Panics
    /// Where the row has another number of columns.
    pub fn add(&mut self, row: &[f64], y: f64, weight: f64) {
        assert_eq!(row.len(), self.columns, "a row has one value a column");
        self.rows += 1;
        self.y_squared += weight * y * y;
        for (a, x) in row.iter().enumerate() {
            if *x == 0.0 {
                continue;
            }
            let scaled = weight * x;
            self.with_y[a] += scaled * y;
            for (product, other) in self.products[a * self.columns..].iter_mut().zip(row) {
                *product += scaled * other;
            }
        }
    }

    /// Normal equations of a whole matrix, row after row, all rows alike.
    ///
    /// # Panics
    /// Where the matrix does not have as many rows as `y`.
    pub fn of(matrix: &[f64], columns: usize, y: &[f64]) -> Self {
        assert_eq!(matrix.len(), columns * y.len(), "one row a value of y");
        let mut normal = Self::new(columns);
        for (row, y) in matrix.chunks_exact(columns).zip(y) {
            normal.add(row, *y, 1.0);
        }
        normal
    }

    fn residual_sum(&self, weights: &[f64]) -> f64 {
        let mut sum = self.y_squared;
        for (a, w) in weights.iter().enumerate() {
            let row = &self.products[a * self.columns..(a + 1) * self.columns];
            let product: f64 = row.iter().zip(weights).map(|(p, w)| p * w).sum();
            sum += w * (product - 2.0 * self.with_y[a]);
        }
        sum.max(0.0)
    }

    /// The weights that fit best among those not below 0, `smoothing` times the sum of their squared second differences
    /// added to the residual sum. A column of zeros, and one that others make up, gets 0.
    ///
    /// # Errors
    /// A value that is not finite; no convergence.
    pub fn solve(&self, smoothing: f64) -> Result<NonNegative, NotMeasurable> {
        let n = self.columns;
        let finite = self
            .products
            .iter()
            .chain(&self.with_y)
            .position(|x| !x.is_finite());
        if let Some(index) = finite {
            return Err(NotMeasurable::NotFinite { index });
        }
        let mut matrix = self.products.clone();
        let differences = second_differences(n);
        for (entry, difference) in matrix.iter_mut().zip(&differences) {
            *entry += smoothing * difference;
        }
        let scale: Vec<f64> = (0..n).map(|a| matrix[a * n + a].max(0.0).sqrt()).collect();
        let empty = |a: usize| self.products[a * n + a] <= 0.0 && smoothing == 0.0;
        let over = |a: usize| if scale[a] > 0.0 { 1.0 / scale[a] } else { 0.0 };
        for a in 0..n {
            for b in 0..n {
                matrix[a * n + b] *= over(a) * over(b);
            }
        }
        let right: Vec<f64> = (0..n).map(|a| self.with_y[a] * over(a)).collect();
        let blocked: Vec<bool> = (0..n).map(|a| scale[a] <= 0.0 || empty(a)).collect();
        let (scaled, free) = lawson_hanson(&matrix, &right, blocked)?;
        let weights: Vec<f64> = (0..n).map(|a| scaled[a] * over(a)).collect();
        let residual_sum = self.residual_sum(&weights);
        let spent = if smoothing == 0.0 {
            free.len() as f64
        } else {
            self.trace(&matrix, &scale, &free)
        };
        Ok(NonNegative {
            weights,
            residual_sum,
            spent,
            smoothing,
        })
    }

    /// Trace of `(X'X + αD'D)⁻¹X'X` over the free columns.
    fn trace(&self, matrix: &[f64], scale: &[f64], free: &[usize]) -> f64 {
        let n = self.columns;
        let mut trace = 0.0;
        for (place, &a) in free.iter().enumerate() {
            let left = free.iter().map(|&b| pick(matrix, n, b, free)).collect();
            let right = free
                .iter()
                .map(|&b| self.products[b * n + a] / (scale[a] * scale[b]))
                .collect();
            trace += solve(left, right).map_or(1.0, |column| column[place]);
        }
        trace
    }

    /// The smoothed fit whose smoothing generalised cross-validation prefers: least `n·residual/(n − spent)²` over a grid
    /// of decades, 0 among them.
    ///
    /// # Errors
    /// As [`Self::solve`]; not more rows than a fit spends.
    pub fn cross_validated(&self) -> Result<NonNegative, NotMeasurable> {
        let n = self.columns;
        let trace = |matrix: &[f64]| (0..n).map(|a| matrix[a * n + a]).sum::<f64>();
        let unit = trace(&self.products) / trace(&second_differences(n)).max(1.0);
        let mut best: Option<(f64, NonNegative)> = None;
        let decades = (-7..=1).map(|decade| unit * libm::exp10(f64::from(decade)));
        for smoothing in std::iter::once(0.0).chain(decades) {
            let fit = self.solve(smoothing)?;
            let left = self.rows as f64 - fit.spent;
            if left <= 0.0 {
                continue;
            }
            let score = self.rows as f64 * fit.residual_sum / (left * left);
            if best.as_ref().is_none_or(|(least, _)| score < *least) {
                best = Some((score, fit));
            }
        }
        let needed = n + 1;
        best.map(|(_, fit)| fit).ok_or(NotMeasurable::TooFew {
            found: self.rows,
            needed,
        })
    }
}

/// `D'D` of second differences of neighbouring columns.
fn second_differences(n: usize) -> Vec<f64> {
    let mut matrix = vec![0.0; n * n];
    for first in 0..n.saturating_sub(2) {
        for (a, x) in [1.0, -2.0, 1.0].into_iter().enumerate() {
            for (b, y) in [1.0, -2.0, 1.0].into_iter().enumerate() {
                matrix[(first + a) * n + first + b] += x * y;
            }
        }
    }
    matrix
}

fn pick(matrix: &[f64], n: usize, row: usize, columns: &[usize]) -> Vec<f64> {
    columns.iter().map(|&column| matrix[row * n + column]).collect()
}

/// Solves the scaled equations for weights not below 0; returns them and which columns are free.
fn lawson_hanson(
    matrix: &[f64],
    right: &[f64],
    mut blocked: Vec<bool>,
) -> Result<(Vec<f64>, Vec<usize>), NotMeasurable> {
    let n = right.len();
    let largest = right.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let mut weights = vec![0.0; n];
    let mut free: Vec<usize> = Vec::new();
    let most_steps = 30 * n + 30;
    for _ in 0..most_steps {
        let gradient = |a: usize| {
            let row = &matrix[a * n..(a + 1) * n];
            right[a] - row.iter().zip(&weights).map(|(m, w)| m * w).sum::<f64>()
        };
        let entering = (0..n)
            .filter(|a| !blocked[*a] && !free.contains(a))
            .map(|a| (gradient(a), a))
            .filter(|(slope, _)| *slope > ENTERS * largest)
            .max_by(|x, y| x.0.total_cmp(&y.0).then(y.1.cmp(&x.1)));
        let Some((_, entering)) = entering else {
            return Ok((weights, free));
        };
        if !independent(matrix, n, entering, &free) {
            blocked[entering] = true;
            continue;
        }
        free.push(entering);
        free.sort_unstable();
        loop {
            let left = free.iter().map(|&a| pick(matrix, n, a, &free)).collect();
            let wanted = free.iter().map(|&a| right[a]).collect();
            let Some(solution) = solve(left, wanted) else {
                free.retain(|a| *a != entering);
                blocked[entering] = true;
                break;
            };
            if solution.iter().all(|w| *w > 0.0) {
                for (&a, w) in free.iter().zip(&solution) {
                    weights[a] = *w;
                }
                break;
            }
            // As far towards the solution as no weight falls below 0; what reaches it leaves.
            let step = free
                .iter()
                .zip(&solution)
                .filter(|(_, w)| **w <= 0.0)
                .map(|(&a, w)| weights[a] / (weights[a] - w))
                .fold(1.0, f64::min);
            for (&a, w) in free.iter().zip(&solution) {
                weights[a] += step * (w - weights[a]);
            }
            let leaves = |a: usize| weights[a] <= 1e-15;
            let leaving: Vec<usize> = free.iter().copied().filter(|a| leaves(*a)).collect();
            for a in &leaving {
                weights[*a] = 0.0;
            }
            free.retain(|a| !leaving.contains(a));
            if leaving.is_empty() || free.is_empty() {
                break;
            }
        }
    }
    Err(NotMeasurable::NotConverged { steps: most_steps })
}

/// Whether the free columns leave a part of this one unexplained.
fn independent(matrix: &[f64], n: usize, column: usize, free: &[usize]) -> bool {
    if free.is_empty() {
        return true;
    }
    let left = free.iter().map(|&a| pick(matrix, n, a, free)).collect();
    let wanted = pick(matrix, n, column, free);
    solve(left, wanted.clone()).is_some_and(|made_up| {
        let explained: f64 = made_up.iter().zip(&wanted).map(|(a, b)| a * b).sum();
        1.0 - explained > INDEPENDENT
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_all_close, assert_close};

    /// `((7i² + 13j² + 5ij + 3i) mod 23)/23`, 12 rows of 5, and `((11i² + 3i) mod 17)/4 − 1`.
    fn example() -> (Vec<f64>, Vec<f64>) {
        let entry = |i: u32, j: u32| f64::from((7 * i * i + 13 * j * j + 5 * i * j + 3 * i) % 23) / 23.0;
        let matrix = (0..12).flat_map(|i| (0..5).map(move |j| entry(i, j))).collect();
        let y = (0..12).map(|i: u32| f64::from((11 * i * i + 3 * i) % 17) / 4.0 - 1.0);
        (matrix, y.collect())
    }

    /// Source: scipy.optimize.nnls 1.17.1, smoothing by rows of √α times second differences below the matrix.
    #[test]
    fn scipy() {
        let (matrix, y) = example();
        let normal = Normal::of(&matrix, 5, &y);
        let plain = normal.solve(0.0).unwrap();
        assert_all_close(
            &plain.weights,
            &[1.368783176209344, 0.0, 0.0, 0.4602928103427448, 0.0],
        );
        assert_close(plain.residual_sum, 23.947385641537807);
        assert_eq!(plain.spent, 2.0);
        let smooth = normal.solve(0.5).unwrap();
        let expected = [
            1.2831661095108202,
            0.3026243366518943,
            0.0,
            0.129858636961092,
            0.0,
        ];
        assert_all_close(&smooth.weights, &expected);
        assert_close(smooth.residual_sum, 24.415239724092636);
        assert_close(smooth.spent, 1.4659048930871283);
    }

    /// Source: the scores of all ten smoothings by numpy; 2.58809… at ten units is the least.
    #[test]
    fn the_smoothing_that_scores_best() {
        let (matrix, y) = example();
        let fit = Normal::of(&matrix, 5, &y).cross_validated().unwrap();
        assert_close(fit.smoothing, 10.332913253518168);
        let expected = [
            0.8070320509236324,
            0.5170196670088518,
            0.2954688907368008,
            0.14383661922538477,
            0.0,
        ];
        assert_all_close(&fit.weights, &expected);
        let left = 12.0 - fit.spent;
        assert_close(12.0 * fit.residual_sum / (left * left), 2.5880952782751376);
    }

    /// By hand: a column of zeros gets nothing, and of two equal ones the first gets all.
    #[test]
    fn columns_that_say_nothing() {
        let matrix = [1.0, 0.0, 1.0, 2.0, 0.0, 2.0];
        let fit = Normal::of(&matrix, 3, &[3.0, 6.0]).solve(0.0).unwrap();
        assert_all_close(&fit.weights, &[3.0, 0.0, 0.0]);
        assert!(fit.residual_sum < 1e-12);
        let nothing = Normal::of(&matrix, 3, &[-3.0, -6.0]).solve(0.0).unwrap();
        assert_eq!(nothing.weights, [0.0; 3]);
        assert_close(nothing.residual_sum, 45.0);
        let unknown = Normal::of(&[f64::NAN], 1, &[1.0]).solve(0.0);
        assert_eq!(unknown, Err(NotMeasurable::NotFinite { index: 0 }));
    }

    /// By hand: a row of weight 2 is the row twice.
    #[test]
    fn rows_have_weights() {
        let mut weighted = Normal::new(1);
        weighted.add(&[1.0], 1.0, 2.0);
        weighted.add(&[1.0], 4.0, 1.0);
        assert_close(weighted.solve(0.0).unwrap().weights[0], 2.0);
    }
}
