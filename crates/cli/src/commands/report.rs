//! `aftershock report`.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};

use aftershock_archive::{Departure, Manifest, check_run, list_runs, way_out};
use aftershock_query::Session;
use aftershock_report::Report;
use aftershock_rules::RuleSetFile;
use aftershock_study::catalog;
use aftershock_study::rule_sets::RECORD;
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
    /// With --all, the post-mortem of every episode too, so that the page of all runs can link it
    #[arg(long, requires = "all")]
    each: bool,
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
    let formats = &arguments.format;
    let written = |report: &Report, folder: &Path, stem: &str| -> Result<Vec<PathBuf>> {
        let mut paths = put(report, folder, stem, formats)?;
        if let Some(browser) = &browser {
            let pdf = folder.join(format!("{stem}.pdf"));
            browser::print(browser, &report.html, &pdf)?;
            paths.push(pdf);
        }
        for path in &paths {
            println!("{}", path.display());
        }
        Ok(paths)
    };
    let paths = if arguments.all {
        let (runs, left_out) = sound(data)?;
        if arguments.each {
            for (episode, runs) in comparable(&runs) {
                let report = Report::build(&session_of(data, &runs)?, episode, STEM)?;
                written(&report, &folder.join(episode), STEM)?;
            }
        }
        written(&league(data, &runs, &folder, &left_out)?, &folder, INDEX)?
    } else {
        let (report, episode) = post_mortem(data, &arguments.runs)?;
        written(&report, &folder.join(episode), STEM)?
    };
    match paths.first() {
        Some(first) if arguments.open => browser::open(first),
        _ => Ok(()),
    }
}

/// The runs of a data folder whose files are what was written, and the names of the others, which are said.
fn sound(data: &Path) -> Result<(Vec<Manifest>, Vec<String>)> {
    let list = list_runs(data)?;
    let (mut sound, mut left_out) = (Vec::new(), Vec::new());
    for broken in list.broken {
        crate::say!("note: left out {}: {}", broken.path.display(), broken.error);
        let name = broken
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        left_out.push(name.trim_start_matches("run=").to_owned());
    }
    for run in list.runs {
        match check_run(data, &run.run) {
            Ok(run) => sound.push(run),
            Err(error) => {
                crate::say!("note: left out the run {}: {error}", run.run);
                left_out.push(run.run);
            }
        }
    }
    if !left_out.is_empty() {
        crate::say!("  hint: {}", way_out(&data.join("runs/run=")));
    }
    Ok((sound, left_out))
}

/// The runs of each episode that one post-mortem can hold: a run under the rules of record and all that differ from it by
/// their rules alone. An episode with several such is left out and said, since nothing tells which is meant.
fn comparable(runs: &[Manifest]) -> Vec<(&str, Vec<Manifest>)> {
    let mut found: Vec<(&str, Vec<Manifest>)> = Vec::new();
    let mut several: Vec<&str> = Vec::new();
    for record in runs.iter().filter(|run| run.rule_set == RECORD) {
        let episode = record.episode.as_str();
        if several.contains(&episode) {
            continue;
        }
        if found.iter().any(|(known, _)| *known == episode) {
            crate::say!(
                "note: left out {episode}: its runs differ by more than their rules; name those that belong together"
            );
            found.retain(|(known, _)| *known != episode);
            several.push(episode);
            continue;
        }
        let alike = runs.iter().filter(|run| run.differs_by_rules_alone(record));
        found.push((episode, alike.cloned().collect()));
    }
    found
}

/// The report on runs of one episode, and the episode. The run under the rules of record is added where it is not named: what
/// other rules did is told against it.
fn post_mortem(data: &Path, runs: &[String]) -> Result<(Report, String)> {
    let mut manifests = runs
        .iter()
        .map(|run| check_run(data, run))
        .collect::<Result<Vec<_>, _>>()?;
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
    let episode = (*episode).to_owned();
    let is_record_of = |record: &Manifest, run: &Manifest| {
        record.rule_set == RECORD && (record.run == run.run || record.differs_by_rules_alone(run))
    };
    let known = list_runs(data)?.runs;
    for run in manifests.clone() {
        if manifests.iter().any(|record| is_record_of(record, &run)) {
            continue;
        }
        let Some(record) = known.iter().find(|record| is_record_of(record, &run)) else {
            return Err(without_record(&run.run).into());
        };
        crate::say!(
            "note: with {}, the rules of record, against which others are told",
            record.run
        );
        manifests.push(check_run(data, &record.run)?);
    }
    let session = session_of(data, &manifests)?;
    Ok((Report::build(&session, &episode, STEM)?, episode))
}

/// What is said where a run has nothing to be told against.
pub(crate) fn without_record(run: &str) -> Mistake {
    Mistake::new(format!("{run} has no run of the rules of record beside it"))
        .hint("replay the episode with the same seed and draws; the rules of record always run too")
}

/// A session that sees these runs, with the rules that they carry.
fn session_of(data: &Path, runs: &[Manifest]) -> Result<Session> {
    let sets = runs.iter().map(rule_set).collect::<Result<Vec<_>>>()?;
    session(data, runs, &sets.iter().collect::<Vec<_>>())
}

/// The page of these runs; an episode is linked where a post-mortem of all of its runs stands below `folder`.
fn league(data: &Path, runs: &[Manifest], folder: &Path, left_out: &[String]) -> Result<Report> {
    let session = session(data, runs, &[])?;
    let link = |episode: &str, runs: &[String], form: &str| {
        let page = format!("{episode}/{STEM}.{form}");
        fs::read_to_string(folder.join(&page))
            .is_ok_and(|text| runs.iter().all(|run| text.contains(run)))
            .then_some(page)
    };
    Ok(Report::league(&session, &link, left_out)?)
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
    let folder = folder.join(episode);
    let before = fs::read_to_string(folder.join(format!("{STEM}.md")))
        .ok()
        .and_then(|text| Some(runs_of(&text)?.to_owned()));
    if let Some(before) = before.filter(|before| runs_of(&report.markdown) != Some(before)) {
        crate::say!(
            "note: the post-mortem there was of other runs; `aftershock report {before}` makes it again"
        );
    }
    put(&report, &folder, STEM, &USUAL)
}

/// The runs that a twin says it is of.
fn runs_of(markdown: &str) -> Option<&str> {
    let line = markdown.lines().find(|line| line.starts_with("<!-- episode: "))?;
    line.split_once(" | runs: ")?.1.strip_suffix(" -->")
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
