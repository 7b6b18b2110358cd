//! Groups that are runs: what is grouped by the order in which it comes needs no table of groups.
//!
//! A tape is sorted, and `GROUP BY time_bucket(INTERVAL '1 second', event_at)` meets each second once. The engine knows that and
//! still looks every row up in a hash table. [`InRuns`] replaces such an aggregate by [`RunsExec`], which finds where a run begins
//! and ends and hands the engine's own accumulators whole runs; rows come out in the order of their groups, and no more than one
//! group is open at a time. Sums are taken row by row in the order of the table, as the engine does.

mod exec;
mod fold;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use exec::RunsExec;

/// Puts [`RunsExec`] in the place of an aggregate whose groups follow one another.
#[derive(Debug)]
pub(crate) struct InRuns;

impl PhysicalOptimizerRule for InRuns {
    fn name(&self) -> &str {
        "groups_in_runs"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let replaced = plan.transform_up(|plan| {
            let Some(aggregate) = plan.downcast_ref::<AggregateExec>() else {
                return Ok(Transformed::no(plan));
            };
            if !comes_in_runs(aggregate)? {
                return Ok(Transformed::no(plan));
            }
            Ok(Transformed::yes(Arc::new(RunsExec::new(aggregate.clone()))))
        })?;
        Ok(replaced.data)
    }
}

/// Whether equal keys are neighbours and every row of the answer is one run. Numbers with a point are left to the engine: it
/// takes 0 and -0 for one group.
fn comes_in_runs(aggregate: &AggregateExec) -> Result<bool> {
    let keys = aggregate.group_expr();
    let whole = matches!(
        aggregate.mode(),
        AggregateMode::Single | AggregateMode::SinglePartitioned
    );
    let plain = keys.is_single() && !keys.is_empty() && aggregate.limit_options().is_none();
    if !whole || !plain || *aggregate.input_order_mode() != InputOrderMode::Sorted {
        return Ok(false);
    }
    let schema = aggregate.input_schema();
    for (key, _) in keys.expr() {
        let kind = key.data_type(&schema)?;
        if kind.is_floating() || kind.is_nested() {
            return Ok(false);
        }
    }
    Ok(true)
}
