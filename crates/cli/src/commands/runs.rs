//! `aftershock runs`.

use std::path::Path;

use aftershock_archive::{check_run, list_runs, remove_run};
use anyhow::Result;

use crate::failure::Mistake;
use crate::table;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List all runs
    List,
    /// Remove runs for good
    Prune {
        /// Runs to remove
        #[arg(value_name = "RUN")]
        runs: Vec<String>,
        /// Remove every run of an episode
        #[arg(long, value_name = "ID")]
        episode: Option<String>,
        /// Remove runs that cannot be read or whose tables are not what was written
        #[arg(long)]
        broken: bool,
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    match arguments.command.unwrap_or(Command::List) {
        Command::List => list(data),
        Command::Prune {
            runs,
            episode,
            broken,
            dry_run,
        } => prune(data, runs, episode, broken, dry_run),
    }
}

fn list(data: &Path) -> Result<()> {
    let found = list_runs(data)?;
    let rows: Vec<Vec<String>> = found
        .runs
        .iter()
        .map(|run| {
            let rows: u64 = run.tables.values().map(|table| table.rows).sum();
            vec![
                run.run.clone(),
                run.draws.to_string(),
                run.seed.to_string(),
                rows.to_string(),
                run.created_by.clone(),
            ]
        })
        .collect();
    table::print(
        &table::headers(&["run", "draws", "seed", "rows", "made by"]),
        &rows,
    )?;
    for broken in &found.broken {
        crate::say!("broken: {}: {}", broken.path.display(), broken.error);
    }
    Ok(())
}

fn prune(
    data: &Path,
    mut runs: Vec<String>,
    episode: Option<String>,
    broken: bool,
    dry_run: bool,
) -> Result<()> {
    let found = list_runs(data)?;
    if let Some(episode) = episode {
        runs.extend(
            found
                .runs
                .iter()
                .filter(|run| run.episode == episode)
                .map(|run| run.run.clone()),
        );
    }
    if broken {
        let names = found
            .broken
            .iter()
            .filter_map(|run| run.path.file_name()?.to_str()?.strip_prefix("run="));
        runs.extend(names.map(str::to_owned));
        let damaged = found.runs.iter().filter(|run| check_run(data, &run.run).is_err());
        runs.extend(damaged.map(|run| run.run.clone()));
        if runs.is_empty() {
            crate::say!("nothing is broken");
            return Ok(());
        }
    }
    runs.sort();
    runs.dedup();
    if runs.is_empty() {
        return Err(Mistake::new("no run is named")
            .hint("name runs, or use --episode ID or --broken; `aftershock runs list` shows what is there")
            .into());
    }
    for run in runs {
        if !dry_run {
            remove_run(data, &run)?;
        }
        println!("{}{run}", if dry_run { "would remove " } else { "removed " });
    }
    Ok(())
}
