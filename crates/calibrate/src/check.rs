//! Gates on synthetic crashes: what must hold of the world before any figure of it is shown.
//!
//! A gate of the machinery is run on a [`Crash`] that the world's own generator makes, one of a calibration on what such a crash
//! prints ([`calibration`], [`recovery`]); each ends in a [`Finding`]: pass, fail, or not measurable with the reason.
//! [`sensitivity`] has figures beside them. They prove that the machinery does what it says; they prove nothing about a
//! venue. Gates on a recorded episode are in [`crate::gates`]. Read [`Gate`], then [`run`].

mod attribution;
mod branching;
pub mod calibration;
mod conservation;
mod crash;
mod determinism;
mod gate;
mod identity;
mod lookahead;
pub mod recovery;
mod sensitivity;

use aftershock_replay::ReplayError;

pub use branching::{Branching, branching};
pub use crash::{Crash, declared};
pub use determinism::digest;
pub use gate::{Finding, Gate, Verdict};
pub use sensitivity::{Measured, sensitivity};

use crate::synth::{Declared, SynthError};

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

/// Runs a gate of the machinery on the declared crash; [`Gate::Branching`] on it and on those of the seeds that follow. What
/// another gate needs is its reason for not being measurable.
///
/// # Errors
/// A declaration that makes no crash.
pub fn run(gate: Gate, declared: &Declared) -> Result<Finding, CheckError> {
    let of: fn(&Crash) -> Result<Finding, CheckError> = match gate {
        Gate::Branching => return branching::gate(declared),
        Gate::Determinism => determinism::gate,
        Gate::Conservation => conservation::gate,
        Gate::Identity => identity::gate,
        Gate::Attribution => attribution::gate,
        Gate::LookAhead => lookahead::gate,
        other => {
            let why = other
                .elsewhere()
                .unwrap_or("it is of calibrations, and this is none");
            return Ok(Finding::not_measurable(other, why));
        }
    };
    of(&Crash::new(declared)?)
}
