//! Reading ahead: a long file is read in pieces, several at a time, and comes out in its order.
//!
//! Every query has one partition, so that an answer does not depend on the machine: sums are taken in the order of the rows. What
//! costs most of a long scan is decoding, though, and that may be done by all cores: [`ReadAhead`] cuts a scan into pieces of a
//! megabyte, and [`AheadExec`] has the pieces that come next decoded while those before are used.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::common::spawn_buffered;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Bytes of a file that are read at once: a row group of a tape has about as many.
const PIECE: u64 = 1 << 20;
/// Bytes of a decoded piece that may wait to be used, about: the numbers of eight columns of a row group of a tape.
const WAITING: usize = 16 << 20;

/// Has long scans read ahead.
#[derive(Debug)]
pub(crate) struct ReadAhead;

impl PhysicalOptimizerRule for ReadAhead {
    fn name(&self) -> &str {
        "read_ahead"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let replaced = plan.transform_up(|plan| {
            let scan = plan.downcast_ref::<DataSourceExec>();
            let config = scan.and_then(|scan| scan.data_source().downcast_ref::<FileScanConfig>());
            Ok(match config.and_then(in_pieces) {
                Some(pieces) => Transformed::yes(Arc::new(AheadExec::new(&plan, pieces))),
                None => Transformed::no(plan),
            })
        })?;
        Ok(replaced.data)
    }
}

/// The same scan with a partition for each piece; `None` where one read is enough.
fn in_pieces(scan: &FileScanConfig) -> Option<Arc<dyn ExecutionPlan>> {
    let [files] = &scan.file_groups[..] else {
        return None;
    };
    if scan.limit.is_some() || !scan.file_source.is::<ParquetSource>() {
        return None;
    }
    let pieces: Vec<FileGroup> = files.iter().flat_map(pieces).collect();
    (pieces.len() > 1).then(|| {
        // Without this an idle piece takes over the files of another, and rows change places.
        let config = FileScanConfigBuilder::from(scan.clone())
            .with_file_groups(pieces)
            .with_preserve_order(true);
        DataSourceExec::from_data_source(config.build()) as Arc<dyn ExecutionPlan>
    })
}

/// A row group belongs to the piece in which its middle lies.
fn pieces(file: &PartitionedFile) -> impl Iterator<Item = FileGroup> {
    let (start, end) = match &file.range {
        Some(range) => (range.start, range.end),
        None => (0, file.object_meta.size as i64),
    };
    let count = ((end - start).max(1) as u64).div_ceil(PIECE) as i64;
    let bound = move |piece: i64| start + (end - start) * piece / count;
    (0..count).map(move |piece| {
        let part = file.clone().with_range(bound(piece), bound(piece + 1));
        FileGroup::new(vec![part])
    })
}

/// The partitions of its input one after the other, those next in line begun ahead.
#[derive(Debug)]
struct AheadExec {
    pieces: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl AheadExec {
    /// In the place of `scan`, which the pieces make up.
    fn new(scan: &Arc<dyn ExecutionPlan>, pieces: Arc<dyn ExecutionPlan>) -> Self {
        let properties =
            PlanProperties::clone(scan.properties()).with_partitioning(Partitioning::UnknownPartitioning(1));
        Self {
            pieces,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for AheadExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces = self.pieces.properties().output_partitioning().partition_count();
        write!(f, "AheadExec: pieces={pieces}")
    }
}

impl ExecutionPlan for AheadExec {
    fn name(&self) -> &str {
        "AheadExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.pieces]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self {
            pieces: children.swap_remove(0),
            properties: Arc::clone(&self.properties),
        }))
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

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let pieces = Arc::clone(&self.pieces);
        let count = pieces.properties().output_partitioning().partition_count();
        let batch = 8 * self.schema().fields().len().max(1) * context.session_config().batch_size();
        let waiting = (WAITING / batch).max(1);
        let begun = stream::iter(0..count).map(move |piece| {
            let rows = pieces.execute(piece, Arc::clone(&context));
            std::future::ready(rows.map(|rows| spawn_buffered(rows, waiting)))
        });
        let at_once = available_parallelism().map_or(1, NonZero::get);
        let rows = begun.buffered(at_once).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
