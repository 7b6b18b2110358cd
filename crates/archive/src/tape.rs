//! The tape of an episode: what was recorded, in one order.
//!
//! On disk a tape is `tape/bars/episode=<id>/venue=<venue>/part-0.parquet`, the same under `perp_daily`, and
//! `tape/<id>.sha256`, which lists the digest of each part as `sha256sum` does and is written last.
//! Episode and venue are columns by their folder names and therefore not in these files; a recorded sample that
//! stands alone carries its venue as a column, and both read alike.

mod rows;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use aftershock_market::{Bar, PerpDay};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::{ArchiveError, column, file, sha256_hex};
use rows::TapeRow;

/// All that is recorded of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    /// Bars by start, venue and instrument.
    pub bars: Vec<Bar>,
    /// Days of perpetual futures by day, venue and instrument; empty where nothing is recorded.
    pub perp_daily: Vec<PerpDay>,
    /// Digest of the tape, as [`TapeDigest::sha256`].
    pub sha256: String,
}

/// What was written of a tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeDigest {
    /// SHA-256 of the list of parts with their digests: it stands for the whole tape.
    pub sha256: String,
    /// Path of each part below the folder `tape`, with its SHA-256.
    pub parts: BTreeMap<String, String>,
}

/// Columns of recorded bars, with the venue.
pub fn bars_schema() -> SchemaRef {
    column::schema(&Bar::columns())
}

/// Columns of recorded days of perpetual futures, with the venue.
pub fn perp_daily_schema() -> SchemaRef {
    column::schema(&PerpDay::columns())
}

/// Columns of a file of bars below its `episode=` and `venue=` folders.
pub fn stored_bars_schema() -> SchemaRef {
    column::schema(&rows::stored_columns::<Bar>())
}

/// Columns of a file of perpetual days below its `episode=` and `venue=` folders.
pub fn stored_perp_daily_schema() -> SchemaRef {
    column::schema(&rows::stored_columns::<PerpDay>())
}

/// Bars as columns of [`bars_schema`].
pub fn bars_to_batch(bars: &[Bar]) -> RecordBatch {
    column::batch(&Bar::columns(), bars)
}

/// Perpetual days as columns of [`perp_daily_schema`].
pub fn perp_daily_to_batch(days: &[PerpDay]) -> RecordBatch {
    column::batch(&PerpDay::columns(), days)
}

/// Bars of a Parquet file, checked row by row: columns, order, no overlap within an instrument, positive prices
/// inside their extremes.
///
/// # Errors
/// [`ArchiveError::Corrupt`] or [`ArchiveError::BadRow`] says what was found and what was expected.
pub fn read_bars(path: &Path) -> Result<Vec<Bar>, ArchiveError> {
    rows::read(path, file::read(path)?)
}

/// As [`read_bars`], from bytes in memory; `name` is the path that errors give.
///
/// # Errors
/// As [`read_bars`].
pub fn bars_from_bytes(name: &Path, bytes: &[u8]) -> Result<Vec<Bar>, ArchiveError> {
    rows::read(name, bytes.to_vec())
}

/// Days of perpetual futures of a Parquet file, checked like bars.
///
/// # Errors
/// As [`read_bars`].
pub fn read_perp_daily(path: &Path) -> Result<Vec<PerpDay>, ArchiveError> {
    rows::read(path, file::read(path)?)
}

/// As [`read_perp_daily`], from bytes in memory; `name` is the path that errors give.
///
/// # Errors
/// As [`read_bars`].
pub fn perp_daily_from_bytes(name: &Path, bytes: &[u8]) -> Result<Vec<PerpDay>, ArchiveError> {
    rows::read(name, bytes.to_vec())
}

/// Writes the tape of an episode, sorted; one that is there already and has the same bytes is left alone.
///
/// # Errors
/// A bad name or row, an empty tape, or a refusal of the system. A reader then finds the old tape or none.
pub fn write_tape(
    data_dir: &Path,
    episode: &str,
    bars: &[Bar],
    perp_daily: &[PerpDay],
) -> Result<TapeDigest, ArchiveError> {
    file::check_name("an episode", episode)?;
    if bars.is_empty() {
        return Err(ArchiveError::EmptyTape {
            episode: episode.to_owned(),
        });
    }
    let root = data_dir.join("tape");
    let mut parts = rows::encode_parts(episode, bars)?;
    parts.extend(rows::encode_parts(episode, perp_daily)?);
    let digest = digest_of(
        parts
            .iter()
            .map(|(path, bytes)| (path.clone(), sha256_hex(bytes)))
            .collect(),
    );

    if read_digest(data_dir, episode).is_ok_and(|kept| kept == digest) && read_parts(&root, &digest).is_ok() {
        return Ok(digest);
    }
    // Without its list of digests a tape does not exist, so parts of two tapes are never read as one.
    let list = digest_path(data_dir, episode);
    if list.exists() {
        fs::remove_file(&list).map_err(ArchiveError::io("remove", &list))?;
    }
    for table in [Bar::TABLE, PerpDay::TABLE] {
        let folder = root.join(table).join(format!("episode={episode}"));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(ArchiveError::io("remove", &folder))?;
        }
    }
    for (path, bytes) in &parts {
        file::write_atomically(&root.join(path), bytes)?;
    }
    file::write_atomically(&list, list_of(&digest.parts).as_bytes())?;
    Ok(digest)
}

/// Reads the tape of an episode and checks every part against its digest.
///
/// # Errors
/// [`ArchiveError::MissingTape`], [`ArchiveError::Corrupt`] and those of [`read_bars`].
pub fn read_tape(data_dir: &Path, episode: &str) -> Result<Tape, ArchiveError> {
    let digest = read_digest(data_dir, episode)?;
    let mut tape = Tape {
        bars: Vec::new(),
        perp_daily: Vec::new(),
        sha256: digest.sha256.clone(),
    };
    for (path, bytes) in read_parts(&data_dir.join("tape"), &digest)? {
        if path.starts_with(data_dir.join("tape").join(Bar::TABLE)) {
            tape.bars.extend(rows::read::<Bar>(&path, bytes)?);
        } else {
            tape.perp_daily.extend(rows::read::<PerpDay>(&path, bytes)?);
        }
    }
    rows::sort(&mut tape.bars);
    rows::sort(&mut tape.perp_daily);
    Ok(tape)
}

fn digest_path(data_dir: &Path, episode: &str) -> PathBuf {
    data_dir.join("tape").join(format!("{episode}.sha256"))
}

fn list_of(parts: &BTreeMap<String, String>) -> String {
    parts
        .iter()
        .map(|(path, sha256)| format!("{sha256}  {path}\n"))
        .collect()
}

fn digest_of(parts: BTreeMap<String, String>) -> TapeDigest {
    TapeDigest {
        sha256: sha256_hex(list_of(&parts).as_bytes()),
        parts,
    }
}

fn read_digest(data_dir: &Path, episode: &str) -> Result<TapeDigest, ArchiveError> {
    file::check_name("an episode", episode)?;
    let path = digest_path(data_dir, episode);
    if !path.exists() {
        return Err(ArchiveError::MissingTape {
            episode: episode.to_owned(),
            path,
        });
    }
    let bytes = file::read(&path)?;
    let text = String::from_utf8_lossy(&bytes);
    let parts: Option<BTreeMap<String, String>> = text
        .lines()
        .map(|line| {
            let (sha256, part) = line.split_once("  ")?;
            Some((part.to_owned(), sha256.to_owned()))
        })
        .collect();
    parts
        .filter(|parts| !parts.is_empty())
        .map(digest_of)
        .ok_or_else(|| ArchiveError::corrupt(path, "expected lines of a sha256, two spaces and a path"))
}

fn read_parts(root: &Path, digest: &TapeDigest) -> Result<Vec<(PathBuf, Vec<u8>)>, ArchiveError> {
    digest
        .parts
        .iter()
        .map(|(part, expected)| {
            let path = root.join(part);
            let bytes = file::read(&path)?;
            let found = sha256_hex(&bytes);
            if found != *expected {
                return Err(ArchiveError::corrupt(
                    path,
                    format!("its sha256 is {found}; expected {expected}"),
                ));
            }
            Ok((path, bytes))
        })
        .collect()
}
