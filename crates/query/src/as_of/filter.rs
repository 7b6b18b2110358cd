//! What is asked of the left table alone is asked before the join.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Extension, Filter, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use super::node::AsOf;
use super::rule::is_of;

/// Moves conditions on the left table below the join: it neither drops nor repeats a row of it.
#[derive(Debug)]
pub(crate) struct FilterThroughAsOf;

impl OptimizerRule for FilterThroughAsOf {
    fn name(&self) -> &str {
        "filter_through_as_of_join"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = &plan else {
            return Ok(Transformed::no(plan));
        };
        let LogicalPlan::Extension(extension) = filter.input.as_ref() else {
            return Ok(Transformed::no(plan));
        };
        let Some(join) = extension.node.as_any().downcast_ref::<AsOf>() else {
            return Ok(Transformed::no(plan));
        };
        let movable = |term: &Expr| is_of(term, join.left.schema()) && !term.is_volatile();
        let (before, after): (Vec<Expr>, Vec<Expr>) = split_conjunction_owned(filter.predicate.clone())
            .into_iter()
            .partition(movable);
        let Some(before) = conjunction(before) else {
            return Ok(Transformed::no(plan));
        };
        let left = LogicalPlan::Filter(Filter::try_new(before, Arc::new(join.left.clone()))?);
        let joined = LogicalPlan::Extension(Extension {
            node: Arc::new(AsOf { left, ..join.clone() }),
        });
        Ok(Transformed::yes(match conjunction(after) {
            None => joined,
            Some(after) => LogicalPlan::Filter(Filter::try_new(after, Arc::new(joined))?),
        }))
    }
}
