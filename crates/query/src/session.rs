//! A session: the tables of one data folder, read-only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use arrow::array::RecordBatch;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::common::{DataFusionError, ParamValues, ScalarValue};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use tokio::runtime::Runtime;

use crate::cells::Rows;
use crate::error::Known;
use crate::queries::{self, Query};
use crate::synthetic::{self, Worlds};
use crate::tape::{self, Windows};
use crate::{CatalogTables, Error, Functions, Result, catalog, cuts, functions, replayed, tables};

/// The engine's name for all schemas of a session together.
pub(crate) const CATALOG: &str = "aftershock";

/// Scan partitions of every query: fixed, so that an answer does not depend on the machine.
const PARTITIONS: usize = 1;

/// The tables of one data folder under SQL. Blocking: not to be used inside an async runtime.
///
/// Tables are looked up when the session opens; runs written later are seen by the next one.
pub struct Session {
    context: SessionContext,
    runtime: Runtime,
    tables: Vec<String>,
    data_dir: PathBuf,
    tape: Option<Tape>,
    worlds: Worlds,
}

impl Session {
    /// Opens `data_dir` and the tape in it. Folders that are not there yet are empty tables.
    ///
    /// # Errors
    /// When a folder that is there cannot be read.
    pub fn open(data_dir: &Path, catalog: CatalogTables) -> Result<Self> {
        let folder = data_dir.join("tape");
        let store = Store::open(&folder.to_string_lossy()).map_err(|error| Error::Data {
            path: folder,
            reason: error.to_string(),
        })?;
        Self::open_tape(data_dir, Tape::new(store), catalog)
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

    /// Opens `data_dir` as if it held no other runs than `runs`, and no tape; what a report is built from.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn open_runs(data_dir: &Path, catalog: CatalogTables, runs: &[&str]) -> Result<Self> {
        Self::with_scope(data_dir, None, Worlds::default(), catalog, Some(runs))
    }

    fn with_scope(
        data_dir: &Path,
        tape: Option<Tape>,
        worlds: Worlds,
        catalog: CatalogTables,
        runs: Option<&[&str]>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Data {
                path: data_dir.to_owned(),
                reason: error.to_string(),
            })?;
        let context = SessionContext::new_with_config(config());
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
        let mut recorded = tables::recorded(data_dir)?;
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
        Ok(Self {
            context,
            runtime,
            tables: names,
            data_dir: data_dir.to_owned(),
            tape,
            worlds,
        })
    }

    /// The same session with functions from outside.
    ///
    /// # Errors
    /// Where the engine does not take them.
    pub fn with(self, functions: &Functions) -> Result<Self> {
        functions.register(&self.context).map_err(Error::of_execution)?;
        Ok(self)
    }

    /// Names of all tables, `schema.table`.
    pub fn tables(&self) -> &[String] {
        &self.tables
    }

    /// What one row of a table is, where that is written down; `table` as [`Session::tables`] names it.
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
        refuse_writers(sql)?;
        let wanted = queries::parameters(sql);
        let absent = |name: &&String| parameters.iter().all(|(given, _)| given != name);
        let names: Vec<String> = wanted.iter().filter(absent).cloned().collect();
        if !names.is_empty() {
            return Err(Error::MissingParameter { names });
        }
        self.runtime.block_on(async {
            let frame = self
                .plan(sql, &wanted, parameters)
                .await
                .map_err(|error| self.explain(error, |error| Error::of_plan(error, sql, &self.known())))?;
            let schema = Arc::clone(frame.schema().inner());
            let mut batches = frame
                .collect()
                .await
                .map_err(|error| self.explain(error, |error| Error::of_asked(error, sql, &self.known())))?;
            if batches.is_empty() {
                batches.push(RecordBatch::new_empty(schema));
            }
            Ok(batches)
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
            tables: &self.tables,
            functions: self.functions(),
        }
    }

    /// The engine does not say which file it could not read, so that file is looked for.
    fn explain(&self, error: DataFusionError, otherwise: impl Fn(DataFusionError) -> Error) -> Error {
        let damaged = match error.find_root() {
            DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) => {
                let tape = || self.tape.as_ref().and_then(tape::damaged);
                tables::damaged(&self.data_dir)
                    .or_else(tape)
                    .or_else(|| self.worlds.damaged())
            }
            _ => None,
        };
        damaged.map_or_else(|| otherwise(error), |(path, reason)| Error::Data { path, reason })
    }

    async fn plan(
        &self,
        sql: &str,
        wanted: &[String],
        parameters: &[(&str, &str)],
    ) -> std::result::Result<DataFrame, DataFusionError> {
        let read_only = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, read_only).await?;
        if wanted.is_empty() {
            return Ok(frame);
        }
        let values: Vec<(&str, ScalarValue)> = parameters
            .iter()
            .map(|&(name, value)| (name, ScalarValue::from(value)))
            .collect();
        frame.with_param_values(ParamValues::from(values))
    }
}

/// Statements that the planner would object to for a lesser reason before it sees that they write.
fn refuse_writers(sql: &str) -> Result<()> {
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

fn config() -> SessionConfig {
    SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, "replayed")
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
