//! What can go wrong, by whose fault.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The caller asked for a cut that was never written.
    #[error("no cut of episode `{episode}`: expected its digests at {}", path.display())]
    MissingCut {
        /// Episode asked for.
        episode: String,
        /// File that would name the parts of the cut.
        path: PathBuf,
    },
    /// The caller asked for a run that is not there.
    #[error("no run `{run}`: expected the folder {}", path.display())]
    MissingRun {
        /// Run asked for.
        run: String,
        /// Folder where it would be.
        path: PathBuf,
    },
    /// The caller's name would not survive as a folder name.
    #[error(
        "`{name}` cannot name {what}: use letters, digits, `-`, `_` and `.`, and begin with a letter or digit"
    )]
    BadName {
        /// What it was to name, such as `an episode`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The caller wanted to write a cut without bars.
    #[error("nothing to write for episode `{episode}`: a cut needs at least one bar")]
    EmptyCut {
        /// Episode of the cut.
        episode: String,
    },
    /// A file is not what it should be as a whole.
    #[error("{} is corrupt: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong and what would have been right.
        reason: String,
    },
    /// A list of a tape in a form that came later.
    #[error(
        "{} was written by a newer version of this program: its format is {format}, and this version knows {known}; \
         use the newer one",
        path.display()
    )]
    Newer {
        /// The list.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// The format that is known.
        known: u32,
    },
    /// One row of a file cannot be true.
    #[error("{} row {row}: {reason}", path.display())]
    BadRow {
        /// The file.
        path: PathBuf,
        /// Row, from 0.
        row: usize,
        /// What is wrong and what would have been right.
        reason: String,
    },
    /// Two replays of the same inputs differ.
    #[error(
        "run `{run}` is not reproducible: {tables} differ from the run kept at {}; equal cut, rules, calibration, engine and seed must give equal bytes",
        path.display()
    )]
    NotReproducible {
        /// The run.
        run: String,
        /// Names of the tables that differ.
        tables: String,
        /// Folder of the earlier run, which was left as it is.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}: {}", path.display(), plain(cause))]
    Io {
        /// What was attempted, such as `write`.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The refusal. It stands in the message, so it is not given as a source again.
        cause: io::Error,
    },
    /// The caller named a place where no tape can live.
    #[error(
        "no tape can live at `{location}`: {reason}; expected a folder, file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
    )]
    BadLocation {
        /// The place as the caller wrote it.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A path that not every store could hold, or that would lead out of it.
    #[error(
        "`{path}` cannot name an object of a store: expected names joined by `/`, each of letters, digits, `-`, `_`, `.` and `=` and not beginning with `.`"
    )]
    BadObjectPath {
        /// The path.
        path: String,
    },
    /// An object that was named elsewhere is not there.
    #[error("{location} holds no `{path}`; expected the object there, whole")]
    MissingObject {
        /// The store.
        location: String,
        /// Path of the object below it.
        path: String,
    },
    /// Somebody else replaced an object in the meantime; nothing was written.
    #[error(
        "`{path}` in {location} is no longer as it was read: somebody else wrote it; read it again and repeat"
    )]
    Conflict {
        /// The store.
        location: String,
        /// Path of the object below it.
        path: String,
    },
    /// Another process writes to the same folder.
    #[error("another ingest is writing to {location}: wait until it has ended, then repeat")]
    Locked {
        /// The store.
        location: String,
    },
    /// An object store overwrites whatever is there, so that two writers would undo each other.
    #[error(
        "{location} cannot replace an object only if it is unchanged, which a tape needs; expected a store that heeds If-Match and If-None-Match on writing"
    )]
    NotConditional {
        /// The store.
        location: String,
    },
    /// An object store did not do what it was asked.
    #[error("cannot {doing} `{path}` in {location}: {reason}")]
    Remote {
        /// What was attempted, such as `write`.
        doing: &'static str,
        /// Path of the object below the store.
        path: String,
        /// The store.
        location: String,
        /// What the store, or the way to it, said.
        reason: String,
    },
}

impl ArchiveError {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io { doing, path, cause }
    }

    pub(crate) fn corrupt(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::Corrupt {
            path: path.into(),
            reason: reason.to_string(),
        }
    }
}

/// The system's words in lower case, without the error number.
fn plain(cause: &io::Error) -> String {
    let text = cause.to_string();
    let text = text
        .split_once(" (os error")
        .map_or(text.as_str(), |(words, _)| words);
    text.to_lowercase()
}

/// What a user does about a file of a data folder that is not what was written, by where it lies: in a run, a cut or a tape.
pub fn way_out(path: &Path) -> &'static str {
    let below = |folder: &str| path.components().any(|part| part.as_os_str() == folder);
    let in_run = path
        .components()
        .any(|part| part.as_os_str().to_string_lossy().starts_with("run="));
    if in_run {
        "`aftershock runs prune --broken` removes damaged runs; replay again for a sound one"
    } else if below("cuts") {
        "remove the folder `cuts` in the data folder; the next replay builds it again"
    } else if path.file_name().is_some_and(|name| name == "tape.json") {
        "put a copy of it back; without one, move the tape's folder away and ingest the files again"
    } else {
        "`aftershock tape --check` says which files to ingest again"
    }
}
