//! Many sorted files of one part into one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::PathBuf;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave_record_batch};
use arrow::datatypes::Int32Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::Kind;
use super::order::{Position, Positions, Single, Sources};
use super::part::{PartWriter, Written, joined, read_part};
use super::stage::aggregated;
use crate::ArchiveError;

/// Rows that are put in order at a time.
const CHUNK_ROWS: usize = 1 << 15;

/// A part and how many of its rows came from each source.
pub(super) struct Merged {
    pub(super) written: Written,
    pub(super) by_source: BTreeMap<String, u64>,
    /// Trades that stand for several.
    pub(super) aggregated: u64,
}

/// A sorted file, and the sources whose rows in it do not count.
pub(super) struct Input<'a> {
    pub(super) file: PathBuf,
    pub(super) without: BTreeSet<&'a str>,
}

/// Merges sorted files of one part, in bounded memory, and keeps each event once.
pub(super) fn merge(
    kind: Kind,
    inputs: Vec<Input<'_>>,
    sources: &Sources,
    into: PathBuf,
) -> Result<Merged, ArchiveError> {
    let mut cursors = Vec::with_capacity(inputs.len());
    for input in inputs {
        if let Some(cursor) = Cursor::open(kind, input, sources)? {
            cursors.push(cursor);
        }
    }
    let mut heap: BinaryHeap<Reverse<(Position, usize)>> = cursors
        .iter()
        .enumerate()
        .map(|(index, cursor)| Reverse((cursor.position(), index)))
        .collect();
    let mut output = Tally {
        kind,
        single: Single::new(kind),
        writer: PartWriter::new(kind, into),
        by_source: BTreeMap::new(),
        aggregated: 0,
    };
    // Batches stay where they are until the rows taken from them were copied out.
    let mut batches: Vec<RecordBatch> = cursors.iter().map(|cursor| cursor.batch.clone()).collect();
    let mut place: Vec<usize> = (0..cursors.len()).collect();
    let mut taken: Vec<(usize, usize)> = Vec::with_capacity(CHUNK_ROWS);
    while let Some(Reverse((_, index))) = heap.pop() {
        let cursor = &mut cursors[index];
        // The next row of any other file ends the run of rows that can be taken from this one.
        let limit = heap.peek().map(|Reverse(next)| *next);
        loop {
            taken.push((place[index], cursor.row));
            if !cursor.step() {
                if taken.len() >= CHUNK_ROWS {
                    flush(&mut taken, &batches, &mut output)?;
                }
                if !cursor.refill(kind, sources)? {
                    break;
                }
                place[index] = batches.len();
                batches.push(cursor.batch.clone());
            }
            if limit.is_some_and(|limit| (cursor.position(), index) > limit) {
                heap.push(Reverse((cursor.position(), index)));
                break;
            }
        }
        if taken.len() >= CHUNK_ROWS {
            flush(&mut taken, &batches, &mut output)?;
            batches = cursors.iter().map(|cursor| cursor.batch.clone()).collect();
            place = (0..cursors.len()).collect();
        }
    }
    flush(&mut taken, &batches, &mut output)?;
    output.finish()
}

fn flush(
    taken: &mut Vec<(usize, usize)>,
    batches: &[RecordBatch],
    output: &mut Tally,
) -> Result<(), ArchiveError> {
    if taken.is_empty() {
        return Ok(());
    }
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let rows = interleave_record_batch(&batches, taken).expect("places are of rows of these batches");
    taken.clear();
    output.push(rows)
}

/// What comes out of a merge.
struct Tally {
    kind: Kind,
    single: Single,
    writer: PartWriter,
    by_source: BTreeMap<String, u64>,
    aggregated: u64,
}

impl Tally {
    fn push(&mut self, rows: RecordBatch) -> Result<(), ArchiveError> {
        let rows = self.single.push(rows);
        self.keep(rows)
    }

    fn keep(&mut self, rows: RecordBatch) -> Result<(), ArchiveError> {
        count_sources(&rows, &mut self.by_source);
        self.aggregated += aggregated(self.kind, &rows);
        self.writer.write(rows)
    }

    fn finish(mut self) -> Result<Merged, ArchiveError> {
        if let Some(rest) = self.single.finish() {
            self.keep(rest)?;
        }
        Ok(Merged {
            written: self.writer.finish(self.single.conflicts)?,
            by_source: self.by_source,
            aggregated: self.aggregated,
        })
    }
}

/// Adds the rows of each source of a batch.
fn count_sources(rows: &RecordBatch, counts: &mut BTreeMap<String, u64>) {
    let words = rows.column(rows.num_columns() - 2).as_dictionary::<Int32Type>();
    let names = words.values().as_string::<i32>();
    let mut by_key = vec![0_u64; names.len()];
    for key in words.keys().values() {
        by_key[*key as usize] += 1;
    }
    for (name, count) in names.iter().zip(by_key) {
        if let Some(name) = name
            && count > 0
        {
            *counts.entry(name.to_owned()).or_default() += count;
        }
    }
}

/// The rows of a batch that are of none of these sources.
fn without(rows: &RecordBatch, sources: &BTreeSet<&str>) -> RecordBatch {
    let words = rows.column(rows.num_columns() - 2).as_dictionary::<Int32Type>();
    let names = words.values().as_string::<i32>();
    let stays: Vec<bool> = names
        .iter()
        .map(|name| name.is_none_or(|name| !sources.contains(name)))
        .collect();
    let keys = words.keys().values().iter();
    let mask: BooleanArray = keys.map(|key| Some(stays[*key as usize])).collect();
    filter_record_batch(rows, &mask).expect("one flag a row")
}

/// One file, batch by batch.
struct Cursor<'a> {
    reader: ParquetRecordBatchReader,
    input: Input<'a>,
    batch: RecordBatch,
    positions: Positions,
    row: usize,
}

impl<'a> Cursor<'a> {
    fn open(kind: Kind, input: Input<'a>, sources: &Sources) -> Result<Option<Self>, ArchiveError> {
        let mut cursor = Self {
            reader: read_part(kind, &input.file)?,
            input,
            batch: joined(kind, &[]),
            positions: Positions { values: Vec::new() },
            row: 0,
        };
        Ok(cursor.refill(kind, sources)?.then_some(cursor))
    }

    fn position(&self) -> Position {
        self.positions.values[self.row]
    }

    /// Goes to the next row of the batch at hand, if there is one.
    fn step(&mut self) -> bool {
        self.row += 1;
        self.row < self.batch.num_rows()
    }

    fn refill(&mut self, kind: Kind, sources: &Sources) -> Result<bool, ArchiveError> {
        for batch in self.reader.by_ref() {
            let mut batch = batch.map_err(|error| {
                ArchiveError::corrupt(
                    &self.input.file,
                    format!("it does not read as a part of a tape: {error}"),
                )
            })?;
            if !self.input.without.is_empty() {
                batch = without(&batch, &self.input.without);
            }
            if batch.num_rows() > 0 {
                self.positions = Positions::of(kind, &batch, sources);
                self.batch = batch;
                self.row = 0;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
