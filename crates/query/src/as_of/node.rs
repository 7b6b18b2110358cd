//! The join in a logical plan.

use std::fmt;
use std::hash::Hash;

use datafusion::common::{Column, DFSchemaRef, Result, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, UserDefinedLogicalNodeCore};

/// Each row of `left` with the nearest row of `right`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AsOf {
    pub(super) left: LogicalPlan,
    pub(super) right: LogicalPlan,
    /// Instants of the left and of the right table.
    pub(super) at: [Expr; 2],
    /// How an instant of the left table stands to that of its match: `>=`, `>`, `<=` or `<`.
    pub(super) compare: Operator,
    /// What must be equal, left and right.
    pub(super) keys: Vec<[Expr; 2]>,
    /// Columns of the left table, then those of the right, which may be NULL.
    pub(super) schema: DFSchemaRef,
}

impl PartialOrd for AsOf {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (&self.left, &self.right, &self.at, &self.keys)
            .partial_cmp(&(&other.left, &other.right, &other.at, &other.keys))
            .filter(|order| order.is_ne() || self == other)
    }
}

impl UserDefinedLogicalNodeCore for AsOf {
    fn name(&self) -> &str {
        "AsOfJoin"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.left, &self.right]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.at
            .iter()
            .chain(self.keys.iter().flatten())
            .cloned()
            .collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AsOfJoin: {} {} {}", self.at[0], self.compare, self.at[1])?;
        for [left, right] in &self.keys {
            write!(f, ", {left} = {right}")?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(&self, expressions: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let Ok([left, right]) = <[LogicalPlan; 2]>::try_from(inputs) else {
            return plan_err!("an ASOF JOIN has two inputs");
        };
        Self::of(left, right, self.compare, expressions)
    }

    fn necessary_children_exprs(&self, wanted: &[usize]) -> Option<Vec<Vec<usize>>> {
        let split = self.left.schema().fields().len();
        let (mut left, mut right): (Vec<usize>, Vec<usize>) =
            wanted.iter().partition(|column| **column < split);
        right.iter_mut().for_each(|column| *column -= split);
        let sides = [(&mut left, &self.left, 0), (&mut right, &self.right, 1)];
        for (columns, input, side) in sides {
            let read = [&self.at[side]]
                .into_iter()
                .chain(self.keys.iter().map(|key| &key[side]));
            let read = read.flat_map(|one| one.column_refs());
            columns.extend(read.filter_map(|column: &Column| input.schema().maybe_index_of_column(column)));
            columns.sort_unstable();
            columns.dedup();
        }
        Some(vec![left, right])
    }
}

impl AsOf {
    /// The join of two inputs by `[left instant, right instant, left key, right key, …]`.
    pub(super) fn of(
        left: LogicalPlan,
        right: LogicalPlan,
        compare: Operator,
        expressions: Vec<Expr>,
    ) -> Result<Self> {
        let mut pairs = expressions
            .chunks_exact(2)
            .map(|pair| [pair[0].clone(), pair[1].clone()]);
        let Some(at) = pairs.next() else {
            return plan_err!("an ASOF JOIN compares two instants");
        };
        let schema = datafusion::logical_expr::build_join_schema(
            left.schema(),
            right.schema(),
            &datafusion::logical_expr::JoinType::Left,
        )?;
        Ok(Self {
            keys: pairs.collect(),
            at,
            compare,
            schema: schema.into(),
            left,
            right,
        })
    }
}
