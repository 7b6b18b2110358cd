//! The same news and ordinary flow under other rules: no calibration stands in between.

use aftershock_market::synthetic::RuleSetRow;
use aftershock_protocol::RuleSet;
use aftershock_replay::world::{Channels, Drive, WorldRun, WorldSpec};

use super::SynthError;
use super::run::Stage;

/// A rule set that a generated crash is run under.
#[derive(Clone, Debug)]
pub struct UnderRules<'a> {
    /// What it is called and what it says.
    pub about: RuleSetRow,
    /// Its rules; none are the rules of record.
    pub rules: &'a RuleSet,
}

/// What a rule set came to.
pub(super) struct Under {
    /// News, ordinary flow and the depth that it met are those of the truth.
    pub(super) held: WorldRun,
    /// News and ordinary flow are, and ordinary flow meets the books of this world.
    pub(super) free: WorldRun,
}

impl Stage<'_> {
    pub(super) fn under(
        &self,
        (spec, truth): (&WorldSpec, &WorldRun),
        rules: &RuleSet,
    ) -> Result<Under, SynthError> {
        let run = |drive| self.run_under(rules, spec, Channels::ALL, drive);
        Ok(Under {
            held: run(held(truth))?,
            free: run(Drive::News)?,
        })
    }
}

/// What was exogenous in a run that news drove.
pub(super) fn held(truth: &WorldRun) -> Drive<'_> {
    let (log_news, depth) = truth
        .exogenous
        .as_ref()
        .expect("a run that news drove returns what was exogenous");
    Drive::Exogenous { log_news, depth }
}
