//! `aftershock venues`.

mod position;

use aftershock_market::Timestamp;
use aftershock_rules::record::{Rule, Trust, Venue};
use aftershock_study::venues::{self, day, since};
use anyhow::Result;

use crate::failure::Mistake;
use crate::table;

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
    #[command(flatten)]
    position: position::PositionArguments,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let Some(name) = arguments.name else {
        return list();
    };
    let venue = venues::named(&name)?;
    let at = arguments.at.unwrap_or_else(|| latest(venue));
    let instruments = match &arguments.instrument {
        Some(one) => vec![one.clone()],
        None => venue.file.instruments(),
    };
    if let Some(position) = arguments.position.of() {
        let [instrument] = instruments.as_slice() else {
            return Err(Mistake::new(format!("{name} has several instruments"))
                .hint(format!("name one with --instrument: {}", instruments.join(", ")))
                .into());
        };
        if arguments.at.is_none() {
            crate::say!(
                "note: by the last change that is known here, {}; --at asks for another date",
                day(at)
            );
        }
        return position::print(venue, instrument, at, &position);
    }
    let rules = in_force(venue, &instruments, at)?;
    println!("{}\n{}\n", venue.file.title, venue.file.about);
    println!("Rules in force at {at}:");
    if arguments.at.is_none() {
        println!(
            "(the last change that is known here; later ones may exist, and --at asks for another date)"
        );
    }
    for instrument in &instruments {
        if let Some(first) = venue.dates(instrument).first().filter(|first| at < **first) {
            println!("(those of {instrument} are complete from {} on)", day(*first));
        }
    }
    print_rules(&rules)?;
    for rule in rules.iter().filter(|rule| rule.value.is_array()) {
        print_rows(rule)?;
    }
    println!(
        "since: the day a source gives; \"by\" where a copy bears it and the change may lie before; \"taken since\" where no \
         source gives one\ntrust: high is the venue's own words or code, medium a copy or another's code, low third hand, \
         unconfirmed found\n       nowhere; a stand-in is known not to be the one in force, but the nearest that was found\n"
    );
    let file = &venue.file;
    let in_force = |parameter: &str| rules.iter().any(|rule| rule.parameter == parameter);
    let conflicts: Vec<_> = file
        .conflicts
        .iter()
        .filter(|one| in_force(&one.parameter))
        .collect();
    if !conflicts.is_empty() {
        println!("Sources that disagree:");
        let rows = conflicts.iter().map(|one| {
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
    for venue in venues::all()? {
        let file = &venue.file;
        let instruments = file.instruments();
        let complete = instruments
            .iter()
            .filter_map(|one| venue.dates(one).first().copied());
        let count =
            |is: &dyn Fn(&Rule) -> bool| file.rules.iter().filter(|rule| is(rule)).count().to_string();
        rows.push(vec![
            file.name.clone(),
            instruments.join(", "),
            complete.min().map(day).unwrap_or_default(),
            count(&|_| true),
            count(&|rule| rule.stand_in),
            count(&|rule| !rule.stand_in && rule.trust == Trust::Unconfirmed),
            file.conflicts.len().to_string(),
            file.gaps.len().to_string(),
            file.title.clone(),
        ]);
    }
    table::print(
        &table::headers(&[
            "venue",
            "instruments",
            "complete since",
            "rules",
            "stand-ins",
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

/// The rules, then their sources by number, then what else is to be known of them.
fn print_rules(rules: &[&Rule]) -> Result<()> {
    let mut sources: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    for rule in rules {
        let known = sources.iter().position(|source| *source == rule.source);
        let number = known.unwrap_or_else(|| {
            sources.push(&rule.source);
            sources.len() - 1
        });
        rows.push(vec![
            rule.parameter.clone(),
            rule.instrument.clone().unwrap_or_else(|| "all".into()),
            value(rule),
            rule.unit.clone(),
            since(rule),
            if rule.stand_in {
                "stand-in".into()
            } else {
                rule.trust.name().into()
            },
            format!("[{}]", number + 1),
        ]);
    }
    table::print(
        &table::headers(&["parameter", "of", "value", "unit", "since", "trust", "source"]),
        &rows,
    )?;
    for (number, source) in sources.iter().enumerate() {
        println!("[{}] {source}", number + 1);
    }
    println!();
    let noted: Vec<&&Rule> = rules.iter().filter(|rule| !rule.note.is_empty()).collect();
    if !noted.is_empty() {
        println!("Notes:");
        for rule in noted {
            println!("{}: {}", rule.parameter, rule.note);
        }
        println!();
    }
    Ok(())
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
