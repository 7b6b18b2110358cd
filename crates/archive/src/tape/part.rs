//! A part: the rows of one table, venue, instrument and span of time, sorted, in one file that never changes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::compute::{concat, concat_batches};
use arrow::datatypes::{DataType, Field, SchemaRef};
use chrono::{DateTime, Datelike};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::silence::Silences;
use super::{Form, Kind, Outage, Span};
use crate::ArchiveError;
use crate::digest::hex;

/// Rows of a row group. Measured on a real day of aggregated trades: 4.4 bytes a row, 4.3 with four times as many rows.
const GROUP_ROWS: usize = 1 << 18;
/// What a batch takes in memory beside its rows, in rows.
pub(crate) const BATCH_WEIGHT: usize = 100;
/// Rows of a batch that is read.
const BATCH_ROWS: usize = 1 << 15;
/// A dictionary may hold every value of a row group.
const DICTIONARY_BYTES: usize = 4 << 20;

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartKey {
    /// The table.
    pub kind: Kind,
    /// The venue.
    pub venue: String,
    /// The instrument.
    pub instrument: String,
    /// The time: `2020-03-12`, `2020-03`, `2020`, or `all`.
    pub span: String,
}

impl PartKey {
    /// Folder of its file below the tape: `trades/venue=bitmex/instrument=XBTUSD`.
    pub fn folder(&self) -> String {
        format!(
            "{}/venue={}/instrument={}",
            self.kind.name(),
            encoded(&self.venue),
            encoded(&self.instrument)
        )
    }

    /// Path of a file of these bytes.
    pub(crate) fn path(&self, sha256: &str) -> String {
        format!("{}/{}-{}.parquet", self.folder(), self.span, &sha256[..12])
    }
}

/// A name as hive writes it in a path: what is no plain letter, digit or mark stands as `%` and two digits.
fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) && !text.is_empty() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

impl Span {
    /// The span that holds an instant, and where the next one begins, µs.
    pub(crate) fn of(self, micros: i64) -> (String, i64) {
        const DAY_US: i64 = 86_400_000_000;
        let date = DateTime::from_timestamp_micros(micros)
            .expect("a stamp of a tape lies between 2009 and 2100")
            .date_naive();
        let (year, month) = (date.year(), date.month());
        let start_of = |year: i32, month: u32| {
            chrono::NaiveDate::from_ymd_opt(year, month, 1)
                .and_then(|day| day.and_hms_opt(0, 0, 0))
                .expect("the first of a month is a day")
                .and_utc()
                .timestamp_micros()
        };
        match self {
            Self::Day => (date.to_string(), (micros.div_euclid(DAY_US) + 1) * DAY_US),
            Self::Month => {
                let next = if month == 12 {
                    start_of(year + 1, 1)
                } else {
                    start_of(year, month + 1)
                };
                (format!("{year:04}-{month:02}"), next)
            }
            Self::Year => (format!("{year:04}"), start_of(year + 1, 1)),
        }
    }
}

/// A finished file of one part, not yet in the tape.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) file: PathBuf,
    pub(crate) facts: Facts,
}

/// What is known of a part without opening it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Its rows.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// First stamp, µs since 1970 UTC; 0 in a table without one.
    pub first_us: i64,
    /// Last stamp, likewise.
    pub last_us: i64,
    /// Rows that share a venue's id with another and say something else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub conflicts: u64,
    /// Times without the rows that were due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<Outage>,
    /// Lengths of its bars, s; empty in other tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals_s: Vec<i64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Writes a part from sorted batches. Equal rows give equal bytes, however they were cut into batches.
pub(crate) struct PartWriter {
    path: PathBuf,
    kind: Kind,
    schema: SchemaRef,
    /// Absent until the first row group is full: hundreds of small parts may be gathered at once.
    file: Option<Open>,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    silences: Silences,
}

/// The file of a part and what is needed to go on with it.
struct Open {
    writer: SerializedFileWriter<Hashed>,
    columns: ArrowRowGroupWriterFactory,
    groups: usize,
}

impl Open {
    fn create(kind: Kind, schema: &SchemaRef, path: &Path) -> Result<Self, ArchiveError> {
        let file = File::create(path).map_err(ArchiveError::io("create", path))?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties(kind))
            .with_skip_arrow_metadata(true);
        let hashed = Hashed {
            file: BufWriter::with_capacity(1 << 18, file),
            digest: Sha256::new(),
            bytes: 0,
        };
        let (writer, columns) = ArrowWriter::try_new_with_options(hashed, Arc::clone(schema), options)
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(refused(path))?;
        Ok(Self {
            writer,
            columns,
            groups: 0,
        })
    }
}

impl PartWriter {
    pub(crate) fn new(kind: Kind, path: PathBuf) -> Self {
        Self {
            path,
            kind,
            schema: kind.schema(),
            file: None,
            waiting: Vec::new(),
            waiting_rows: 0,
            silences: Silences::new(kind),
        }
    }

    /// What waits in memory, in rows: a batch takes about as much as a hundred of them.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting_rows + self.waiting.len() * BATCH_WEIGHT
    }

    /// Takes rows that follow those before.
    pub(crate) fn write(&mut self, mut batch: RecordBatch) -> Result<(), ArchiveError> {
        self.silences.see(&batch);
        while self.waiting_rows + batch.num_rows() >= GROUP_ROWS {
            let room = GROUP_ROWS - self.waiting_rows;
            self.waiting.push(batch.slice(0, room));
            batch = batch.slice(room, batch.num_rows() - room);
            self.write_group()?;
        }
        if batch.num_rows() > 0 {
            self.waiting_rows += batch.num_rows();
            self.waiting.push(batch);
        }
        Ok(())
    }

    /// Each column is gathered and encoded on its own, so that they share the machine's cores.
    fn write_group(&mut self) -> Result<(), ArchiveError> {
        let batches = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        let file = match &mut self.file {
            Some(file) => file,
            None => self
                .file
                .insert(Open::create(self.kind, &self.schema, &self.path)?),
        };
        let failed = refused(&self.path);
        let chunks = file
            .columns
            .create_column_writers(file.groups)
            .and_then(|writers| {
                writers
                    .into_par_iter()
                    .enumerate()
                    .map(|(index, mut writer)| {
                        let field: &Field = self.schema.field(index);
                        let whole = gathered(field, &batches, index)?;
                        for leaf in compute_leaves(field, &whole)? {
                            writer.write(&leaf)?;
                        }
                        writer.close()
                    })
                    .collect::<Result<Vec<_>, ParquetError>>()
            })
            .map_err(&failed)?;
        let mut group = file.writer.next_row_group().map_err(&failed)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(&failed)?;
        }
        group.close().map_err(&failed)?;
        file.groups += 1;
        Ok(())
    }

    /// Ends the file and says what is in it; `conflicts` is counted by whoever sorted the rows.
    pub(crate) fn finish(mut self, conflicts: u64) -> Result<Written, ArchiveError> {
        if self.waiting_rows > 0 {
            self.write_group()?;
        }
        let mut file = match self.file {
            Some(file) => file,
            None => Open::create(self.kind, &self.schema, &self.path)?,
        };
        let metadata = file.writer.finish().map_err(refused(&self.path))?;
        let rows = metadata.file_metadata().num_rows();
        let hashed = file.writer.inner_mut();
        hashed.flush().map_err(ArchiveError::io("write", &self.path))?;
        hashed
            .file
            .get_ref()
            .sync_data()
            .map_err(ArchiveError::io("sync", &self.path))?;
        let (bytes, sha256) = (hashed.bytes, hex(&hashed.digest.clone().finalize()));
        let seen = self.silences.finish();
        debug_assert_eq!(self.kind.stamp().is_some(), seen.span.is_some() || rows == 0);
        let (first_us, last_us) = seen.span.unwrap_or((0, 0));
        Ok(Written {
            file: self.path,
            facts: Facts {
                rows: u64::try_from(rows).expect("a count is not below zero"),
                bytes,
                sha256,
                first_us,
                last_us,
                conflicts,
                outages: seen.outages,
                intervals_s: seen.intervals_s,
            },
        })
    }
}

/// Whole numbers and stamps grow by small steps, so their differences are stored; numbers and words repeat, so they
/// go through a dictionary. On a real day of aggregated trades: 4.4 bytes a row, where a dictionary for every column
/// takes 10.0 and splitting the bytes of the numbers 9.6. Prices as whole ticks would save another 0.8, and make
/// every reader multiply.
fn properties(kind: Kind) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by("aftershock".to_owned())
        .set_compression(Compression::ZSTD(
            ZstdLevel::try_new(3).expect("3 is a zstd level"),
        ))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_sorting_columns(kind.stamp().map(|_| {
            vec![SortingColumn {
                column_idx: 0,
                descending: false,
                nulls_first: false,
            }]
        }));
    for column in kind.columns() {
        if column.form == Form::Word {
            // The least and the greatest of a few words tell a reader nothing.
            builder =
                builder.set_column_statistics_enabled(ColumnPath::from(column.name), EnabledStatistics::None);
        }
        if matches!(column.form, Form::At | Form::Int) {
            let path = ColumnPath::from(column.name);
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    builder.build()
}

/// A file that knows its digest.
struct Hashed {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// The batches of a part, words as words.
pub(crate) fn read_part(kind: Kind, path: &Path) -> Result<ParquetRecordBatchReader, ArchiveError> {
    let file = File::open(path).map_err(ArchiveError::io("read", path))?;
    let options = ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_schema(kind.schema());
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map(|builder| builder.with_batch_size(BATCH_ROWS))
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| {
            ArchiveError::corrupt(path, format!("it does not read as a part of a tape: {error}"))
        })
}

/// One column of several batches. Most columns of a table are null for any one source, and cost next to nothing.
fn gathered(field: &Field, batches: &[RecordBatch], index: usize) -> Result<ArrayRef, ParquetError> {
    let pieces: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(index).as_ref()).collect();
    if pieces.iter().all(|piece| piece.null_count() == piece.len()) {
        let rows = pieces.iter().map(|piece| piece.len()).sum();
        return Ok(nulls(field.data_type(), rows));
    }
    Ok(concat(&pieces)?)
}

/// A column of nulls. Tables have many columns that a source never fills; a piece of one array that is kept costs
/// nothing, and clearing memory anew for each was a tenth of the time of a large file.
pub fn nulls(data_type: &DataType, rows: usize) -> ArrayRef {
    static KEPT: Mutex<Vec<ArrayRef>> = Mutex::new(Vec::new());
    if rows > GROUP_ROWS {
        return new_null_array(data_type, rows);
    }
    let mut kept = KEPT.lock().expect("no thread panics while it looks");
    if let Some(array) = kept.iter().find(|array| array.data_type() == data_type) {
        return array.slice(0, rows);
    }
    let array = new_null_array(data_type, GROUP_ROWS);
    kept.push(Arc::clone(&array));
    array.slice(0, rows)
}

/// One batch of several.
pub(crate) fn joined(kind: Kind, batches: &[RecordBatch]) -> RecordBatch {
    concat_batches(&kind.schema(), batches).expect("batches of one table have its schema")
}

fn refused(path: &Path) -> impl Fn(ParquetError) -> ArchiveError + use<> {
    let path = path.to_owned();
    move |error| ArchiveError::Io {
        doing: "write",
        path: path.clone(),
        cause: std::io::Error::other(error.to_string()),
    }
}
