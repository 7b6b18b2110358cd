//! What can go wrong, by whose fault.

use std::io;
use std::path::PathBuf;

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
