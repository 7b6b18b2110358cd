//! What can go wrong, by whose fault.

use aftershock_archive::ArchiveError;

/// A TOML file that does not say what it must.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {}{reason}", key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default())]
pub struct TomlError {
    /// The file, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key, such as `window.trigger_at`; absent where the text is not TOML or the key is the whole file.
    pub key: Option<String>,
    /// What is wrong and what is allowed.
    pub reason: String,
}

/// An error of ingestion.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The author of a TOML file can mend it.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// The caller asked for an episode that is not in the catalogue.
    #[error(
        "no episode `{name}`; {}`aftershock episodes` lists all, and a path to a .toml file works too",
        nearest_text(nearest)
    )]
    UnknownEpisode {
        /// What was typed.
        name: String,
        /// Names that look like it, the likest first.
        nearest: Vec<String>,
    },
    /// Two episodes of the catalogue claim one name.
    #[error("both `{first}` and `{second}` are called `{name}`; an id or alias must name one episode")]
    AmbiguousName {
        /// The name.
        name: String,
        /// Id of one.
        first: String,
        /// Id of the other.
        second: String,
    },
    /// There is no embedded record of an episode.
    #[error("no record of episode `{episode}` is embedded; embedded are {}", known.join(", "))]
    MissingSample {
        /// The episode.
        episode: String,
        /// Episodes that have a record.
        known: Vec<String>,
    },
    /// The record does not hold what the episode says it holds.
    #[error("the record of episode `{episode}` does not fit it: {reason}")]
    UnfitSample {
        /// The episode.
        episode: String,
        /// What is missing and what was expected.
        reason: String,
    },
    /// An embedded file is not the one its provenance describes: this program was built from changed data.
    #[error("sample file {path} is not the one of its provenance: {reason}")]
    Provenance {
        /// Path below `data/sample`.
        path: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// `--source` names a source that there is not.
    #[error("no source `{name}`; there are {}", known.join(", "))]
    UnknownSource {
        /// What was typed.
        name: String,
        /// The sources there are.
        known: Vec<&'static str>,
    },
    /// No source knows the file.
    #[error(
        "{path} is of no known source; it begins with `{begins}`; `aftershock ingest --list` shows the sources, and \
         `--map` takes a column map for anything else"
    )]
    Unrecognised {
        /// The file.
        path: String,
        /// Its first line, cut.
        begins: String,
    },
    /// The source that the user names does not know the file.
    #[error(
        "{path} is not what the source `{name}` reads; it begins with `{begins}`; without `--source` and `--map` it is \
         told from its content"
    )]
    OtherSource {
        /// The file.
        path: String,
        /// The source.
        name: String,
        /// Its first line, cut.
        begins: String,
    },
    /// There is nothing to read: the file is empty, or packed in a way that is not undone here.
    #[error("{path}: {reason}")]
    Nothing {
        /// The file.
        path: String,
        /// What it is and what would have been right.
        reason: String,
    },
    /// A source knows the file and cannot read it without something that the user can say.
    #[error("{path} is {what}, but {missing}; {option} says it")]
    Underspecified {
        /// The file.
        path: String,
        /// What it was taken for.
        what: String,
        /// What is missing.
        missing: String,
        /// The option that gives it.
        option: &'static str,
    },
    /// A file is not what it was taken for, is cut off, or goes beyond a limit.
    #[error("{path}: {reason}")]
    BadFile {
        /// The file.
        path: String,
        /// What is wrong and what would have been right.
        reason: String,
    },
    /// What the user says of the files names nothing.
    #[error(
        "{option} {value:?} names nothing; expected 1 to 80 bytes without control characters, such as `BTCUSDT`"
    )]
    BadHint {
        /// The option.
        option: &'static str,
        /// What was typed.
        value: String,
    },
    /// More rows were rejected than the user allows.
    #[error(
        "{path}: more than {limit} rows are rejected, so nothing was kept; the first of this block: {first}"
    )]
    TooManyRejects {
        /// The file at hand.
        path: String,
        /// The limit.
        limit: u64,
        /// The first rejects of the block, with row and reason.
        first: String,
    },
    /// The tables of the record do not read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl IngestError {
    /// The same of a file as the user gave it, rather than as it is called once it is unpacked.
    pub(crate) fn of(mut self, given: &str) -> Self {
        if let Self::Unrecognised { path, .. }
        | Self::OtherSource { path, .. }
        | Self::Nothing { path, .. }
        | Self::Underspecified { path, .. }
        | Self::BadFile { path, .. }
        | Self::TooManyRejects { path, .. } = &mut self
        {
            given.clone_into(path);
        }
        self
    }

    /// Whether it is about a file that is none of ours, rather than about one that is damaged.
    pub(crate) fn is_of_other_file(&self) -> bool {
        matches!(
            self,
            Self::Unrecognised { .. } | Self::OtherSource { .. } | Self::Nothing { .. }
        )
    }
}

fn nearest_text(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    format!("nearest: {}; ", quoted.join(", "))
}
