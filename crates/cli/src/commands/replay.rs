//! `aftershock replay`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftershock_archive::write_run;
use aftershock_market::Timestamp;
use aftershock_market::journal::Journal;
use aftershock_query::Session;
use aftershock_query::cells::Rows;
use aftershock_rules::RuleSetFile;
use aftershock_study::rule_sets::{self, RECORD, USUAL};
use aftershock_study::{Own, Prepared, Study, shock, venues};
use aftershock_sweep::DRAWS_FOR_INTERVAL;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{commands, table};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Episode by id, date or alias
    episode: String,
    /// Rule set by name, or the path of a TOML file; repeat for several, join with + those that act together, in that order;
    /// `catalogue` is all of them. The rules of record always run beside them
    #[arg(long = "rules", value_name = "NAME|FILE")]
    rules: Vec<String>,
    /// The rules of record but for Binance's margin brackets of this date, such as 2024-05-30; repeat for several
    #[arg(long = "brackets-of", value_name = "DATE")]
    brackets_of: Vec<Timestamp>,
    /// Draws from the priors besides the central one; below 100 no interval is given
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    draws: u32,
    /// Names the ensemble of draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; all cores where it is not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Positions of your own, CSV or TOML: what becomes of them under each rule set
    #[arg(long, value_name = "FILE")]
    positions: Option<PathBuf>,
    /// A further move of the price, made up, such as -30%
    #[arg(long, value_name = "MOVE", allow_hyphen_values = true)]
    shock: Option<String>,
    /// Time the move takes, such as 90s, 10m or 2h
    #[arg(long, value_name = "TIME", default_value = "10m", requires = "shock")]
    shock_over: String,
    /// Folder of the post-mortem; `reports` in the data folder where it is not given
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let (study, unmeasured) = study(data, &arguments)?;
    if study.draws < DRAWS_FOR_INTERVAL {
        crate::say!("note: below {DRAWS_FOR_INTERVAL} draws no interval is given");
    }
    let journals = with_progress(&study, arguments.threads)?;
    let runs = study.manifests();
    for (manifest, journal) in runs.iter().zip(&journals) {
        let written = write_run(data, manifest, journal)?;
        crate::say!(
            "run     {}{}",
            written.path.display(),
            if written.written {
                ""
            } else {
                " (the same run was there)"
            }
        );
    }
    let folder = arguments.reports.unwrap_or_else(|| data.join("reports"));
    let written: Vec<&RuleSetFile> = study.sets.iter().collect();
    let session = commands::report::session(data, &runs, &written)?;
    let episode = &runs[0].episode;
    for path in commands::report::write(&session, &folder, episode)? {
        crate::say!("report  {}", path.display());
    }
    if let Some(shock) = study.own.shock {
        println!(
            "MADE UP: a move of {shock} was added to the record of {}",
            study.prepared.episode.id
        );
    }
    summary(&session, episode, &unmeasured)?;
    if study.own.book.is_some() {
        own_accounts(&session, episode)?;
    }
    Ok(())
}

/// What the arguments ask for, and the names of what the record cannot measure.
fn study(data: &Path, arguments: &Arguments) -> Result<(Study, Vec<String>)> {
    let mut sets = rule_sets(arguments)?;
    let book = arguments.positions.as_deref().map(Own::book).transpose()?;
    let shock = arguments
        .shock
        .as_ref()
        .map(|given| shock(given, &arguments.shock_over, ["--shock", "--shock-over"]));
    let own = Own {
        book,
        shock: shock.transpose()?,
    };
    let prepared = Prepared::open(data, &arguments.episode)?;
    own.check(&prepared)?;
    let unmeasured = measurable(&mut sets, &arguments.rules, &prepared.episode.id)?;
    venues::add_brackets(&mut sets, &arguments.brackets_of, &prepared)?;
    let study = Study {
        prepared,
        sets,
        seed: arguments.seed,
        draws: arguments.draws,
        own,
    };
    Ok((study, unmeasured))
}

/// The rules of record first, then those asked for, each once; where nothing is asked for, the usual ones.
fn rule_sets(arguments: &Arguments) -> Result<Vec<RuleSetFile>> {
    Ok(
        if arguments.rules.is_empty() && arguments.brackets_of.is_empty() {
            rule_sets::with_record(USUAL)?
        } else {
            rule_sets::with_record(arguments.rules.iter().map(String::as_str))?
        },
    )
}

/// What the record of an episode cannot measure is not replayed: of a catalogue it is said, and what was named is refused.
///
/// Returns their names, and leaves the others.
fn measurable(sets: &mut Vec<RuleSetFile>, named: &[String], episode: &str) -> Result<Vec<String>> {
    let mut unmeasured = Vec::new();
    for set in sets.iter() {
        if named.contains(&set.name) {
            rule_sets::measurable(set, episode)?;
        } else if let Some(needs) = rule_sets::lacks(set) {
            crate::say!(
                "note: {} is not measurable on this record: it needs {needs}",
                set.name
            );
            unmeasured.push(set.name.clone());
        }
    }
    sets.retain(|set| !unmeasured.contains(&set.name));
    Ok(unmeasured)
}

/// Replays every draw with progress on a terminal; one journal a rule set.
pub(crate) fn with_progress(study: &Study, threads: Option<u16>) -> Result<Vec<Journal>> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if std::io::stderr().is_terminal() {
        let style = "{spinner} {msg} {bar:40} {pos}/{len} replays, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(study.prepared.episode.id.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    let journals = study.replay(threads, &|done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    Ok(journals?)
}

/// The fall and the amplification by rule set, from the runs just written.
fn summary(session: &Session, episode: &str, unmeasured: &[String]) -> Result<()> {
    let episode = [("episode", episode)];
    let many = session
        .ask("comparison/rules", &episode)?
        .rows
        .len()
        .saturating_sub(1)
        > commands::compare::SIDE_BY_SIDE;

    let falls = session.ask("comparison/drawdowns", &episode)?;
    let mut rows = Vec::new();
    for row in 0..falls.rows.len() {
        let text = |column| {
            falls
                .get(row, column)
                .and_then(|cell| cell.text())
                .unwrap_or_default()
        };
        // What the record and the null say is the same under every rule set; said once, under history.
        // Of many rule sets each has a line of its own below.
        if text("rule_set") == RECORD || text("series") == "mark" && !many {
            rows.push(vec![
                text("line").to_owned(),
                interval(&falls, row, ["low_pct", "median_pct", "high_pct"], 2),
                interval(&falls, row, ["low_change", "median_change", "high_change"], 2),
            ]);
        }
    }
    table::print(
        &table::headers(&[
            "fall from the running high",
            "percent",
            "against the rules of record",
        ]),
        &rows,
    )?;

    let ratios = session.ask("comparison/amplification", &episode)?;
    let mut rows = Vec::new();
    for row in 0..ratios.rows.len() {
        let cell = |column| {
            ratios
                .get(row, column)
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let measured = interval(&ratios, row, ["low", "median", "high"], 3);
        let ratio = if measured == "-" {
            format!("not measurable: {}", cell("reason"))
        } else {
            measured
        };
        if cell("rule_set") == RECORD || !many {
            rows.push(vec![cell("rule_set"), cell("clock_s"), cell("n"), ratio]);
        }
    }
    table::print(
        &table::headers(&[
            "amplification under",
            "clock, s",
            "returns",
            "variance over the null's",
        ]),
        &rows,
    )?;
    let below = (0..ratios.rows.len()).any(|row| {
        let record = ratios.get(row, "rule_set").and_then(|cell| cell.text()) == Some(RECORD);
        record
            && ratios
                .get(row, "median")
                .and_then(|cell| cell.number())
                .is_some_and(|ratio| ratio < 1.0)
    });
    if below {
        crate::say!(
            "note: amplification below 1 says that impact is overestimated on this record, not that the machinery damps"
        );
    }
    if many {
        commands::compare::catalogue(session, episode[0].1, unmeasured)?;
    }
    gates(session, episode[0])?;
    let with_interval = falls.get(0, "low_pct").is_some_and(|cell| !cell.is_null());
    let draws = falls.get(0, "draws").map(ToString::to_string).unwrap_or_default();
    crate::say!(
        "medians over {draws} draws and both intra-bar orders{};",
        if with_interval {
            " [5th to 95th percentile]"
        } else {
            ""
        }
    );
    crate::say!(
        "no forced flow is recorded and impact is a prior: read the top of the report before quoting a figure"
    );
    Ok(())
}

/// What became of the user's own accounts, by rule set.
fn own_accounts(session: &Session, episode: &str) -> Result<()> {
    let fates = session.ask("solvency/own_accounts", &[("episode", episode)])?;
    let mut rows = Vec::new();
    for row in 0..fates.rows.len() {
        let cell = |column| {
            fates
                .get(row, column)
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let price = |column| interval(&fates, row, ["", column, ""], 1);
        // To the minute; the report has the rest.
        let at: String = cell("triggered_at").replace('T', " ").chars().take(16).collect();
        let cross = if cell("margin") == "cross" { " (cross)" } else { "" };
        rows.push(vec![
            cell("rule_set"),
            cell("account") + cross,
            price("closed_pct"),
            interval(&fates, row, ["low_loss", "median_loss", "high_loss"], 0),
            if cell("fate") == "survived" {
                cell("fate")
            } else {
                at
            },
            price("trigger_usd"),
            price("fill_usd"),
        ]);
    }
    let headers = [
        "own accounts under",
        "account",
        "% closed",
        "loss, USD",
        "central draw",
        "mark",
        "filled at",
    ];
    table::print(&table::headers(&headers), &rows)?;
    let limits = session.ask("quality/limits", &[("episode", episode)])?;
    for row in 0..limits.rows.len() {
        let text = |column| {
            limits
                .get(row, column)
                .and_then(|cell| cell.text())
                .unwrap_or_default()
        };
        if text("name").starts_with("own_accounts") {
            crate::say!("note: {}", text("text"));
        }
    }
    Ok(())
}

/// How many gates passed, failed or could not be measured; a failed one with its reason, under which rules.
fn gates(session: &Session, episode: (&str, &str)) -> Result<()> {
    let gates = session.ask("quality/gates", &[episode])?;
    let text = |row, column| {
        gates
            .get(row, column)
            .and_then(|cell| cell.text())
            .unwrap_or_default()
    };
    let lines = (0..gates.rows.len()).map(|row| (text(row, "gate"), text(row, "verdict")));
    let [passed, failed, silent] = counted(lines);
    crate::say!(
        "gates   {passed} passed, {failed} failed under some rules, {silent} not measurable on this record"
    );
    for row in (0..gates.rows.len()).filter(|row| text(*row, "verdict") == "fail") {
        crate::say!(
            "  {} failed under {}: {}",
            text(row, "gate"),
            text(row, "rule_sets"),
            text(row, "detail")
        );
    }
    Ok(())
}

/// Gates that passed, failed and could not be measured, of lines of gate and verdict. One that runs answer differently counts
/// once: it failed where one of them failed, and passed where none did and one could be measured.
fn counted<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>) -> [usize; 3] {
    let mut verdicts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (gate, verdict) in lines {
        verdicts.entry(gate).or_default().insert(verdict);
    }
    let place = |said: &BTreeSet<&str>| match (said.contains("fail"), said.contains("pass")) {
        (false, true) => 0,
        (true, _) => 1,
        (false, false) => 2,
    };
    let mut counts = [0; 3];
    for said in verdicts.values() {
        counts[place(said)] += 1;
    }
    counts
}

/// `median [low, high]`; the median alone where there is no interval, `-` where there is no median.
pub(crate) fn interval(rows: &Rows, row: usize, [low, median, high]: [&str; 3], decimals: usize) -> String {
    let value = |column| rows.get(row, column).and_then(|cell| cell.number());
    match (value(low), value(median), value(high)) {
        (Some(low), Some(median), Some(high)) => {
            format!(
                "{} [{}, {}]",
                rounded(median, decimals),
                rounded(low, decimals),
                rounded(high, decimals)
            )
        }
        (_, Some(median), _) => rounded(median, decimals),
        _ => "-".to_owned(),
    }
}

/// The number with so many decimals, without a sign where nothing is left of it.
pub(crate) fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_runs_answer_differently_is_one_gate() {
        let lines = [
            ("G1", "pass"),
            ("G4", "not measurable"),
            ("G15", "not measurable"),
            ("G15", "pass"),
            ("G18", "fail"),
            ("G18", "fail"),
            ("G18", "pass"),
        ];
        assert_eq!(counted(lines.into_iter()), [2, 1, 1]);
    }
}
