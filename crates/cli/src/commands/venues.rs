//! `aftershock venues`.

use aftershock_market::Timestamp;
use aftershock_rules::record::{Dated, Rule, Venue};
use anyhow::Result;

use crate::failure::Mistake;
use crate::{embedded, table};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A venue whose rules to print
    name: Option<String>,
    /// The instant, such as 2020-03-12 or 2025-09-18T08:01:00Z; the latest that is known where it is not given
    #[arg(long, value_name = "DATE", requires = "name")]
    at: Option<Timestamp>,
    /// One instrument; all of the venue's where it is not given
    #[arg(long, value_name = "SYMBOL", requires = "name")]
    instrument: Option<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let Some(name) = arguments.name else {
        return list();
    };
    let venue = embedded::venue(&name)?;
    let at = arguments.at.unwrap_or_else(|| latest(&venue));
    let instruments = match &arguments.instrument {
        Some(one) => vec![one.clone()],
        None => venue.file.instruments(),
    };
    println!("{}\n{}\n", venue.file.title, venue.file.about);
    let rules = in_force(&venue, &instruments, at)?;
    println!("Rules in force at {at}:");
    print_rules(&rules)?;
    for rule in rules.iter().filter(|rule| rule.value.is_array()) {
        print_rows(rule)?;
    }
    println!(
        "since: the day a source gives; \"by\" where a copy bears it and the change may lie before; \"taken since\" where no \
         source gives one.\ntrust: high is the venue's own words or code, medium a copy or another's code, low third hand, \
         unconfirmed found nowhere.\n"
    );
    let file = &venue.file;
    if !file.conflicts.is_empty() {
        println!("Sources that disagree:");
        let rows = file.conflicts.iter().map(|one| {
            let claims = one.claims.join(" / ");
            vec![one.parameter.clone(), claims, one.why.clone()]
        });
        table::print(
            &table::headers(&["about", "what they say", "the choice"]),
            &rows.collect::<Vec<_>>(),
        )?;
    }
    if !file.gaps.is_empty() {
        println!("Looked for and not found:");
        let rows = file
            .gaps
            .iter()
            .map(|one| vec![one.what.clone(), one.consequence.clone()]);
        table::print(
            &table::headers(&["what", "consequence"]),
            &rows.collect::<Vec<_>>(),
        )?;
    }
    Ok(())
}

fn list() -> Result<()> {
    let mut rows = Vec::new();
    for venue in embedded::venues()? {
        let file = &venue.file;
        let days = file.rules.iter().map(|rule| rule.valid_from);
        let unconfirmed = file
            .rules
            .iter()
            .filter(|rule| rule.trust == aftershock_rules::record::Trust::Unconfirmed);
        rows.push(vec![
            file.name.clone(),
            file.instruments().join(", "),
            days.min().map(day).unwrap_or_default(),
            file.rules.len().to_string(),
            unconfirmed.count().to_string(),
            file.conflicts.len().to_string(),
            file.gaps.len().to_string(),
            file.title.clone(),
        ]);
    }
    table::print(
        &table::headers(&[
            "venue",
            "instruments",
            "since",
            "rules",
            "unconfirmed",
            "conflicts",
            "not found",
            "title",
        ]),
        &rows,
    )
}

/// The instant of the last change.
fn latest(venue: &Venue) -> Timestamp {
    let dates = venue.file.rules.iter().map(|rule| rule.valid_from);
    dates.max().unwrap_or(Timestamp(0))
}

/// The rules of some instruments, each once, in order of parameter and instrument; those that have none at the instant are
/// left out where others have.
fn in_force<'a>(venue: &'a Venue, instruments: &'a [String], at: Timestamp) -> Result<Vec<&'a Rule>> {
    let mut rules: Vec<&Rule> = Vec::new();
    let mut refused = None;
    for instrument in instruments {
        match venue.in_force(instrument, at) {
            Ok(found) => rules.extend(found.rules()),
            Err(error) => refused = Some(error),
        }
    }
    if rules.is_empty()
        && let Some(error) = refused
    {
        return Err(Mistake::new(error.reason).into());
    }
    rules.sort_by_key(|rule| (&rule.parameter, &rule.instrument));
    rules.dedup_by_key(|rule| rule.line);
    Ok(rules)
}

fn print_rules(rules: &[&Rule]) -> Result<()> {
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            let mut source = rule.source.clone();
            if rule.stand_in {
                source = format!("STAND-IN, not the one in force: {source}");
            }
            if !rule.note.is_empty() {
                source = format!("{source}. {}", rule.note);
            }
            vec![
                rule.parameter.clone(),
                rule.instrument.clone().unwrap_or_else(|| "all".into()),
                value(rule),
                rule.unit.clone(),
                since(rule),
                rule.trust.name().into(),
                source,
            ]
        })
        .collect();
    table::print(
        &table::headers(&["parameter", "of", "value", "unit", "since", "trust", "source"]),
        &rows,
    )
}

/// The rows of a parameter that is a table.
fn print_rows(rule: &Rule) -> Result<()> {
    let rows: Vec<&toml::Table> = rule
        .value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table)
        .collect();
    let mut columns: Vec<String> = Vec::new();
    for key in rows.iter().flat_map(|row| row.keys()) {
        if !columns.contains(key) {
            columns.push(key.clone());
        }
    }
    if columns.is_empty() {
        return Ok(());
    }
    let of = rule
        .instrument
        .as_deref()
        .map(|one| format!(" of {one}"))
        .unwrap_or_default();
    println!("{}{of} since {}:", rule.parameter, day(rule.valid_from));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|column| row.get(column).map_or("-".into(), scalar))
                .collect()
        })
        .collect();
    table::print(&columns, &cells)
}

fn value(rule: &Rule) -> String {
    match &rule.value {
        toml::Value::Array(rows) if rows.iter().any(toml::Value::is_table) => {
            format!("{} rows below", rows.len())
        }
        toml::Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(", "),
        other => scalar(other),
    }
}

fn scalar(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

fn since(rule: &Rule) -> String {
    let day = day(rule.valid_from);
    match rule.dated {
        Dated::Announced => day,
        Dated::Observed => format!("by {day}"),
        Dated::Assumed => format!("taken since {day}"),
    }
}

/// A day, or an instant where it is not midnight.
fn day(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix("T00:00:00Z").unwrap_or(&text).to_owned()
}
