//! TOML that says where it is wrong.

use serde::de::DeserializeOwned;

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct FileError {
    /// The file, with the line where one is known.
    pub file: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// Reads `text`; `file` is named in errors, with the line.
pub(crate) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        FileError {
            file: format!("{file}:{line}"),
            reason: error.message().replace('\n', ", "),
        }
    })
}
