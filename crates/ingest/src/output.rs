//! What parsing a block gives: rows by table, venue and instrument, and the rows that could not be kept.

use std::collections::HashMap;

use aftershock_archive::tape::{Kind, rejects};
use arrow::array::RecordBatch;

use crate::text::Fault;
use crate::{Block, Rows};

/// A rejected row is quoted up to this many bytes.
const QUOTED_BYTES: usize = 4_096;

/// Where rows belong in the tape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The table.
    pub kind: Kind,
    /// The venue's slug, such as `binance-usdm`.
    pub venue: String,
    /// The instrument, as the venue calls it.
    pub instrument: String,
}

/// Rows of one block of a source.
#[derive(Debug)]
pub struct Output {
    tables: Vec<(Place, Rows)>,
    last: usize,
    /// Places in `tables` by instrument: a file may hold a thousand instruments in turn.
    by_instrument: HashMap<String, Vec<usize>>,
    rejects: Rows,
    /// Records of the source that were looked at.
    pub read: u64,
    /// Records that the user's column map leaves out by name; they are not among `read`.
    pub left_out: u64,
    expected_rows: usize,
}

impl Output {
    /// Nothing yet; `expected_rows` is a guess that saves allocations.
    pub fn new(expected_rows: usize) -> Self {
        Self {
            tables: Vec::new(),
            last: 0,
            by_instrument: HashMap::new(),
            rejects: Rows::new(Kind::Rejects),
            read: 0,
            left_out: 0,
            expected_rows,
        }
    }

    /// The rows of a table, venue and instrument. Cheap where the same place is asked for again and again.
    #[inline]
    pub fn rows(&mut self, kind: Kind, venue: &str, instrument: &str) -> &mut Rows {
        let is = |place: &Place| place.kind == kind && place.instrument == instrument && place.venue == venue;
        if !self.tables.get(self.last).is_some_and(|(place, _)| is(place)) {
            let found = self.by_instrument.get(instrument).and_then(|places| {
                let mut places = places.iter().copied();
                places.find(|index| is(&self.tables[*index].0))
            });
            self.last = found.unwrap_or_else(|| {
                let place = Place {
                    kind,
                    venue: venue.to_owned(),
                    instrument: instrument.to_owned(),
                };
                let room = if self.tables.is_empty() {
                    self.expected_rows
                } else {
                    0
                };
                let index = self.tables.len();
                self.by_instrument
                    .entry(instrument.to_owned())
                    .or_default()
                    .push(index);
                self.tables.push((place, Rows::with_capacity(kind, room)));
                index
            });
        }
        &mut self.tables[self.last].1
    }

    /// Opens a row of a place and lets `fill` set its columns; the row is taken back where that fails.
    ///
    /// # Errors
    /// What `fill` found; the record is not rejected yet.
    #[inline]
    pub fn keep(
        &mut self,
        kind: Kind,
        venue: &str,
        instrument: &str,
        source_row: u64,
        fill: impl FnOnce(&mut Rows) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let rows = self.rows(kind, venue, instrument);
        rows.begin(source_row);
        fill(rows).inspect_err(|_| rows.undo())
    }

    /// Keeps one row a record of a block, all in one place: the way of the largest files.
    pub fn keep_all(
        &mut self,
        kind: Kind,
        venue: &str,
        instrument: &str,
        block: Block<'_>,
        mut fill: impl FnMut(&[u8], &mut Rows) -> Result<(), Fault>,
    ) {
        let rows = self.rows(kind, venue, instrument);
        let mut bad = Vec::new();
        let mut read = 0;
        for (row, record) in block.records() {
            read += 1;
            rows.begin(row);
            if let Err(fault) = fill(record, rows) {
                rows.undo();
                bad.push((row, fault, rows.blamed(), record));
            }
        }
        self.read += read;
        for (row, fault, column, record) in bad {
            self.reject_in(row, fault, column, record);
        }
    }

    /// Keeps a row that cannot stand, with its reason.
    #[cold]
    pub fn reject(&mut self, source_row: u64, fault: Fault, raw: &[u8]) {
        let rows = self.tables.get_mut(self.last);
        let column = rows.and_then(|(_, rows)| rows.blamed());
        self.reject_in(source_row, fault, column, raw);
    }

    #[cold]
    fn reject_in(&mut self, source_row: u64, fault: Fault, column: Option<&str>, raw: &[u8]) {
        let quoted = String::from_utf8_lossy(&raw[..raw.len().min(QUOTED_BYTES)]);
        self.rejects.begin(source_row);
        self.rejects.word(rejects::REASON, fault.name());
        self.rejects
            .text(rejects::RAW, quoted.trim_end_matches(['\r', '\n']));
        if let Some(column) = column.filter(|_| fault == Fault::Number) {
            self.rejects.word(rejects::COLUMN, column);
        }
    }

    /// Rows that were rejected so far.
    pub fn rejected(&self) -> u64 {
        self.rejects.len() as u64
    }

    /// The rows as batches, each with its source; `venue` is where the rejects are booked.
    pub fn finish(self, source: &str, venue: &str) -> Vec<(Place, RecordBatch)> {
        let rejects = (
            Place {
                kind: Kind::Rejects,
                venue: venue.to_owned(),
                instrument: "all".to_owned(),
            },
            self.rejects,
        );
        self.tables
            .into_iter()
            .chain([rejects])
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(place, rows)| (place, rows.finish(source)))
            .collect()
    }
}
