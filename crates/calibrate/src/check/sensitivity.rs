//! Small causes and large effects in a synthetic crash: what a kick, a twin, a little more leverage comes to.
//!
//! Figures, not gates: there is no value that they should have. They rest on [`super::Gate::Determinism`], for without it
//! twins part by themselves. Everything is read in the crash's first market, and says what this declared world does; no
//! record has shown that a venue does it too.

mod avalanches;
mod kicks;
mod leverage;
mod there_and_back;

use aftershock_measure::drawdown::max_drawdown_log;
use aftershock_measure::quantile::quantile;
use aftershock_replay::ReplayError;
use aftershock_replay::world::{Channels, Drive, WorldEvent, WorldRun, WorldTape};

use super::{CheckError, Crash};
use crate::synth::{Declared, START};

/// A figure and how it is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What is measured.
    pub measure: &'static str,
    /// The figure with what belongs to it.
    pub figure: String,
    /// What it means.
    pub meaning: &'static str,
}

/// All figures of the declared crash.
///
/// # Errors
/// A declaration that makes no crash.
pub fn sensitivity(declared: &Declared) -> Result<Vec<Measured>, CheckError> {
    let crash = Crash::new(declared)?;
    let mut all = kicks::measured(&crash)?;
    all.push(avalanches::measured(declared)?);
    all.extend(leverage::measured(&crash)?);
    all.extend(there_and_back::measured(declared)?);
    Ok(all)
}

impl Crash {
    fn run_on(&self, tape: &WorldTape) -> Result<WorldRun, ReplayError> {
        self.world(Channels::ALL)?.run(tape, Drive::News)
    }

    /// The tape with so many USD more sold in the first market's first tick from an instant on, s from the start.
    fn kicked(&self, at_s: f64, usd: f64) -> WorldTape {
        let mut out = WorldTape::with_capacity(self.tape.len());
        let mut left = usd;
        for place in 0..self.tape.len() {
            let (at, mut event) = self.tape.event(place);
            if let WorldEvent::Tick {
                market: 0,
                ordinary_usd,
                ..
            } = &mut event
                && at.seconds_since(START) >= at_s
            {
                *ordinary_usd -= std::mem::take(&mut left);
            }
            out.push(at, event);
        }
        out
    }
}

/// The path of the first market on the clock of the run.
fn path(run: &WorldRun) -> Vec<f64> {
    let rows = run.journal.prices.iter().filter(|row| row.market == 0);
    rows.map(|row| row.log_price).collect()
}

fn drawdown(run: &WorldRun) -> f64 {
    max_drawdown_log(&path(run))
}

/// `median [5 %, 95 %]` of what is finite.
fn spread(values: &[f64]) -> String {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |p| quantile(&sorted, p).unwrap_or(f64::NAN);
    format!("{:.2} [{:.2}, {:.2}]", at(0.5), at(0.05), at(0.95))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;

    #[test]
    fn a_kick_is_sold_once() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let kicked = crash.kicked(400.2, 7.0);
        let differing: Vec<usize> = (0..kicked.len())
            .filter(|&place| kicked.event(place) != crash.tape.event(place))
            .collect();
        assert_eq!(differing.len(), 1);
        let [(at, after), (_, before)] = [kicked.event(differing[0]), crash.tape.event(differing[0])];
        assert_eq!(at, START.plus_seconds(400.5));
        let (
            WorldEvent::Tick {
                ordinary_usd: more, ..
            },
            WorldEvent::Tick {
                ordinary_usd: less, ..
            },
        ) = (after, before)
        else {
            panic!("{after:?}");
        };
        assert!((less - more - 7.0).abs() < 1e-6);
    }

    #[test]
    fn a_spread_leaves_out_what_is_no_number() {
        assert_eq!(spread(&[3.0, 1.0, f64::NAN, 2.0]), "2.00 [1.10, 2.90]");
    }
}
