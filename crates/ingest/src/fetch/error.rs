//! What can go wrong between a request and a file, by whose fault.

use std::io;
use std::path::PathBuf;

use aftershock_market::Timestamp;

/// A request that cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// A source or kind that no source file knows.
    #[error("no {what} `{name}`; known are {}", known.join(", "))]
    UnknownName {
        /// `source` or `kind`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What could have been.
        known: Vec<String>,
    },
    /// A window that ends before it begins.
    #[error("the window from {from} to {to} is empty; expected an end after the start")]
    EmptyWindow {
        /// Start.
        from: Timestamp,
        /// End, exclusive.
        to: Timestamp,
    },
    /// A word that has no place in an address.
    #[error(
        "`{word}` is no {what}; expected letters, digits, `_`, `-` and `.`, not first, such as `BTCUSDT` or `1m`"
    )]
    UnfitWord {
        /// `symbol` or `interval`.
        what: &'static str,
        /// The word.
        word: String,
    },
}

/// Why one file did not come. Nothing stands under its final name because of it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The bytes are not those the archive vouches for; they were removed.
    #[error("{url}: its sha256 is {found}; the archive's checksum says {expected}")]
    WrongChecksum {
        /// Address.
        url: String,
        /// What the archive says.
        expected: String,
        /// What came.
        found: String,
    },
    /// A checksum file that holds no checksum of the file.
    #[error(
        "{url}: `{text}` is no checksum of {name}; expected a line of sha256sum, `<64 hex digits>  {name}`"
    )]
    NoChecksum {
        /// Address of the checksum file.
        url: String,
        /// Name of the file it should vouch for.
        name: String,
        /// Its beginning.
        text: String,
    },
    /// More bytes than the caller allows; what had come was removed.
    #[error("{url}: {bytes} bytes or more; at most {limit} are allowed for one file")]
    TooLarge {
        /// Address.
        url: String,
        /// What the server announced, or what had come when it was stopped.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// An answer that trying again does not change.
    #[error("{url}: status {status}; expected 200, 206 or 404")]
    Status {
        /// Address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// A body whose end cannot be told from a cut, and no checksum to tell by.
    #[error(
        "{url}: the server does not say how long the file is, and the archive has no checksum of it; expected a Content-Length"
    )]
    NoLength {
        /// Address.
        url: String,
    },
    /// Every try failed. What came is kept and continued the next time.
    #[error("{url}: gave up after {tries} tries; the last one: {reason}")]
    GaveUp {
        /// Address.
        url: String,
        /// Tries in a row that brought next to nothing.
        tries: u32,
        /// What happened in the last one.
        reason: String,
    },
    /// Somebody else is writing the same file.
    #[error("{}: another download is writing it; expected to be alone", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The disk.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    pub(super) fn io(path: &std::path::Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
