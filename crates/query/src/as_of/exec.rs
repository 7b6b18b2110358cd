//! The operator.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::{
    EquivalenceProperties, LexRequirement, OrderingRequirements, PhysicalSortExpr, PhysicalSortRequirement,
};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties,
    InputDistributionRequirements, Partitioning, PhysicalExpr, PlanProperties,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::merge::{Keys, Known, Matching, bytes};

/// What is compared and what is equal, as read from the rows of one side.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) at: Arc<dyn PhysicalExpr>,
    pub(super) keys: Vec<Arc<dyn PhysicalExpr>>,
}

/// Walks both sides once, in the order of their instants.
#[derive(Debug)]
pub(super) struct AsOfExec {
    sides: [Arc<dyn ExecutionPlan>; 2],
    reads: [Read; 2],
    compare: Operator,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl AsOfExec {
    pub(super) fn new(
        sides: [Arc<dyn ExecutionPlan>; 2],
        reads: [Read; 2],
        compare: Operator,
        schema: SchemaRef,
    ) -> Self {
        // The left side's columns come first and its rows in their order.
        let orders = sides[0]
            .output_ordering()
            .into_iter()
            .map(|order| order.iter().cloned());
        let equal = EquivalenceProperties::new_with_orderings(Arc::clone(&schema), orders);
        let properties = PlanProperties::new(
            equal,
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            sides,
            reads,
            compare,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    fn looks_back(&self) -> bool {
        matches!(self.compare, Operator::GtEq | Operator::Gt)
    }
}

impl DisplayAs for AsOfExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [left, right] = &self.reads;
        write!(f, "AsOfExec: {} {} {}", left.at, self.compare, right.at)?;
        for (left, right) in left.keys.iter().zip(&right.keys) {
            write!(f, ", {left} = {right}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for AsOfExec {
    fn name(&self) -> &str {
        "AsOfExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.sides.iter().collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; 2])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let options = SortOptions {
            descending: !self.looks_back(),
            nulls_first: false,
        };
        let of = |read: &Read| {
            let sorted = PhysicalSortExpr::new(Arc::clone(&read.at), options);
            LexRequirement::new([PhysicalSortRequirement::from(sorted)]).map(OrderingRequirements::new)
        };
        self.reads.iter().map(of).collect()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true, false]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; 2]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut flow = TreeNodeRecursion::Continue;
        for read in &self.reads {
            for expression in std::iter::once(&read.at).chain(&read.keys) {
                flow = f(expression)?;
                if flow == TreeNodeRecursion::Stop {
                    return Ok(flow);
                }
            }
        }
        Ok(flow)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let sides = <[_; 2]>::try_from(children)
            .map_err(|_| DataFusionError::Internal("an as-of join has two inputs".to_owned()))?;
        let schema = Arc::clone(&self.schema);
        Ok(Arc::new(Self::new(
            sides,
            self.reads.clone(),
            self.compare,
            schema,
        )))
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
        let [left, right] = &self.sides;
        let kinds = self.reads[0]
            .keys
            .iter()
            .map(|key| key.data_type(&left.schema()))
            .collect::<Result<Vec<DataType>>>()?;
        let walk = Walk {
            known: Known::new(self.compare, &right.schema())?,
            keys: Keys::new(&kinds)?,
            left: left.execute(partition, Arc::clone(&context))?,
            right: right.execute(partition, Arc::clone(&context))?,
            ended: false,
            reads: self.reads.clone(),
            schema: Arc::clone(&self.schema),
            memory: MemoryConsumer::new("AsOfExec").register(context.memory_pool()),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let rows = stream::try_unfold(walk, |mut walk| async move {
            let next = walk.next().await?;
            Ok(next.map(|batch| (batch, walk)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            rows,
        )))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// An execution under way.
struct Walk {
    known: Known,
    keys: Keys,
    left: SendableRecordBatchStream,
    right: SendableRecordBatchStream,
    /// The right side has been read to its end.
    ended: bool,
    reads: [Read; 2],
    schema: SchemaRef,
    memory: MemoryReservation,
    metrics: BaselineMetrics,
}

impl Walk {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = self.left.try_next().await? else {
            return Ok(None);
        };
        let left = &self.reads[0];
        let mut matching = Matching::of(self.keys.chunk(batch, &left.at, &left.keys)?);
        while !matching.go_on(&mut self.known, self.ended) {
            match self.right.next().await.transpose()? {
                None => self.ended = true,
                Some(batch) => {
                    let right = &self.reads[1];
                    let chunk = self.keys.chunk(batch, &right.at, &right.keys)?;
                    matching.take(chunk, &mut self.known)?;
                    self.memory.try_resize(bytes(&self.known, &self.keys))?;
                }
            }
        }
        let joined = matching.joined(&self.known, &self.schema)?;
        self.metrics.record_output(joined.num_rows());
        Ok(Some(joined))
    }
}
