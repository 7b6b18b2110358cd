//! Cuts that the caller carries: of an episode that nobody has replayed the rows that its replay would read.

use std::path::Path;
use std::sync::Arc;

use aftershock_archive::{Cut, cut};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, DataFusionError, Result};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::prelude::{Expr, col, lit};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::Error;

/// Column with the episode of a row.
const EPISODE: &str = "episode";

type Make = dyn Fn(&str) -> std::result::Result<Cut, String> + Send + Sync;

/// The cuts of episodes as the caller makes them, for those that a data folder has none of.
#[derive(Clone, Default)]
pub struct Embedded {
    episodes: Vec<String>,
    make: Option<Arc<Make>>,
}

impl Embedded {
    /// Cuts of `episodes`; `make` gives one when a query first asks for its rows.
    pub fn new(
        episodes: Vec<String>,
        make: impl Fn(&str) -> std::result::Result<Cut, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            episodes,
            make: Some(Arc::new(make)),
        }
    }

    /// Those that a data folder has none of.
    pub(crate) fn missing(&self, data_dir: &Path) -> Self {
        let missing = self.episodes.iter();
        let missing = missing.filter(|episode| !cut::is_cut(data_dir, episode));
        Self {
            episodes: missing.cloned().collect(),
            make: self.make.clone(),
        }
    }

    fn cut(&self, episode: &str) -> Result<Cut> {
        let made = self.make.as_ref().map(|make| make(episode));
        made.unwrap_or_else(|| Err(format!("nobody has a cut of {episode}")))
            .map_err(|reason| Error::Execution(reason).through())
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Embedded").field(&self.episodes).finish()
    }
}

/// A table of cuts: those of a data folder, then the embedded ones, each once.
#[derive(Debug)]
pub(crate) struct Cuts {
    /// Of the data folder; its columns are those of this table.
    pub(crate) stored: Arc<dyn TableProvider>,
    /// Of episodes that the folder has no cut of.
    pub(crate) missing: Embedded,
    /// The rows of a cut, venue and all.
    pub(crate) rows: fn(&Cut) -> RecordBatch,
    /// Columns by which the rows of a cut come.
    pub(crate) sorted_by: [&'static str; 2],
}

impl Cuts {
    /// Missing episodes of which rows can pass `filters`.
    fn asked(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&str>> {
        let names: Vec<&str> = self.missing.episodes.iter().map(String::as_str).collect();
        let of_episode = |filter: &&Expr| {
            let columns = filter.column_refs();
            !columns.is_empty() && columns.iter().all(|column| column.name == EPISODE)
        };
        let Some(filter) = conjunction(filters.iter().filter(of_episode).cloned()) else {
            return Ok(names);
        };
        let schema = Arc::new(Schema::new(vec![Field::new(EPISODE, DataType::Utf8, false)]));
        let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
        let column: ArrayRef = Arc::new(StringArray::from(names.clone()));
        let batch = RecordBatch::try_new(schema, vec![column])?;
        let passes = filter.evaluate(&batch)?.into_array(names.len())?;
        let passes = passes.as_boolean();
        let kept = names.into_iter().enumerate();
        Ok(kept
            .filter(|(at, _)| passes.is_valid(*at) && passes.value(*at))
            .map(|(_, name)| name)
            .collect())
    }

    /// The rows of a missing episode in the columns of the table.
    fn made(&self, episode: &str) -> Result<RecordBatch> {
        let rows = (self.rows)(&self.missing.cut(episode)?);
        let schema = self.schema();
        let columns = schema.fields().iter().map(|field| match field.name().as_str() {
            EPISODE => Ok(Arc::new(StringArray::from(vec![episode; rows.num_rows()])) as ArrayRef),
            name => {
                let column = rows.column_by_name(name).cloned();
                column.ok_or_else(|| DataFusionError::Internal(format!("a cut has no column {name}")))
            }
        });
        Ok(RecordBatch::try_new(
            Arc::clone(&schema),
            columns.collect::<Result<Vec<_>>>()?,
        )?)
    }
}

#[async_trait::async_trait]
impl TableProvider for Cuts {
    fn schema(&self) -> SchemaRef {
        self.stored.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // A cut that was only half written is none.
        let missing = self.missing.episodes.iter().map(|name| lit(name.as_str()));
        let missing: Vec<Expr> = missing.collect();
        let whole = (!missing.is_empty()).then(|| col(EPISODE).in_list(missing, true));
        let stored: Vec<Expr> = filters.iter().cloned().chain(whole).collect();
        let stored = self.stored.scan(state, projection, &stored, limit).await?;
        let asked = self.asked(state, filters)?;
        if asked.is_empty() {
            return Ok(stored);
        }
        let made = asked.iter().map(|episode| self.made(episode));
        let made = made.collect::<Result<Vec<_>>>()?;
        let mut source = MemorySourceConfig::try_new(&[made], self.schema(), projection.cloned())?;
        if asked.len() == 1 {
            let schema = self.schema();
            let by = self.sorted_by.map(|name| {
                let place = schema.index_of(name)?;
                Ok(PhysicalSortExpr::new_default(Arc::new(Column::new(name, place))))
            });
            let by = by.into_iter().collect::<Result<Vec<_>>>()?;
            source = source.try_with_sort_information(LexOrdering::new(by).into_iter().collect())?;
        }
        let made: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(source);
        if stored.is::<EmptyExec>() {
            return Ok(made);
        }
        let in_turn = InTurn {
            schema: made.schema(),
            plans: [stored, made],
        };
        let table = StreamingTable::try_new(Arc::clone(&in_turn.schema), vec![Arc::new(in_turn)])?;
        table.scan(state, None, &[], None).await
    }
}

/// Plans of the same columns, one after the other, so that rows come in the same order every time.
#[derive(Debug)]
struct InTurn {
    schema: SchemaRef,
    plans: [Arc<dyn ExecutionPlan>; 2],
}

impl PartitionStream for InTurn {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let parts = self.plans.iter().flat_map(|plan| {
            let partitions = plan.properties().output_partitioning().partition_count();
            (0..partitions).map(|partition| (Arc::clone(plan), partition))
        });
        let parts: Vec<_> = parts.collect();
        let schema = Arc::clone(&self.schema);
        let wanted = Arc::clone(&schema);
        let rows = stream::iter(parts)
            .map(move |(plan, partition)| plan.execute(partition, Arc::clone(&context)))
            .try_flatten()
            .map(move |batch| Ok(batch?.with_schema(Arc::clone(&wanted))?));
        Box::pin(RecordBatchStreamAdapter::new(schema, rows))
    }
}
