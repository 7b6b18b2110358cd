//! A made-up crash under other rules, and its page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aftershock_calibrate::synth::{Declared, UnderRules, lacks};
use aftershock_market::synthetic::RuleSetRow;
use aftershock_protocol::Need;
use aftershock_query::Session;
use aftershock_report::Report;
use aftershock_rules::{Hold, RuleSetFile};
use aftershock_study::rule_sets::{self, CATALOGUE, RECORD};
use anyhow::Result;

use crate::commands;
use crate::commands::replay::rounded;
use crate::failure::Mistake;
use crate::table;

/// Name of the page's files.
const STEM: &str = "synthetic-crash";

/// The rules of record, then those asked for; of a catalogue those that a made-up crash can show, with a note on each other.
pub(super) fn rule_sets(names: &[String], declared: &Declared) -> Result<Vec<RuleSetFile>> {
    let mut kept = Vec::new();
    let mut left_out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for set in rule_sets::with_record(names.iter().map(String::as_str))? {
        let Some((reason, hint)) = unseen(&set, declared)? else {
            kept.push(set);
            continue;
        };
        let catalogued = names.iter().any(|name| name == CATALOGUE) && !names.contains(&set.name);
        if !catalogued {
            return Err(Mistake::new(format!("{} {reason}", set.name)).hint(hint).into());
        }
        left_out.entry(reason).or_default().push(set.name);
    }
    for (reason, names) in left_out {
        crate::say!("note: left out, because each {reason}: {}", names.join(", "));
    }
    debug_assert_eq!(kept[0].name, RECORD);
    Ok(kept)
}

/// Why a rule set cannot be seen in a made-up crash, and what to do about it.
fn unseen(set: &RuleSetFile, declared: &Declared) -> Result<Option<(String, &'static str)>> {
    if let Some(overlap) = set.overlap.filter(|overlap| *overlap > 0.0) {
        return Ok(Some((
            format!(
                "declares that a share of {overlap} of holders offset their positions at another venue; in a made-up crash \
                 nobody does"
            ),
            "name a rule set without `world.overlap`; `aftershock rules` lists them",
        )));
    }
    if set.brackets.is_some() {
        return Ok(Some((
            "has margin brackets of a venue; in a made-up crash the maintenance ratio is declared".to_owned(),
            "set `maintenance_ratio` in the declaration; `aftershock synth --template` has it",
        )));
    }
    if set.hold == Hold::Equity {
        return Ok(Some((
            "has holders keep what they post; in a made-up crash they keep the size of their positions"
                .to_owned(),
            "name the rule without '-hold-equity'",
        )));
    }
    let lacks = lacks(declared, &set.rules)?;
    if lacks.is_empty() {
        return Ok(None);
    }
    let needs: Vec<&str> = lacks.into_iter().map(Need::what).collect();
    Ok(Some((
        format!("needs {}, which this made-up crash lacks", needs.join(" and ")),
        "`aftershock rules NAME` says what a rule needs",
    )))
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

/// What the world came to under each rule set, a line each.
pub(super) fn outcomes(out: &Path, world: &str) -> Result<()> {
    let session = Session::open_synthetic(out)?;
    let found = session.ask("synthetic/rule_outcomes", &[("world", world)])?;
    let rows = (0..found.rows.len()).map(|row| {
        let figure = |column: &str, scale: f64, decimals: usize| {
            let value = found.get(row, column).and_then(|cell| cell.number());
            value.map_or_else(|| "-".to_owned(), |value| rounded(value / scale, decimals))
        };
        let name = found.get(row, "rule_set").and_then(|cell| cell.text());
        vec![
            name.unwrap_or_default().to_owned(),
            figure("fall_pct", 1.0, 2),
            figure("change_points", 1.0, 2),
            found
                .get(row, "amplification")
                .and_then(|cell| cell.number())
                .map_or_else(|| "not measurable".to_owned(), |ratio| rounded(ratio, 3)),
            figure("forced_usd", 1e6, 1),
            figure("deleveraged_usd", 1e6, 1),
            figure("bad_debt_usd", 1e6, 1),
            figure("halted_s", 1.0, 0),
        ]
    });
    let headers = [
        "under",
        "fall, %",
        "change, points",
        "amplification",
        "forced, MUSD",
        "deleveraged, MUSD",
        "bad debt, MUSD",
        "halted, s",
    ];
    let rows: Vec<Vec<String>> = rows.collect();
    table::print(&table::headers(&headers), &rows)?;
    let as_record: Vec<&str> = rows
        .iter()
        .skip(1)
        .filter(|row| (1..row.len()).all(|cell| cell == 2 || row[cell] == rows[0][cell]))
        .map(|row| row[0].as_str())
        .collect();
    if !as_record.is_empty() {
        crate::say!(
            "as under the rules of record, so that nothing of them is seen in this world: {}",
            as_record.join(", ")
        );
    }
    Ok(())
}

/// Writes the page of the crash in a folder, beside its truth; returns the page and its twin.
pub(super) fn report(out: &Path, world: &str) -> Result<Vec<PathBuf>> {
    let session = Session::open_synthetic(out)?;
    let report = Report::synthetic(&session, world, STEM)?;
    commands::report::put(
        &report,
        &out.join("truth").join("report"),
        STEM,
        &commands::report::USUAL,
    )
}
