//! The cut of an episode: the recorded bars and perpetual days, frozen, that its replays read, in one order.
//!
//! On disk a cut is `cuts/bars/episode=<id>/venue=<venue>/part-0.parquet`, the same under `perp_daily`, and
//! `cuts/<id>.sha256`, which lists the digest of each part as `sha256sum` does and is written last.
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
use rows::CutRow;

/// The recorded bars and perpetual days of an episode, frozen, that its replays read.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Bars by start, venue and instrument.
    pub bars: Vec<Bar>,
    /// Days of perpetual futures by day, venue and instrument; empty where nothing is recorded.
    pub perp_daily: Vec<PerpDay>,
    /// Digest of the cut, as [`CutDigest::sha256`].
    pub sha256: String,
}

/// What was written of a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutDigest {
    /// SHA-256 of the list of parts with their digests: it stands for the whole cut.
    pub sha256: String,
    /// Path of each part below the folder `cuts`, with its SHA-256.
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

/// Writes the cut of an episode, sorted; one that is there already and has the same bytes is left alone.
///
/// # Errors
/// A bad name or row, an empty cut, or a refusal of the system. A reader then finds the old cut or none.
pub fn write_cut(
    data_dir: &Path,
    episode: &str,
    bars: &[Bar],
    perp_daily: &[PerpDay],
) -> Result<CutDigest, ArchiveError> {
    let root = data_dir.join("cuts");
    let (parts, digest) = encoded(episode, bars, perp_daily)?;
    if read_digest(data_dir, episode).is_ok_and(|kept| kept == digest) && read_parts(&root, &digest).is_ok() {
        return Ok(digest);
    }
    // Without its list of digests a cut does not exist, so parts of two cuts are never read as one.
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

/// The cut that [`write_cut`] would write and [`read_cut`] then read, without a trace on the disk.
///
/// # Errors
/// A bad name or row, or an empty cut.
pub fn cut_of(episode: &str, bars: &[Bar], perp_daily: &[PerpDay]) -> Result<Cut, ArchiveError> {
    let (parts, digest) = encoded(episode, bars, perp_daily)?;
    let parts = parts
        .into_iter()
        .map(|(path, bytes)| (PathBuf::from(path), bytes));
    decoded(digest.sha256, Path::new(""), parts)
}

/// The files of a cut by their paths below `cuts`, and their digest.
fn encoded(
    episode: &str,
    bars: &[Bar],
    perp_daily: &[PerpDay],
) -> Result<(BTreeMap<String, Vec<u8>>, CutDigest), ArchiveError> {
    file::check_name("an episode", episode)?;
    if bars.is_empty() {
        return Err(ArchiveError::EmptyCut {
            episode: episode.to_owned(),
        });
    }
    let mut parts = rows::encode_parts(episode, bars)?;
    parts.extend(rows::encode_parts(episode, perp_daily)?);
    let sums = parts
        .iter()
        .map(|(path, bytes)| (path.clone(), sha256_hex(bytes)));
    let digest = digest_of(sums.collect());
    Ok((parts, digest))
}

/// The rows of a cut's files, whose paths begin with `root`.
fn decoded(
    sha256: String,
    root: &Path,
    parts: impl IntoIterator<Item = (PathBuf, Vec<u8>)>,
) -> Result<Cut, ArchiveError> {
    let mut cut = Cut {
        bars: Vec::new(),
        perp_daily: Vec::new(),
        sha256,
    };
    for (path, bytes) in parts {
        if path.starts_with(root.join(Bar::TABLE)) {
            cut.bars.extend(rows::read::<Bar>(&path, bytes)?);
        } else {
            cut.perp_daily.extend(rows::read::<PerpDay>(&path, bytes)?);
        }
    }
    rows::sort(&mut cut.bars);
    rows::sort(&mut cut.perp_daily);
    Ok(cut)
}

/// Reads the cut of an episode and checks every part against its digest.
///
/// # Errors
/// [`ArchiveError::MissingCut`], [`ArchiveError::Corrupt`] and those of [`read_bars`].
pub fn read_cut(data_dir: &Path, episode: &str) -> Result<Cut, ArchiveError> {
    let digest = read_digest(data_dir, episode)?;
    let root = data_dir.join("cuts");
    let parts = read_parts(&root, &digest)?;
    decoded(digest.sha256, &root, parts)
}

/// Whether a folder has a cut of an episode, sound or damaged: its list of digests is written when its parts are.
pub fn is_cut(data_dir: &Path, episode: &str) -> bool {
    digest_path(data_dir, episode).exists()
}

fn digest_path(data_dir: &Path, episode: &str) -> PathBuf {
    data_dir.join("cuts").join(format!("{episode}.sha256"))
}

fn list_of(parts: &BTreeMap<String, String>) -> String {
    parts
        .iter()
        .map(|(path, sha256)| format!("{sha256}  {path}\n"))
        .collect()
}

fn digest_of(parts: BTreeMap<String, String>) -> CutDigest {
    CutDigest {
        sha256: sha256_hex(list_of(&parts).as_bytes()),
        parts,
    }
}

fn read_digest(data_dir: &Path, episode: &str) -> Result<CutDigest, ArchiveError> {
    file::check_name("an episode", episode)?;
    let path = digest_path(data_dir, episode);
    if !path.exists() {
        return Err(ArchiveError::MissingCut {
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

fn read_parts(root: &Path, digest: &CutDigest) -> Result<Vec<(PathBuf, Vec<u8>)>, ArchiveError> {
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
