//! Runs on disk: `runs/run=<run>/` holds one Parquet file a table and `manifest.json`, all of them or nothing.

use std::fs;
use std::path::{Path, PathBuf};

use aftershock_market::journal::Journal;

use crate::manifest::{Manifest, TableDigest};
use crate::{ArchiveError, file, journal, sha256_hex};

const MANIFEST: &str = "manifest.json";

/// Where a run is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPath {
    /// Name of the run.
    pub run: String,
    /// Its folder.
    pub path: PathBuf,
    /// False where the same run was there already and was left alone.
    pub written: bool,
}

/// A folder below `runs` that does not hold a run.
#[derive(Debug)]
pub struct BrokenRun {
    /// The folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: ArchiveError,
}

/// What stands below `runs`.
#[derive(Debug, Default)]
pub struct RunList {
    /// Runs by name.
    pub runs: Vec<Manifest>,
    /// Folders whose manifest is missing or does not read, by path.
    pub broken: Vec<BrokenRun>,
}

/// A folder that is removed unless it was renamed in time.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // A reader never looks into a folder of this name, so one that cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The folder of a run.
pub fn run_path(data_dir: &Path, run: &str) -> PathBuf {
    data_dir.join("runs").join(format!("run={run}"))
}

/// Writes a run: first all of it under a temporary name, then one rename. `manifest.tables` is filled in here.
/// A run of this name with the same tables is left alone.
///
/// # Errors
/// [`ArchiveError::NotReproducible`] where the run is there with other tables, [`ArchiveError::Corrupt`] where it
/// is there but damaged, else a refusal of the system. Nothing half-written remains.
pub fn write_run(data_dir: &Path, manifest: &Manifest, journal: &Journal) -> Result<RunPath, ArchiveError> {
    file::check_name("a run", &manifest.run)?;
    let run = &manifest.run;
    let path = run_path(data_dir, run);
    let tables = journal::files(journal, &manifest.labels());
    let mut manifest = manifest.clone();
    manifest.tables = tables
        .iter()
        .map(|(table, rows, bytes)| {
            let digest = TableDigest {
                rows: *rows,
                sha256: sha256_hex(bytes),
            };
            ((*table).to_owned(), digest)
        })
        .collect();
    if path.exists() {
        return keep(data_dir, &manifest);
    }

    let runs = data_dir.join("runs");
    file::create_folder(&runs)?;
    let partial = Partial(runs.join(format!(".partial-{run}-{}", std::process::id())));
    if partial.0.exists() {
        fs::remove_dir_all(&partial.0).map_err(ArchiveError::io("remove", &partial.0))?;
    }
    file::create_folder(&partial.0)?;
    for (table, _, bytes) in &tables {
        file::write(&partial.0.join(format!("{table}.parquet")), bytes)?;
    }
    file::write(&partial.0.join(MANIFEST), manifest.to_json().as_bytes())?;
    file::sync_folder(&partial.0)?;
    match fs::rename(&partial.0, &path) {
        Ok(()) => file::sync_folder(&runs)?,
        // Another process finished the same run in the meantime.
        Err(_) if path.exists() => return keep(data_dir, &manifest),
        Err(cause) => return Err(ArchiveError::io("create", path)(cause)),
    }
    Ok(RunPath {
        run: run.clone(),
        path,
        written: true,
    })
}

/// Leaves an earlier run alone if it is what `manifest` says.
fn keep(data_dir: &Path, manifest: &Manifest) -> Result<RunPath, ArchiveError> {
    let path = run_path(data_dir, &manifest.run);
    let kept = check_run(data_dir, &manifest.run)?;
    let differing = manifest.differing_tables(&kept);
    if !differing.is_empty() {
        return Err(ArchiveError::NotReproducible {
            run: manifest.run.clone(),
            tables: differing.join(", "),
            path,
        });
    }
    Ok(RunPath {
        run: manifest.run.clone(),
        path,
        written: false,
    })
}

/// The manifest in the folder of a run.
///
/// # Errors
/// [`ArchiveError::Io`] where there is none, [`ArchiveError::Corrupt`] where it does not read or belongs to another
/// folder.
pub fn read_manifest(path: &Path) -> Result<Manifest, ArchiveError> {
    let file = path.join(MANIFEST);
    let manifest = Manifest::from_json(&file, &file::read(&file)?)?;
    let expected = format!("run={}", manifest.run);
    if path.file_name().is_none_or(|name| name != expected.as_str()) {
        return Err(ArchiveError::corrupt(
            file,
            format!(
                "it is the manifest of run `{}`; expected a folder named `{expected}`",
                manifest.run
            ),
        ));
    }
    Ok(manifest)
}

/// The manifest of a run, after every table was compared with the digest it gives.
///
/// # Errors
/// [`ArchiveError::MissingRun`], [`ArchiveError::Corrupt`] naming the file, or a refusal of the system.
pub fn check_run(data_dir: &Path, run: &str) -> Result<Manifest, ArchiveError> {
    let path = existing(data_dir, run)?;
    let manifest = read_manifest(&path)?;
    for (table, expected) in &manifest.tables {
        let file = path.join(format!("{table}.parquet"));
        let found = sha256_hex(&file::read(&file)?);
        if found != expected.sha256 {
            return Err(ArchiveError::corrupt(
                file,
                format!("its sha256 is {found}; its manifest expects {}", expected.sha256),
            ));
        }
    }
    Ok(manifest)
}

/// All runs below a data folder, and apart from them the folders that ought to be runs but are not.
///
/// # Errors
/// Only where the folder `runs` exists and cannot be listed.
pub fn list_runs(data_dir: &Path) -> Result<RunList, ArchiveError> {
    let folder = data_dir.join("runs");
    let mut list = RunList::default();
    if !folder.exists() {
        return Ok(list);
    }
    let mut paths = fs::read_dir(&folder)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>, std::io::Error>>()
        })
        .map_err(ArchiveError::io("list", &folder))?;
    paths.sort();
    for path in paths {
        let named_run = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("run="));
        if !named_run {
            continue;
        }
        match read_manifest(&path) {
            Ok(manifest) => list.runs.push(manifest),
            Err(error) => list.broken.push(BrokenRun { path, error }),
        }
    }
    list.runs.sort_by(|a, b| a.run.cmp(&b.run));
    Ok(list)
}

/// Removes a run, broken or not. It is renamed first, so that it is gone at once.
///
/// # Errors
/// [`ArchiveError::MissingRun`] or a refusal of the system.
pub fn remove_run(data_dir: &Path, run: &str) -> Result<(), ArchiveError> {
    let path = existing(data_dir, run)?;
    let doomed = data_dir
        .join("runs")
        .join(format!(".removed-{run}-{}", std::process::id()));
    fs::rename(&path, &doomed)
        .and_then(|()| fs::remove_dir_all(&doomed))
        .map_err(ArchiveError::io("remove", path))
}

fn existing(data_dir: &Path, run: &str) -> Result<PathBuf, ArchiveError> {
    file::check_name("a run", run)?;
    let path = run_path(data_dir, run);
    if path.is_dir() {
        return Ok(path);
    }
    Err(ArchiveError::MissingRun {
        run: run.to_owned(),
        path,
    })
}
