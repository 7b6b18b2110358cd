//! The join as it stands in a statement.

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result, plan_datafusion_err};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, SetExpr, TableFactor, TableWithJoins,
    VisitMut, VisitorMut,
};

use super::marker;

/// Turns every `ASOF JOIN` of a statement into an outer join whose condition holds a mark, since the planner knows no other.
///
/// # Errors
/// Where the condition is no comparison, or columns are named by `USING`.
pub(crate) fn rewrite(statement: &mut Statement) -> Result<()> {
    let visited = match statement {
        Statement::Statement(statement) => statement.visit(&mut Rewriter),
        Statement::Explain(explain) => return rewrite(&mut explain.statement),
        _ => ControlFlow::Continue(()),
    };
    match visited {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = DataFusionError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        body(&mut query.body)
    }
}

fn body(body: &mut SetExpr) -> ControlFlow<DataFusionError> {
    match body {
        SetExpr::Select(select) => select.from.iter_mut().try_for_each(table),
        SetExpr::SetOperation { left, right, .. } => {
            self::body(left)?;
            self::body(right)
        }
        // A query in brackets is visited as a query.
        _ => ControlFlow::Continue(()),
    }
}

fn table(table: &mut TableWithJoins) -> ControlFlow<DataFusionError> {
    factor(&mut table.relation)?;
    for join in &mut table.joins {
        factor(&mut join.relation)?;
        if let Err(error) = mark(join) {
            return ControlFlow::Break(error);
        }
    }
    ControlFlow::Continue(())
}

/// Joins in brackets are no query of their own.
fn factor(relation: &mut TableFactor) -> ControlFlow<DataFusionError> {
    match relation {
        TableFactor::NestedJoin { table_with_joins, .. } => table(table_with_joins),
        _ => ControlFlow::Continue(()),
    }
}

fn mark(join: &mut Join) -> Result<()> {
    let JoinOperator::AsOf {
        match_condition,
        constraint,
    } = &join.join_operator
    else {
        return Ok(());
    };
    let match_condition = bare(match_condition);
    let compares = matches!(
        match_condition,
        Expr::BinaryOp {
            op: BinaryOperator::GtEq | BinaryOperator::Gt | BinaryOperator::LtEq | BinaryOperator::Lt,
            ..
        }
    );
    if !compares {
        return Err(plan_datafusion_err!(
            "MATCH_CONDITION ({match_condition}) should compare an instant of the left table with one of the right by >=, >, <= or <"
        ));
    }
    let marked = call(match_condition.clone());
    let on = match constraint {
        JoinConstraint::None => marked,
        JoinConstraint::On(equal) => Expr::BinaryOp {
            left: Box::new(Expr::Nested(Box::new(equal.clone()))),
            op: BinaryOperator::And,
            right: Box::new(marked),
        },
        JoinConstraint::Using(_) | JoinConstraint::Natural => {
            return Err(plan_datafusion_err!(
                "an ASOF JOIN names its keys by ON left.key = right.key, not by USING or NATURAL"
            ));
        }
    };
    join.join_operator = JoinOperator::LeftOuter(JoinConstraint::On(on));
    Ok(())
}

/// An expression out of its brackets.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

fn call(argument: Expr) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(marker::NAME)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))],
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}
