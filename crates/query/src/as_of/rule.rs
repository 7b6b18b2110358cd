//! From a marked outer join to an as-of join.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, DataFusionError, Result, internal_datafusion_err};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Extension, Join, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;

use super::marker::Mark;
use super::node::AsOf;
use super::statement::no_equality;

/// Finds marked joins once types agree, before anything is moved.
#[derive(Debug)]
pub(crate) struct AsOfRule;

impl AnalyzerRule for AsOfRule {
    fn name(&self) -> &str {
        "as_of_join"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let found = plan.transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::Join(join) => as_of(join),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(found.data)
    }
}

fn as_of(join: Join) -> Result<Transformed<LogicalPlan>> {
    let terms: Vec<&Expr> = join.filter.as_ref().map(split_conjunction).unwrap_or_default();
    let Some((mark, condition)) = terms.iter().find_map(|term| Mark::of(term)) else {
        return Ok(Transformed::no(LogicalPlan::Join(join)));
    };
    let written = &mark.condition;
    let (left, right) = (join.left.schema(), join.right.schema());
    let Expr::BinaryExpr(BinaryExpr {
        left: first,
        op,
        right: second,
    }) = condition
    else {
        return Err(written.refused(format!(
            "MATCH_CONDITION ({}) should compare two instants",
            written.text
        )));
    };
    let (compare, at) = if is_of(first, left) && is_of(second, right) {
        (*op, [first.as_ref(), second.as_ref()])
    } else if is_of(first, right) && is_of(second, left) {
        let turned = op.swap().unwrap_or(*op);
        (turned, [second.as_ref(), first.as_ref()])
    } else {
        return Err(written.refused(format!(
            "MATCH_CONDITION ({}) should compare an instant of the left table with one of the right",
            written.text
        )));
    };
    let kinds = [at[0].get_type(left)?, at[1].get_type(right)?];
    if kinds[0] != kinds[1] || !is_instant(&kinds[0]) {
        return Err(written.refused(format!(
            "MATCH_CONDITION ({}) should compare timestamps, dates or whole numbers, not {} with {}",
            written.text, kinds[0], kinds[1]
        )));
    }
    let mut expressions = vec![at[0].clone(), at[1].clone()];
    for (left, right) in &join.on {
        expressions.extend([left.clone(), right.clone()]);
    }
    for term in terms.iter().filter(|term| Mark::of(term).is_none()) {
        match term {
            Expr::BinaryExpr(BinaryExpr {
                left: first,
                op: Operator::Eq,
                right: second,
            }) if is_of(first, left) && is_of(second, right) => {
                expressions.extend([first.as_ref().clone(), second.as_ref().clone()]);
            }
            Expr::BinaryExpr(BinaryExpr {
                left: first,
                op: Operator::Eq,
                right: second,
            }) if is_of(first, right) && is_of(second, left) => {
                expressions.extend([second.as_ref().clone(), first.as_ref().clone()]);
            }
            _ => return Err(mark.on.as_ref().map_or_else(misplaced, no_equality)),
        }
    }
    let node = AsOf::of(
        Arc::unwrap_or_clone(join.left),
        Arc::unwrap_or_clone(join.right),
        compare,
        expressions,
    )?;
    Ok(Transformed::yes(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    })))
}

/// A condition that no statement can hold.
fn misplaced() -> DataFusionError {
    internal_datafusion_err!("an ASOF JOIN holds a condition that its statement does not")
}

/// Whether an expression reads columns of a table, and of no other.
pub(super) fn is_of(expression: &Expr, schema: &DFSchema) -> bool {
    let columns = expression.column_refs();
    !columns.is_empty() && columns.iter().all(|column: &&Column| schema.has_column(column))
}

fn is_instant(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Timestamp(..)
            | DataType::Date32
            | DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
    )
}
