//! Gates on synthetic crashes: what must hold of the world before any figure of it is shown.
//!
//! A gate is run on a [`Crash`] that the world's own generator makes, and ends in a [`Finding`]: pass, fail, or not
//! measurable with the reason. [`sensitivity`] has figures beside them. They prove that the machinery does what it says; they prove nothing about a venue.
//! Gates on a recorded episode are in [`crate::gates`]. Read [`Gate`], then [`run`].

mod attribution;
mod branching;
mod conservation;
mod crash;
mod determinism;
mod identity;
mod lookahead;
pub mod recovery;
mod sensitivity;

use std::fmt;
use std::str::FromStr;

use aftershock_replay::ReplayError;

pub use branching::{Branching, branching};
pub use crash::{Crash, declared};
pub use determinism::digest;
pub use sensitivity::{Measured, sensitivity};

use crate::synth::{Declared, SynthError};

/// A gate that synthetic crashes can decide. Numbers are those of the method notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// The same run gives the same bytes.
    Determinism,
    /// Money and contracts are conserved to the unit.
    Conservation,
    /// What is abducted from a record gives the record back.
    Identity,
    /// What a calibration says of crashes whose truth is known.
    Recovery,
    /// Two counts of how much forced flow forced flow brings about agree.
    Branching,
    /// The parts of an attribution add up to the whole.
    Attribution,
    /// What comes later changes nothing before.
    LookAhead,
}

impl Gate {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Determinism,
        Self::Conservation,
        Self::Identity,
        Self::Branching,
        Self::Attribution,
        Self::LookAhead,
    ];

    /// Its number, such as `G1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Determinism => "G0",
            Self::Conservation => "G1",
            Self::Identity => "G2",
            Self::Recovery => "G13",
            Self::Branching => "G14",
            Self::Attribution => "G15",
            Self::LookAhead => "G17",
        }
    }

    /// What has to hold.
    pub const fn threshold(self) -> &'static str {
        match self {
            Self::Determinism => "identical",
            Self::Conservation => "exactly 0",
            Self::Identity => "at most 1e-9 (log)",
            Self::Recovery => "covers 0.85, error 0.03, signs 0.95, better than priors",
            Self::Branching => "at most 0.10",
            Self::Attribution => "at most 1e-12",
            Self::LookAhead => "bit-identical",
        }
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|gate| gate.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!(
                "synthetic crashes decide {}; others need a record",
                names.join(", ")
            )
        })
    }
}

/// How a gate ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// This crash cannot tell, and why.
    NotMeasurable(String),
}

impl Verdict {
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("pass"),
            Self::Fail => f.write_str("fail"),
            Self::NotMeasurable(reason) => write!(f, "not measurable: {reason}"),
        }
    }
}

/// What a gate found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The gate.
    pub gate: Gate,
    /// What was measured, in words with the number first.
    pub figure: String,
    /// How it ends.
    pub verdict: Verdict,
}

/// Why a gate could not be run.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// No crash comes of the declaration.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// The crash does not run.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A made-up tape that a calibration refuses.
    #[error("calibration: {0}")]
    Recover(String),
    /// A tape that cannot be answered.
    #[error(transparent)]
    Refused(#[from] crate::recover::Refused),
    /// A figure that this crash does not give.
    #[error("not measurable on this crash: {0}")]
    NotMeasurable(#[from] aftershock_measure::NotMeasurable),
}

/// Runs a gate on the declared crash; [`Gate::Branching`] on it and on those of the seeds that follow.
///
/// # Errors
/// A declaration that makes no crash.
pub fn run(gate: Gate, declared: &Declared) -> Result<Finding, CheckError> {
    if gate == Gate::Branching {
        return branching::gate(declared);
    }
    let crash = Crash::new(declared)?;
    match gate {
        Gate::Determinism => determinism::gate(&crash),
        Gate::Conservation => conservation::gate(&crash),
        Gate::Identity => identity::gate(&crash),
        Gate::Attribution => attribution::gate(&crash),
        Gate::LookAhead | Gate::Branching | Gate::Recovery => lookahead::gate(&crash),
    }
}
