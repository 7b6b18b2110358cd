//! `aftershock replay`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftershock_archive::{Digests, Manifest, write_run};
use aftershock_market::journal::Journal;
use aftershock_query::Session;
use aftershock_rules::RuleSetFile;
use aftershock_sweep::{DRAWS_FOR_INTERVAL, ENGINE_SHA256, ensemble};
use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::embedded::{self, DEFAULT_RULE_SETS, RECORD};
use crate::failure::Mistake;
use crate::prepared::Prepared;
use crate::{commands, table};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Episode by id, date or alias, or the path of an episode file
    episode: String,
    /// Rule set by name, or the path of a TOML file; repeat for several. The rules of record always run beside them
    #[arg(long = "rules", value_name = "NAME|FILE")]
    rules: Vec<String>,
    /// Draws from the priors besides the central one; below 100 no interval is given
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    draws: u32,
    /// Names the ensemble of draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; all cores where it is not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Folder of the post-mortem; `reports` in the data folder where it is not given
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let sets = rule_sets(&arguments.rules)?;
    let prepared = Prepared::open(data, &arguments.episode)?;
    let (seed, draws) = (arguments.seed, arguments.draws);
    if draws < DRAWS_FOR_INTERVAL {
        eprintln!("note: below {DRAWS_FOR_INTERVAL} draws no interval is given");
    }
    let journals = replay(&prepared, &sets, seed, draws, arguments.threads)?;
    let mut runs = Vec::new();
    for (set, journal) in sets.iter().zip(&journals) {
        let manifest = manifest(&prepared, set, seed, draws);
        let written = write_run(data, &manifest, journal)?;
        eprintln!(
            "run     {}{}",
            written.path.display(),
            if written.written {
                ""
            } else {
                " (the same run was there)"
            }
        );
        runs.push(manifest.run);
    }
    let folder = arguments.reports.unwrap_or_else(|| data.join("reports"));
    let own: Vec<&RuleSetFile> = sets.iter().collect();
    for path in commands::report::write(data, &folder, &prepared.episode, &runs, &own)? {
        eprintln!("report  {}", path.display());
    }
    summary(data, &prepared, &runs, &own)
}

/// The rules of record first, then those asked for, each once.
fn rule_sets(names: &[String]) -> Result<Vec<RuleSetFile>> {
    let mut sets = vec![embedded::rule_set(RECORD)?];
    let defaults: Vec<String> = DEFAULT_RULE_SETS.iter().map(|name| (*name).to_owned()).collect();
    for name in if names.is_empty() { &defaults } else { names } {
        let set = embedded::rule_set(name)?;
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
pub(crate) fn manifest(prepared: &Prepared, set: &RuleSetFile, seed: u64, draws: u32) -> Manifest {
    let digests = Digests {
        tape_sha256: prepared.tape.sha256.clone(),
        rule_set_sha256: aftershock_archive::sha256_hex(set.toml.as_bytes()),
        calibration_sha256: prepared.calibration_sha256(),
        engine_sha256: ENGINE_SHA256.into(),
        seed,
        draws,
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
    threads: Option<u16>,
) -> Result<Vec<Journal>> {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if std::io::stderr().is_terminal() {
        let style = "{spinner} {msg} {bar:40} {pos}/{len} replays, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(prepared.episode.id.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    let case = prepared.case(seed, draws);
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

/// Drawdown and amplification by rule set, from the runs just written.
fn summary(data: &Path, prepared: &Prepared, runs: &[String], own: &[&RuleSetFile]) -> Result<()> {
    let catalog = embedded::catalog_tables(own, Some(&prepared.episode))?;
    let names: Vec<&str> = runs.iter().map(String::as_str).collect();
    let session = Session::open_runs(data, catalog, &names)?;
    let rows = session.ask("comparison/drawdowns", &[("episode", &prepared.episode.id)])?;
    let cells: Vec<Vec<String>> = rows
        .rows
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect();
    table::print(&rows.columns, &cells)
}
