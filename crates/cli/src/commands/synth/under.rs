//! A made-up crash under other rules, and its page.

use std::path::{Path, PathBuf};

use aftershock_calibrate::synth::UnderRules;
use aftershock_market::synthetic::RuleSetRow;
use aftershock_query::Session;
use aftershock_report::Report;
use aftershock_rules::{Hold, RuleSetFile};
use anyhow::Result;

use crate::commands;
use crate::embedded::RECORD;
use crate::failure::Mistake;

/// Name of the page's files.
const STEM: &str = "synthetic-crash";

/// The rules of record, then those asked for.
pub(super) fn rule_sets(names: &[String]) -> Result<Vec<RuleSetFile>> {
    let mut sets = commands::replay::with_record(names.iter().map(String::as_str))?;
    // Of the catalogue, which nobody named one by one, what cannot be seen here is said and left out.
    sets.retain(|set| {
        let unseen = match set.hold {
            _ if names.contains(&set.name) => return true,
            _ if set.overlap.is_some_and(|overlap| overlap > 0.0) => {
                "nobody offsets a position at another venue"
            }
            Hold::Equity => "holders keep the size of their positions",
            Hold::Notional => return true,
        };
        crate::say!(
            "note: {} is not measurable in a made-up crash: {unseen}",
            set.name
        );
        false
    });
    if let Some(set) = sets.iter().find(|set| set.hold == Hold::Equity) {
        return Err(Mistake::new(format!(
            "{} has holders keep what they post; in a made-up crash they keep the size of their positions",
            set.name
        ))
        .hint("name the rule without '-hold-equity'")
        .into());
    }
    for set in &sets {
        if let Some(overlap) = set.overlap.filter(|overlap| *overlap > 0.0) {
            return Err(Mistake::new(format!(
                "{} declares that a share of {overlap} of holders offset their positions at another venue; in a made-up \
                 crash nobody does",
                set.name
            ))
            .hint("name a rule set without `world.overlap`; `aftershock rules` lists them")
            .into());
        }
    }
    if let Some(set) = sets.iter().find(|set| set.brackets.is_some()) {
        return Err(Mistake::new(format!(
            "{} has margin brackets of a venue; in a made-up crash the maintenance ratio is declared",
            set.name
        ))
        .hint("set `maintenance_ratio` in the declaration; `aftershock synth --template` has it")
        .into());
    }
    debug_assert_eq!(sets[0].name, RECORD);
    Ok(sets)
}

pub(super) fn under(sets: &[RuleSetFile]) -> Vec<UnderRules<'_>> {
    sets.iter()
        .map(|set| UnderRules {
            about: RuleSetRow {
                rule_set: set.name.as_str().into(),
                title: set.title.clone(),
                summary: set.summary.clone(),
                cost: set.costs.clone(),
                source: set.sources.join("; "),
                toml: set.toml.clone(),
            },
            rules: &set.rules,
        })
        .collect()
}

/// Writes the page of the crash in a folder, beside its truth; returns the page and its twin.
pub(super) fn report(out: &Path, world: &str) -> Result<Vec<PathBuf>> {
    let session = Session::open_synthetic(out)?;
    let report = Report::synthetic(&session, world, STEM)?;
    commands::report::put(&report, &out.join("truth").join("report"), STEM)
}
