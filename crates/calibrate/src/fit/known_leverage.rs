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

    /// What the method notes say of generated tapes: crossed classes are recovered, uncrossed are not identified, and
    /// the sum of weights scales with what is printed.
    #[test]
    fn what_is_and_is_not_identified() {
        let rows = known_leverage(&[1, 2, 3, 4, 5, 6]).expect("tapes");
        // A fall of a tenth never comes to where 3x and 5x break, at 33 and 20 percent less half a percent.
        for row in rows.iter().filter(|row| row.leverage <= 5.0) {
            assert!(
                !row.identified && row.crossed == 0.0 && row.least_squares == 0.0,
                "{row:?}"
            );
        }
        let of = |coverage: f64, leverage: f64| {
            rows.iter()
                .filter(move |row| row.coverage == coverage && row.leverage == leverage)
        };
        // Where all is printed, the two classes that the fall breaks nearly whole are found within a tenth, by both methods.
        for (leverage, truth) in [(10.0, 0.3), (20.0, 0.15)] {
            for row in of(1.0, leverage) {
                assert!(row.identified, "{row:?}");
                for found in [row.least_squares, row.em] {
                    assert!((found / truth - 1.0).abs() < 0.1, "{row:?}");
                }
            }
        }
        // Intervals of nine tenths that doubt the same few assumptions as all of them: three in four at least hold the truth.
        let covered = |coverage: f64| {
            let rows = rows.iter().filter(|row| row.coverage == coverage);
            let told: Vec<bool> = rows.filter_map(|row| row.covered).collect();
            (told.iter().filter(|covered| **covered).count(), told.len())
        };
        for coverage in [1.0, 0.5] {
            let (inside, all) = covered(coverage);
            assert!(
                all >= 15 && inside * 100 >= all * 75,
                "{inside} of {all} at {coverage}"
            );
        }
        // The sum over well-crossed classes is what is printed of it, to a tenth at one half. At a tenth the fall of open
        // interest looks like holders who closed, so that fewer are left for what is printed and the sum comes out too large.
        let sum = |coverage: f64| -> f64 {
            let of_both =
                [10.0, 20.0].map(|leverage| of(coverage, leverage).map(|row| row.least_squares).sum::<f64>());
            of_both.iter().sum()
        };
        assert!(
            (sum(0.5) / sum(1.0) / 0.5 - 1.0).abs() < 0.1,
            "{}",
            sum(0.5) / sum(1.0)
        );
        assert!(
            (sum(0.1) / sum(1.0) / 0.1 - 1.0).abs() < 0.35,
            "{}",
            sum(0.1) / sum(1.0)
        );
    }

    /// Exactly collinear: half of every print is half of every weight, for the same design.
    #[test]
    fn half_of_every_print_is_half_of_every_weight() {
        use crate::fit::design::Crossings;
        use crate::fit::leverage::fit;
        use crate::fit::positions::Positions;

        let declared = declared(1, 1.0);
        let generated = generate(&declared).expect("a tape");
        let observed = &generated.printed.markets[0];
        let assumed = assumed(&declared);
        let clocked =
            Clocked::new(observed, START, *observed.marks.at.last().expect("marks"), 1.0).expect("a clock");
        let positions = Positions::new(observed, &clocked, assumed.clone()).expect("positions");
        let crossings = Crossings::new(observed, &clocked, &positions);
        let flat = Fitting {
            smoothed: false,
            draws: 1,
            ..Fitting::new(vec![1.0 / 6.0; 6])
        };
        let of = |observed: &Observed, reporting: f64| {
            let fitting = Fitting {
                reporting,
                ..flat.clone()
            };
            let span_s = (0.0, clocked.len() as f64);
            fit(observed, &clocked, &positions, &crossings, &fitting, span_s).expect("a mix")
        };
        let whole = of(observed, 1.0);
        let mut halved = observed.clone();
        halved
            .liquidations
            .quantity
            .iter_mut()
            .for_each(|one| *one *= 0.5);
        let half = of(&halved, 0.5);
        for class in 0..6 {
            let (whole, half) = (whole.classes[class].reported, half.classes[class].reported);
            assert!((half - 0.5 * whole).abs() < 1e-6, "{half} is not half of {whole}");
        }
        for (a, b) in whole.mix.iter().zip(&half.mix) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}
