//! `aftershock report`.

use std::fs;
use std::path::{Path, PathBuf};

use aftershock_archive::{Departure, Manifest};
use aftershock_query::Session;
use aftershock_report::Report;
use aftershock_rules::RuleSetFile;
use aftershock_study::catalog;
use anyhow::{Context, Result};

use crate::failure::Mistake;

/// Name of a post-mortem's files.
const STEM: &str = "post-mortem";

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
    let mut manifests = Vec::new();
    for run in &arguments.runs {
        let manifest = aftershock_archive::check_run(data, run)?;
        sets.push(RuleSetFile::parse(
            &format!("{run} (manifest)"),
            &manifest.rule_set_toml,
        )?);
        manifests.push(manifest);
    }
    let mut episodes: Vec<&str> = manifests.iter().map(|run| run.episode.as_str()).collect();
    episodes.dedup();
    let [episode] = episodes.as_slice() else {
        return Err(Mistake::new(format!(
            "these runs are of several episodes: {}",
            episodes.join(", ")
        ))
        .hint("a post-mortem is of one")
        .into());
    };
    let folder = arguments.reports.unwrap_or_else(|| data.join("reports"));
    let own: Vec<&RuleSetFile> = sets.iter().collect();
    let session = session(data, &manifests, &own)?;
    for path in write(&session, &folder, episode)? {
        println!("{}", path.display());
    }
    Ok(())
}

/// A session that sees these runs and no others.
pub(crate) fn session(data: &Path, runs: &[Manifest], own: &[&RuleSetFile]) -> Result<Session> {
    let names: Vec<&str> = runs.iter().map(|run| run.run.as_str()).collect();
    let departures: Vec<Departure> = runs.iter().filter_map(|run| run.shock.clone()).collect();
    Ok(Session::open_runs(
        data,
        catalog::tables(own, &departures)?,
        &names,
    )?)
}

/// Writes the post-mortem of the runs that `session` sees into a folder of the episode's or scenario's name; returns
/// the page and its twin.
pub(crate) fn write(session: &Session, folder: &Path, episode: &str) -> Result<Vec<PathBuf>> {
    let report = Report::build(session, episode, STEM)?;
    put(&report, &folder.join(episode), STEM)
}

/// Writes a page, its twin and their pictures into a folder; returns the page and its twin.
pub(crate) fn put(report: &Report, folder: &Path, stem: &str) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for picture in &report.pictures {
        place(&folder.join(&picture.file), &picture.svg)?;
    }
    let pages = [
        (folder.join(format!("{stem}.html")), &report.html),
        (folder.join(format!("{stem}.md")), &report.markdown),
    ];
    for (path, text) in &pages {
        place(path, text)?;
    }
    Ok(pages.into_iter().map(|(path, _)| path).collect())
}

/// Puts a file in place at once: whoever reads it finds the old text or the new one.
fn place(path: &Path, text: &str) -> Result<()> {
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let written = fs::write(&partial, text).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // What could not be written is taken away again; the first error is the one to tell.
        let _ = fs::remove_file(&partial);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}
