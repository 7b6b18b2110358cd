//! The mix of leverage that printed liquidations speak for.
//!
//! What is found is reporting times weight: a feed that prints half of all liquidations halves every weight and changes
//! nothing else, so the two are told apart only by a reporting share that comes from elsewhere ([`super::reporting`]).
//! Classes whose levels the mark never crossed leave no trace; they are filled by a prior, and say so.

use aftershock_measure::em::richardson_lucy;
use aftershock_measure::nnls::Normal;
use aftershock_measure::quantile::quantile;

use super::binned::{Binned, Bins};
use super::design::Crossings;
use super::draws::{Blocks, filled_draw};
use super::positions::{Positions, PositionsError};
use crate::clocked::Clocked;
use crate::observed::Observed;

/// How a mix is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitting {
    /// Length of the bins, s.
    pub bin_s: f64,
    /// Log width of the price buckets.
    pub bucket_log: f64,
    /// Shares by class that are believed before a liquidation is seen; sum to one.
    pub prior: Vec<f64>,
    /// How sure they are: the sum of the Dirichlet law's parameters.
    pub prior_strength: f64,
    /// Share of liquidations that the feed prints.
    pub reporting: f64,
    /// What of open interest the recorded mark must liquidate, had all opened in a class, for the class to count as crossed.
    pub least_crossed: f64,
    /// Whether second differences are smoothed as generalised cross-validation says.
    pub smoothed: bool,
    /// Resamples of blocks of bins.
    pub draws: usize,
    /// Mean length of a block, bins.
    pub mean_block: f64,
    /// Added to a bin's expected value where bins are weighted by one over it, USD.
    pub floor_usd: f64,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Fitting {
    /// The defaults of the method notes, with a prior.
    pub fn new(prior: Vec<f64>) -> Self {
        Self {
            bin_s: 60.0,
            bucket_log: 1e-3,
            prior,
            prior_strength: 20.0,
            reporting: 1.0,
            least_crossed: 0.02,
            smoothed: true,
            draws: 200,
            mean_block: 3.0,
            floor_usd: 1e6,
            seed: 1,
        }
    }
}

/// The reference mix of the method notes, `[leverage, share]`.
pub const REFERENCE: [(f64, f64); 6] = [
    (3.0, 0.2),
    (5.0, 0.25),
    (10.0, 0.3),
    (20.0, 0.15),
    (50.0, 0.07),
    (100.0, 0.03),
];

/// The reference mix on other classes: each share spread over the classes by a normal law of width 0.2 in the log of
/// leverage.
pub fn reference_prior(classes: &[f64]) -> Vec<f64> {
    let mut prior = vec![0.0; classes.len()];
    for (leverage, share) in REFERENCE {
        let near = |class: &f64| {
            let z = libm::log(class / leverage) / 0.2;
            libm::exp(-0.5 * z * z)
        };
        let all: f64 = classes.iter().map(near).sum();
        for (part, class) in prior.iter_mut().zip(classes) {
            *part += share * near(class) / all.max(f64::MIN_POSITIVE);
        }
    }
    let sum: f64 = prior.iter().sum();
    prior.iter().map(|part| part / sum).collect()
}

/// What is found of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassFound {
    /// The class.
    pub leverage: f64,
    /// Reporting times share at opening, by least squares in time bins: what the record speaks for; 0 where it is not crossed.
    pub reported: f64,
    /// The same by expectation and maximisation.
    pub reported_em: f64,
    /// What the recorded mark liquidates of it, had all opened in it, over open interest, both sides together.
    pub crossed: f64,
    /// Whether that is enough, and nine in ten resamples agree that it is there: then the interval speaks of it, up to
    /// reporting. A class that is crossed and not identified is so only together with its neighbours.
    pub identified: bool,
    /// 5 % and 95 % of reporting times share over resamples.
    pub reported_interval: (f64, f64),
}

/// A fitted mix.
#[derive(Clone, Debug, PartialEq)]
pub struct Leverage {
    /// Classes, rising.
    pub classes: Vec<ClassFound>,
    /// Shares at opening, sum to one: the fit over the reporting share where a class is crossed, elsewhere the prior.
    pub mix: Vec<f64>,
    /// The same by expectation and maximisation.
    pub mix_em: Vec<f64>,
    /// Mixes of the resamples, classes that are not crossed drawn from the prior.
    pub ensemble: Vec<Vec<f64>>,
    /// Reporting times the sum of the shares of classes that are crossed. Shares sum to one at most, so this is a lower bound of reporting.
    pub reported_sum: f64,
    /// Smoothing that was chosen, 0 for none.
    pub smoothing: f64,
    /// Wasserstein-1 distance of the mixes from time bins and from price buckets, in the log of leverage, classes that
    /// are crossed only and each summing to one; `None` where either finds nothing.
    pub time_against_price: Option<f64>,
    /// Reporting times shares of each resample.
    pub refits: Vec<Vec<f64>>,
    /// Weighted residual sum of squares, and the bins that it is of.
    pub residual_sum: f64,
    /// Bins in which something is printed or could have been.
    pub rows: usize,
    /// Residual sum of squares over that of no liquidations at all.
    pub unexplained: f64,
    /// Shares of openings that survive to the start under the mix: long, short.
    pub survived: [f64; 2],
}

/// Fits the mix to what is printed between two instants, s after the clock's start.
///
/// # Errors
/// No printed liquidation, or none that a class explains.
pub fn fit(
    observed: &Observed,
    clocked: &Clocked,
    positions: &Positions,
    crossings: &Crossings,
    fitting: &Fitting,
    span_s: (f64, f64),
) -> Result<Leverage, PositionsError> {
    let columns = positions.assumed.classes.len();
    check(fitting, columns)?;
    let binned = |bins| Binned::new(observed, clocked, crossings, columns, bins, span_s);
    let times = binned(Bins::Time(fitting.bin_s));
    let crossed = crossed(positions, &times, fitting);
    let seen: Vec<bool> = crossed
        .iter()
        .map(|share| *share >= fitting.least_crossed)
        .collect();
    let mut survived = positions.survived_of(&fitting.prior);
    let mut solved = solve(&times, survived, fitting)?;
    // What stood at the start is scaled to open interest, and how much survived depends on the mix.
    for _ in 0..20 {
        let mix = filled(&solved.weights, &seen, fitting, &fitting.prior);
        let before = std::mem::replace(&mut survived, positions.survived_of(&mix));
        solved = solve(&times, survived, fitting)?;
        if (0..2).all(|side| (survived[side] - before[side]).abs() < 1e-9) {
            break;
        }
    }
    let matrix = times.matrix(survived);
    let em = richardson_lucy(&matrix, columns, &times.printed_usd, 1_000, 1e-5)?;
    let blocks = Blocks::new(&times, &matrix, fitting);
    let refits = blocks.refits(&solved)?;
    let intervals: Vec<(f64, f64)> = (0..columns).map(|class| interval_of(&refits, class)).collect();
    let ensemble = refits
        .iter()
        .enumerate()
        .map(|(draw, weights)| filled_draw(weights, &seen, fitting, draw))
        .collect();
    let prices = binned(Bins::Price(fitting.bucket_log));
    let by_price = solve(&prices, survived, fitting)?.weights;
    let none: f64 = times.printed_usd.iter().map(|y| y * y).sum();
    let classes = (0..columns).map(|class| ClassFound {
        leverage: positions.assumed.classes[class],
        reported: if seen[class] { solved.weights[class] } else { 0.0 },
        reported_em: if seen[class] { em[class] } else { 0.0 },
        crossed: crossed[class],
        identified: seen[class] && intervals[class].0 > 0.0,
        reported_interval: if seen[class] { intervals[class] } else { (0.0, 0.0) },
    });
    let model = times.modelled(survived, &solved.weights);
    let left: f64 = model
        .iter()
        .zip(&times.printed_usd)
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    let of_seen = |weights: &[f64]| -> Vec<f64> {
        let rows = weights.iter().zip(&seen);
        rows.map(|(w, seen)| if *seen { *w } else { 0.0 }).collect()
    };
    Ok(Leverage {
        classes: classes.collect(),
        mix: filled(&solved.weights, &seen, fitting, &fitting.prior),
        mix_em: filled(&em, &seen, fitting, &fitting.prior),
        ensemble,
        reported_sum: of_seen(&solved.weights).iter().sum(),
        smoothing: solved.smoothing,
        time_against_price: wasserstein_log(
            &positions.assumed.classes,
            &of_seen(&solved.weights),
            &of_seen(&by_price),
        ),
        refits,
        residual_sum: solved.residual_sum,
        rows: matrix
            .chunks_exact(columns)
            .zip(&times.printed_usd)
            .filter(|(row, y)| **y > 0.0 || row.iter().any(|x| *x > 0.0))
            .count(),
        unexplained: left / none,
        survived,
    })
}

fn check(fitting: &Fitting, columns: usize) -> Result<(), PositionsError> {
    let refuse = |words: String| Err(PositionsError::Assumed(words));
    let sum: f64 = fitting.prior.iter().sum();
    if fitting.prior.len() != columns || (sum - 1.0).abs() > 1e-9 || fitting.prior.iter().any(|w| *w < 0.0) {
        return refuse(format!(
            "prior mix of {} shares that sum to {sum}: it should be {columns} shares that sum to 1",
            fitting.prior.len()
        ));
    }
    if !(fitting.reporting > 0.0 && fitting.reporting <= 1.0) {
        return refuse(format!(
            "reporting {}: it should be above 0 and 1 at most",
            fitting.reporting
        ));
    }
    Ok(())
}

/// What the recorded mark liquidates of each class, over open interest, as if the prior were the mix.
fn crossed(positions: &Positions, binned: &Binned, fitting: &Fitting) -> Vec<f64> {
    let matrix = binned.matrix(positions.survived_of(&fitting.prior));
    let usd = |class: usize| matrix.iter().skip(class).step_by(binned.columns).sum::<f64>();
    (0..binned.columns)
        .map(|class| usd(class) / positions.open_interest_usd)
        .collect()
}

fn solve(
    binned: &Binned,
    survived: [f64; 2],
    fitting: &Fitting,
) -> Result<aftershock_measure::nnls::NonNegative, PositionsError> {
    let matrix = binned.matrix(survived);
    let mut normal = Normal::new(binned.columns);
    for (place, row) in matrix.chunks_exact(binned.columns).enumerate() {
        let y = binned.printed_usd[place];
        if y > 0.0 || row.iter().any(|x| *x > 0.0) {
            normal.add(row, y, weight(row, fitting));
        }
    }
    let fit = if fitting.smoothed {
        normal.cross_validated()?
    } else {
        normal.solve(0.0)?
    };
    Ok(fit)
}

/// Weight of a bin: one over what it would print under the prior mix, since printed values are counts of accounts and
/// scatter with their mean.
pub(super) fn weight(row: &[f64], fitting: &Fitting) -> f64 {
    let mean: f64 = row.iter().zip(&fitting.prior).map(|(x, w)| x * w).sum();
    1.0 / (mean + fitting.floor_usd)
}

/// Shares that sum to one: what is crossed over the reporting share, and what open interest it leaves as `prior` says.
pub(super) fn filled(reported: &[f64], seen: &[bool], fitting: &Fitting, prior: &[f64]) -> Vec<f64> {
    let found = |class: usize| reported[class] / fitting.reporting;
    let classes = 0..reported.len();
    let known: f64 = classes.clone().filter(|class| seen[*class]).map(found).sum();
    let believed: f64 = classes
        .clone()
        .filter(|class| !seen[*class])
        .map(|class| prior[class])
        .sum();
    let left = (1.0 - known).max(0.0);
    let mix = classes.map(|class| match (seen[class], believed > 0.0) {
        (true, _) => found(class),
        (false, true) => left * prior[class] / believed,
        (false, false) => 0.0,
    });
    let mix: Vec<f64> = mix.collect();
    let sum: f64 = mix.iter().sum();
    if sum > 0.0 {
        mix.iter().map(|share| share / sum).collect()
    } else {
        prior.to_vec()
    }
}

/// 5 % and 95 % of a class over resamples.
pub(super) fn interval_of(refits: &[Vec<f64>], class: usize) -> (f64, f64) {
    let mut all: Vec<f64> = refits.iter().map(|weights| weights[class]).collect();
    all.sort_by(f64::total_cmp);
    let at = |p| quantile(&all, p).unwrap_or(f64::NAN);
    (at(0.05), at(0.95))
}

/// Wasserstein-1 distance of two mixes over classes, each scaled to one, in the log of leverage.
pub fn wasserstein_log(classes: &[f64], a: &[f64], b: &[f64]) -> Option<f64> {
    let (all_a, all_b): (f64, f64) = (a.iter().sum(), b.iter().sum());
    if !(all_a > 0.0 && all_b > 0.0) {
        return None;
    }
    let (mut ahead, mut distance) = (0.0_f64, 0.0);
    for class in 0..classes.len().saturating_sub(1) {
        ahead += a[class] / all_a - b[class] / all_b;
        distance += ahead.abs() * libm::log(classes[class + 1] / classes[class]);
    }
    Some(distance)
}
