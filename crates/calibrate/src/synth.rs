//! Generated tapes whose truth is known: what a venue would have printed of a made-up crash, and apart from it what
//! really happened.
//!
//! They prove that a calibration recovers what was declared, and where it cannot; they prove nothing about the world.
//! The equations are those of the replay itself ([`aftershock_replay::world`], driven by news); what is declared is in
//! [`Declared`]. Only [`Printed`] may be shown to a calibration. Read [`Declared`], then [`generate`]; for the same crash under
//! other rules [`generate_under`].

mod borne;
mod channels;
pub(crate) mod check;
mod checks;
mod declared;
mod defaults;
mod drawn;
pub(crate) mod feed;
mod journal;
mod news;
mod nulls;
mod outcomes;
mod parameters;
mod printed;
mod ramp;
mod run;
mod spec;
pub(crate) mod stream;
pub(crate) mod target;
mod told;
mod truth;
mod under;
mod words;

use aftershock_market::Timestamp;
use aftershock_market::synthetic::Journal;
use aftershock_protocol::{Need, RuleSet};
use aftershock_replay::ReplayError;
use aftershock_replay::world::{WorldRun, WorldSpec};
pub(crate) use run::Stage;

pub use declared::{
    Arbitrage, Asset, Carry, Contract, Coverage, Declared, Engine, Impact, Mark, Positions, Snapshots, Venue,
};
pub use drawn::known;
pub use news::{News, news, tape};
pub use nulls::{Amplification, Null};
pub use printed::Printed;
pub use ramp::{Ramp, Shape};
pub use spec::{entries, spec};
pub use target::{Target, Tried};
pub use truth::{Branching, Exogenous, Feed, LeverageClass, Market, Orders, Truth};
pub use under::UnderRules;

/// Every generated tape begins at 2099-01-01T00:00:00Z, where it cannot be taken for a record; its bars lie before.
pub const START: Timestamp = Timestamp::from_seconds(4_070_908_800);

/// Why no tape is generated.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A declaration that makes no tape.
    #[error("{0}")]
    Declared(String),
    /// The search for open interest ended without the amplification.
    #[error(
        "amplification {target} is not reached: open interest of up to {largest:.1} times what is declared comes to \
         {nearest:.4} at the nearest; a larger ramp.size or more impact (impact.depth_elasticity, propagator.y) gives more, another seed or a wider \
         amplification_tolerance may hit where it is jumped over"
    )]
    OutOfReach {
        /// What was declared.
        target: f64,
        /// The nearest that was found.
        nearest: f64,
        /// The largest scale that was allowed.
        largest: f64,
    },
    /// The world does not run.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// A generated tape and its truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// What venues print: all that a calibration may see.
    pub printed: Printed,
    /// What really happened.
    pub truth: Truth,
}

/// Generates a tape: the same declaration gives the same bytes.
///
/// # Errors
/// A declaration that makes no tape, or an amplification that no open interest brings about.
pub fn generate(declared: &Declared) -> Result<Generated, SynthError> {
    Ok(made(&stage(declared)?)?.2)
}

/// Generates a tape, and what its world did under the rules of record and under other rules: news and ordinary flow are
/// those of the truth, so that rule sets differ in nothing else.
///
/// # Errors
/// As [`generate`], and a rule that breaks a step.
pub fn generate_under(
    declared: &Declared,
    rule_sets: &[UnderRules<'_>],
) -> Result<(Generated, Journal), SynthError> {
    let stage = stage(declared)?;
    let (spec, run, generated) = made(&stage)?;
    let journal = stage.journal((&spec, &run), &generated.truth, rule_sets)?;
    Ok((generated, journal))
}

/// What rules need and a declared crash does not have: there they change nothing, and nothing can be said of them.
///
/// # Errors
/// A declaration that makes no world, or a rule that breaks a step.
pub fn lacks(declared: &Declared, rules: &RuleSet) -> Result<Vec<Need>, SynthError> {
    stage(declared)?.lacks(rules)
}

fn stage(declared: &Declared) -> Result<Stage<'_>, SynthError> {
    declared.check().map_err(SynthError::Declared)?;
    Ok(Stage::new(declared))
}

/// The world that is printed, its run, and what is printed and true of it.
fn made(stage: &Stage<'_>) -> Result<(WorldSpec, WorldRun, Generated), SynthError> {
    let (spec, run, search) = stage.factual()?;
    let nulls = stage.nulls(&spec, &run)?;
    let (printed, forced) = stage.printed(&run);
    let truth = stage.truth((&spec, &run), search, nulls, &printed, &forced);
    Ok((spec, run, Generated { printed, truth }))
}

/// Half the time between two ticks, µs: the beat of the clock on which prices are read.
fn half_tick_us(ticks_per_s: f64) -> i64 {
    (5e5 / ticks_per_s).round() as i64
}

/// Name of a market in the words of its venue.
fn market_name(asset: &Asset, venue: &Venue) -> String {
    let kind = match venue.contract {
        Contract::Linear => "PERP",
        Contract::Inverse => "USD-INVERSE",
        Contract::Spot => "SPOT",
    };
    format!("{}-{kind}", asset.name)
}

#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod tests;
