//! From the logical join to the operator.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::exec::{AsOfExec, Read};
use super::node::AsOf;

/// The engine's own planner, which knows the join besides.
#[derive(Debug)]
pub(crate) struct AsOfPlanner;

#[async_trait]
impl QueryPlanner for AsOfPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Join)]);
        planner.create_physical_plan(plan, session).await
    }
}

struct Join;

#[async_trait]
impl ExtensionPlanner for Join {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        planning: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(join), [left, right]) = (node.as_any().downcast_ref::<AsOf>(), inputs) else {
            return Ok(None);
        };
        let read = |side: usize, schema: &DFSchema| {
            let physical = |expression: &Expr| -> Result<Arc<dyn PhysicalExpr>> {
                planner.create_physical_expr(expression, schema, session, planning)
            };
            Ok::<_, datafusion::common::DataFusionError>(Read {
                at: physical(&join.at[side])?,
                keys: join
                    .keys
                    .iter()
                    .map(|key| physical(&key[side]))
                    .collect::<Result<Vec<_>>>()?,
            })
        };
        let reads = [read(0, join.left.schema())?, read(1, join.right.schema())?];
        let schema = Arc::clone(join.schema.inner());
        let sides = [Arc::clone(left), Arc::clone(right)];
        Ok(Some(Arc::new(AsOfExec::new(sides, reads, join.compare, schema))))
    }
}
