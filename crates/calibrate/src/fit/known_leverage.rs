//! The leverage mix on generated tapes, whose truth is known: what is and is not identified.

use super::cells::{OfCells, fit_cells, structural};
use super::leverage::Fitting;
use super::positions::{Assumed, PositionsError, Survival};
use crate::clocked::Clocked;
use crate::observed::Observed;
use crate::synth::{Coverage, Declared, Generated, START, SynthError, Target, generate};

/// Coverages of the table: shares of liquidations that the feed prints.
pub const COVERAGES: [f64; 3] = [1.0, 0.5, 0.1];

/// A class of one tape.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Share of liquidations that the feed prints, in truth.
    pub coverage: f64,
    /// Seed of the tape.
    pub seed: u64,
    /// The class.
    pub leverage: f64,
    /// Share at opening, in truth.
    pub truth: f64,
    /// Reporting times share by least squares, reporting taken as 1.
    pub least_squares: f64,
    /// The same by expectation and maximisation.
    pub em: f64,
    /// 5 % and 95 % over resamples of blocks.
    pub interval: (f64, f64),
    /// Share of the class that the recorded mark liquidates.
    pub crossed: f64,
    /// Whether the class counts as identified, up to reporting.
    pub identified: bool,
    /// Whether the interval holds coverage times truth; `None` where nothing is identified.
    pub covered: Option<bool>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// No tape.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// No positions.
    #[error(transparent)]
    Positions(#[from] PositionsError),
    /// No clock.
    #[error(transparent)]
    Clock(#[from] crate::clocked::ClockError),
}

/// The crash of the table: one linear venue with open interest as declared and a fall of a tenth.
pub fn declared(seed: u64, coverage: f64) -> Declared {
    let mut declared = Declared {
        seed,
        duration_s: 7_200,
        amplification: Target::AsDeclared,
        ..Declared::default()
    };
    declared.ramp.start_s = 2_400.0;
    declared.ramp.size = 0.1;
    declared.venues.truncate(1);
    declared.venues[0].coverage = if coverage < 1.0 {
        Coverage::Share(coverage)
    } else {
        Coverage::Complete
    };
    declared
}

/// What is assumed for the table: what of the generator a calibration may know, its classes, maintenance ratio and
/// latency, and that nothing was opened within the tape but against forced orders.
pub fn assumed(declared: &Declared) -> Assumed {
    let venue = &declared.venues[0];
    Assumed {
        classes: venue.leverage.iter().map(|class| class.0).collect(),
        latency_s: venue.latency_s,
        churn: 0.3,
        churn_within: 0.0,
        survival: Survival::AtStart(0.02),
        top_up_per_h: 0.0,
        ..Assumed::new(venue.maintenance_ratio)
    }
}

/// Fits the mix of a market over a whole generated tape, over the structural cells around what is assumed.
///
/// # Errors
/// No positions, or no liquidation.
pub fn fitted(observed: &Observed, assumed: &Assumed, fitting: &Fitting) -> Result<OfCells, KnownError> {
    let to = *observed.marks.at.last().unwrap_or(&START);
    let clocked = Clocked::new(observed, START, to, 1.0)?;
    let span_s = (0.0, clocked.len() as f64);
    Ok(fit_cells(
        observed,
        &clocked,
        &structural(assumed),
        fitting,
        span_s,
    )?)
}

/// The table, by coverage, then seed, then class. The prior is flat, so that no answer comes of it.
///
/// # Errors
/// A tape that is not made or says nothing.
pub fn known_leverage(seeds: &[u64]) -> Result<Vec<Row>, KnownError> {
    let mut rows = Vec::new();
    for coverage in COVERAGES {
        for &seed in seeds {
            let declared = declared(seed, coverage);
            let Generated { printed, truth } = generate(&declared)?;
            let assumed = assumed(&declared);
            let flat = vec![1.0 / assumed.classes.len() as f64; assumed.classes.len()];
            let fitting = Fitting {
                smoothed: false,
                ..Fitting::new(flat)
            };
            let found = fitted(&printed.markets[0], &assumed, &fitting)?;
            let Some(best) = &found.found[found.best] else {
                continue;
            };
            for (place, truth) in truth.markets[0].leverage.iter().enumerate() {
                let class = &best.classes[place];
                let (low, high) = found.reported_intervals[place];
                let identified = found.identified[place];
                let wanted = coverage * truth.declared;
                rows.push(Row {
                    coverage,
                    seed,
                    leverage: class.leverage,
                    truth: truth.declared,
                    least_squares: class.reported,
                    em: class.reported_em,
                    interval: (low, high),
                    crossed: class.crossed,
                    identified,
                    covered: identified.then_some(low <= wanted && wanted <= high),
                });
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explore() {
        for row in known_leverage(&[1, 2, 3, 4, 5, 6]).expect("tapes") {
            println!(
                "{:4} {} {:5} true {:.3} ls {:.4} em {:.4} [{:.4} {:.4}] crossed {:.3} {} {:?}",
                row.coverage,
                row.seed,
                row.leverage,
                row.truth,
                row.least_squares,
                row.em,
                row.interval.0,
                row.interval.1,
                row.crossed,
                row.identified,
                row.covered
            );
        }
    }
}
