//! `aftershock rules`.

use aftershock_protocol::OBSERVABLES;
use aftershock_rules::{DECLARED_STEPS, Kind, RuleSetFile, families, find};
use aftershock_study::rule_sets::{self, Files};
use anyhow::Result;

use crate::table;

/// The kind that is written in TOML alone.
const DECLARED: &str = "declared";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A rule set or a kind of rule to explain
    name: Option<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    match arguments.name {
        None => list(),
        Some(name) => explain(&name),
    }
}

/// The catalogue by family, then the rule sets that are no kind alone.
fn list() -> Result<()> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for family in families() {
        for kind in family.kinds {
            rows.push(vec![family.name.into(), kind.name.into(), kind.what.into()]);
        }
    }
    for set in rule_sets::all()?.iter().filter(|set| find(&set.name).is_none()) {
        rows.push(vec!["rule set".into(), set.name.clone(), set.title.clone()]);
    }
    table::print(&table::headers(&["about", "rule", "what it does"]), &rows)?;
    crate::say!("ask     aftershock rules <rule>; aftershock replay <episode> --rules <rule>");
    Ok(())
}

fn explain(name: &str) -> Result<()> {
    // A kind of which no rule set can be made by itself.
    if let Some(kind) = find(name).filter(|kind| RuleSetFile::of_kind(kind).is_none()) {
        return print(kind);
    }
    let set = rule_sets::named(name, Files::Read)?;
    println!("{}\n\n{}\n\nWho pays: {}\n", set.title, set.summary, set.costs);
    for source in &set.sources {
        println!("Source: {source}");
    }
    println!("\n{}", set.toml.trim_end());
    if set.rules.sets_margin() {
        println!(
            "\nPositions that stand when a replay begins were opened under it too. Open interest is kept, and who holds it is \
             what survives under these margins; with -hold-equity after the name holders keep what they post and hold less."
        );
    }
    for kind in used(&set) {
        println!();
        print(kind)?;
    }
    Ok(())
}

/// Kinds of the rules in a set, each once, in order.
fn used(set: &RuleSetFile) -> Vec<&'static Kind> {
    let table: toml::Table = set.toml.parse().unwrap_or_default();
    let rules = table.get("rule").and_then(toml::Value::as_array);
    let names = rules
        .into_iter()
        .flatten()
        .filter_map(|rule| rule.get("kind")?.as_str());
    let mut kinds: Vec<&Kind> = Vec::new();
    for kind in names.filter_map(find) {
        if kinds.iter().all(|known| known.name != kind.name) {
            kinds.push(kind);
        }
    }
    kinds
}

/// What a declared rule may act on and read.
fn fields() -> Result<()> {
    let cell = |names: &[&str]| names.join(", ");
    let rows: Vec<Vec<String>> = DECLARED_STEPS
        .iter()
        .map(|(step, changed, read)| vec![(*step).to_owned(), cell(changed), cell(read)])
        .collect();
    table::print(
        &table::headers(&["on the step", "then may change", "may read besides"]),
        &rows,
    )?;
    let rows: Vec<Vec<String>> = OBSERVABLES
        .iter()
        .map(|(name, meaning)| vec![(*name).to_owned(), (*meaning).to_owned()])
        .collect();
    table::print(&table::headers(&["and at every step", "which is"]), &rows)?;
    crate::say!(
        "it has no defaults and runs from a TOML file alone: [[rule]] with kind, name, on, when, then or reject, reason"
    );
    Ok(())
}

/// A kind in its fixed form.
fn print(kind: &Kind) -> Result<()> {
    println!("{}: {}\n", kind.name, kind.what);
    println!("What it changes: {}", kind.changes);
    println!("Why it might help: {}", kind.helps);
    println!("What it costs, and whom: {}", kind.costs);
    println!("Example: {}", kind.example);
    for source in kind.sources {
        println!("Source: {source}");
    }
    if kind.name == DECLARED {
        return fields();
    }
    if kind.parameters.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = kind
        .parameters
        .iter()
        .map(|one| {
            let [low, high] = one.allowed;
            let allowed = format!("{low} to {high}");
            vec![
                one.name.into(),
                one.default.to_string(),
                allowed,
                one.meaning.into(),
            ]
        })
        .collect();
    table::print(
        &table::headers(&["parameter", "default", "allowed", "meaning"]),
        &rows,
    )
}
