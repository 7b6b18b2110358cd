//! Resamples of blocks of bins, and mixes drawn where nothing is crossed.

use aftershock_measure::NotMeasurable;
use aftershock_measure::bootstrap::stationary_bootstrap;
use aftershock_measure::nnls::{NonNegative, Normal};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

use super::binned::Binned;
use super::leverage::{Fitting, filled};

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

    /// Weights of each resample, with the smoothing of the fit.
    pub(super) fn refits(&mut self, fit: &NonNegative) -> Result<Vec<Vec<f64>>, NotMeasurable> {
        let columns = fit.weights.len();
        let mean_block = self.fitting.mean_block.min(self.rows.len() as f64).max(1.0);
        let mut refits = Vec::with_capacity(self.fitting.draws);
        let count = self.rows.len();
        stationary_bootstrap(count, mean_block, self.fitting.draws, self.fitting.seed, |drawn| {
            let mut normal = Normal::new(columns);
            for bin in drawn {
                for (row, y) in &self.rows[*bin] {
                    normal.add(row, *y, 1.0);
                }
            }
            refits.push(normal.solve(fit.smoothing)?.weights);
            Ok(0.0)
        })?;
        Ok(refits)
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
