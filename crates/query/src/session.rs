//! A session: the tables of one data folder, read-only.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use arrow::array::RecordBatch;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::common::{DataFusionError, ParamValues, ScalarValue};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionConfig;
use futures_util::TryStreamExt;
use futures_util::future::{Either, select};
use tokio::runtime::Runtime;

use crate::ahead::ReadAhead;
use crate::cells::Rows;
use crate::pauses::Pauses;
use crate::queries::{self, Query};
use crate::reader::{self, Place, Reader};
use crate::runs::InRuns;
use crate::synthetic::Worlds;
use crate::tape::{self, Windows};
use crate::{CatalogTables, Error, Functions, Result, as_of, functions, shape, tables};

/// The engine's name for all schemas of a session together.
pub const CATALOG: &str = "aftershock";
/// The schema of a table that is named without one.
pub const SCHEMA: &str = "replayed";

/// Scan partitions of every query: fixed, so that an answer does not depend on the machine.
const PARTITIONS: usize = 1;

/// The tables of one data folder under SQL. Blocking: not to be used inside an async runtime.
///
/// Tables are looked up when the session opens; runs written later are seen by the next one.
pub struct Session {
    reader: Reader,
    runtime: Runtime,
    time: Option<Duration>,
}

impl Session {
    /// Opens `data_dir` and the tape in it. Folders that are not there yet are empty tables.
    ///
    /// # Errors
    /// When a folder that is there cannot be read.
    pub fn open(data_dir: &Path, catalog: CatalogTables) -> Result<Self> {
        Self::open_tape(data_dir, tape_in(data_dir)?, catalog)
    }

    /// Opens `data_dir` with a tape that lives somewhere else.
    ///
    /// # Errors
    /// When a folder or the tape's list cannot be read.
    pub fn open_tape(data_dir: &Path, tape: Tape, catalog: CatalogTables) -> Result<Self> {
        Self::with_scope(data_dir, Some(tape), Worlds::in_data(data_dir)?, catalog, None)
    }

    /// The same, with the made-up crash of a folder under `synthetic` and no other.
    ///
    /// # Errors
    /// As [`Session::open_tape`], and where the folder holds no made-up crash.
    pub fn open_beside(
        data_dir: &Path,
        tape: Tape,
        synthetic: &Path,
        catalog: CatalogTables,
    ) -> Result<Self> {
        Self::with_scope(data_dir, Some(tape), Worlds::of(synthetic)?, catalog, None)
    }

    /// Opens the made-up crash of a folder and nothing else; what its page is built from.
    ///
    /// # Errors
    /// Where the folder holds no made-up crash.
    pub fn open_synthetic(folder: &Path) -> Result<Self> {
        Self::with_scope(
            folder,
            None,
            Worlds::of(folder)?,
            CatalogTables::empty(),
            Some(&[]),
        )
    }

    /// Opens `data_dir` and the tape in it as if it held no other runs than `runs`; what a report is built from.
    ///
    /// # Errors
    /// When a folder or the tape's list cannot be read.
    pub fn open_runs(data_dir: &Path, catalog: CatalogTables, runs: &[&str]) -> Result<Self> {
        let tape = Some(tape_in(data_dir)?);
        Self::with_scope(data_dir, tape, Worlds::default(), catalog, Some(runs))
    }

    fn with_scope(
        data_dir: &Path,
        tape: Option<Tape>,
        worlds: Worlds,
        catalog: CatalogTables,
        runs: Option<&[&str]>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(shape::STACK_BYTES)
            .build()
            .map_err(|error| Error::Data {
                path: data_dir.to_owned(),
                reason: error.to_string(),
            })?;
        let context = as_of::context(
            SessionStateBuilder::new()
                .with_config(config())
                .with_default_features()
                .with_physical_optimizer_rule(Arc::new(InRuns))
                .with_physical_optimizer_rule(Arc::new(ReadAhead))
                .with_physical_optimizer_rule(Arc::new(Pauses)),
        );
        functions::register(&context);
        let provider = MemoryCatalogProvider::new();
        let mut names = Vec::new();
        let mut add = |schema: &str, members: Vec<(&str, Arc<dyn TableProvider>)>| {
            let target = Arc::new(MemorySchemaProvider::new());
            for (name, table) in members {
                names.push(format!("{schema}.{name}"));
                target.register_table(name.to_owned(), table)?;
            }
            provider.register_schema(schema, target).map(drop)
        };
        let internal = Error::of_execution;
        let known = tables::manifests(data_dir, runs)?;
        let mut recorded = tables::recorded(data_dir, &catalog.cuts)?;
        if let Some(tape) = &tape {
            recorded.extend(tape::tables(&context, tape, &Windows::of(&catalog.episodes))?);
        }
        add("recorded", recorded).map_err(internal)?;
        add("replayed", tables::replayed(&context, data_dir, &known)?).map_err(internal)?;
        add("synthetic", worlds.tables()?).map_err(internal)?;
        let members = [
            ("episodes", catalog.episodes),
            ("published", catalog.published),
            ("rule_sets", catalog.rule_sets),
            ("recovery", catalog.recovery),
            ("venues", catalog.venues),
            ("rules", catalog.rules),
            ("gates", catalog.gates),
            ("calibrations", catalog.calibrations),
            ("runs", tables::runs(&known)),
            ("functions", functions::batch(&[])),
        ];
        let members = members
            .into_iter()
            .map(|(name, batch)| Ok((name, memory(batch)?)))
            .collect::<std::result::Result<Vec<_>, DataFusionError>>()
            .map_err(internal)?;
        add("catalog", members).map_err(internal)?;
        context.register_catalog(CATALOG, Arc::new(provider));
        let place = Place {
            tables: names,
            data_dir: data_dir.to_owned(),
            tape,
            worlds,
        };
        Ok(Self {
            reader: Reader::new(context, place),
            runtime,
            time: None,
        })
    }

    /// Lets every query hold so many bytes of memory and take so long, and no more; as [`Reader::limited`].
    ///
    /// # Errors
    /// When the engine cannot be set up.
    pub fn limit(&mut self, memory: Option<usize>, time: Option<Duration>) -> Result<()> {
        if let Some(bytes) = memory {
            self.reader = self.reader.limited(bytes)?;
        }
        self.time = time;
        Ok(())
    }

    /// What the session reads, for an async runtime of the caller's.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The same session with functions from outside.
    ///
    /// # Errors
    /// Where the engine does not take them.
    pub fn with(self, functions: &Functions) -> Result<Self> {
        functions
            .register(self.reader.context())
            .map_err(Error::of_execution)?;
        Ok(self)
    }

    /// Names of all tables, `schema.table`.
    pub fn tables(&self) -> &[String] {
        self.reader.tables()
    }

    /// What one row of a table is, where that is written down; `table` as [`Session::tables`] names it.
    pub fn about(&self, table: &str) -> Option<&'static str> {
        self.reader.about(table)
    }

    /// What a column of a table means, where that is written down.
    pub fn column_about(&self, table: &str, column: &str) -> Option<&'static str> {
        self.reader.column_about(table, column)
    }

    /// Answers a query.
    ///
    /// # Errors
    /// When it is not a query, names what is not there, or fails while it runs.
    pub fn sql(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        self.sql_with(sql, &[])
    }

    /// Answers a query whose `$name` parameters take the values of `parameters`; values are never pasted into SQL.
    ///
    /// # Errors
    /// As [`Session::sql`], and when a parameter is missing.
    pub fn sql_with(&self, sql: &str, parameters: &[(&str, &str)]) -> Result<Vec<RecordBatch>> {
        self.sql_until(sql, parameters, std::future::pending())
    }

    /// As [`Session::sql_with`], given up once `stop` is over.
    ///
    /// # Errors
    /// As [`Session::sql_with`], and [`Error::Cancelled`] where it was given up.
    pub fn sql_until(
        &self,
        sql: &str,
        parameters: &[(&str, &str)],
        stop: impl Future<Output = ()>,
    ) -> Result<Vec<RecordBatch>> {
        reader::refuse_writers(sql)?;
        let wanted = queries::parameters(sql);
        let absent = |name: &&String| parameters.iter().all(|(given, _)| given != name);
        let names: Vec<String> = wanted.iter().filter(absent).cloned().collect();
        if !names.is_empty() {
            return Err(Error::MissingParameter { names });
        }
        let values: Vec<(&str, ScalarValue)> = parameters
            .iter()
            .map(|&(name, value)| (name, ScalarValue::from(value)))
            .collect();
        let answer = async {
            let mut planned = self.reader.plan(sql).await?;
            if !wanted.is_empty() {
                planned = planned.bind(ParamValues::from(values))?;
            }
            let schema = planned.schema();
            let mut batches: Vec<RecordBatch> = planned.stream().await?.try_collect().await?;
            if batches.is_empty() {
                batches.push(RecordBatch::new_empty(schema));
            }
            Ok(batches)
        };
        let in_time = async {
            let Some(time) = self.time else {
                return answer.await;
            };
            let late = |_| Error::Limit {
                primary: format!("the query takes longer than the {} s it may", time.as_secs_f64()),
                hint: "ask for less, or raise --timeout".to_owned(),
            };
            tokio::time::timeout(time, answer).await.map_err(late)?
        };
        self.runtime.block_on(async {
            // Asked first: a query that pauses because its turn is over leaves none to whoever comes after it.
            match select(pin!(stop), pin!(in_time)).await {
                Either::Left(((), _)) => Err(Error::Cancelled),
                Either::Right((answer, _)) => answer,
            }
        })
    }

    /// The answer to one of our own questions as cells.
    ///
    /// # Errors
    /// As [`Session::sql_with`], and when there is no query of that name.
    pub fn ask(&self, query: &str, parameters: &[(&str, &str)]) -> Result<Rows> {
        let Query { sql, .. } = queries::named(query)?;
        Ok(Rows::of(&self.sql_with(sql, parameters)?))
    }

    /// Names of all functions that a query may call, ours and the engine's.
    pub fn functions(&self) -> Vec<String> {
        self.reader.functions()
    }
}

/// The tape of a data folder; one that is not there yet holds nothing.
fn tape_in(data_dir: &Path) -> Result<Tape> {
    let folder = data_dir.join("tape");
    let store = Store::open(&folder.to_string_lossy()).map_err(|error| Error::Data {
        path: folder,
        reason: error.to_string(),
    })?;
    Ok(Tape::new(store))
}

fn config() -> SessionConfig {
    SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(PARTITIONS)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
        .set_bool("datafusion.execution.split_file_groups_by_statistics", true)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool("datafusion.sql_parser.collect_spans", true)
        .set_str("datafusion.execution.time_zone", "UTC")
}

fn memory(batch: RecordBatch) -> std::result::Result<Arc<dyn TableProvider>, DataFusionError> {
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}
