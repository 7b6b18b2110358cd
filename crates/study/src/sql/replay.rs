//! `replay(episode, rules, …)`: the journal of a replay as a table.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aftershock_archive::journal;
use aftershock_query::Error;
use aftershock_query::functions::Described;
use arrow::array::{ArrayRef, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::arguments::{Arguments, NAME, table_of};
use super::kept::{Kept, Key, Run};
use super::said;
use crate::{Own, Prepared, Study};

/// What `catalog.functions` says of it.
pub(super) const DESCRIBED: Described = Described {
    name: "replay",
    kind: "table",
    signature: "replay(episode, rules, table => 'outcomes', draws => 200, seed => 1, shock => NULL, shock_over => '10m')",
    meaning: "The journal of an episode replayed under other rules, here and now: the rows of the table of that name under \
              `replayed`, with its run, draws and seed. `rules` is a rule set's name, several joined by + that act together, \
              TOML text, or an array of these, a run each. The same run that `aftershock replay` would make; nothing is \
              written. A shock, such as '-30%', makes up a further move.",
    units: "those of the table",
    order: "none",
    source: "data/README.md and the assumptions of the run",
};

/// What a replay holds until it is over, of each draw under each rule set and of each rule set besides: measured, and rounded
/// up.
const DRAW_BYTES: usize = 150_000;
const SET_BYTES: usize = 30_000_000;
/// Rows that go on at once.
const ROWS: usize = 8_192;
/// Columns after those of a run's table: which run it is, and that it was replayed.
const PLACE: [(&str, DataType); 4] = [
    ("run", DataType::Utf8),
    ("draws", DataType::UInt32),
    ("seed", DataType::UInt64),
    ("provenance", DataType::Utf8),
];

/// The function, for one data folder.
#[derive(Debug)]
pub(super) struct Replay {
    data: PathBuf,
    kept: Arc<Kept>,
}

impl Replay {
    pub(super) fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            kept: Arc::default(),
        }
    }
}

impl TableFunctionImpl for Replay {
    fn call_with_args(&self, arguments: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let asked = Arguments::read(arguments.exprs()).map_err(|error| said(&error).through())?;
        let rows = Rows {
            schema: schema(asked.table),
            asked: Arc::new(asked),
            data: self.data.clone(),
            kept: Arc::clone(&self.kept),
        };
        let table = StreamingTable::try_new(Arc::clone(&rows.schema), vec![Arc::new(rows)])?;
        Ok(Arc::new(table))
    }
}

/// Columns of the table that an argument names.
pub(super) fn columns(table: &ScalarValue) -> Result<SchemaRef> {
    let table = table_of(table).map_err(|error| said(&error).through())?;
    Ok(schema(table))
}

/// Columns of a table of `replay(…)`.
fn schema(table: &str) -> SchemaRef {
    let of_run = journal::schema(table).expect("a table is asked for that a run has");
    let place = PLACE.map(|(name, kind)| Arc::new(Field::new(name, kind, false)));
    let fields: Vec<_> = of_run.fields().iter().cloned().chain(place).collect();
    Arc::new(Schema::new(fields))
}

/// The rows that a call gives, replayed when they are first asked for: a plan replays nothing.
#[derive(Debug)]
struct Rows {
    asked: Arc<Arguments>,
    schema: SchemaRef,
    data: PathBuf,
    kept: Arc<Kept>,
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let asked = Arc::clone(&self.asked);
        let (data, schema) = (self.data.clone(), Arc::clone(&self.schema));
        let place = self.kept.place(&key(&asked));
        let watcher = place.watch();
        let memory = MemoryConsumer::new(NAME).register(context.memory_pool());
        let found = async move {
            // Dropped with the stream: who no longer reads no longer waits.
            let _watcher = watcher;
            let work = SpawnedTask::spawn_blocking(move || {
                let needed = asked.sets.len() * (SET_BYTES + asked.draws as usize * DRAW_BYTES);
                memory.try_grow(needed).map_err(|_| too_large(&asked, needed))?;
                let runs = place.runs(|| study(&data, &asked));
                let runs = runs.map_err(|error| said(&error).through())?;
                memory.try_resize(runs.iter().map(Run::bytes).sum())?;
                let batches: Result<Vec<RecordBatch>> =
                    runs.iter().map(|run| rows(run, asked.table, &schema)).collect();
                Ok((batches?, memory))
            });
            let work: Result<_> = work
                .await
                .unwrap_or_else(|failed| Err(DataFusionError::External(Box::new(failed))));
            work.map(|(batches, memory)| {
                stream::iter(pieces(batches)).map(move |piece| {
                    // Held until the last row is gone.
                    let _ = &memory;
                    Ok(piece)
                })
            })
        };
        let rows = stream::once(found).try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

/// A replay for which there is no room.
fn too_large(asked: &Arguments, needed: usize) -> DataFusionError {
    let Arguments { sets, draws, .. } = asked;
    Error::Limit {
        primary: format!(
            "{NAME} of {draws} draws under {} rule sets holds some {} MB, more than is left of the memory that the query may hold",
            sets.len(),
            needed / 1_000_000
        ),
        hint: "ask for fewer draws or rule sets at once, or raise --memory".to_owned(),
    }
    .through()
}

fn key(asked: &Arguments) -> Key {
    Key {
        episode: asked.episode.clone(),
        rules: asked.sets.iter().map(|set| set.toml.clone()).collect(),
        draws: asked.draws,
        seed: asked.seed,
        shock: asked.shock,
    }
}

fn study(data: &Path, asked: &Arguments) -> crate::Result<Study> {
    let prepared = Prepared::look(data, &asked.episode)?;
    let own = Own {
        book: None,
        shock: asked.shock,
    };
    own.check(&prepared)?;
    let read = |set: &aftershock_rules::RuleSetFile| {
        // What was read once is read again: a rule set cannot be copied.
        Ok(aftershock_rules::RuleSetFile::parse(&set.name, &set.toml)?)
    };
    Ok(Study {
        prepared,
        sets: asked.sets.iter().map(read).collect::<crate::Result<_>>()?,
        seed: asked.seed,
        draws: asked.draws,
        own,
    })
}

/// A table of a run, with the columns of [`PLACE`] in every row.
fn rows(run: &Run, table: &str, schema: &SchemaRef) -> Result<RecordBatch> {
    let of_run = run.table(table).expect("a run has every table of a journal");
    let manifest = &run.manifest;
    let count = of_run.num_rows();
    let word = |word: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(word, count)))
    };
    let provenance = if manifest.shock.is_some() {
        "replayed with a made-up move"
    } else {
        "replayed"
    };
    let mut columns = of_run.columns().to_vec();
    columns.push(word(&manifest.run));
    columns.push(Arc::new(UInt32Array::from_value(manifest.draws, count)));
    columns.push(Arc::new(UInt64Array::from_value(manifest.seed, count)));
    columns.push(word(provenance));
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// The same rows in batches of a size that goes well through the engine.
fn pieces(batches: Vec<RecordBatch>) -> impl Iterator<Item = RecordBatch> {
    batches.into_iter().flat_map(|batch| {
        let starts = (0..batch.num_rows()).step_by(ROWS);
        let pieces: Vec<RecordBatch> = starts
            .map(|start| batch.slice(start, ROWS.min(batch.num_rows() - start)))
            .collect();
        pieces
    })
}
