//! `aftershock replay`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftershock_archive::{Digests, Manifest, write_run};
use aftershock_market::Timestamp;
use aftershock_market::journal::Journal;
use aftershock_query::Session;
use aftershock_query::cells::Rows;
use aftershock_rules::{RuleSetFile, record};
use aftershock_sweep::own::OwnBook;
use aftershock_sweep::{DRAWS_FOR_INTERVAL, ENGINE_SHA256, ensemble};
use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::embedded::{self, DEFAULT_RULE_SETS, RECORD};
use crate::failure::Mistake;
use crate::own::{Own, OwnArguments};
use crate::prepared::Prepared;
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
    #[command(flatten)]
    own: OwnArguments,
    /// Folder of the post-mortem; `reports` in the data folder where it is not given
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let mut sets = rule_sets(&arguments)?;
    let own = Own::read(&arguments.own)?;
    let prepared = Prepared::open(data, &arguments.episode)?;
    own.check(&prepared)?;
    let unmeasured = measurable(&mut sets, &arguments.rules, &prepared.episode.id)?;
    add_brackets(&mut sets, &arguments.brackets_of, &prepared)?;
    let (seed, draws) = (arguments.seed, arguments.draws);
    if draws < DRAWS_FOR_INTERVAL {
        crate::say!("note: below {DRAWS_FOR_INTERVAL} draws no interval is given");
    }
    let journals = replay(&prepared, &sets, seed, draws, &own, arguments.threads)?;
    let mut runs = Vec::new();
    for (set, journal) in sets.iter().zip(&journals) {
        let manifest = manifest(&prepared, set, seed, draws, &own);
        let written = write_run(data, &manifest, journal)?;
        crate::say!(
            "run     {}{}",
            written.path.display(),
            if written.written {
                ""
            } else {
                " (the same run was there)"
            }
        );
        runs.push(manifest);
    }
    let folder = arguments.reports.unwrap_or_else(|| data.join("reports"));
    let written: Vec<&RuleSetFile> = sets.iter().collect();
    let session = commands::report::session(data, &runs, &written)?;
    let episode = &runs[0].episode;
    for path in commands::report::write(&session, &folder, episode)? {
        crate::say!("report  {}", path.display());
    }
    if let Some(shock) = own.shock {
        println!(
            "MADE UP: a move of {shock} was added to the record of {}",
            prepared.episode.id
        );
    }
    summary(&session, episode, &unmeasured)?;
    if own.book.is_some() {
        own_accounts(&session, episode)?;
    }
    Ok(())
}

/// The rules of record first, then those asked for, each once; where nothing is asked for, the usual ones.
fn rule_sets(arguments: &Arguments) -> Result<Vec<RuleSetFile>> {
    if arguments.rules.is_empty() && arguments.brackets_of.is_empty() {
        return with_record(DEFAULT_RULE_SETS);
    }
    with_record(arguments.rules.iter().map(String::as_str))
}

/// What the record of an episode cannot measure is not replayed: of a catalogue it is said, and what was named is refused.
///
/// Returns their names, and leaves the others.
fn measurable(sets: &mut Vec<RuleSetFile>, named: &[String], episode: &str) -> Result<Vec<String>> {
    let mut unmeasured = Vec::new();
    for set in sets.iter().filter(|set| !set.rules.needs().is_empty()) {
        let needs: Vec<&str> = set.rules.needs().into_iter().map(|need| need.what()).collect();
        let needs = needs.join(" and ");
        if named.contains(&set.name) {
            return Err(Mistake::new(format!(
                "{} is not measurable on the record of {episode}: it needs {needs}",
                set.name
            ))
            .hint("`aftershock synth --rules` replays it on a made-up crash")
            .into());
        }
        crate::say!(
            "note: {} is not measurable on this record: it needs {needs}",
            set.name
        );
        unmeasured.push(set.name.clone());
    }
    sets.retain(|set| set.rules.needs().is_empty());
    Ok(unmeasured)
}

/// Adds the rules of record under the margin brackets of other dates.
fn add_brackets(sets: &mut Vec<RuleSetFile>, dates: &[Timestamp], prepared: &Prepared) -> Result<()> {
    for at in dates {
        let set = embedded::brackets_of(*at)?;
        let table = prepared.brackets();
        if set
            .brackets
            .as_ref()
            .is_some_and(|brackets| record::same_margins(brackets, table))
        {
            return Err(Mistake::new(format!(
                "the brackets of {at} are those that were in force in {}, so that there is nothing to compare",
                prepared.episode.id
            ))
            .hint(format!("`aftershock venues {}` lists what changed when", embedded::MARGIN_VENUE))
            .into());
        }
        match sets.iter().find(|known| known.name == set.name) {
            None => sets.push(set),
            Some(known) if known.toml == set.toml => {}
            Some(known) => {
                return Err(Mistake::new(format!("two rule sets are named '{}'", known.name))
                    .hint("give the one of your own another name")
                    .into());
            }
        }
    }
    Ok(())
}

/// The rules of record first, then these, each once.
pub(crate) fn with_record<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<RuleSetFile>> {
    let mut sets = vec![embedded::rule_set(RECORD)?];
    let mut asked = Vec::new();
    for name in names {
        if name == embedded::CATALOGUE {
            asked.extend(embedded::catalogue()?.into_iter().map(|set| (name, set)));
        } else {
            asked.push((name, embedded::rule_set(name)?));
        }
    }
    for (name, set) in asked {
        let Some(same) = sets.iter().find(|known| known.name == set.name) else {
            sets.push(set);
            continue;
        };
        if same.toml != set.toml {
            return Err(Mistake::new(format!("two rule sets are named '{}'", set.name))
                .hint(format!("give the one in {name} another name"))
                .into());
        }
    }
    Ok(sets)
}

/// What names a run.
pub(crate) fn manifest(prepared: &Prepared, set: &RuleSetFile, seed: u64, draws: u32, own: &Own) -> Manifest {
    let digests = Digests {
        cut_sha256: prepared.cut.sha256.clone(),
        rule_set_sha256: aftershock_archive::sha256_hex(set.toml.as_bytes()),
        calibration_sha256: prepared.calibration_sha256(),
        engine_sha256: ENGINE_SHA256.into(),
        seed,
        draws,
        positions_csv: own.book.as_ref().map(OwnBook::to_csv),
        shock: own.shock,
    };
    let labels = aftershock_archive::Labels {
        episode: &prepared.episode.id,
        rule_set: &set.name,
        instrument: &prepared.episode.record.instrument,
    };
    Manifest::new(
        &labels,
        &set.toml,
        &digests,
        concat!("aftershock ", env!("CARGO_PKG_VERSION")),
    )
}

/// Replays every draw with progress on a terminal; one journal a rule set.
pub(crate) fn replay(
    prepared: &Prepared,
    sets: &[RuleSetFile],
    seed: u64,
    draws: u32,
    own: &Own,
    threads: Option<u16>,
) -> Result<Vec<Journal>> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if std::io::stderr().is_terminal() {
        let style = "{spinner} {msg} {bar:40} {pos}/{len} replays, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(prepared.episode.id.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    let case = prepared.case(seed, draws, own);
    let sets: Vec<&RuleSetFile> = sets.iter().collect();
    let work = || {
        ensemble(&case, &sets, &|done, of| {
            bar.set_length(of);
            bar.set_position(done);
        })
    };
    let journals = match threads {
        Some(threads) => aftershock_sweep::on_threads(threads.into(), work)?,
        None => work(),
    };
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

/// How many gates passed, failed or could not be measured, over all runs; a failed one with its reason.
fn gates(session: &Session, episode: (&str, &str)) -> Result<()> {
    let gates = session.ask("quality/gates", &[episode])?;
    let text = |row, column| {
        gates
            .get(row, column)
            .and_then(|cell| cell.text())
            .unwrap_or_default()
    };
    let count = |verdict| {
        (0..gates.rows.len())
            .filter(|row| text(*row, "verdict") == verdict)
            .count()
    };
    let (passed, failed, silent) = (count("pass"), count("fail"), count("not measurable"));
    crate::say!("gates   {passed} passed, {failed} failed, {silent} not measurable on this record");
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
