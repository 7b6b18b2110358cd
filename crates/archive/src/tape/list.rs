//! The list of what a tape holds: `tape.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Facts, Kind, PartKey, TapeWriter};
use crate::store::Scratch;
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

/// What every list has, whatever its form.
#[derive(Deserialize)]
struct Form {
    format: u32,
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
    /// Its rows by the source they came from; empty where an earlier program wrote the list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows_by_source: BTreeMap<String, u64>,
    /// Trades in it that stand for several; beside single trades of the instrument they count the volume twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub aggregated: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl PartEntry {
    /// Whether rows of this source can be in it.
    pub fn may_hold(&self, entry: &SourceEntry) -> bool {
        if self.rows_by_source.is_empty() {
            return entry.rows.contains_key(self.key.kind.name());
        }
        self.rows_by_source.contains_key(&entry.source)
    }

    /// Compares a file with the digest.
    pub(super) fn compare(&self, file: &Path) -> Result<(), ArchiveError> {
        let (found, bytes) = crate::digest::sha256_of_file(file)?;
        if found != self.facts.sha256 {
            let expected = (&self.facts.sha256, self.facts.bytes);
            return Err(ArchiveError::corrupt(
                file,
                format!(
                    "its {bytes} bytes have the sha256 {found}; expected {} bytes with {}",
                    expected.1, expected.0
                ),
            ));
        }
        Ok(())
    }

    /// Compares a file, and what is said of its rows, with the list.
    fn count(&self, file: &Path, sources: &BTreeSet<&str>) -> Result<(), ArchiveError> {
        let opened = File::open(file).map_err(ArchiveError::io("read", file))?;
        let bad = |reason: String| Err(ArchiveError::corrupt(file, reason));
        let rows = match SerializedFileReader::new(opened) {
            Ok(reader) => reader.metadata().file_metadata().num_rows(),
            Err(error) => return bad(format!("it does not read as Parquet ({error})")),
        };
        if u64::try_from(rows) != Ok(self.facts.rows) {
            return bad(format!("it has {rows} rows; the list says {}", self.facts.rows));
        }
        let by_source: u64 = self.rows_by_source.values().sum();
        if !self.rows_by_source.is_empty() && by_source != self.facts.rows {
            return bad(format!(
                "it has {rows} rows; the list names the sources of {by_source}"
            ));
        }
        let mut named = self.rows_by_source.keys();
        match named.find(|source| !sources.contains(source.as_str())) {
            Some(source) => bad(format!(
                "it has rows of the source {source}, which the list does not hold"
            )),
            None => Ok(()),
        }
    }
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

impl SourceEntry {
    /// What tells it from others: files of equal bytes can be of two instruments, where only their names tell.
    pub(super) fn identity(&self) -> (&str, &str, &str) {
        (&self.source, &self.dialect, &self.what)
    }
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
        let unfit = |error: serde_json::Error| {
            ArchiveError::corrupt(path(), format!("it is no list of a tape: {error}"))
        };
        // A newer list may have more in it, so that its format comes first.
        let Form { format } = serde_json::from_slice(&bytes).map_err(unfit)?;
        if format != FORMAT {
            return Err(ArchiveError::Newer {
                path: path(),
                format,
                known: FORMAT,
            });
        }
        let list: TapeList = serde_json::from_slice(&bytes).map_err(unfit)?;
        Ok((list, Some(version)))
    }

    /// The right to add to it; one writer at a time.
    ///
    /// # Errors
    /// [`ArchiveError::Locked`] while another writes, and what [`Tape::list`] finds.
    pub fn write(&self) -> Result<TapeWriter, ArchiveError> {
        TapeWriter::new(self.clone())
    }

    /// Compares every part with the list, which takes no right to write: those that are not what it says, each with the
    /// reason.
    ///
    /// # Errors
    /// What [`Tape::list`] finds, and refusals of this machine; a part that cannot be had is among the answers.
    pub fn check(&self) -> Result<Vec<(PartEntry, ArchiveError)>, ArchiveError> {
        let list = self.list()?;
        let copies = match self.store.local_folder() {
            Some(_) => None,
            None => Some(self.store.scratch()?),
        };
        let sources: BTreeSet<&str> = list.sources.iter().map(|entry| entry.source.as_str()).collect();
        let check = |part: &PartEntry| {
            let scratch = copies.as_ref().map_or(Path::new(""), Scratch::path);
            let file = self.store.fetch(&part.path, scratch)?;
            let compared = part.compare(&file).and_then(|()| part.count(&file, &sources));
            if copies.is_some() {
                // It goes with its folder at the latest.
                let _ = std::fs::remove_file(&file);
            }
            compared
        };
        let bad = |part: &PartEntry| Some((part.clone(), check(part).err()?));
        Ok(list.parts.par_iter().filter_map(bad).collect())
    }
}

impl TapeList {
    /// The entry of a source that was ingested by this dialect and taken for this.
    pub fn source(&self, source: &str, dialect: &str, what: &str) -> Option<&SourceEntry> {
        self.sources
            .iter()
            .find(|entry| entry.identity() == (source, dialect, what))
    }

    /// Rows of each source that are in the tape, by table; `None` where an earlier program wrote the list.
    pub fn kept(&self) -> Option<BTreeMap<(&str, Kind), u64>> {
        let mut kept = BTreeMap::new();
        for part in &self.parts {
            if part.rows_by_source.is_empty() {
                return None;
            }
            for (source, rows) in &part.rows_by_source {
                *kept.entry((source.as_str(), part.key.kind)).or_default() += rows;
            }
        }
        Some(kept)
    }

    /// Other files that gave rows which the tape has once and may have from this source: without it, they are missing.
    pub fn overlapping(&self, source: &str) -> Vec<&SourceEntry> {
        let mut gave: BTreeMap<(&str, Kind), u64> = BTreeMap::new();
        for entry in &self.sources {
            for (table, rows) in &entry.rows {
                let kind = Kind::named(table).filter(|kind| *kind != Kind::Rejects);
                if let Some(kind) = kind {
                    *gave.entry((&entry.source, kind)).or_default() += rows;
                }
            }
        }
        let kept = self.kept();
        let kept = |name: &(&str, Kind)| {
            kept.as_ref()
                .map_or(0, |kept| kept.get(name).copied().unwrap_or(0))
        };
        let tables: BTreeSet<Kind> = gave
            .keys()
            .filter(|name| name.0 == source)
            .map(|name| name.1)
            .collect();
        let lacking: BTreeSet<&str> = gave
            .iter()
            .filter(|(name, rows)| name.0 != source && tables.contains(&name.1) && **rows > kept(name))
            .map(|(name, _)| name.0)
            .collect();
        self.sources
            .iter()
            .filter(|entry| lacking.contains(entry.source.as_str()))
            .collect()
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
