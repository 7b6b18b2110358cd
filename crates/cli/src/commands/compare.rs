//! `aftershock compare`.

use std::collections::BTreeSet;
use std::path::Path;

use aftershock_archive::{check_run, list_runs};
use aftershock_query::cells::Rows;
use aftershock_rules::RuleSetFile;
use anyhow::Result;

use crate::commands::replay::{interval, rounded};
use crate::commands::report;
use crate::failure::Mistake;
use crate::table;

/// Up to so many rule sets stand side by side, measure by measure; more have a line each.
const SIDE_BY_SIDE: usize = 4;
/// What a line of many shows.
const LINE: [(&str, &str, usize); 4] = [
    ("fall from the running high", "fall, points", 2),
    ("forced selling", "forced selling, MUSD", 0),
    ("bad debt", "bad debt, MUSD", 1),
    ("insurance used", "insurance, MUSD", 1),
];

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
    let of = |row: usize| text(&found, row, "run");
    let mut compared: Vec<&str> = Vec::new();
    for row in 0..found.rows.len() {
        if arguments.runs.iter().any(|run| run == of(row)) && !compared.contains(&of(row)) {
            compared.push(of(row));
        }
    }
    for run in &arguments.runs {
        let record = beside
            .iter()
            .zip(&sets)
            .any(|(manifest, set)| manifest.run == *run && set.is_record());
        if record {
            crate::say!("note: {run} is of the rules of record, against which others are compared");
        } else if !compared.contains(&run.as_str()) {
            return Err(
                Mistake::new(format!("{run} has no run of the rules of record beside it"))
                    .hint(
                        "replay the episode with the same seed and draws; the rules of record always run too",
                    )
                    .into(),
            );
        }
    }
    if compared.is_empty() {
        return Err(Mistake::new("there is nothing to compare")
            .hint("name a run under other rules; `aftershock runs list` has them")
            .into());
    }
    let rows_of = |run: &str| {
        (0..found.rows.len())
            .filter(|row| of(*row) == run)
            .collect::<Vec<_>>()
    };
    if compared.len() <= SIDE_BY_SIDE {
        for run in &compared {
            measures(&found, &rows_of(run))?;
        }
    } else {
        lines(&found, &compared, rows_of)?;
    }
    ranking(&found, &compared);
    Ok(())
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
    let name = rows
        .first()
        .map_or("", |row| text(found, *row, "rule_set"))
        .to_owned();
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
        let sign =
            number(found, row, "same_sign_pct").map_or_else(|| "-".to_owned(), |share| rounded(share, 0));
        lines.push(vec![
            text(found, row, "measure").to_owned(),
            unit.to_owned(),
            figure("of_record"),
            figure("of_rule"),
            change,
            sign,
        ]);
    }
    let headers = ["", "unit", "record", "rule", "change", "same sign, %"].map(|header| {
        if header.is_empty() {
            name.clone()
        } else {
            header.to_owned()
        }
    });
    table::print(&headers, &lines)
}

/// Many rule sets, a line each.
fn lines<'a>(found: &Rows, compared: &[&'a str], rows_of: impl Fn(&'a str) -> Vec<usize>) -> Result<()> {
    let mut lines = Vec::new();
    for run in compared {
        let rows = rows_of(run);
        let Some(&first) = rows.first() else { continue };
        let amplification = rows
            .iter()
            .copied()
            .filter(|row| text(found, *row, "unit") == "log")
            .find(|row| number(found, *row, "median").is_some());
        let mut line = vec![
            text(found, first, "rule_set").to_owned(),
            amplification.map_or_else(
                || "not measurable".to_owned(),
                |row| {
                    let clock = text(found, row, "measure")
                        .rsplit(", ")
                        .next()
                        .unwrap_or_default();
                    format!("{} ({clock})", interval(found, row, ["low", "median", "high"], 3))
                },
            ),
        ];
        for (measure, _, decimals) in LINE {
            let row = rows
                .iter()
                .copied()
                .find(|row| text(found, *row, "measure") == measure);
            line.push(row.map_or_else(
                || "-".to_owned(),
                |row| interval(found, row, ["low", "median", "high"], decimals),
            ));
        }
        let sign = rows
            .iter()
            .find(|row| text(found, **row, "measure") == LINE[0].0)
            .and_then(|row| number(found, *row, "same_sign_pct"));
        line.push(sign.map_or_else(|| "-".to_owned(), |share| rounded(share, 0)));
        lines.push(line);
    }
    let mut headers = vec!["change under".to_owned(), "log amplification".to_owned()];
    headers.extend(LINE.iter().map(|(_, header, _)| (*header).to_owned()));
    headers.push("same sign of the fall, %".to_owned());
    table::print(&headers, &lines)
}

/// What ranking many means.
fn ranking(found: &Rows, compared: &[&str]) {
    crate::say!(
        "changes are medians [5th to 95th percentile] over draws and both intra-bar orders, draw by draw against the rules of record; \
         the spread is of beliefs, not of samples"
    );
    let falls: Vec<usize> = (0..found.rows.len())
        .filter(|row| {
            compared.contains(&text(found, *row, "run")) && text(found, *row, "measure") == LINE[0].0
        })
        .collect();
    let apart = falls
        .iter()
        .filter(
            |row| match (number(found, **row, "low"), number(found, **row, "high")) {
                (Some(low), Some(high)) => low > 0.0 || high < 0.0,
                _ => false,
            },
        )
        .count();
    if falls.len() > 1 {
        crate::say!(
            "{} rule sets are ranked, {apart} of them with a change of the fall whose interval leaves out 0: of {} that change nothing a \
             tenth would, so that the best of many is not thereby better than the rest",
            falls.len(),
            falls.len()
        );
    }
}
