//! Resamples of blocks of bins, and mixes drawn where nothing is crossed.

use aftershock_measure::NotMeasurable;
use aftershock_measure::nnls::{NonNegative, Normal};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma};

use super::binned::Binned;
use super::leverage::{Fitting, filled, weight};

/// Streams of draws from the prior, apart from those of the resamples.
const PRIOR_STREAMS: u64 = 1 << 32;

/// Bins of both sides in the order of time, those alone in which something is or could be liquidated.
pub(super) struct Blocks<'a> {
    /// Rows of the design of each kept bin.
    rows: Vec<Vec<(&'a [f64], f64)>>,
    fitting: &'a Fitting,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(binned: &Binned, matrix: &'a [f64], fitting: &'a Fitting) -> Self {
        let row = |place: usize| &matrix[place * binned.columns..(place + 1) * binned.columns];
        let mut rows = Vec::new();
        for bin in 0..binned.bins {
            let sides = [bin, binned.bins + bin];
            let kept: Vec<(&[f64], f64)> = sides
                .iter()
                .map(|place| (row(*place), binned.printed_usd[*place]))
                .filter(|(row, y)| *y > 0.0 || row.iter().any(|x| *x > 0.0))
                .collect();
            if !kept.is_empty() {
                rows.push(kept);
            }
        }
        Self { rows, fitting }
    }

    /// Weights of each resample, with the smoothing of the fit. Blocks of neighbouring bins, of geometric length, count more
    /// or less by a draw of the exponential law with mean one (Rubin 1981, *The Bayesian bootstrap*): drawing whole blocks
    /// would leave out all that speaks for a class in every other resample.
    pub(super) fn refits(&self, fit: &NonNegative) -> Result<Vec<Vec<f64>>, NotMeasurable> {
        let refit = |draw: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(self.fitting.seed);
            rng.set_stream(draw as u64);
            let mut normal = Normal::new(fit.weights.len());
            let mut counts: f64 = Exp1.sample(&mut rng);
            for rows in &self.rows {
                for (row, y) in rows {
                    normal.add(row, *y, counts * weight(row, self.fitting));
                }
                if rng.random::<f64>() * self.fitting.mean_block < 1.0 {
                    counts = Exp1.sample(&mut rng);
                }
            }
            Ok(normal.solve(fit.smoothing)?.weights)
        };
        (0..self.fitting.draws).map(refit).collect()
    }
}

/// A resample's mix, with a draw of the Dirichlet prior where nothing is crossed.
pub(super) fn filled_draw(reported: &[f64], seen: &[bool], fitting: &Fitting, draw: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(fitting.seed);
    rng.set_stream(PRIOR_STREAMS + draw as u64);
    let mut gamma = |share: &f64| {
        let shape = fitting.prior_strength * share;
        Gamma::new(shape, 1.0).map_or(0.0, |law| law.sample(&mut rng))
    };
    let drawn: Vec<f64> = fitting.prior.iter().map(&mut gamma).collect();
    filled(reported, seen, fitting, &drawn)
}
