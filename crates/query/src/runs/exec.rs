//! The operator.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{BatchCoalescer, concat, partition, take};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements,
    PlanProperties,
};
use futures_util::{StreamExt, stream};

use super::fold::{Fold, Run};

/// An aggregate over runs; to the plan around it, it is the aggregate it stands for.
#[derive(Debug)]
pub(super) struct RunsExec {
    aggregate: Arc<AggregateExec>,
    metrics: ExecutionPlanMetricsSet,
}

impl RunsExec {
    /// Stands for `aggregate`, whose input is sorted by its keys.
    pub(super) fn new(aggregate: AggregateExec) -> Self {
        Self {
            aggregate: Arc::new(aggregate),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    fn again(aggregate: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let aggregate = aggregate.downcast_ref::<AggregateExec>();
        let aggregate =
            aggregate.ok_or_else(|| DataFusionError::Internal("an aggregate remains one".to_owned()))?;
        Ok(Arc::new(Self::new(aggregate.clone())))
    }
}

impl DisplayAs for RunsExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunsExec: ")?;
        self.aggregate.fmt_as(kind, f)
    }
}

impl ExecutionPlan for RunsExec {
    fn name(&self) -> &str {
        "RunsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.aggregate.children()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.aggregate.input_distribution_requirements()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.aggregate.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Self::again(&Arc::clone(&self.aggregate).replace_children(children, options)?)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = context.session_config().batch_size();
        let walk = Walk {
            runs: Runs::of(&self.aggregate)?,
            full: BatchCoalescer::new(self.schema(), rows),
            input: Some(self.aggregate.input().execute(partition, context)?),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let rows = stream::try_unfold(walk, |mut walk| async move {
            let next = walk.next().await?;
            Ok(next.map(|batch| (batch, walk)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// An execution under way.
struct Walk {
    runs: Runs,
    /// Finished groups, until they fill a batch.
    full: BatchCoalescer,
    /// None once it has been read to its end.
    input: Option<SendableRecordBatchStream>,
    metrics: BaselineMetrics,
}

impl Walk {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.full.next_completed_batch() {
                self.metrics.record_output(batch.num_rows());
                return Ok(Some(batch));
            }
            let Some(input) = &mut self.input else {
                return Ok(None);
            };
            let batch = input.next().await.transpose()?;
            let _timer = self.metrics.elapsed_compute().timer();
            let finished = match &batch {
                Some(batch) => self.runs.take(batch)?,
                None => self.runs.finish()?,
            };
            if let Some(finished) = finished {
                self.full.push_batch(finished)?;
            }
            if batch.is_none() {
                self.input = None;
                self.full.finish_buffered_batch()?;
            }
        }
    }
}

/// The groups of an input as far as it has been read.
struct Runs {
    keys: Vec<Arc<dyn PhysicalExpr>>,
    folds: Vec<Fold>,
    /// The key of the last run, which may go on: one row a column. Empty before the first row.
    open: Vec<ArrayRef>,
    schema: SchemaRef,
}

impl Runs {
    fn of(aggregate: &AggregateExec) -> Result<Self> {
        let filters = aggregate.filter_expr();
        let order = aggregate.input().equivalence_properties();
        let folds = aggregate.aggr_expr().iter().zip(filters);
        Ok(Self {
            keys: aggregate.group_expr().input_exprs(),
            folds: folds
                .map(|(expression, filter)| Fold::of(expression, filter.as_ref(), order))
                .collect::<Result<_>>()?,
            open: Vec::new(),
            schema: aggregate.schema(),
        })
    }

    /// Takes the next rows; the groups that they end.
    fn take(&mut self, batch: &RecordBatch) -> Result<Option<RecordBatch>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let keys = self
            .keys
            .iter()
            .map(|key| key.evaluate(batch)?.into_array(batch.num_rows()))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let mut goes_on = !self.open.is_empty();
        for (open, key) in self.open.iter().zip(&keys) {
            goes_on &= ScalarValue::try_from_array(open, 0)? == ScalarValue::try_from_array(key, 0)?;
        }
        let runs: Vec<Run> = partition(&keys)?.ranges();
        let opened = u32_of(runs.iter().skip(usize::from(goes_on)).map(|run| run.start));
        let mut groups = Vec::with_capacity(keys.len());
        for (place, key) in keys.iter().enumerate() {
            let new = take(key, &opened, None)?;
            groups.push(match self.open.get(place) {
                Some(open) => concat(&[open, &new])?,
                None => new,
            });
        }
        for fold in &mut self.folds {
            fold.update(batch, &runs, goes_on)?;
        }
        self.end(&groups, groups[0].len() - 1)
    }

    /// The group that was open to the end.
    fn finish(&mut self) -> Result<Option<RecordBatch>> {
        let open = std::mem::take(&mut self.open);
        self.end(&open, usize::from(!open.is_empty()))
    }

    /// The first so many of `groups`; what remains stays open.
    fn end(&mut self, groups: &[ArrayRef], ended: usize) -> Result<Option<RecordBatch>> {
        let rest = |group: &ArrayRef| group.slice(ended, group.len() - ended);
        self.open = groups
            .iter()
            .map(rest)
            .filter(|group| !group.is_empty())
            .collect();
        if ended == 0 {
            return Ok(None);
        }
        let mut columns: Vec<ArrayRef> = groups.iter().map(|group| group.slice(0, ended)).collect();
        for fold in &mut self.folds {
            columns.push(fold.end(ended)?);
        }
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), columns)?))
    }
}

/// Places in a batch as the kernels want them.
fn u32_of(places: impl Iterator<Item = usize>) -> UInt32Array {
    places.map(|place| place as u32).collect()
}
