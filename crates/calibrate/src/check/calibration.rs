//! G4 to G10 and G12: what a calibration of one tape is worth, by what of the tape it has not seen.
//!
//! The tape is made up, so that every gate can be measured, and its truth is used by none of them: what is judged is what
//! could be judged of a record.

mod forced;
mod impact;

use super::{CheckError, Finding, Gate};
use crate::Priors;
use crate::clocked::Clocked;
use crate::foreign::{self, Kind};
use crate::known::Known;
use crate::observed::Observed;
use crate::recover::{self, Asked, Calibrated, Refused};
use crate::synth::{self, Contract, Declared, Generated, START, SynthError};

/// Number of the tape that is judged where none is named.
pub const DEFAULT: u64 = 62;
/// Draws of amplification, which no gate here reads, and of the closed loop.
const DRAWS: (u32, u32) = (18, 0);
/// Seed of resamples and shuffles.
const SEED: u64 = 1;

/// A tape to be judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    /// What it is, in one line.
    pub about: String,
    /// All that a calibration may see.
    pub observed: Observed,
    /// What it may be told of the venue: maintenance margin over notional.
    pub maintenance_ratio: f64,
}

impl From<Known> for Tape {
    fn from(known: Known) -> Self {
        Self {
            about: known.about,
            observed: known.observed,
            maintenance_ratio: known.maintenance_ratio,
        }
    }
}

impl Tape {
    /// The crash of a number, of the replay's own equations; [`DEFAULT`] aims at an amplification of 1.25.
    ///
    /// # Errors
    /// A world that does not run.
    pub fn own(number: u64) -> Result<Self, SynthError> {
        Ok(synth::known(number)?.into())
    }

    /// The crash of a number, of foreign equations.
    ///
    /// # Errors
    /// A declaration that makes no tape.
    pub fn foreign(kind: Kind, number: u64) -> Result<Self, SynthError> {
        Ok(foreign::known(kind, number)?.into())
    }

    /// The first perpetual of a declared crash that prints liquidations.
    ///
    /// # Errors
    /// A declaration that makes no crash, or none in which a perpetual prints a liquidation.
    pub fn declared(declared: &Declared) -> Result<Self, SynthError> {
        let Generated { printed, .. } = synth::generate(declared)?;
        let found = printed.markets.into_iter().find_map(|market| {
            let venue = declared.venues.iter().find(|venue| {
                venue.contract != Contract::Spot && market.venue == format!("synthetic-{}", venue.name)
            })?;
            (!market.liquidations.is_empty()).then_some((market, venue.maintenance_ratio))
        });
        let (observed, maintenance_ratio) = found.ok_or_else(|| {
            SynthError::Declared(
                "no perpetual of the declared crash prints a liquidation; a larger ramp.size or more open interest \
                 makes some"
                    .into(),
            )
        })?;
        Ok(Self {
            about: format!(
                "{}:{} of the declared crash, seed {}",
                observed.venue, observed.instrument, declared.seed
            ),
            observed,
            maintenance_ratio,
        })
    }
}

/// What the gates share.
struct Judge<'a> {
    tape: &'a Tape,
    priors: &'a Priors,
    clocked: Clocked,
    calibrated: Calibrated,
}

/// Calibrates a tape and judges it by these gates of [`Gate::CALIBRATION`]; another's finding is that it is none of them.
///
/// # Errors
/// A tape that cannot be replayed.
pub fn judge(tape: &Tape, priors: &Priors, gates: &[Gate]) -> Result<Vec<Finding>, CheckError> {
    let to = *tape.observed.marks.at.last().unwrap_or(&START);
    let clocked = Clocked::new(&tape.observed, START, to, 1.0).map_err(Refused::from)?;
    let brackets =
        recover::one_bracket(tape.maintenance_ratio).map_err(|why| CheckError::Recover(why.to_string()))?;
    let calibrated = recover::calibrated(&Asked {
        observed: &tape.observed,
        clocked: &clocked,
        priors,
        brackets: &brackets,
        name: &tape.about,
        draws: DRAWS.0,
        replays: DRAWS.1,
    })?;
    let judge = Judge {
        tape,
        priors,
        clocked,
        calibrated,
    };
    let mut forced = None;
    let mut of = |gate| match gate {
        Gate::ForcedVolume | Gate::ForcedTiming | Gate::ForcedPrices | Gate::OpenInterest => {
            let all = forced.get_or_insert_with(|| judge.forced());
            all.iter().find(|one| one.gate == gate).cloned()
        }
        Gate::Depth => Some(judge.depth()),
        Gate::ImpactOutOfSample => Some(judge.out_of_sample()),
        Gate::InstrumentStrength => Some(judge.strength()),
        Gate::FlowShuffle => Some(judge.shuffled()),
        _ => None,
    };
    let none = |gate| Finding::not_measurable(gate, "no calibration of one tape decides it");
    Ok(gates
        .iter()
        .map(|gate| of(*gate).unwrap_or_else(|| none(*gate)))
        .collect())
}

impl Judge<'_> {
    /// Share of liquidations that the feed is taken to print.
    fn reporting(&self) -> f64 {
        self.calibrated.reporting.interval.1
    }
}

#[cfg(test)]
mod tests;
