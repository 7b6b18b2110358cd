//! Order and identity of rows: how a table is sorted, and which rows are one event.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::row::{RowConverter, Rows, SortField};

use super::Kind;
use super::part::joined;

/// Place of a row in its table: stamp, the venue's number where it has one, then file and row. Rows of one message
/// (levels of a book) can share it and are told apart by their contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    at: i64,
    id: i64,
    source: u32,
    row: i64,
}

/// Positions of the rows of a batch.
pub(super) struct Positions {
    pub(super) values: Vec<Position>,
}

/// Column of the venue's number in the tables that are ordered by one.
fn number_column(kind: Kind) -> Option<usize> {
    let name = kind.number()?;
    kind.own_columns().iter().position(|column| column.name == name)
}

/// Sources in the order of their names, so that the order of rows does not hang on which was seen first.
#[derive(Debug, Default)]
pub(super) struct Sources {
    names: BTreeMap<String, u32>,
}

impl Sources {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let sorted: std::collections::BTreeSet<String> = names.into_iter().collect();
        Self {
            names: sorted.into_iter().zip(0..).collect(),
        }
    }
}

impl Positions {
    pub(super) fn of(kind: Kind, batch: &RecordBatch, sources: &Sources) -> Self {
        let rows = batch
            .column(batch.num_columns() - 1)
            .as_primitive::<Int64Type>()
            .values();
        let words = batch.column(batch.num_columns() - 2).as_dictionary::<Int32Type>();
        let ranks: Vec<u32> = words
            .values()
            .as_string::<i32>()
            .iter()
            .map(|name| {
                name.and_then(|name| sources.names.get(name))
                    .copied()
                    .unwrap_or(u32::MAX)
            })
            .collect();
        let keys = words.keys().values();
        let stamps = kind.stamp().map(|_| {
            batch
                .column(0)
                .as_primitive::<TimestampMicrosecondType>()
                .values()
        });
        let ids = number_column(kind).map(|column| batch.column(column).as_primitive::<Int64Type>());
        let values = (0..batch.num_rows())
            .map(|row| Position {
                at: stamps.map_or(0, |stamps| stamps[row]),
                id: ids.map_or(0, |ids| {
                    if ids.is_valid(row) {
                        ids.value(row)
                    } else {
                        i64::MAX
                    }
                }),
                source: ranks[keys[row] as usize],
                row: rows[row],
            })
            .collect();
        Self { values }
    }
}

/// A batch sorted by position, equal ones by their contents.
pub(super) fn sorted(kind: Kind, batch: &RecordBatch, sources: &Sources) -> RecordBatch {
    let positions = Positions::of(kind, batch, sources).values;
    if positions.is_sorted_by(|a, b| a < b) {
        return batch.clone();
    }
    let mut order: Vec<u32> = (0..positions.len() as u32).collect();
    order.sort_by_key(|&row| positions[row as usize]);
    let ties = order
        .windows(2)
        .any(|pair| positions[pair[0] as usize] == positions[pair[1] as usize]);
    if ties {
        let contents = contents(kind, batch);
        order.sort_by(|&a, &b| {
            let (a, b) = (a as usize, b as usize);
            positions[a]
                .cmp(&positions[b])
                .then_with(|| contents.row(a).cmp(&contents.row(b)))
        });
    }
    take_record_batch(batch, &UInt32Array::from(order)).expect("every place is one of a row")
}

/// What a row says as bytes that can be compared; its origin is left out, unless it is all that tells rows apart.
fn contents(kind: Kind, batch: &RecordBatch) -> Rows {
    let said = kind.own_columns().len() + 1;
    bytes_of(
        batch,
        0..if kind.stamp().is_some() {
            said
        } else {
            batch.num_columns()
        },
    )
}

fn bytes_of(batch: &RecordBatch, columns: impl Iterator<Item = usize>) -> Rows {
    let arrays: Vec<ArrayRef> = columns.map(|column| batch.column(column).clone()).collect();
    let fields = arrays
        .iter()
        .map(|array| SortField::new(array.data_type().clone()))
        .collect();
    RowConverter::new(fields)
        .and_then(|converter| converter.convert_columns(&arrays))
        .expect("columns of a tape have bytes to compare")
}

/// Whether rows can be known to be in order and single by looking at each pair of neighbours once: the way of nearly
/// every file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ascent {
    last: Option<(i64, i64)>,
}

impl Ascent {
    /// True where the batch, of one source, goes on in order from what was seen before.
    pub(super) fn goes_on(&mut self, kind: Kind, batch: &RecordBatch) -> bool {
        if kind.stamp().is_none() || batch.num_rows() == 0 {
            return false;
        }
        let identity = kind.identity();
        let stamps = batch
            .column(0)
            .as_primitive::<TimestampMicrosecondType>()
            .values();
        let numbers = number_column(kind).map(|column| batch.column(column).as_primitive::<Int64Type>());
        let ids = identity.id.iter().filter_map(|name| batch.column_by_name(name));
        let nameless = identity.shared || ids.clone().all(|ids| ids.null_count() == ids.len());
        let number = |row: usize| match numbers {
            Some(numbers) if numbers.is_valid(row) => numbers.value(row),
            Some(_) => i64::MAX,
            None => 0,
        };
        let end = stamps.len() - 1;
        let last = self.last.replace((stamps[end], number(end)));
        let pairs = || (1..stamps.len()).map(|row| (row - 1, row));
        if identity.repeats && nameless {
            // What a source repeats it means, so that order is enough.
            return last.is_none_or(|last| last <= (stamps[0], number(0)))
                && pairs().all(|(a, b)| (stamps[a], number(a)) <= (stamps[b], number(b)));
        }
        if let Some(numbers) = numbers
            && numbers.null_count() == 0
            && identity.id.first()
                == number_column(kind)
                    .map(|column| kind.own_columns()[column].name)
                    .as_ref()
        {
            let numbers = numbers.values();
            return last.is_none_or(|(at, number)| at <= stamps[0] && number < numbers[0])
                && stamps.is_sorted()
                && numbers.windows(2).all(|pair| pair[0] < pair[1]);
        }
        let bucket = |at: i64| at.div_euclid(identity.tolerance_us);
        last.is_none_or(|(at, _)| bucket(at) < bucket(stamps[0]))
            && stamps.windows(2).all(|pair| bucket(pair[0]) < bucket(pair[1]))
    }
}

/// Takes out rows that are the same event, from sorted batches that come one after the other.
pub(super) struct Single {
    kind: Kind,
    held: Option<RecordBatch>,
    /// Rows that share an id with another and say something else.
    pub(super) conflicts: u64,
}

impl Single {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            held: None,
            conflicts: 0,
        }
    }

    /// The rows up to the last bucket, which may go on in the next batch.
    pub(super) fn push(&mut self, batch: RecordBatch) -> RecordBatch {
        let batch = match self.held.take() {
            Some(held) => joined(self.kind, &[held, batch]),
            None => batch,
        };
        let buckets = self.buckets(&batch);
        let Some(last) = buckets.last() else { return batch };
        let cut = buckets.partition_point(|bucket| bucket < last);
        self.held = Some(batch.slice(cut, batch.num_rows() - cut));
        self.single(&batch.slice(0, cut), &buckets[..cut])
    }

    /// The rest of the rows.
    pub(super) fn finish(&mut self) -> Option<RecordBatch> {
        let held = self.held.take()?;
        let buckets = self.buckets(&held);
        Some(self.single(&held, &buckets))
    }

    /// Rows of different buckets are never the same event.
    fn buckets(&self, batch: &RecordBatch) -> Vec<i64> {
        if self.kind.stamp().is_none() {
            // A table without stamps is small; its rows are told apart by their origin.
            return batch
                .column(batch.num_columns() - 1)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec();
        }
        let tolerance = self.kind.identity().tolerance_us;
        batch
            .column(0)
            .as_primitive::<TimestampMicrosecondType>()
            .values()
            .iter()
            .map(|at| at.div_euclid(tolerance))
            .collect()
    }

    fn single(&mut self, batch: &RecordBatch, buckets: &[i64]) -> RecordBatch {
        if batch.num_rows() < 2 || !self.may_repeat(batch, buckets) {
            return batch.clone();
        }
        let names = Names::of(self.kind, batch);
        let mut keep = vec![true; batch.num_rows()];
        let mut start = 0;
        while start < buckets.len() {
            let length = buckets[start..]
                .iter()
                .take_while(|bucket| **bucket == buckets[start])
                .count();
            if length > 1 {
                self.conflicts += names.settle(start..start + length, &mut keep);
            }
            start += length;
        }
        if keep.iter().all(|kept| *kept) {
            return batch.clone();
        }
        filter_record_batch(batch, &BooleanArray::from(keep)).expect("one flag a row")
    }

    /// False where no two rows can be one event: nothing shares a bucket, or numbers only rise, or all rows are of
    /// one source that may repeat itself.
    fn may_repeat(&self, batch: &RecordBatch, buckets: &[i64]) -> bool {
        if buckets.windows(2).all(|pair| pair[0] < pair[1]) {
            return false;
        }
        let identity = self.kind.identity();
        let ids = number_column(self.kind)
            .filter(|_| !identity.id.is_empty())
            .map(|column| batch.column(column).as_primitive::<Int64Type>());
        if let Some(ids) = ids
            && ids.null_count() == 0
            && ids.values().windows(2).all(|pair| pair[0] < pair[1])
        {
            return false;
        }
        let unnumbered = identity.shared
            || identity.id.iter().all(|name| {
                batch
                    .column_by_name(name)
                    .is_none_or(|column| column.logical_null_count() == column.len())
            });
        let sources = batch
            .column(batch.num_columns() - 2)
            .as_dictionary::<Int32Type>()
            .keys();
        let one_source = sources.values().windows(2).all(|pair| pair[0] == pair[1]);
        !(identity.repeats && unnumbered && one_source)
    }
}

/// What rows are called, for telling which are one event.
struct Names {
    /// Id and facts, for rows with an id.
    identity: Rows,
    /// Id alone.
    id: Rows,
    /// Everything but the origin, for rows without an id.
    contents: Rows,
    has_id: Vec<bool>,
    filled: Vec<u32>,
    sources: Vec<String>,
    source: Vec<i32>,
    repeats: bool,
    shared: bool,
}

/// Name of a row within its bucket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Named<'a> {
    has_id: bool,
    name: &'a [u8],
}

impl Names {
    fn of(kind: Kind, batch: &RecordBatch) -> Self {
        let identity = kind.identity();
        let places = |names: &[&str]| -> Vec<usize> {
            names
                .iter()
                .map(|name| {
                    batch
                        .schema()
                        .index_of(name)
                        .expect("an identity names columns of its table")
                })
                .collect()
        };
        let (ids, facts) = (places(identity.id), places(identity.facts));
        let has_id = (0..batch.num_rows())
            .map(|row| ids.iter().any(|&column| batch.column(column).is_valid(row)))
            .collect();
        let filled = (0..batch.num_rows())
            .map(|row| {
                (0..batch.num_columns())
                    .filter(|&column| batch.column(column).is_valid(row))
                    .count() as u32
            })
            .collect();
        let words = batch.column(batch.num_columns() - 2).as_dictionary::<Int32Type>();
        Self {
            identity: bytes_of(batch, ids.iter().chain(&facts).copied()),
            id: bytes_of(batch, ids.iter().copied()),
            contents: contents(kind, batch),
            has_id,
            filled,
            sources: words
                .values()
                .as_string::<i32>()
                .iter()
                .map(|name| name.unwrap_or_default().to_owned())
                .collect(),
            source: words.keys().values().to_vec(),
            repeats: identity.repeats,
            shared: identity.shared,
        }
    }

    /// Of each event in a bucket, keeps the rows of one source: that with the most rows, then the fullest, then the
    /// first by name. This is the greatest by one order, so that it does not matter which sources came first.
    ///
    /// Returns how many of the kept rows have the id of another with other facts.
    fn settle(&self, bucket: std::ops::Range<usize>, keep: &mut [bool]) -> u64 {
        let mut events: BTreeMap<Named<'_>, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
        for row in bucket {
            let named = Named {
                has_id: self.has_id[row],
                name: if self.has_id[row] {
                    self.identity.row(row).data()
                } else {
                    self.contents.row(row).data()
                },
            };
            let source = self.sources[self.source[row] as usize].as_str();
            events
                .entry(named)
                .or_default()
                .entry(source)
                .or_default()
                .push(row);
        }
        let mut ids: BTreeMap<&[u8], u64> = BTreeMap::new();
        for (named, sources) in &mut events {
            if (named.has_id && !self.shared) || !self.repeats {
                for rows in sources.values_mut() {
                    rows.sort_by_key(|&row| (std::cmp::Reverse(self.filled[row]), row));
                    rows[1..].iter().for_each(|&row| keep[row] = false);
                    rows.truncate(1);
                }
            }
            let rank = |rows: &[usize]| (rows.len(), rows.iter().map(|&row| self.filled[row]).sum::<u32>());
            let winner = sources
                .iter()
                .max_by(|a, b| rank(a.1).cmp(&rank(b.1)).then_with(|| b.0.cmp(a.0)))
                .map(|(source, _)| *source);
            for (source, rows) in sources.iter() {
                if Some(*source) != winner {
                    rows.iter().for_each(|&row| keep[row] = false);
                } else if named.has_id {
                    *ids.entry(self.id.row(rows[0]).data()).or_default() += 1;
                }
            }
        }
        ids.values().filter(|count| **count > 1).sum()
    }
}
