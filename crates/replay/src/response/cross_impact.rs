//! What flow in one instrument does to the price of another.
//!
//! `K_ij = κ_i^½·c_ij·κ_j^½` is the log move of `i` for a dollar traded in `j`. Prices move through the impact states
//! alone, so the trade is added to the state of `i` as the flow in `i` that moves it as much:
//! `w_ij = K_ij/κ_i = c_ij·√(κ_j/κ_i)` dollars a dollar. In the units `√κ_i·J_i` the weights are `c` itself, symmetric
//! and without negative eigenvalues, so that no round trip over several instruments earns from its own impact as long
//! as impact is linear.

mod eigen;

use eigen::Eigen;

/// Default factor on what is not on the diagonal of the correlations; prior: half of what returns share is news.
pub const DEFAULT_SHRINKAGE: f64 = 0.5;

/// Why correlations or slopes cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CrossImpactError {
    /// The matrix does not fit the slopes.
    #[error("{instruments} instruments need {} correlations row by row, not {given}", instruments * instruments)]
    Shape {
        /// Number of slopes.
        instruments: usize,
        /// Number of correlations.
        given: usize,
    },
    /// A slope is no slope.
    #[error("impact slope of instrument {instrument} is {slope} a USD; it must be a number above zero")]
    Slope {
        /// Index.
        instrument: usize,
        /// As given.
        slope: f64,
    },
    /// An entry is no correlation.
    #[error(
        "correlation at row {row}, column {column} is {given}; it must be 1 on the diagonal, in -1 to 1 elsewhere \
         and the same on both sides of the diagonal"
    )]
    Correlation {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// As given.
        given: f64,
    },
    /// The factor on the correlations is no share.
    #[error("shrinkage is {0}; it must be in 0 (no cross impact) to 1 (all of the correlation)")]
    Shrinkage(f64),
}

/// Weights with which a trade enters the impact states of all instruments. They do not change during a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossImpact {
    instruments: usize,
    /// `w`, row by row: the state, then the trade.
    weights: Vec<f64>,
    correlation: Vec<f64>,
    least_eigenvalue: f64,
}

impl CrossImpact {
    /// Weights from the impact slope `κ` of each instrument at normal depth (log a USD, all at the same point of their
    /// curves: the slope at rest or at the same share of a day's volume) and correlations `c`, row by row.
    ///
    /// Correlations are multiplied by `shrinkage` off the diagonal ([`DEFAULT_SHRINKAGE`]) and projected where they
    /// have negative eigenvalues: those are set to zero, and the diagonal is scaled back to 1.
    ///
    /// # Errors
    /// When shapes differ, or a number is outside of what it can be.
    pub fn new(
        slopes_per_usd: &[f64],
        correlation: &[f64],
        shrinkage: f64,
    ) -> Result<Self, CrossImpactError> {
        let n = slopes_per_usd.len();
        check(slopes_per_usd, correlation, shrinkage)?;
        let mut c = correlation.to_vec();
        for (at, one) in c.iter_mut().enumerate() {
            *one *= if at / n == at % n { 1.0 } else { shrinkage };
        }
        let eigen = Eigen::of(n, &c);
        let least_eigenvalue = eigen.values.iter().copied().fold(f64::INFINITY, f64::min);
        if least_eigenvalue < 0.0 {
            c = eigen.compose(|value| value.max(0.0));
            let scale: Vec<f64> = (0..n).map(|i| c[i * n + i].sqrt()).collect();
            for (at, one) in c.iter_mut().enumerate() {
                let (i, j) = (at / n, at % n);
                *one = if i == j { 1.0 } else { *one / (scale[i] * scale[j]) };
            }
        }
        let weights = (0..n * n)
            .map(|at| {
                let (i, j) = (at / n, at % n);
                if i == j {
                    1.0
                } else {
                    c[at] * (slopes_per_usd[j] / slopes_per_usd[i]).sqrt()
                }
            })
            .collect();
        Ok(Self {
            instruments: n,
            weights,
            correlation: c,
            least_eigenvalue,
        })
    }

    /// Every instrument on its own.
    pub fn none(instruments: usize) -> Self {
        let unit: Vec<f64> = (0..instruments * instruments)
            .map(|at| f64::from(u8::from(at / instruments == at % instruments)))
            .collect();
        Self {
            instruments,
            weights: unit.clone(),
            correlation: unit,
            least_eigenvalue: 1.0,
        }
    }

    /// Number of instruments.
    pub fn instruments(&self) -> usize {
        self.instruments
    }

    /// `w_ij`, USD in the state of `state` for a USD traded in `traded`, both at normal depth.
    #[inline]
    pub fn weight(&self, state: usize, traded: usize) -> f64 {
        self.weights[state * self.instruments + traded]
    }

    /// What a trade of `usd` in `traded` adds to the impact state of `state`, USD, given the depth over normal that
    /// either of them has now.
    ///
    /// A slope goes with one over depth, and `K` with the root of both: `w_ij·usd/√(d_i·d_j)`. For the instrument
    /// itself that is `usd` over its depth.
    #[inline]
    pub fn added_usd(&self, state: usize, traded: usize, usd: f64, depth_ratio: &[f64]) -> f64 {
        self.weight(state, traded) * usd / (depth_ratio[state] * depth_ratio[traded]).sqrt()
    }

    /// The correlations in force, row by row: shrunk and projected.
    pub fn correlation(&self) -> &[f64] {
        &self.correlation
    }

    /// Least eigenvalue before the projection; below zero where there was something to project.
    pub fn least_eigenvalue(&self) -> f64 {
        self.least_eigenvalue
    }
}

fn check(slopes_per_usd: &[f64], correlation: &[f64], shrinkage: f64) -> Result<(), CrossImpactError> {
    let n = slopes_per_usd.len();
    if correlation.len() != n * n {
        return Err(CrossImpactError::Shape {
            instruments: n,
            given: correlation.len(),
        });
    }
    if !(0.0..=1.0).contains(&shrinkage) {
        return Err(CrossImpactError::Shrinkage(shrinkage));
    }
    for (instrument, &slope) in slopes_per_usd.iter().enumerate() {
        if !(slope > 0.0 && slope.is_finite()) {
            return Err(CrossImpactError::Slope { instrument, slope });
        }
    }
    for (at, &given) in correlation.iter().enumerate() {
        let (row, column) = (at / n, at % n);
        let fits = if row == column {
            given == 1.0
        } else {
            (-1.0..=1.0).contains(&given) && given == correlation[column * n + row]
        };
        if !fits {
            return Err(CrossImpactError::Correlation { row, column, given });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
