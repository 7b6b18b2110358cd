//! `aftershock report`.

mod browser;

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
/// Name of the files of the page of all runs.
const INDEX: &str = "index";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Runs of one episode, the rules of record first
    #[arg(required_unless_present = "all", value_name = "RUN")]
    runs: Vec<String>,
    /// A page of all runs in the data folder instead: what each rule set changed in each episode
    #[arg(long, conflicts_with = "runs")]
    all: bool,
    /// Folder of the post-mortem; `reports` in the data folder where it is not given
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
    /// Forms that are written; a PDF is printed by an installed Chromium or Chrome
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["html", "md"])]
    format: Vec<Format>,
    /// Open the page, or the first of the forms that were asked for
    #[arg(long)]
    open: bool,
}

/// A form of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One file that needs no network.
    Html,
    /// The twin with its pictures.
    Md,
    /// The page as a browser prints it.
    Pdf,
}

/// What is written where nothing else is asked for.
pub(crate) const USUAL: [Format; 2] = [Format::Html, Format::Md];

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let folder = arguments.reports.unwrap_or_else(|| data.join("reports"));
    // A browser that is not there is better missed before the work than after it.
    let browser = arguments
        .format
        .contains(&Format::Pdf)
        .then(browser::installed)
        .transpose()?;
    let (report, folder, stem) = if arguments.all {
        (league(data, &folder)?, folder, INDEX)
    } else {
        let (report, episode) = post_mortem(data, &arguments.runs)?;
        (report, folder.join(episode), STEM)
    };
    let mut paths = put(&report, &folder, stem, &arguments.format)?;
    if let Some(browser) = browser {
        let pdf = folder.join(format!("{stem}.pdf"));
        browser::print(&browser, &report.html, &pdf)?;
        paths.push(pdf);
    }
    for path in &paths {
        println!("{}", path.display());
    }
    match paths.first() {
        Some(first) if arguments.open => browser::open(first),
        _ => Ok(()),
    }
}

/// The report on runs of one episode, and the episode.
fn post_mortem(data: &Path, runs: &[String]) -> Result<(Report, String)> {
    let mut sets = Vec::new();
    let mut manifests = Vec::new();
    for run in runs {
        let manifest = aftershock_archive::check_run(data, run)?;
        sets.push(rule_set(&manifest)?);
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
    let own: Vec<&RuleSetFile> = sets.iter().collect();
    let session = session(data, &manifests, &own)?;
    Ok((Report::build(&session, episode, STEM)?, (*episode).to_owned()))
}

/// The page of all runs of a data folder; an episode is linked where its post-mortem stands below `folder`.
fn league(data: &Path, folder: &Path) -> Result<Report> {
    let list = aftershock_archive::list_runs(data)?;
    for broken in &list.broken {
        crate::say!("note: left out {}: {}", broken.path.display(), broken.error);
    }
    let session = session(data, &list.runs, &[])?;
    let link = |episode: &str| {
        let page = format!("{episode}/{STEM}.html");
        folder.join(&page).exists().then_some(page)
    };
    Ok(Report::league(&session, &link)?)
}

fn rule_set(manifest: &Manifest) -> Result<RuleSetFile> {
    Ok(RuleSetFile::parse(
        &format!("{} (manifest)", manifest.run),
        &manifest.rule_set_toml,
    )?)
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
    put(&report, &folder.join(episode), STEM, &USUAL)
}

/// Writes the page and its twin, with the twin's pictures, into a folder; returns their paths.
pub(crate) fn put(report: &Report, folder: &Path, stem: &str, formats: &[Format]) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut paths = Vec::new();
    if formats.contains(&Format::Html) {
        paths.push((folder.join(format!("{stem}.html")), &report.html));
    }
    if formats.contains(&Format::Md) {
        for picture in &report.pictures {
            place(&folder.join(&picture.file), &picture.svg)?;
        }
        paths.push((folder.join(format!("{stem}.md")), &report.markdown));
    }
    for (path, text) in &paths {
        place(path, text)?;
    }
    Ok(paths.into_iter().map(|(path, _)| path).collect())
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
