//! Queries that can be stopped: what multiplies rows pauses as often as what reads them.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

/// Lets every join pause between its batches.
///
/// The engine pauses where a plan reads. A cross join of two sides that have been read goes on for hours without, and nobody
/// could cancel it or hold it to its time.
#[derive(Debug)]
pub(crate) struct Pauses;

impl PhysicalOptimizerRule for Pauses {
    fn name(&self) -> &str {
        "pauses"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let pausing = plan.transform_up(|plan| {
            Ok(match plan.children().len() {
                0 | 1 => Transformed::no(plan),
                _ => Transformed::yes(Arc::new(CooperativeExec::new(plan))),
            })
        })?;
        Ok(pausing.data)
    }
}
