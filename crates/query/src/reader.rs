//! What a session reads, for callers that bring an async runtime of their own.

use std::path::PathBuf;
use std::sync::Arc;

use aftershock_archive::tape::Tape;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, ParamValues};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{DataFrame, SessionContext};
use futures_util::{Stream, StreamExt};

use crate::error::Known;
use crate::extension::called;
use crate::synthetic::{self, Worlds};
use crate::{Error, Result, as_of, catalog, cuts, replayed, shape, tables, tape};

/// The tables of one data folder and the way to ask them: nothing in SQL can write, and no file outside is read.
///
/// Cheap to clone; clones share tables and limits.
#[derive(Clone)]
pub struct Reader {
    context: SessionContext,
    place: Arc<Place>,
    /// What a query may hold, where that is limited.
    memory: Option<usize>,
}

/// What is known of the tables beside their rows.
pub(crate) struct Place {
    pub(crate) tables: Vec<String>,
    pub(crate) data_dir: PathBuf,
    pub(crate) tape: Option<Tape>,
    pub(crate) worlds: Worlds,
}

impl Reader {
    pub(crate) fn new(context: SessionContext, place: Place) -> Self {
        Self {
            context,
            place: Arc::new(place),
            memory: None,
        }
    }

    /// The engine's context, to which functions and schemas may be added; it is shared by clones.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Names of all tables, `schema.table`.
    pub fn tables(&self) -> &[String] {
        &self.place.tables
    }

    /// What one row of a table is, where that is written down; `table` as [`Reader::tables`] names it.
    pub fn about(&self, table: &str) -> Option<&'static str> {
        match table.split_once('.')? {
            ("recorded", table) => tape::about(table).or_else(|| cuts::about(table)),
            ("replayed", table) => replayed::about(table),
            ("synthetic", table) => synthetic::about(table),
            ("catalog", table) => catalog::about(table),
            _ => None,
        }
    }

    /// What a column of a table means, where that is written down.
    pub fn column_about(&self, table: &str, column: &str) -> Option<&'static str> {
        match table.split_once('.')? {
            ("recorded", table) => {
                tape::column_about(table, column).or_else(|| cuts::column_about(table, column))
            }
            ("replayed", table) => replayed::column_about(table, column),
            ("synthetic", table) => synthetic::column_about(table, column),
            ("catalog", table) => catalog::column_about(table, column),
            _ => None,
        }
    }

    /// The same tables for one query that may hold `bytes` of memory at once, and writes none of it to disk.
    ///
    /// The engine counts what sorts, joins and groups hold, not each batch on its way.
    ///
    /// # Errors
    /// When the engine cannot be set up.
    pub fn limited(&self, bytes: usize) -> Result<Self> {
        let disk = DiskManager::builder()
            .with_mode(DiskManagerMode::Disabled)
            .build()
            .map_err(Error::of_execution)?;
        let runtime = RuntimeEnv {
            memory_pool: Arc::new(GreedyMemoryPool::new(bytes)),
            disk_manager: Arc::new(disk),
            ..self.context.runtime_env().as_ref().clone()
        };
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_runtime_env(Arc::new(runtime))
            .build();
        Ok(Self {
            context: SessionContext::new_with_state(state),
            place: Arc::clone(&self.place),
            memory: Some(bytes),
        })
    }

    /// Plans a query without running it.
    ///
    /// # Errors
    /// When it is not a query, names what is not there, or would take the planner too much.
    pub async fn plan(&self, sql: &str) -> Result<Planned> {
        refuse_writers(sql)?;
        shape::check(self, sql)?;
        let planned = self.frame(sql).await;
        Ok(Planned {
            frame: planned.map_err(|error| self.of_plan(error, sql))?,
            reader: self.clone(),
            sql: sql.into(),
        })
    }

    async fn frame(&self, sql: &str) -> std::result::Result<DataFrame, DataFusionError> {
        let mut state = self.context.state();
        let mut statement = state.sql_to_statement(sql, &state.config_options().sql_parser.dialect)?;
        for mark in as_of::rewrite(&mut statement)? {
            state.register_udf(Arc::new(mark.into()))?;
        }
        let plan = state.statement_to_plan(statement).await?;
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        read_only.verify_plan(&plan)?;
        self.context.execute_logical_plan(plan).await
    }

    fn exhausted(&self, error: DataFusionError) -> Error {
        match self.memory {
            Some(bytes) => Error::Limit {
                primary: format!(
                    "the query needs more memory than the {} it may hold",
                    in_bytes(bytes)
                ),
                hint: "ask for fewer rows or columns at once, or raise --memory".to_owned(),
            },
            None => Error::of_execution(error),
        }
    }

    /// Names of all functions that a query may call, ours and the engine's.
    pub fn functions(&self) -> Vec<String> {
        let state = self.context.state();
        let mut names: Vec<String> = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .chain(state.table_functions().keys())
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }

    fn known(&self) -> Known<'_> {
        Known {
            tables: &self.place.tables,
            functions: self.functions(),
        }
    }

    fn of_plan(&self, error: DataFusionError, sql: &str) -> Error {
        self.explain(error, |error| Error::of_plan(error, sql, &self.known()))
    }

    fn of_asked(&self, error: DataFusionError, sql: &str) -> Error {
        self.explain(error, |error| Error::of_asked(error, sql, &self.known()))
    }

    /// The engine does not say which file it could not read, so that file is looked for.
    fn explain(&self, error: DataFusionError, otherwise: impl Fn(DataFusionError) -> Error) -> Error {
        let damaged = match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => return self.exhausted(error),
            root if is_of_file(root) => {
                let tape = || self.place.tape.as_ref().and_then(tape::damaged);
                tables::damaged(&self.place.data_dir)
                    .or_else(tape)
                    .or_else(|| self.place.worlds.damaged())
            }
            _ => None,
        };
        damaged.map_or_else(|| otherwise(error), |(path, reason)| Error::Data { path, reason })
    }
}

/// A query that is understood and not yet run.
#[derive(Clone)]
pub struct Planned {
    frame: DataFrame,
    reader: Reader,
    /// As it was asked, so that errors can point at a place in it.
    sql: Arc<str>,
}

impl Planned {
    /// Columns of the answer, as far as they are known before its parameters have values.
    pub fn schema(&self) -> SchemaRef {
        // The engine settles types when it analyses a plan, not when it makes one: above `SELECT NULL AS a UNION ALL SELECT 'x'`
        // a plan still says that a is NULL.
        let (state, plan) = self.frame.clone().into_parts();
        let settled = state
            .analyzer()
            .execute_and_check(plan, state.config_options(), |_, _| {});
        let settled = settled.map(|plan| Arc::clone(plan.schema().inner()));
        settled.unwrap_or_else(|_| Arc::clone(self.frame.schema().inner()))
    }

    /// Its parameters as written, `$1` or `$run`, in the order of their numbers or names, with the type the query implies.
    ///
    /// # Errors
    /// When one parameter would have to be of two types.
    pub fn parameters(&self) -> Result<Vec<(String, Option<DataType>)>> {
        let types = self.frame.logical_plan().get_parameter_types();
        let mut found: Vec<_> = types
            .map_err(|error| self.reader.of_plan(error, &self.sql))?
            .into_iter()
            .collect();
        let number = |name: &str| name.trim_start_matches('$').parse::<u32>().ok();
        found.sort_by(|(a, _), (b, _)| number(a).cmp(&number(b)).then_with(|| a.cmp(b)));
        Ok(found)
    }

    /// The same query with values for its parameters.
    ///
    /// # Errors
    /// When a value is missing or of a type that does not fit.
    pub fn bind(self, values: ParamValues) -> Result<Self> {
        let Self { frame, reader, sql } = self;
        let frame = frame.with_param_values(values);
        Ok(Self {
            frame: frame.map_err(|error| reader.of_plan(error, &sql))?,
            reader,
            sql,
        })
    }

    /// Runs the query; rows come as they are asked for, and it stops when the stream is dropped.
    ///
    /// # Errors
    /// When it cannot begin; later failures are items of the stream.
    pub async fn stream(self) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + use<>> {
        let Self { frame, reader, sql } = self;
        let frame = called(frame).map_err(|error| reader.of_plan(error, &sql))?;
        let batches = frame.execute_stream().await;
        let batches = batches.map_err(|error| reader.of_asked(error, &sql))?;
        Ok(batches.map(move |batch| batch.map_err(|error| reader.of_asked(error, &sql))))
    }
}

/// Whether a file could not be read, as far as the engine's error tells.
fn is_of_file(error: &DataFusionError) -> bool {
    match error {
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
            true
        }
        DataFusionError::ArrowError(error, _) => {
            matches!(**error, ArrowError::ParquetError(_) | ArrowError::IoError(..))
        }
        _ => false,
    }
}

/// Statements that the planner would object to for a lesser reason before it sees that they write.
pub(crate) fn refuse_writers(sql: &str) -> Result<()> {
    let first = sql
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("--"))
        .and_then(|line| line.split(|c: char| !c.is_alphabetic()).next())
        .unwrap_or_default()
        .to_uppercase();
    if ["COPY", "BEGIN", "START", "COMMIT", "ROLLBACK"].contains(&first.as_str()) {
        return Err(Error::NotAQuery { statement: first });
    }
    Ok(())
}

/// A size in the largest unit that gives a whole number, `512 MB`; thousands, as disks count.
fn in_bytes(bytes: usize) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units
        .iter()
        .find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit))
    {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}
