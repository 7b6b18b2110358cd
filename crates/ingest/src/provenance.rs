//! Where each sample file was cut from: `data/sample/PROVENANCE.toml`.

use aftershock_archive::sha256_hex;
use serde::Deserialize;

use crate::toml_text::parse;
use crate::{IngestError, SAMPLE, TomlError};

const FILE: &str = "PROVENANCE.toml";

/// The provenance of all sample files.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// One entry a file.
    #[serde(rename = "file")]
    pub files: Vec<SampleFile>,
}

/// The provenance of one sample file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleFile {
    /// Path below `data/sample`.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Package of a public registry in which the original was published.
    pub package: String,
    /// Version of the package.
    pub package_version: String,
    /// Licence of the package.
    pub licence: String,
    /// Path of the original inside the package.
    pub path_in_package: String,
    /// File name of the original.
    pub original: String,
    /// SHA-256 of the original.
    pub original_sha256: String,
    /// Rows of the sample file.
    pub rows: u64,
    /// What the original holds.
    pub content: String,
    /// What was rebuilt or derived, in words.
    pub marks: Vec<String>,
    /// Further originals that went into the file.
    #[serde(default)]
    pub also: Vec<Original>,
}

/// A further original of a sample file; the fields are those of [`SampleFile`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are described once, in SampleFile")]
pub struct Original {
    pub package: String,
    pub package_version: String,
    pub licence: String,
    pub path_in_package: String,
    pub original: String,
    pub original_sha256: String,
    pub content: String,
}

impl Provenance {
    /// The provenance of the embedded sample.
    ///
    /// # Errors
    /// [`IngestError::Toml`] or [`IngestError::Provenance`] where this program was built from faulty files.
    pub fn embedded() -> Result<Self, IngestError> {
        let file = SAMPLE.get_file(FILE).ok_or_else(|| IngestError::Provenance {
            path: FILE.to_owned(),
            reason: "it is not embedded; expected it beside the sample".to_owned(),
        })?;
        let text = String::from_utf8_lossy(file.contents());
        Ok(Self::parse(&format!("data/sample/{FILE}"), &text)?)
    }

    /// Reads a provenance from the text of `file`.
    ///
    /// # Errors
    /// [`TomlError`] with line, column, key and what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<Self, TomlError> {
        parse(file, text)
    }

    /// The entry of a file, given by its path below `data/sample`.
    pub fn find(&self, path: &str) -> Option<&SampleFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The entry of a file, after its bytes were compared with the digest there.
    ///
    /// # Errors
    /// [`IngestError::Provenance`] where there is no entry or another digest.
    pub fn verify(&self, path: &str, bytes: &[u8]) -> Result<&SampleFile, IngestError> {
        let fault = |reason: String| IngestError::Provenance {
            path: path.to_owned(),
            reason,
        };
        let entry = self
            .find(path)
            .ok_or_else(|| fault(format!("{FILE} has no entry for it; expected one [[file]]")))?;
        let found = sha256_hex(bytes);
        if found != entry.sha256 {
            return Err(fault(format!("its sha256 is {found}; expected {}", entry.sha256)));
        }
        Ok(entry)
    }
}
