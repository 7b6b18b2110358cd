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

/// What is no file, and why.
type Other = (PathBuf, String);

/// The files that paths stand for, each once, in the order of their paths; and what in folders is no file, with the
/// reason.
///
/// In folders, names that begin with a point and files that hold checksums are left out.
pub(crate) fn expand(given: &[String]) -> Result<(Vec<Found>, Vec<Other>), IngestError> {
    let mut found = Files::default();
    for path in given {
        let plain = Path::new(path);
        let bad = |reason: String| IngestError::BadFile {
            path: path.clone(),
            reason,
        };
        if plain.symlink_metadata().is_ok() {
            let before = found.count();
            found.add(plain, true)?;
            if found.count() == before {
                let reason =
                    "it holds no file to read; names that begin with a point and checksums are left out";
                found.others.push((plain.to_owned(), reason.to_owned()));
            }
            continue;
        }
        if !path.contains(['*', '?', '[']) {
            return Err(bad("there is no such file or folder".to_owned()));
        }
        let matches = glob::glob(path).map_err(|error| bad(format!("it is no pattern: {error}")))?;
        let before = found.count();
        for matched in matches {
            let matched = matched.map_err(|error| bad(error.to_string().to_lowercase()))?;
            found.add(&matched, false)?;
        }
        if found.count() == before {
            return Err(bad("the pattern matches no file".to_owned()));
        }
    }
    let Files { mut files, others } = found;
    files.sort_by(|a, b| a.path.cmp(&b.path).then(b.named.cmp(&a.named)));
    files.dedup_by(|later, first| later.path == first.path);
    Ok((files, others))
}

/// What was found so far.
#[derive(Default)]
struct Files {
    files: Vec<Found>,
    others: Vec<Other>,
}

impl Files {
    fn count(&self) -> usize {
        self.files.len() + self.others.len()
    }

    fn add(&mut self, path: &Path, named: bool) -> Result<(), IngestError> {
        let failed = |error: std::io::Error| unreadable(&path.display().to_string(), &error);
        if !path.is_dir() {
            match file_bytes(path) {
                Ok(bytes) => self.files.push(Found {
                    path: path.to_owned(),
                    named,
                    bytes,
                }),
                Err(reason) if named => {
                    return Err(IngestError::BadFile {
                        path: path.display().to_string(),
                        reason,
                    });
                }
                Err(reason) => self.others.push((path.to_owned(), reason)),
            }
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
                self.add(&entry, false)?;
            }
        }
        Ok(())
    }
}

/// Bytes of a file, or why it is none: a pipe would be waited for, and a device may have no end.
fn file_bytes(path: &Path) -> Result<u64, String> {
    match fs::metadata(path) {
        Ok(what) if what.is_file() => Ok(what.len()),
        Ok(_) => Err("it is a pipe, a socket or a device; expected a file".to_owned()),
        Err(error) => Err(match fs::read_link(path) {
            Ok(target) => format!("it is a link to {}, which does not read", target.display()),
            Err(_) => format!("it does not read: {}", error.to_string().to_lowercase()),
        }),
    }
}

/// Endings of files that hold the checksum of the file beside them, and who writes them.
const SUMS: [(&str, &str); 2] = [(".CHECKSUM", "the archive"), (".sha256", "sha256sum")];

/// Compares a file with the checksum beside it, if there is one.
pub(crate) fn check_sum(path: &Path, sha256: &str) -> Result<(), IngestError> {
    for (ending, writer) in SUMS {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        let bad = |reason: String| IngestError::BadFile {
            path: path.display().to_string(),
            reason: format!("{reason}; fetch both again"),
        };
        let beside = Path::new(&beside);
        let text = match fs::read_to_string(beside) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                let error = error.to_string().to_lowercase();
                return Err(bad(format!(
                    "its checksum {} does not read: {error}",
                    beside.display()
                )));
            }
        };
        let expected = text.split_whitespace().next().unwrap_or_default();
        if expected.len() != 64 || !expected.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let said = if expected.is_empty() {
                "is empty".to_owned()
            } else {
                format!("begins with `{}`", expected.chars().take(80).collect::<String>())
            };
            return Err(bad(format!(
                "its checksum {} {said}; expected the 64 digits of a sha256",
                beside.display()
            )));
        }
        if !expected.eq_ignore_ascii_case(sha256) {
            return Err(IngestError::BadFile {
                path: path.display().to_string(),
                reason: format!(
                    "its sha256 is {sha256}; {} of {writer} says {expected}; fetch the file again",
                    beside.display()
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
