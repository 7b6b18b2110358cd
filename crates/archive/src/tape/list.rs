//! The list of what a tape holds: `tape.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Facts, Kind, PartKey, TapeWriter};
use crate::{ArchiveError, Store, Version};

pub(super) const LIST: &str = "tape.json";
const FORMAT: u32 = 1;

/// What a tape holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapeList {
    /// Version of this list's form.
    pub format: u32,
    /// Its parts.
    pub parts: Vec<PartEntry>,
    /// The files that were ingested.
    pub sources: Vec<SourceEntry>,
}

/// One part of a tape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartEntry {
    /// What it holds.
    #[serde(flatten)]
    pub key: PartKey,
    /// Its path below the tape.
    pub path: String,
    /// What is known of it.
    #[serde(flatten)]
    pub facts: Facts,
}

/// One file that was ingested. It says nothing that hangs on when or after what that was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Its name in the column `source`.
    pub source: String,
    /// The dialect it was read by.
    pub dialect: String,
    /// SHA-256 of the file, as it lay on the disk.
    pub sha256: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// File name, with the member behind `!` where it is an archive; of several names the first.
    pub name: String,
    /// What it was taken for.
    pub what: String,
    /// Records that were read.
    pub records: u64,
    /// Records that were rejected.
    pub rejected: u64,
    /// Rows it gave before repetitions were taken out, by table.
    pub rows: BTreeMap<String, u64>,
}

/// A tape at a place.
#[derive(Clone, Debug)]
pub struct Tape {
    pub(super) store: Store,
}

impl Tape {
    /// The tape at this place, which may hold nothing yet.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Where it lives.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What it holds.
    ///
    /// # Errors
    /// [`ArchiveError::Corrupt`] where the list does not read, and refusals of the store.
    pub fn list(&self) -> Result<TapeList, ArchiveError> {
        Ok(self.read()?.0)
    }

    pub(super) fn read(&self) -> Result<(TapeList, Option<Version>), ArchiveError> {
        let Some((bytes, version)) = self.store.get(LIST)? else {
            if let Some(part) = self.store.list("")?.iter().find(|path| is_part(path)) {
                return Err(ArchiveError::corrupt(
                    PathBuf::from(format!("{}/{LIST}", self.store.location())),
                    format!("it is gone, and parts of a tape such as {part} are there; put the list back"),
                ));
            }
            let list = TapeList {
                format: FORMAT,
                ..TapeList::default()
            };
            return Ok((list, None));
        };
        let path = || PathBuf::from(format!("{}/{LIST}", self.store.location()));
        let list: TapeList = serde_json::from_slice(&bytes)
            .map_err(|error| ArchiveError::corrupt(path(), format!("it is no list of a tape: {error}")))?;
        if list.format != FORMAT {
            return Err(ArchiveError::corrupt(
                path(),
                format!("its format is {}; this program knows {FORMAT}", list.format),
            ));
        }
        Ok((list, Some(version)))
    }

    /// The right to add to it; one writer at a time.
    ///
    /// # Errors
    /// [`ArchiveError::Locked`] while another writes, and what [`Tape::list`] finds.
    pub fn write(&self) -> Result<TapeWriter, ArchiveError> {
        TapeWriter::new(self.clone())
    }

    /// Compares every part with its digest.
    ///
    /// # Errors
    /// [`ArchiveError::Corrupt`] names the first part that is not what the list says.
    pub fn check(&self, scratch: &Path) -> Result<(), ArchiveError> {
        for part in &self.list()?.parts {
            let file = self.store.fetch(&part.path, scratch)?;
            let (found, _) = crate::digest::sha256_of_file(&file)?;
            if found != part.facts.sha256 {
                return Err(ArchiveError::corrupt(
                    file,
                    format!("its sha256 is {found}; expected {}", part.facts.sha256),
                ));
            }
        }
        Ok(())
    }
}

impl TapeList {
    /// The entry of a source that was ingested by this dialect and taken for this: files of equal bytes can be of two
    /// instruments, where only their names tell.
    pub fn source(&self, source: &str, dialect: &str, what: &str) -> Option<&SourceEntry> {
        self.sources
            .iter()
            .find(|entry| entry.source == source && entry.dialect == dialect && entry.what == what)
    }

    pub(super) fn paths(&self) -> BTreeSet<&str> {
        self.parts.iter().map(|part| part.path.as_str()).collect()
    }

    /// The list as bytes: equal tapes have equal lists.
    pub(super) fn encode(&mut self) -> Vec<u8> {
        self.parts.sort_by(|a, b| a.key.cmp(&b.key));
        self.sources.sort();
        let mut bytes = serde_json::to_vec_pretty(self).expect("a list has a JSON form");
        bytes.push(b'\n');
        bytes
    }
}

/// True for what [`PartKey::path`] gives, so that no file of anybody else is ever removed.
pub(super) fn is_part(path: &str) -> bool {
    let [kind, venue, instrument, file] = path.split('/').collect::<Vec<_>>()[..] else {
        return false;
    };
    let digest = file
        .strip_suffix(".parquet")
        .and_then(|stem| stem.rsplit_once('-'))
        .map_or("", |(_, digest)| digest);
    Kind::named(kind).is_some()
        && venue.starts_with("venue=")
        && instrument.starts_with("instrument=")
        && digest.len() == 12
        && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}
