//! The walk itself: two sides in the order of their instants, and of every key the row that was known last.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use arrow::compute::{cast, interleave_record_batch, take};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

/// Batches of the right side held before those rows of them that are still known are gathered into one.
const HELD: usize = 32;
/// The row of which every column is NULL: what an instant without a match meets.
const NOTHING: (usize, usize) = (0, 0);
/// The key of a row of which some key is NULL; it equals none.
const NO_KEY: usize = usize::MAX;

/// A batch with the instants and the keys of its rows.
pub(super) struct Chunk {
    batch: RecordBatch,
    at: Int64Array,
    keys: Vec<usize>,
}

/// Numbers the keys of both sides alike.
pub(super) struct Keys(Option<Box<dyn GroupValues>>);

impl Keys {
    /// Of these types; none where nothing has to be equal.
    pub(super) fn new(kinds: &[DataType]) -> Result<Self> {
        if kinds.is_empty() {
            return Ok(Self(None));
        }
        let fields: Vec<Field> = kinds
            .iter()
            .map(|kind| Field::new("", kind.clone(), true))
            .collect();
        let values = new_group_values(Arc::new(Schema::new(fields)), &GroupOrdering::None)?;
        Ok(Self(Some(values)))
    }

    /// A batch of either side made ready.
    pub(super) fn chunk(
        &mut self,
        batch: RecordBatch,
        at: &Arc<dyn PhysicalExpr>,
        keys: &[Arc<dyn PhysicalExpr>],
    ) -> Result<Chunk> {
        let rows = batch.num_rows();
        let at = at.evaluate(&batch)?.into_array(rows)?;
        let at = cast(&at, &DataType::Int64)?.as_primitive::<Int64Type>().clone();
        let columns = keys
            .iter()
            .map(|key| key.evaluate(&batch)?.into_array(rows))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let mut numbers = Vec::new();
        match &mut self.0 {
            None => numbers.resize(rows, 0),
            Some(values) => values.intern(&columns, &mut numbers)?,
        }
        for column in columns.iter().filter(|column| column.null_count() > 0) {
            for (row, number) in numbers.iter_mut().enumerate() {
                if column.is_null(row) {
                    *number = NO_KEY;
                }
            }
        }
        Ok(Chunk {
            batch,
            at,
            keys: numbers,
        })
    }

    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |values| values.size())
    }
}

/// The right side as far as it has been read.
pub(super) struct Known {
    compare: Operator,
    /// One row of NULLs, then batches.
    held: Vec<RecordBatch>,
    /// Where in `held` the row of each key is.
    last: Vec<(usize, usize)>,
    /// What is being read, and how far it is.
    reading: Option<(Chunk, usize)>,
    schema: SchemaRef,
}

impl Known {
    /// Nothing yet, of a side with these columns.
    pub(super) fn new(compare: Operator, columns: &Schema) -> Result<Self> {
        let fields: Vec<Field> = columns
            .fields()
            .iter()
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let nothing = schema
            .fields()
            .iter()
            .map(|field| new_null_array(field.data_type(), 1))
            .collect();
        Ok(Self {
            compare,
            held: vec![with_rows(&schema, nothing, 1)?],
            last: Vec::new(),
            reading: None,
            schema,
        })
    }

    /// Goes on to the row that comes after an instant. `false` where more of the side has to be read first.
    fn reaches(&mut self, instant: i64) -> bool {
        let Some((chunk, row)) = &mut self.reading else {
            return false;
        };
        let place = self.held.len() - 1;
        while *row < chunk.keys.len() {
            // NULLs come last, and match nothing.
            if chunk.at.is_null(*row) {
                return true;
            }
            let at = chunk.at.value(*row);
            let is_known = match self.compare {
                Operator::GtEq => at <= instant,
                Operator::Gt => at < instant,
                Operator::LtEq => at >= instant,
                _ => at > instant,
            };
            if !is_known {
                return true;
            }
            let key = chunk.keys[*row];
            if key != NO_KEY {
                if key >= self.last.len() {
                    self.last.resize(key + 1, NOTHING);
                }
                self.last[key] = (place, *row);
            }
            *row += 1;
        }
        self.reading = None;
        false
    }

    /// Takes the next batch of the side. Rows that nobody can ask for any more are let go of; `found` is kept.
    fn take(&mut self, chunk: Chunk, found: &mut [(usize, usize)]) -> Result<()> {
        if self.held.len() > HELD {
            self.gather(found)?;
        }
        let rows = chunk.batch.num_rows();
        self.held
            .push(with_rows(&self.schema, chunk.batch.columns().to_vec(), rows)?);
        self.reading = Some((chunk, 0));
        Ok(())
    }

    fn gather(&mut self, found: &mut [(usize, usize)]) -> Result<()> {
        let mut rows = Vec::new();
        let mut moved: HashMap<(usize, usize), usize> = HashMap::new();
        for place in self
            .last
            .iter_mut()
            .chain(found)
            .filter(|place| **place != NOTHING)
        {
            let row = *moved.entry(*place).or_insert_with(|| {
                rows.push(*place);
                rows.len() - 1
            });
            *place = (1, row);
        }
        let gathered = self.rows(&rows)?;
        self.held.truncate(1);
        self.held.push(gathered);
        Ok(())
    }

    fn rows(&self, places: &[(usize, usize)]) -> Result<RecordBatch> {
        if self.schema.fields().is_empty() {
            return with_rows(&self.schema, Vec::new(), places.len());
        }
        let held: Vec<&RecordBatch> = self.held.iter().collect();
        Ok(interleave_record_batch(&held, places)?)
    }

    fn bytes(&self) -> usize {
        self.held.iter().map(RecordBatch::get_array_memory_size).sum()
    }
}

/// One batch of the left side, being matched.
pub(super) struct Matching {
    left: Chunk,
    found: Vec<(usize, usize)>,
}

impl Matching {
    pub(super) fn of(left: Chunk) -> Self {
        let found = Vec::with_capacity(left.keys.len());
        Self { left, found }
    }

    /// Matches as many rows as the side read so far can tell: all of them where `ended`. `false` where more has to be read.
    pub(super) fn go_on(&mut self, known: &mut Known, ended: bool) -> bool {
        for row in self.found.len()..self.left.keys.len() {
            let key = self.left.keys[row];
            if self.left.at.is_null(row) {
                self.found.push(NOTHING);
                continue;
            }
            if !known.reaches(self.left.at.value(row)) && !ended {
                return false;
            }
            let place = if key == NO_KEY { None } else { known.last.get(key) };
            self.found.push(place.copied().unwrap_or(NOTHING));
        }
        true
    }

    pub(super) fn take(&mut self, chunk: Chunk, known: &mut Known) -> Result<()> {
        known.take(chunk, &mut self.found)
    }

    /// The rows of the left side beside their matches. Neighbours mostly share one, which is gathered once.
    pub(super) fn joined(self, known: &Known, schema: &SchemaRef) -> Result<RecordBatch> {
        let mut matches = Vec::new();
        let mut of_rows = Vec::with_capacity(self.found.len());
        for place in &self.found {
            if matches.last() != Some(place) {
                matches.push(*place);
            }
            of_rows.push(matches.len() as u32 - 1);
        }
        let of_rows = UInt32Array::from(of_rows);
        let mut columns = self.left.batch.columns().to_vec();
        for column in known.rows(&matches)?.columns() {
            columns.push(take(column, &of_rows, None)?);
        }
        with_rows(schema, columns, self.found.len())
    }
}

/// Bytes that a join holds.
pub(super) fn bytes(known: &Known, keys: &Keys) -> usize {
    known.bytes() + keys.bytes()
}

/// A batch that knows its rows even where it has no column.
fn with_rows(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}
