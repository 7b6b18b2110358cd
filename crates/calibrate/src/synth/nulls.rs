//! What the price would have been without feedback, in three senses, and amplification against each.

use aftershock_measure::drawdown::max_drawdown_log;
use aftershock_measure::signature::{FEWEST_RETURNS, changes};
use aftershock_measure::variance::realized_variance;
use aftershock_replay::world::{Channels, Drive, WorldRun, WorldSpec};
use serde::Serialize;

use super::SynthError;
use super::run::Stage;

/// Clocks on which amplification is told, s; those that the clock of the run does not hold are left out.
const CLOCKS_S: [u32; 5] = [1, 10, 60, 300, 900];
/// The window of the crash: from so long before its start to so long after, s.
const CRASH_S: (f64, f64) = (300.0, 3_600.0);
/// Clock of the paths that are told, s.
const PATH_S: u32 = 10;

/// A null, and what the price was against it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Null {
    /// Its name.
    pub name: &'static str,
    /// What it leaves out.
    pub meaning: &'static str,
    /// Amplification over the whole tape, on several clocks.
    pub whole: Vec<Amplification>,
    /// Amplification from five minutes before the ramp's start to an hour after.
    pub crash: Vec<Amplification>,
    /// Largest fall of each market, log.
    pub drawdown: Vec<f64>,
    /// Log price of each market, every ten seconds.
    pub log_price: Vec<Vec<f64>>,
}

/// Variance of the price over that of a null, on a clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Amplification {
    /// The clock, s.
    pub clock_s: u32,
    /// Returns on it.
    pub returns: usize,
    /// All markets together: sum of variances over sum of variances; absent under thirty returns.
    pub all: Option<f64>,
    /// Each market.
    pub markets: Vec<Option<f64>>,
}

/// The paths of a world on its own clock, a market each.
pub(super) struct Paths(pub(super) Vec<Vec<f64>>);

impl Stage<'_> {
    /// The factual path and its three nulls; the first is the factual one against itself.
    pub(super) fn nulls(&self, spec: &WorldSpec, run: &WorldRun) -> Result<[Null; 4], SynthError> {
        let factual = self.paths(run, false);
        let off_book = self.paths(run, true);
        let removed = self.run(&self.spec(0.0), Channels::ALL, Drive::News)?;
        let removed = self.paths(&removed, false);
        let (log_news, depth) = run
            .exogenous
            .as_ref()
            .expect("a run that news drove returns what was exogenous");
        let frozen = Channels {
            depth_withdrawal: false,
            ..Channels::ALL
        };
        let frozen = self.run(spec, frozen, Drive::Exogenous { log_news, depth })?;
        let frozen = self.paths(&frozen, false);
        let null = |name, meaning, paths: &Paths| Null {
            name,
            meaning,
            whole: self.amplifications(&factual, paths, (0.0, f64::from(self.declared.duration_s))),
            crash: self.amplifications(&factual, paths, self.crash_s()),
            drawdown: paths.0.iter().map(|path| max_drawdown_log(path)).collect(),
            log_price: paths.0.iter().map(|path| self.on_clock(path, PATH_S)).collect(),
        };
        Ok([
            null("none", "The price itself.", &factual),
            null(
                "off-book",
                "Positions are liquidated as they were, and neither forced orders nor arbitrage and carry traders meet a \
                 book; ordinary flow meets the depth that it met.",
                &off_book,
            ),
            null(
                "thresholds-removed",
                "Nobody is liquidated; ordinary flow meets the depth of that calmer market.",
                &removed,
            ),
            null(
                "depth-frozen",
                "Forced orders, arbitrage and carry traders meet normal depth; ordinary flow meets the depth that it met.",
                &frozen,
            ),
        ])
    }

    pub(super) fn paths(&self, run: &WorldRun, null: bool) -> Paths {
        let of = |market| {
            let rows = self.rows(run, market, 1);
            rows.map(|row| if null { row.log_null } else { row.log_price })
                .collect()
        };
        Paths((0..self.markets()).map(of).collect())
    }

    /// A path of the run's own clock on a slower one; empty where the slower one does not fall on it.
    fn on_clock(&self, path: &[f64], clock_s: u32) -> Vec<f64> {
        match self.beats(f64::from(clock_s)) {
            0 => Vec::new(),
            beats => path.iter().step_by(beats).copied().collect(),
        }
    }

    /// The window of the crash, s from the start, within the tape and on whole quarters of an hour's clocks.
    pub(super) fn crash_s(&self) -> (f64, f64) {
        let start_s = self.declared.ramp.span_s().0.floor();
        let end_s = f64::from(self.declared.duration_s);
        ((start_s - CRASH_S.0).max(0.0), (start_s + CRASH_S.1).min(end_s))
    }

    pub(super) fn amplifications(
        &self,
        factual: &Paths,
        null: &Paths,
        (from_s, to_s): (f64, f64),
    ) -> Vec<Amplification> {
        let mut clocks: Vec<u32> = CLOCKS_S
            .into_iter()
            .chain([self.declared.amplification_clock_s])
            .collect();
        clocks.sort_unstable();
        clocks.dedup();
        let beat_s = 1.0 / (2.0 * self.declared.ticks_per_s);
        let (from, to) = (
            (from_s / beat_s).round() as usize,
            (to_s / beat_s).round() as usize,
        );
        let variance = |path: &[f64], beats: usize| {
            let to = to.min(path.len() - 1);
            let returns = changes(&path[from.min(to)..=to], beats);
            (returns.len(), realized_variance(&returns))
        };
        let mut told = Vec::new();
        for clock_s in clocks {
            let beats = self.beats(f64::from(clock_s));
            if beats == 0 {
                continue;
            }
            let pairs: Vec<((usize, f64), (usize, f64))> = factual
                .0
                .iter()
                .zip(&null.0)
                .map(|(factual, null)| (variance(factual, beats), variance(null, beats)))
                .collect();
            let returns = pairs[0].0.0;
            let ratio =
                |factual: f64, null: f64| (returns >= FEWEST_RETURNS && null > 0.0).then(|| factual / null);
            told.push(Amplification {
                clock_s,
                returns,
                all: ratio(
                    pairs.iter().map(|pair| pair.0.1).sum(),
                    pairs.iter().map(|pair| pair.1.1).sum(),
                ),
                markets: pairs.iter().map(|pair| ratio(pair.0.1, pair.1.1)).collect(),
            });
        }
        told
    }
}
