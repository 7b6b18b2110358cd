//! Staging: the rows of one source on their way into the tape, as sorted files beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;

use super::order::{Ascent, Sources, sorted};
use super::part::{BATCH_WEIGHT, PartKey, PartWriter, Written, joined};
use super::{Kind, Span, trades};
use crate::ArchiveError;

/// Rows of one source that wait in memory; beyond it the fullest parts are written out.
const WAITING_ROWS: usize = 1 << 19;

static FILES: AtomicU64 = AtomicU64::new(0);

/// A sorted file of one part.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) written: Written,
    pub(super) source: String,
    /// Known to be free of repetitions.
    pub(super) single: bool,
    /// Trades in it that stand for several, where it is single.
    pub(super) aggregated: u64,
}

/// Rows of one source, sorted, not yet in the tape.
#[derive(Debug, Default)]
pub struct Staged {
    pub(super) runs: BTreeMap<PartKey, Vec<Run>>,
    /// Rows in it.
    pub rows: u64,
}

impl Staged {
    /// The parts it has rows of.
    pub fn parts(&self) -> impl Iterator<Item = &PartKey> {
        self.runs.keys()
    }

    /// Its rows of one table.
    pub fn rows_of(&self, kind: Kind) -> u64 {
        self.rows_by_table().get(kind.name()).copied().unwrap_or(0)
    }

    /// Its rows by table.
    pub fn rows_by_table(&self) -> BTreeMap<String, u64> {
        let mut rows = BTreeMap::new();
        for (key, runs) in &self.runs {
            let count: u64 = runs.iter().map(|run| run.written.facts.rows).sum();
            *rows.entry(key.kind.name().to_owned()).or_default() += count;
        }
        rows
    }
}

/// Gathers the rows of one source. Memory is bounded, whatever the order of the rows and the size of the source.
pub struct Staging {
    folder: PathBuf,
    name: String,
    source: Sources,
    parts: BTreeMap<PartKey, Part>,
    waiting: usize,
    staged: Staged,
}

#[derive(Default)]
struct Part {
    /// Open as long as rows come in order.
    writer: Option<PartWriter>,
    aggregated: u64,
    ascent: Ascent,
    /// Rows that came out of order.
    loose: Vec<RecordBatch>,
    loose_rows: usize,
}

impl Part {
    /// What waits in memory, in rows.
    fn waiting(&self) -> usize {
        let ordered = self.writer.as_ref().map_or(0, PartWriter::waiting);
        ordered + self.loose_rows + self.loose.len() * BATCH_WEIGHT
    }
}

impl Staging {
    pub(super) fn new(folder: &Path, source: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            name: source.to_owned(),
            source: Sources::new([source.to_owned()]),
            parts: BTreeMap::new(),
            waiting: 0,
            staged: Staged::default(),
        }
    }

    /// Takes rows of a table, venue and instrument, in the order of the source.
    ///
    /// # Errors
    /// A refusal of the system.
    pub fn push(
        &mut self,
        kind: Kind,
        venue: &str,
        instrument: &str,
        batch: RecordBatch,
    ) -> Result<(), ArchiveError> {
        self.staged.rows += batch.num_rows() as u64;
        let key = |span: String| PartKey {
            kind,
            venue: venue.to_owned(),
            instrument: instrument.to_owned(),
            span,
        };
        if kind.stamp().is_none() {
            return self.add(key("all".to_owned()), batch);
        }
        for (span, rows) in by_span(kind.span(), &self.in_order(kind, batch)) {
            self.add(key(span), rows)?;
        }
        Ok(())
    }

    /// The batch, sorted where its stamps fall.
    fn in_order(&self, kind: Kind, batch: RecordBatch) -> RecordBatch {
        let stamps = batch
            .column(0)
            .as_primitive::<TimestampMicrosecondType>()
            .values();
        if stamps.is_sorted() {
            batch
        } else {
            sorted(kind, &batch, &self.source)
        }
    }

    fn add(&mut self, key: PartKey, batch: RecordBatch) -> Result<(), ArchiveError> {
        let new = !self.parts.contains_key(&key);
        if new {
            self.leave_earlier(&key)?;
        }
        let kind = key.kind;
        let part = self.parts.entry(key.clone()).or_default();
        let before = part.waiting();
        if part.loose.is_empty() && part.ascent.goes_on(kind, &batch) {
            part.aggregated += aggregated(kind, &batch);
            part.writer
                .get_or_insert_with(|| PartWriter::new(kind, next_file(&self.folder)))
                .write(batch)?;
        } else {
            part.loose_rows += batch.num_rows();
            part.loose.push(batch);
        }
        self.waiting = self.waiting + part.waiting() - before;
        if self.waiting > WAITING_ROWS {
            self.write_out_fullest()?;
        }
        Ok(())
    }

    fn write_out_fullest(&mut self) -> Result<(), ArchiveError> {
        let mut fullest: Vec<(usize, PartKey)> = self
            .parts
            .iter()
            .map(|(key, part)| (part.waiting(), key.clone()))
            .collect();
        fullest.sort_by(|a, b| b.cmp(a));
        for (_, key) in fullest {
            if self.waiting <= WAITING_ROWS / 2 {
                break;
            }
            self.write_out(&key)?;
        }
        Ok(())
    }

    /// A source that has come to a later day of an instrument has most likely left the earlier one.
    fn leave_earlier(&mut self, key: &PartKey) -> Result<(), ArchiveError> {
        let left: Vec<PartKey> = self
            .parts
            .range(
                PartKey {
                    span: String::new(),
                    ..key.clone()
                }..key.clone(),
            )
            .map(|(key, _)| key.clone())
            .collect();
        left.iter().try_for_each(|key| self.write_out(key))
    }

    fn write_out(&mut self, key: &PartKey) -> Result<(), ArchiveError> {
        let Some(part) = self.parts.remove(key) else {
            return Ok(());
        };
        self.waiting -= part.waiting();
        let runs = self.staged.runs.entry(key.clone()).or_default();
        if let Some(writer) = part.writer {
            runs.push(Run {
                written: writer.finish(0)?,
                source: self.name.clone(),
                single: true,
                aggregated: part.aggregated,
            });
        }
        if !part.loose.is_empty() {
            let rows = sorted(key.kind, &joined(key.kind, &part.loose), &self.source);
            let mut writer = PartWriter::new(key.kind, next_file(&self.folder));
            writer.write(rows)?;
            runs.push(Run {
                written: writer.finish(0)?,
                source: self.name.clone(),
                single: false,
                aggregated: 0,
            });
        }
        Ok(())
    }

    /// All rows as sorted files.
    ///
    /// # Errors
    /// A refusal of the system.
    pub fn finish(mut self) -> Result<Staged, ArchiveError> {
        while let Some(key) = self.parts.keys().next().cloned() {
            self.write_out(&key)?;
        }
        Ok(self.staged)
    }
}

/// Trades that stand for several of one price and taker: they name the first of them.
pub(super) fn aggregated(kind: Kind, rows: &RecordBatch) -> u64 {
    if kind != Kind::Trades {
        return 0;
    }
    let first = rows.column(trades::FIRST_TRADE_ID.0);
    (first.len() - first.null_count()) as u64
}

/// A name in a folder that nothing has yet.
pub(super) fn next_file(folder: &Path) -> PathBuf {
    folder.join(format!("{}.parquet", FILES.fetch_add(1, Ordering::Relaxed)))
}

/// Rows with rising stamps, by span.
fn by_span(span: Span, batch: &RecordBatch) -> Vec<(String, RecordBatch)> {
    let stamps = batch
        .column(0)
        .as_primitive::<TimestampMicrosecondType>()
        .values();
    let mut parts = Vec::with_capacity(1);
    let mut start = 0;
    while start < stamps.len() {
        let (name, end_us) = span.of(stamps[start]);
        let length = stamps[start..].partition_point(|at| *at < end_us);
        parts.push((name, batch.slice(start, length)));
        start += length;
    }
    parts
}
