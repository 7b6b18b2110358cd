//! One content, from its bytes to staged rows: one thread unpacks and cuts blocks, the others parse them.

use std::io::{BufRead, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use aftershock_archive::tape::Staging;
use arrow::array::RecordBatch;
use rayon::prelude::*;

use crate::container::unreadable;
use crate::frames::{Elements, cut_array};
use crate::{Block, Framing, IngestError, Output, Parser, Place};

/// Bytes of a block; a longer record makes a longer block.
const BLOCK_BYTES: usize = 4 << 20;
/// A record longer than this is none; while its end is looked for, it is held twice.
const RECORD_BYTES: usize = 32 << 20;
/// A line of a header longer than this is none.
const HEADER_BYTES: usize = 1 << 20;
/// A content that cannot be cut may be this long.
const WHOLE_BYTES: u64 = 1 << 30;
/// A guess of the length of a row, for allocations only.
const ROW_BYTES: usize = 48;

/// What was counted while reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) rejected: u64,
    pub(crate) left_out: u64,
}

/// What is common to all contents of one ingest.
pub(crate) struct Shared<'a> {
    /// Rejected rows so far, of all files.
    pub(crate) rejected: &'a AtomicU64,
    /// No more than these.
    pub(crate) max_rejects: Option<u64>,
    /// Records so far, of all files.
    pub(crate) records: &'a AtomicU64,
}

/// Whole records with their row.
struct Owned {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    first_row: u64,
}

/// Reads a content to its end and stages its rows.
pub(crate) fn read_text(
    path: &str,
    reader: &mut dyn BufRead,
    parser: &dyn Parser,
    into: Sink<'_>,
    shared: &Shared<'_>,
) -> Result<Counts, IngestError> {
    let framing = parser.framing();
    let (send, receive) = sync_channel::<Owned>(2);
    std::thread::scope(|scope| {
        let parsing = scope.spawn(move || parse_all(path, receive, parser, into, shared));
        let cut = match framing {
            Framing::Lines { header } => cut_lines(path, reader, header, &send),
            Framing::JsonArray { key } => cut_elements(path, reader, key, &send),
            Framing::Fixed { header, record } => cut_fixed(path, reader, header, record, &send),
            Framing::Whole | Framing::Batches => cut_nothing(path, reader, &send),
        };
        drop(send);
        let parsed = parsing
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // A parser that gave up is the reason why the cutting stopped.
        let counts = parsed?;
        cut.map(|_| counts)
    })
}

/// Where rows go.
pub(crate) struct Sink<'a> {
    pub(crate) staging: &'a mut Staging,
    pub(crate) source: &'a str,
    pub(crate) venue: &'a str,
}

fn parse_all(
    path: &str,
    blocks: Receiver<Owned>,
    parser: &dyn Parser,
    mut into: Sink<'_>,
    shared: &Shared<'_>,
) -> Result<Counts, IngestError> {
    let mut counts = Counts::default();
    let at_once = rayon::current_num_threads();
    while let Ok(first) = blocks.recv() {
        let mut group = vec![first];
        group.extend(blocks.try_iter().take(at_once.saturating_sub(1)));
        let (source, venue) = (into.source, into.venue);
        let parsed = group
            .par_iter()
            .map(|block| {
                let mut output = Output::new(block.bytes.len() / ROW_BYTES);
                parser.parse(
                    Block {
                        bytes: &block.bytes,
                        ends: &block.ends,
                        first_row: block.first_row,
                    },
                    &mut output,
                )?;
                Ok(Parsed::of(output, source, venue))
            })
            .collect::<Result<Vec<_>, IngestError>>()?;
        for parsed in parsed {
            parsed.keep(path, &mut counts, &mut into, shared)?;
        }
    }
    Ok(counts)
}

/// A parsed block.
struct Parsed {
    counts: Counts,
    tables: Vec<(Place, RecordBatch)>,
}

impl Parsed {
    fn of(output: Output, source: &str, venue: &str) -> Self {
        Self {
            counts: Counts {
                records: output.read,
                rejected: output.rejected(),
                left_out: output.left_out,
            },
            tables: output.finish(source, venue),
        }
    }

    fn keep(
        self,
        path: &str,
        counts: &mut Counts,
        into: &mut Sink<'_>,
        shared: &Shared<'_>,
    ) -> Result<(), IngestError> {
        counts.records += self.counts.records;
        counts.rejected += self.counts.rejected;
        counts.left_out += self.counts.left_out;
        shared.records.fetch_add(self.counts.records, Ordering::Relaxed);
        let rejected =
            shared.rejected.fetch_add(self.counts.rejected, Ordering::Relaxed) + self.counts.rejected;
        if let Some(limit) = shared.max_rejects
            && rejected > limit
            && self.counts.rejected > 0
        {
            return Err(IngestError::TooManyRejects {
                path: path.to_owned(),
                limit,
                first: first_rejects(&self.tables),
            });
        }
        for (place, batch) in self.tables {
            into.staging
                .push(place.kind, &place.venue, &place.instrument, batch)?;
        }
        Ok(())
    }
}

/// The first few rejects of a block, for an error.
fn first_rejects(tables: &[(Place, RecordBatch)]) -> String {
    use aftershock_archive::tape::{Kind, rejects};
    use arrow::array::{Array, ArrayAccessor, AsArray};
    use arrow::datatypes::{Int32Type, Int64Type};
    let Some((_, batch)) = tables.iter().find(|(place, _)| place.kind == Kind::Rejects) else {
        return "none".to_owned();
    };
    let reasons = batch.column(rejects::REASON.0).as_dictionary::<Int32Type>();
    let reasons = reasons
        .downcast_dict::<arrow::array::StringArray>()
        .expect("words are text");
    let raw = batch.column(rejects::RAW.0).as_string::<i32>();
    let columns = batch.column(rejects::COLUMN.0).as_dictionary::<Int32Type>();
    let columns = columns
        .downcast_dict::<arrow::array::StringArray>()
        .expect("words are text");
    let rows = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>();
    (0..batch.num_rows().min(3))
        .map(|row| {
            let text: String = raw.value(row).chars().take(80).collect();
            let of = match columns.is_valid(row) {
                true => format!(" in {}", columns.value(row)),
                false => String::new(),
            };
            format!("row {} ({}{of}): `{text}`", rows.value(row), reasons.value(row))
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// Cuts at line ends.
fn cut_lines(
    path: &str,
    reader: &mut dyn BufRead,
    header: u64,
    send: &SyncSender<Owned>,
) -> Result<(), IngestError> {
    let failed = |error: std::io::Error| unreadable(path, &error);
    let mut skipped = Vec::new();
    for _ in 0..header {
        skipped.clear();
        Read::take(&mut *reader, HEADER_BYTES as u64)
            .read_until(b'\n', &mut skipped)
            .map_err(failed)?;
        if skipped.len() == HEADER_BYTES {
            return Err(no_records(path, HEADER_BYTES));
        }
    }
    let mut first_row = 0;
    let mut rest: Vec<u8> = Vec::new();
    loop {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES + rest.len());
        bytes.append(&mut rest);
        let more = fill(reader, &mut bytes, BLOCK_BYTES).map_err(failed)?;
        if more {
            let Some(end) = memchr::memrchr(b'\n', &bytes) else {
                if bytes.len() > RECORD_BYTES {
                    return Err(no_records(path, RECORD_BYTES));
                }
                rest = bytes;
                continue;
            };
            rest.extend_from_slice(&bytes[end + 1..]);
            bytes.truncate(end + 1);
        }
        let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let block = Owned {
            bytes,
            ends: Vec::new(),
            first_row,
        };
        first_row += lines;
        if (!block.bytes.is_empty() && send.send(block).is_err()) || !more {
            return Ok(());
        }
    }
}

/// Adds up to `count` bytes; false at the end of the content.
fn fill(reader: &mut dyn BufRead, bytes: &mut Vec<u8>, count: usize) -> std::io::Result<bool> {
    let wanted = bytes.len() + count;
    let mut limited = reader.take(count as u64);
    limited.read_to_end(bytes)?;
    Ok(bytes.len() == wanted)
}

/// Cuts between the elements of a JSON array.
fn cut_elements(
    path: &str,
    reader: &mut dyn BufRead,
    key: Option<&'static str>,
    send: &SyncSender<Owned>,
) -> Result<(), IngestError> {
    let mut array = Elements::new(key);
    let mut block = Owned {
        bytes: Vec::new(),
        ends: Vec::new(),
        first_row: 0,
    };
    loop {
        let text = reader.fill_buf().map_err(|error| unreadable(path, &error))?;
        let length = text.len();
        array.push(text, &mut block.bytes, &mut block.ends);
        reader.consume(length);
        let ended = length == 0;
        if ended && !array.closed() {
            return Err(cut_array(path));
        }
        if ended || block.bytes.len() >= BLOCK_BYTES {
            let Some(&end) = block.ends.last() else {
                if ended {
                    return Ok(());
                }
                if block.bytes.len() > RECORD_BYTES {
                    return Err(no_records(path, RECORD_BYTES));
                }
                continue;
            };
            let rest = block.bytes.split_off(end + 1);
            let next = Owned {
                bytes: rest,
                ends: Vec::new(),
                first_row: block.first_row + block.ends.len() as u64,
            };
            if send.send(std::mem::replace(&mut block, next)).is_err() || ended {
                return Ok(());
            }
        }
    }
}

/// Cuts after each so many bytes.
fn cut_fixed(
    path: &str,
    reader: &mut dyn BufRead,
    header: usize,
    record: usize,
    send: &SyncSender<Owned>,
) -> Result<(), IngestError> {
    let failed = |error: std::io::Error| unreadable(path, &error);
    let mut skipped = Vec::new();
    fill(reader, &mut skipped, header).map_err(failed)?;
    let rows = (BLOCK_BYTES / record.max(1)).max(1);
    let mut first_row = 0;
    loop {
        let mut bytes = Vec::with_capacity(rows * record);
        let more = fill(reader, &mut bytes, rows * record).map_err(failed)?;
        let block = Owned {
            bytes,
            ends: Vec::new(),
            first_row,
        };
        first_row += rows as u64;
        if (!block.bytes.is_empty() && send.send(block).is_err()) || !more {
            return Ok(());
        }
    }
}

/// Gives the content as one block.
fn cut_nothing(path: &str, reader: &mut dyn BufRead, send: &SyncSender<Owned>) -> Result<(), IngestError> {
    let mut bytes = Vec::new();
    reader
        .take(WHOLE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > WHOLE_BYTES {
        return Err(IngestError::BadFile {
            path: path.to_owned(),
            reason: format!(
                "a file of this kind is read as a whole and may have {WHOLE_BYTES} bytes; cut it"
            ),
        });
    }
    // A parser that gave up has said why.
    let _ = send.send(Owned {
        bytes,
        ends: Vec::new(),
        first_row: 0,
    });
    Ok(())
}

fn no_records(path: &str, bytes: usize) -> IngestError {
    IngestError::BadFile {
        path: path.to_owned(),
        reason: format!("it has no record end in {bytes} bytes; expected lines or elements"),
    }
}

/// Stages the batches of a file of columns.
pub(crate) fn read_batches(
    path: &str,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>>,
    parser: &dyn Parser,
    mut into: Sink<'_>,
    shared: &Shared<'_>,
) -> Result<Counts, IngestError> {
    let mut counts = Counts::default();
    let mut first_row = 0;
    for batch in batches {
        let batch = batch.map_err(|error| IngestError::BadFile {
            path: path.to_owned(),
            reason: format!("it does not read ({error}); expected a whole file"),
        })?;
        let mut output = Output::new(batch.num_rows());
        parser.parse_batch(&batch, first_row, &mut output)?;
        first_row += batch.num_rows() as u64;
        Parsed::of(output, into.source, into.venue).keep(path, &mut counts, &mut into, shared)?;
    }
    Ok(counts)
}
