//! `aftershock query`.

use std::io::Write;
use std::path::Path;

use aftershock_query::queries::{self, Query};
use aftershock_query::{Session, cells::Rows};
use anyhow::Result;

use super::asking::Asking;
use crate::failure::Mistake;
use crate::table;

/// Most values of a parameter that are named where it is not given.
const NAMED_VALUES: usize = 24;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which question: drawdowns, or with its topic comparison/drawdowns; all are listed where it is not given
    name: Option<String>,
    /// List the questions by topic, with their parameters
    #[arg(long, conflicts_with = "name")]
    list: bool,
    #[command(flatten)]
    asking: Asking,
}

pub(crate) fn run(data: &Path, arguments: &Arguments) -> Result<()> {
    match &arguments.name {
        Some(name) if !arguments.list => answer(data, name, &arguments.asking),
        _ => list(),
    }
}

/// Prints all questions, topic by topic.
pub(crate) fn list() -> Result<()> {
    let all = queries::list();
    for topic in all.chunk_by(|a, b| topic(a).0 == topic(b).0) {
        writeln!(
            std::io::stdout().lock(),
            "{}",
            topic.first().map_or("", |query| self::topic(query).0)
        )?;
        let rows: Vec<Vec<String>> = topic
            .iter()
            .map(|query| {
                let parameters = query.parameters().join(", ");
                vec![
                    self::topic(query).1.to_owned(),
                    parameters,
                    query.question().into(),
                ]
            })
            .collect();
        table::print(&table::headers(&["query", "parameters", "question"]), &rows)?;
    }
    Ok(())
}

fn topic(query: &Query) -> (&'static str, &'static str) {
    query.name.split_once('/').unwrap_or(("", query.name))
}

/// Answers the question of a name.
pub(crate) fn answer(data: &Path, name: &str, asking: &Asking) -> Result<()> {
    let query = queries::named(name)?;
    let (wanted, given) = (query.parameters(), asking.parameters()?);
    if let Some((name, _)) = given
        .iter()
        .find(|(name, _)| wanted.iter().all(|known| known != name))
    {
        let mistake = Mistake::new(format!("{} has no parameter {name}", query.name));
        return Err(match wanted.is_empty() {
            true => mistake.hint("it has none"),
            false => mistake.hint(format!("it has {}", wanted.join(", "))),
        }
        .into());
    }
    let session = asking.session(data)?;
    let absent: Vec<&String> = wanted
        .iter()
        .filter(|name| given.iter().all(|(known, _)| known != name))
        .collect();
    let Some(first) = absent.first() else {
        for (name, value) in &given {
            check(&session, name, value)?;
        }
        return asking.answer(&session, query.sql);
    };
    let flags: Vec<String> = wanted.iter().map(|name| format!("-p {name}=…")).collect();
    let values = values(&session, first)?;
    let known = match values.is_empty() {
        true => String::new(),
        false => format!("; {first} is one of {}", named(&values)),
    };
    let lacking: Vec<&str> = absent.iter().map(|name| name.as_str()).collect();
    Err(
        Mistake::new(format!("{} needs {}", query.name, lacking.join(" and ")))
            .hint(format!(
                "aftershock query {} {}{known}",
                query.name,
                flags.join(" ")
            ))
            .into(),
    )
}

/// Values one after the other, the first of many.
fn named(values: &[String]) -> String {
    match values.len() {
        n if n > NAMED_VALUES => format!(
            "{} and {} more",
            values[..NAMED_VALUES].join(", "),
            n - NAMED_VALUES
        ),
        _ => values.join(", "),
    }
}

/// Refuses a value that names nothing there is; patterns may match nothing.
fn check(session: &Session, parameter: &str, value: &str) -> Result<()> {
    let sql = match parameter {
        "episode" => "SELECT episode FROM catalog.episodes UNION SELECT episode FROM catalog.runs",
        "run" => "SELECT run FROM catalog.runs",
        "rule_set" => "SELECT rule_set FROM catalog.rule_sets UNION SELECT rule_set FROM catalog.runs",
        "world" => "SELECT DISTINCT world FROM synthetic.worlds",
        _ => return Ok(()),
    };
    if value.contains('%') {
        return Ok(());
    }
    let known = Rows::of(&session.sql(&format!("{sql} ORDER BY 1"))?).rows;
    if known.iter().any(|row| row[0].text() == Some(value)) {
        return Ok(());
    }
    let said = values(session, parameter)?;
    let near: Vec<&str> = known
        .iter()
        .filter_map(|row| row[0].text())
        .filter(|name| name.contains(value))
        .collect();
    let hint = match said.is_empty() {
        _ if !near.is_empty() => format!("did you mean {}?", near.join(" or ")),
        true => format!("there is no {parameter} yet"),
        false => named(&said),
    };
    Err(Mistake::new(format!("no {parameter} is named {value}"))
        .hint(hint)
        .into())
}

/// The values that a parameter can take in these tables, where it is known what it means.
fn values(session: &Session, parameter: &str) -> Result<Vec<String>> {
    let sql = match parameter {
        // Those that were replayed, where any was.
        "episode" => {
            "SELECT DISTINCT episode FROM catalog.episodes
             WHERE episode IN (SELECT episode FROM catalog.runs) OR NOT EXISTS (SELECT 1 FROM catalog.runs)
             ORDER BY episode"
        }
        "run" => "SELECT run FROM catalog.runs ORDER BY run",
        "rule_set" => "SELECT rule_set FROM catalog.rule_sets ORDER BY rule_set",
        "world" => "SELECT DISTINCT world FROM synthetic.worlds ORDER BY world",
        _ => return Ok(Vec::new()),
    };
    let rows = Rows::of(&session.sql(sql)?).rows;
    Ok(rows
        .iter()
        .filter_map(|row| Some(row.first()?.text()?.to_owned()))
        .collect())
}
