//! Files, folders and patterns, as a user gives them; and checksums that lie beside files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::IngestError;
use crate::container::unreadable;

/// A file to ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Given by its own name rather than found in a folder.
    pub(crate) named: bool,
    pub(crate) bytes: u64,
}

/// The files that paths stand for, each once, in the order of their paths.
///
/// In folders, names that begin with a point and files that hold checksums are left out.
pub(crate) fn expand(given: &[String]) -> Result<Vec<Found>, IngestError> {
    let mut found: Vec<Found> = Vec::new();
    for path in given {
        let plain = Path::new(path);
        if plain.exists() {
            add(plain, true, &mut found)?;
            continue;
        }
        let bad = |reason: String| IngestError::BadFile {
            path: path.clone(),
            reason,
        };
        if !path.contains(['*', '?', '[']) {
            return Err(bad("there is no such file or folder".to_owned()));
        }
        let matches = glob::glob(path).map_err(|error| bad(format!("it is no pattern: {error}")))?;
        let before = found.len();
        for matched in matches {
            let matched = matched.map_err(|error| bad(error.to_string().to_lowercase()))?;
            add(&matched, false, &mut found)?;
        }
        if found.len() == before {
            return Err(bad("the pattern matches no file".to_owned()));
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path).then(b.named.cmp(&a.named)));
    found.dedup_by(|later, first| later.path == first.path);
    Ok(found)
}

fn add(path: &Path, named: bool, found: &mut Vec<Found>) -> Result<(), IngestError> {
    let failed = |error: std::io::Error| unreadable(&path.display().to_string(), &error);
    if !path.is_dir() {
        let bytes = fs::metadata(path).map_err(failed)?.len();
        found.push(Found {
            path: path.to_owned(),
            named,
            bytes,
        });
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    for entry in entries {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_sum = SUMS.iter().any(|(ending, _)| name.ends_with(ending));
        if !name.starts_with('.') && !is_sum && !name.ends_with(".part") {
            add(&entry, false, found)?;
        }
    }
    Ok(())
}

/// Endings of files that hold the checksum of the file beside them, and who writes them.
const SUMS: [(&str, &str); 2] = [(".CHECKSUM", "the archive"), (".sha256", "sha256sum")];

/// Compares a file with the checksum beside it, if there is one.
pub(crate) fn check_sum(path: &Path, sha256: &str) -> Result<(), IngestError> {
    for (ending, writer) in SUMS {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        let Ok(text) = fs::read_to_string(&beside) else {
            continue;
        };
        let expected = text.split_whitespace().next().unwrap_or_default();
        if !expected.eq_ignore_ascii_case(sha256) {
            return Err(IngestError::BadFile {
                path: path.display().to_string(),
                reason: format!(
                    "its sha256 is {sha256}; {} of {writer} says {expected}; fetch the file again",
                    Path::new(&beside).display()
                ),
            });
        }
    }
    Ok(())
}

/// The file's own name, and the member behind `!`.
pub(crate) fn name_of(path: &str) -> String {
    let (file, member) = match path.split_once('!') {
        Some((file, member)) => (file, Some(member)),
        None => (path, None),
    };
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    match member {
        Some(member) => format!("{file}!{member}"),
        None => file.to_owned(),
    }
}
