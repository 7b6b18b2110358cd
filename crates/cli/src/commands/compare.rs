//! `aftershock compare`.

use std::collections::BTreeSet;
use std::path::Path;

use aftershock_archive::{check_run, list_runs};
use aftershock_query::Session;
use aftershock_query::cells::Rows;
use aftershock_rules::RuleSetFile;
use anyhow::Result;

use crate::commands::replay::{interval, rounded};
use crate::commands::report;
use crate::failure::Mistake;
use crate::table;

/// Up to so many rule sets stand side by side, measure by measure; more have a line each.
pub(crate) const SIDE_BY_SIDE: usize = 4;
/// What a line of many shows beside amplification and the fall: measure, header, column, decimals.
const LINE: [(&str, &str, &str, usize); 4] = [
    (FALL, "same sign, %", "same_sign_pct", 0),
    ("only delayed", "only delayed, %", "median", 0),
    ("forced selling", "sold, MUSD", "median", 0),
    ("bad debt", "bad debt, MUSD", "median", 1),
];
/// The measure that ranks.
const FALL: &str = "fall from the running high";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Runs, each compared with the run of the rules of record that has the same inputs
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let mut episodes = BTreeSet::new();
    for run in &arguments.runs {
        episodes.insert(check_run(data, run)?.episode);
    }
    // Those that may be the baseline of one.
    let beside: Vec<_> = list_runs(data)?
        .runs
        .into_iter()
        .filter(|run| episodes.contains(&run.episode))
        .collect();
    let mut sets = Vec::new();
    for manifest in &beside {
        let name = format!("{} (manifest)", manifest.run);
        sets.push(RuleSetFile::parse(&name, &manifest.rule_set_toml)?);
    }
    let session = report::session(data, &beside, &sets.iter().collect::<Vec<_>>())?;
    let found = session.ask("comparison/judgement", &[("episode", "%")])?;
    let mut compared = runs_of(&found);
    compared.retain(|run| arguments.runs.iter().any(|asked| asked == run));
    for run in &arguments.runs {
        let record = beside
            .iter()
            .zip(&sets)
            .any(|(manifest, set)| manifest.run == *run && set.is_record());
        if record {
            crate::say!("note: {run} is of the rules of record, against which others are compared");
        } else if !compared.contains(&run.as_str()) {
            return Err(report::without_record(run).into());
        }
    }
    if compared.is_empty() {
        return Err(Mistake::new("there is nothing to compare")
            .hint("name a run under other rules; `aftershock runs list` has them")
            .into());
    }
    if compared.len() <= SIDE_BY_SIDE {
        for run in &compared {
            measures(&found, &rows_of(&found, run))?;
        }
    } else {
        lines(&found, &compared, &[])?;
    }
    ranking(&compared);
    Ok(())
}

/// The runs of an answer, each once.
fn runs_of(found: &Rows) -> Vec<&str> {
    let mut runs = Vec::new();
    for row in 0..found.rows.len() {
        let run = text(found, row, "run");
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    runs
}

/// The rows of a run.
fn rows_of(found: &Rows, run: &str) -> Vec<usize> {
    (0..found.rows.len())
        .filter(|row| text(found, *row, "run") == run)
        .collect()
}

fn text<'a>(rows: &'a Rows, row: usize, column: &str) -> &'a str {
    rows.get(row, column)
        .and_then(|cell| cell.text())
        .unwrap_or_default()
}

fn number(rows: &Rows, row: usize, column: &str) -> Option<f64> {
    rows.get(row, column).and_then(|cell| cell.number())
}

/// Decimals with which a measure is shown.
fn decimals(unit: &str) -> usize {
    match unit {
        "log" => 3,
        "percent" => 2,
        _ => 1,
    }
}

/// One rule set, measure by measure.
fn measures(found: &Rows, rows: &[usize]) -> Result<()> {
    let name = rows.first().map_or("", |row| text(found, *row, "rule_set"));
    let mut lines = Vec::new();
    for &row in rows {
        let unit = text(found, row, "unit");
        let decimals = decimals(unit);
        let figure = |column| {
            number(found, row, column).map_or_else(|| "-".to_owned(), |value| rounded(value, decimals))
        };
        let change = match number(found, row, "median") {
            Some(_) => interval(found, row, ["low", "median", "high"], decimals),
            None => format!("not measurable: {}", text(found, row, "reason")),
        };
        let share =
            |column| number(found, row, column).map_or_else(|| "-".to_owned(), |share| rounded(share, 0));
        lines.push(vec![
            text(found, row, "measure").to_owned(),
            unit.to_owned(),
            figure("of_record"),
            figure("of_rule"),
            change,
            share("same_sign_pct"),
            share("compared_pct"),
        ]);
    }
    let headers = [
        name,
        "unit",
        "record",
        "rule",
        "change",
        "same sign, %",
        "compared, %",
    ];
    table::print(&table::headers(&headers), &lines)
}

/// Many rule sets, a line each; after them the names of those that the record cannot measure.
fn lines(found: &Rows, compared: &[&str], unmeasured: &[String]) -> Result<()> {
    let finest = |rows: &[usize]| {
        let measured =
            |row: &usize| text(found, *row, "unit") == "log" && number(found, *row, "median").is_some();
        rows.iter().copied().find(measured)
    };
    let clock = |row: usize| {
        text(found, row, "measure")
            .rsplit(", ")
            .next()
            .unwrap_or_default()
    };
    let usual = compared
        .iter()
        .find_map(|run| finest(&rows_of(found, run)))
        .map(clock);
    let mut lines = Vec::new();
    let mut unchanged = Vec::new();
    for run in compared {
        let rows = rows_of(found, run);
        let Some(&first) = rows.first() else { continue };
        let amplification = finest(&rows).map_or_else(
            || "not measurable".to_owned(),
            |row| {
                let change = interval(found, row, ["low", "median", "high"], 3);
                match Some(clock(row)) == usual {
                    true => change,
                    false => format!("{change} ({})", clock(row)),
                }
            },
        );
        let measure = |name: &str| {
            rows.iter()
                .copied()
                .find(|row| text(found, *row, "measure") == name)
        };
        let mut line = vec![text(found, first, "rule_set").to_owned(), amplification];
        line.push(measure(FALL).map_or_else(
            || "-".to_owned(),
            |row| interval(found, row, ["low", "median", "high"], 2),
        ));
        for (name, _, column, decimals) in LINE {
            let figure = measure(name).and_then(|row| number(found, row, column));
            line.push(figure.map_or_else(|| "-".to_owned(), |figure| rounded(figure, decimals)));
        }
        lines.push(line);
        let still = |row: &usize| number(found, *row, "median").is_none_or(|change| change == 0.0);
        if rows.iter().all(still) {
            unchanged.push(text(found, first, "rule_set"));
        }
    }
    // What each needs has been said.
    for name in unmeasured {
        let mut line = vec![name.clone(), "not measurable".to_owned()];
        line.resize(3 + LINE.len(), "-".to_owned());
        lines.push(line);
    }
    let amplification = usual.map_or_else(
        || "log amplification".to_owned(),
        |clock| format!("log amplification, {clock}"),
    );
    let mut headers = vec![
        "change under".to_owned(),
        amplification,
        "fall, points".to_owned(),
    ];
    headers.extend(LINE.iter().map(|(_, header, _, _)| (*header).to_owned()));
    table::print(&headers, &lines)?;
    if !unchanged.is_empty() {
        crate::say!("no median changes here under {}", unchanged.join(", "));
    }
    crate::say!("`aftershock compare RUN` has every measure of a run, and who pays");
    Ok(())
}

/// The table of many rule sets of an episode, a line each, and what ranking them means.
pub(crate) fn catalogue(session: &Session, episode: &str, unmeasured: &[String]) -> Result<()> {
    let found = session.ask("comparison/judgement", &[("episode", episode)])?;
    let compared = runs_of(&found);
    lines(&found, &compared, unmeasured)?;
    ranking(&compared);
    Ok(())
}

/// What ranking many means.
fn ranking(compared: &[&str]) {
    crate::say!(
        "changes are medians [5th to 95th percentile] over draws and both intra-bar orders, draw by draw against the rules of record; \
         the spread is of beliefs, not of samples"
    );
    if compared.len() > 1 {
        crate::say!(
            "{} rule sets are ranked on one crash by several measures: the best of them is the best of many here, so try it on crashes \
             that did not choose it",
            compared.len()
        );
    }
}
