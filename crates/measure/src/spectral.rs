//! Contagion between markets: the response matrix, its spectral radius, and what it makes of a shock.
//!
//! `R = K·G`, with `K_ij = ∂p_i/∂Q_j` the impact (log units per USD) and `G_jk = ∂Q_j/∂p_k` the forced flow (USD per
//! log unit, buys positive, so that feedback is positive). A shock `Δm` becomes `Δp = (I − R)^{−1}Δm`, which is finite
//! while the spectral radius is below 1. The picture is linear and static: it cannot say how long the contagion takes,
//! nor what happens once a move has changed depth or the levels that remain.

use crate::linear::solve;
use crate::not_measurable::{NotMeasurable, divide, require_finite};

/// Squarings after which the radius has all its digits: the error falls as `2^{−k}·k`.
const SQUARINGS: i32 = 64;

/// The product `K·G`.
///
/// # Panics
/// When a matrix is not square or their sizes differ.
pub fn response(impact: &[Vec<f64>], forced: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = impact.len();
    assert_square(impact);
    assert_square(forced);
    assert_eq!(n, forced.len(), "both matrices need the same markets");
    product(impact, forced)
}

/// Spectral radius `ρ(R)`, the largest absolute value of an eigenvalue, of any real square matrix; 0 for none.
///
/// `ρ = lim ‖R^m‖^{1/m}`, with `m` doubled by squaring the scaled matrix. Unlike repeated multiplication of a vector it
/// does not depend on where it starts, and takes cyclic, divided and signed matrices alike.
///
/// ```
/// // Each passes its shock to the other: 2 one way and ½ back.
/// let rho = aftershock_measure::spectral::spectral_radius(&[vec![0.0, 2.0], vec![0.5, 0.0]]).unwrap();
/// assert!((rho - 1.0).abs() < 1e-12);
/// ```
///
/// # Errors
/// Where an element is not finite; the index counts along the rows.
///
/// # Panics
/// When the matrix is not square.
pub fn spectral_radius(matrix: &[Vec<f64>]) -> Result<f64, NotMeasurable> {
    require_matrix(matrix)?;
    Ok(squared(matrix).0)
}

/// Directions of contagion.
#[derive(Debug, Clone, PartialEq)]
pub struct Directions {
    /// Spectral radius.
    pub radius: f64,
    /// Right eigenvector, at least 0 and adding up to 1: how the markets move together, the vulnerable most.
    pub vulnerability: Vec<f64>,
    /// Left eigenvector, at least 0 and adding up to 1: whose shocks spread, the transmitters most.
    pub transmission: Vec<f64>,
}

/// The eigenvectors of the spectral radius of a matrix without negative elements.
///
/// # Errors
/// Where an element is negative or not finite, where the radius is 0, and [`NotMeasurable::NotConverged`] where the
/// vectors found miss their equation by more than a relative 1e-9.
///
/// # Panics
/// When the matrix is not square.
pub fn directions(matrix: &[Vec<f64>]) -> Result<Directions, NotMeasurable> {
    require_matrix(matrix)?;
    if let Some((index, value)) = matrix.iter().flatten().enumerate().find(|(_, x)| **x < 0.0) {
        return Err(NotMeasurable::OutOfRange {
            index,
            value: *value,
            wanted: "at least zero",
        });
    }
    let radius = squared(matrix).0;
    if radius == 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    // Adding ρ to the diagonal keeps the eigenvectors and leaves no other eigenvalue of the same absolute value.
    let shifted: Vec<Vec<f64>> = (0..matrix.len())
        .map(|i| {
            let mut row = matrix[i].clone();
            row[i] += radius;
            row
        })
        .collect();
    let power = squared(&shifted).1;
    let ones = vec![1.0; matrix.len()];
    let right = to_sum_one(times(&power, &ones));
    let left = to_sum_one(times(&transposed(&power), &ones));
    let residual = |matrix: &[Vec<f64>], vector: &[f64]| {
        let moved = times(matrix, vector);
        let pairs = moved.iter().zip(vector);
        pairs.map(|(m, v)| (m - radius * v).abs()).fold(0.0, f64::max)
    };
    let worst = residual(matrix, &right).max(residual(&transposed(matrix), &left));
    if worst.is_nan() || worst > 1e-9 * radius {
        return Err(NotMeasurable::NotConverged {
            steps: SQUARINGS as usize,
        });
    }
    Ok(Directions {
        radius,
        vulnerability: right,
        transmission: left,
    })
}

/// `(I − R)^{−1}`: column `j` is what a unit of news in market `j` makes of all log prices.
///
/// # Errors
/// [`NotMeasurable::Unstable`] at a spectral radius of 1 or more, and where an element is not finite.
///
/// # Panics
/// When the matrix is not square.
pub fn multiplier(matrix: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, NotMeasurable> {
    let ratio = spectral_radius(matrix)?;
    let n = matrix.len();
    let unstable = NotMeasurable::Unstable { ratio };
    if ratio >= 1.0 {
        return Err(unstable);
    }
    let left: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| f64::from(i == j) - matrix[i][j]).collect())
        .collect();
    let column = |j: usize| {
        let unit = (0..n).map(|i| f64::from(i == j)).collect();
        // A radius that rounds to below 1 may still leave no answer.
        solve(left.clone(), unit).ok_or(unstable)
    };
    let columns: Vec<Vec<f64>> = (0..n).map(column).collect::<Result<_, _>>()?;
    Ok(transposed(&columns))
}

/// What contagion does to the risk of all markets together.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemAmplification {
    /// `Σ_real = (I−R)^{−1}·Σ_m·(I−R)^{−T}`.
    pub covariance: Vec<Vec<f64>>,
    /// `A_sys = tr Σ_real / tr Σ_m`, no unit.
    pub variance: f64,
    /// `A_corr`, the mean correlation of two markets with contagion less that without; 0 for a single market.
    pub correlation: f64,
}

/// Amplification of a system of markets whose news has the covariance `news` (squared log units).
///
/// # Errors
/// Those of [`multiplier`], where an element of the covariance is not finite or a variance is not above zero.
///
/// # Panics
/// When a matrix is not square or their sizes differ.
pub fn system_amplification(
    matrix: &[Vec<f64>],
    news: &[Vec<f64>],
) -> Result<SystemAmplification, NotMeasurable> {
    assert_eq!(matrix.len(), news.len(), "both matrices need the same markets");
    require_matrix(news)?;
    let response = multiplier(matrix)?;
    let covariance = product(&product(&response, news), &transposed(&response));
    let trace = |m: &[Vec<f64>]| (0..m.len()).map(|i| m[i][i]).sum::<f64>();
    Ok(SystemAmplification {
        variance: divide(trace(&covariance), trace(news))?,
        correlation: mean_correlation(&covariance)? - mean_correlation(news)?,
        covariance,
    })
}

fn mean_correlation(covariance: &[Vec<f64>]) -> Result<f64, NotMeasurable> {
    let n = covariance.len();
    for (index, row) in covariance.iter().enumerate() {
        if row[index].is_nan() || row[index] <= 0.0 {
            return Err(NotMeasurable::OutOfRange {
                index,
                value: row[index],
                wanted: "a variance above zero",
            });
        }
    }
    let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let correlation =
        |(i, j): (usize, usize)| covariance[i][j] / (covariance[i][i] * covariance[j][j]).sqrt();
    let count = n * n.saturating_sub(1) / 2;
    Ok(pairs.map(correlation).sum::<f64>() / count.max(1) as f64)
}

/// The radius, and a high power of the matrix scaled to a largest element of 1 (or 0).
fn squared(matrix: &[Vec<f64>]) -> (f64, Vec<Vec<f64>>) {
    let mut power = matrix.to_vec();
    let (mut ln_radius, mut share) = (0.0, 1.0);
    for squaring in 0..=SQUARINGS {
        let largest = power.iter().flatten().fold(0.0_f64, |most, x| most.max(x.abs()));
        if largest == 0.0 {
            return (0.0, power);
        }
        for element in power.iter_mut().flatten() {
            *element /= largest;
        }
        ln_radius += share * libm::log(largest);
        share *= 0.5;
        if squaring < SQUARINGS {
            power = product(&power, &power);
        }
    }
    (libm::exp(ln_radius), power)
}

fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let columns = transposed(b);
    let dot = |row: &[f64], column: &[f64]| row.iter().zip(column).map(|(x, y)| x * y).sum();
    a.iter()
        .map(|row| columns.iter().map(|column| dot(row, column)).collect())
        .collect()
}

fn transposed(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..matrix.len())
        .map(|j| matrix.iter().map(|row| row[j]).collect())
        .collect()
}

fn times(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let dot = |row: &Vec<f64>| row.iter().zip(vector).map(|(x, y)| x * y).sum();
    matrix.iter().map(dot).collect()
}

fn to_sum_one(vector: Vec<f64>) -> Vec<f64> {
    let sum: f64 = vector.iter().sum();
    vector.iter().map(|x| x / sum).collect()
}

fn require_matrix(matrix: &[Vec<f64>]) -> Result<(), NotMeasurable> {
    assert_square(matrix);
    require_finite(&matrix.concat(), 0)
}

fn assert_square(matrix: &[Vec<f64>]) {
    let n = matrix.len();
    assert!(
        matrix.iter().all(|row| row.len() == n),
        "{n} markets need {n} rows of {n}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_all_close, assert_close};
    use proptest::prelude::*;

    fn rows<const N: usize>(matrix: [[f64; N]; N]) -> Vec<Vec<f64>> {
        matrix.map(|row| row.to_vec()).to_vec()
    }

    fn three() -> Vec<Vec<f64>> {
        rows([[0.30, 0.10, 0.05], [0.20, 0.25, 0.10], [0.15, 0.20, 0.20]])
    }

    /// Source: computed independently with numpy (`RespMatrix`: `eigvals`, `inv`, `solve`); the vectors with
    /// `numpy.linalg.eig`.
    #[test]
    fn three_markets() {
        let matrix = three();
        assert_close(spectral_radius(&matrix).unwrap(), 0.5026877285144294);
        let multiplied = multiplier(&matrix).unwrap();
        let expected = [
            [1.5228093206432556, 0.23629799803085003, 0.12471283229405974],
            [0.4594683295044307, 1.4506071545782737, 0.21004266491631113],
            [0.400393829996718, 0.4069576632753528, 1.3258943222842139],
        ];
        for (row, expected) in multiplied.iter().zip(expected) {
            assert_all_close(row, &expected);
        }
        assert_all_close(
            &times(&multiplied, &[1.0, 0.0, 0.0]),
            &[1.5228093206432558, 0.4594683295044306, 0.4003938299967181],
        );
        let found = directions(&matrix).unwrap();
        assert_all_close(
            &found.vulnerability,
            &[0.269073036479988, 0.35982908785216405, 0.371097875667848],
        );
        assert_all_close(
            &found.transmission,
            &[0.4731227148557086, 0.3372915122207964, 0.18958577292349496],
        );
    }

    /// Source: computed independently with numpy: `inv(I-R) @ S @ inv(I-R).T`.
    #[test]
    fn risk_of_three_markets() {
        let news = rows([[4e-4, 1e-4, 5e-5], [1e-4, 9e-4, 2e-4], [5e-5, 2e-4, 2.5e-3]]);
        let found = system_amplification(&three(), &news).unwrap();
        assert_close(found.variance, 2.2059323354423905);
        assert_close(found.correlation, 0.39744576996088427);
        assert_all_close(
            &found.covariance[0],
            &[
                0.0011194620888004567,
                0.0009505817889278452,
                0.0009915222718488996,
            ],
        );
    }

    /// Source: computed independently with numpy: `K @ G` and `eigvals`.
    #[test]
    fn from_impact_and_forced_flow() {
        let matrix = response(
            &rows([[2e-11, 5e-12], [5e-12, 4e-11]]),
            &rows([[1e10, 2e9], [3e9, 8e9]]),
        );
        assert_all_close(&matrix[0], &[0.215, 0.08]);
        assert_all_close(&matrix[1], &[0.17, 0.33]);
        assert_close(spectral_radius(&matrix).unwrap(), 0.40252403623945837);
    }

    /// Source: by hand, and `numpy.linalg.eigvals` for the last two.
    #[test]
    fn awkward_matrices() {
        assert_close(spectral_radius(&rows([[0.0, 2.0], [0.5, 0.0]])).unwrap(), 1.0);
        assert_close(spectral_radius(&rows([[0.3, 0.0], [0.0, 0.5]])).unwrap(), 0.5);
        assert_close(spectral_radius(&rows([[0.5, 1.0], [0.0, 0.5]])).unwrap(), 0.5);
        let nilpotent = rows([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]]);
        assert_eq!(spectral_radius(&nilpotent), Ok(0.0));
        assert_eq!(spectral_radius(&[]), Ok(0.0));
        let turning = rows([[0.2, -0.4], [0.6, 0.1]]);
        assert_close(spectral_radius(&turning).unwrap(), 0.5099019513592784);
        let mut draws = Draws(21);
        let twelve: Vec<Vec<f64>> = (0..12).map(|_| (0..12).map(|_| draws.next()).collect()).collect();
        assert_close(spectral_radius(&twelve).unwrap(), 6.078269411351055);
        let cycle = directions(&rows([[0.0, 2.0], [0.5, 0.0]])).unwrap();
        assert_all_close(&cycle.vulnerability, &[2.0 / 3.0, 1.0 / 3.0]);
        assert_all_close(&cycle.transmission, &[1.0 / 3.0, 2.0 / 3.0]);
    }

    proptest! {
        #[test]
        fn between_the_least_and_the_largest_sum_of_a_row(
            elements in prop::collection::vec(0.0..1.0f64, 16),
        ) {
            let matrix: Vec<Vec<f64>> = elements.chunks(4).map(<[f64]>::to_vec).collect();
            let radius = spectral_radius(&matrix).unwrap();
            let sums: Vec<f64> = matrix.iter().map(|row| row.iter().sum()).collect();
            let least = sums.iter().copied().fold(f64::INFINITY, f64::min);
            let most = sums.iter().copied().fold(0.0, f64::max);
            prop_assert!(radius >= least * (1.0 - 1e-12) && radius <= most * (1.0 + 1e-12));
            let mirrored = spectral_radius(&transposed(&matrix)).unwrap();
            prop_assert!((mirrored / radius - 1.0).abs() < 1e-12);
            // Scaled to a radius of one half, news has a finite answer, the sum of R^k.
            let half: Vec<Vec<f64>> =
                matrix.iter().map(|row| row.iter().map(|x| 0.5 * x / radius).collect()).collect();
            let response = multiplier(&half).unwrap();
            prop_assert!(response.iter().flatten().all(|x| *x >= -1e-12));
        }
    }

    #[test]
    fn no_linear_answer() {
        assert!(matches!(
            multiplier(&rows([[1.2]])),
            Err(NotMeasurable::Unstable { ratio }) if (ratio - 1.2).abs() < 1e-12
        ));
        assert!(multiplier(&rows([[0.0, 2.0], [0.5, 0.0]])).is_err());
        assert_eq!(
            spectral_radius(&rows([[0.1, 0.2], [f64::NAN, 0.1]])),
            Err(NotMeasurable::NotFinite { index: 2 })
        );
        assert!(matches!(
            directions(&rows([[0.1, -0.2], [0.0, 0.1]])),
            Err(NotMeasurable::OutOfRange { index: 1, .. })
        ));
        assert_eq!(directions(&rows([[0.0; 2]; 2])), Err(NotMeasurable::NoVariation));
        assert!(matches!(
            system_amplification(&rows([[0.1]]), &rows([[0.0]])),
            Err(NotMeasurable::NoVariation)
        ));
        assert_close(
            system_amplification(&rows([[0.2]]), &rows([[1e-4]]))
                .unwrap()
                .variance,
            1.5625,
        );
    }

    #[test]
    #[should_panic(expected = "2 markets need 2 rows of 2")]
    fn a_ragged_matrix_is_a_mistake() {
        let _ = spectral_radius(&[vec![0.0, 1.0], vec![0.0]]);
    }
}
