//! From an episode's name to its replayed journals: what the command line and SQL have in common.
//!
//! A [`Study`] is an episode made ready ([`Prepared`]), the rule sets it is replayed under ([`rule_sets`]), a seed and a
//! number of draws; it names its runs and replays them. What the program carries besides is here too: the [`venues`] with
//! their rules of record, the tables of the schema `catalog` ([`catalog`]), and the functions that SQL has for all of it
//! ([`sql`]).
//!
//! It computes nothing itself and prints nothing. Read [`Study`] first.

pub mod catalog;
mod error;
mod own;
pub mod position;
mod prepared;
pub mod rule_sets;
pub mod sql;
mod study;
pub mod venues;

use aftershock_calibrate::Priors;

pub use error::{Error, Result};
pub use own::{Own, shock};
pub use prepared::Prepared;
pub use study::Study;

const PRIORS: &str = include_str!("../../../data/priors.toml");

/// What is believed before a replay.
///
/// # Errors
/// This program was built with a malformed file.
pub fn priors() -> Result<Priors> {
    Ok(Priors::parse("data/priors.toml", PRIORS)?)
}

/// `did you mean x? `, or nothing where nothing is known.
fn near<'a>(names: impl Iterator<Item = &'a str>, typed: &str) -> String {
    let typed = &typed.to_lowercase();
    let nearest =
        names.max_by(|a, b| strsim::jaro_winkler(a, typed).total_cmp(&strsim::jaro_winkler(b, typed)));
    nearest.map_or(String::new(), |nearest| format!("did you mean {nearest}? "))
}
