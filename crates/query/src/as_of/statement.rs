//! The join as it stands in a statement.

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::ScalarUDFImpl;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, SetExpr, Spanned, TableFactor,
    TableWithJoins, VisitMut, VisitorMut,
};

use super::marker::{Mark, Words};

/// Turns every `ASOF JOIN` of a statement into an outer join whose condition holds a mark, since the planner knows no other;
/// returns the marks.
///
/// # Errors
/// Where the condition is no comparison, ON holds no equalities, or columns are named by `USING`.
pub(crate) fn rewrite(statement: &mut Statement) -> Result<Vec<Mark>> {
    let mut rewriter = Rewriter(Vec::new());
    let visited = match statement {
        Statement::Statement(statement) => statement.visit(&mut rewriter),
        Statement::Explain(explain) => return rewrite(&mut explain.statement),
        _ => ControlFlow::Continue(()),
    };
    match visited {
        ControlFlow::Continue(()) => Ok(rewriter.0),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter(Vec<Mark>);

impl VisitorMut for Rewriter {
    type Break = DataFusionError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        self.body(&mut query.body)
    }
}

impl Rewriter {
    fn body(&mut self, body: &mut SetExpr) -> ControlFlow<DataFusionError> {
        match body {
            SetExpr::Select(select) => select.from.iter_mut().try_for_each(|from| self.table(from)),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left)?;
                self.body(right)
            }
            // A query in brackets is visited as a query.
            _ => ControlFlow::Continue(()),
        }
    }

    fn table(&mut self, table: &mut TableWithJoins) -> ControlFlow<DataFusionError> {
        self.factor(&mut table.relation)?;
        for join in &mut table.joins {
            self.factor(&mut join.relation)?;
            if let Err(error) = self.mark(join) {
                return ControlFlow::Break(error);
            }
        }
        ControlFlow::Continue(())
    }

    /// Joins in brackets are no query of their own.
    fn factor(&mut self, relation: &mut TableFactor) -> ControlFlow<DataFusionError> {
        match relation {
            TableFactor::NestedJoin { table_with_joins, .. } => self.table(table_with_joins),
            _ => ControlFlow::Continue(()),
        }
    }

    fn mark(&mut self, join: &mut Join) -> Result<()> {
        let JoinOperator::AsOf {
            match_condition,
            constraint,
        } = &join.join_operator
        else {
            return Ok(());
        };
        let match_condition = bare(match_condition);
        let condition = Words::of(match_condition);
        let compares = matches!(
            match_condition,
            Expr::BinaryOp {
                op: BinaryOperator::GtEq | BinaryOperator::Gt | BinaryOperator::LtEq | BinaryOperator::Lt,
                ..
            }
        );
        if !compares {
            return Err(condition.refused(format!(
                "MATCH_CONDITION ({}) should compare an instant of the left table with one of the right by >=, >, <= or <",
                condition.text
            )));
        }
        let equal = match constraint {
            JoinConstraint::None => None,
            JoinConstraint::On(equal) => Some(equal),
            JoinConstraint::Using(_) | JoinConstraint::Natural => {
                let what = "an ASOF JOIN names its keys by ON left.key = right.key, not by USING or NATURAL";
                return Err(Words::at(constraint.span()).refused(what.to_owned()));
            }
        };
        let mark = Mark::new(self.0.len(), condition, equal.map(Words::of));
        let marked = call(mark.name(), match_condition.clone());
        let on = match equal {
            None => marked,
            Some(equal) => {
                equalities(equal)?;
                Expr::BinaryOp {
                    left: Box::new(Expr::Nested(Box::new(equal.clone()))),
                    op: BinaryOperator::And,
                    right: Box::new(marked),
                }
            }
        };
        self.0.push(mark);
        join.join_operator = JoinOperator::LeftOuter(JoinConstraint::On(on));
        Ok(())
    }
}

/// Refuses the first term that is no equality.
fn equalities(on: &Expr) -> Result<()> {
    match bare(on) {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => equalities(left).and_then(|()| equalities(right)),
        Expr::BinaryOp {
            op: BinaryOperator::Eq,
            ..
        } => Ok(()),
        other => Err(no_equality(&Words::of(other))),
    }
}

/// What is wrong with a term of ON.
pub(super) fn no_equality(term: &Words) -> DataFusionError {
    term.refused(format!(
        "ON of an ASOF JOIN holds equalities of a column of the left table with one of the right, not {}; what else is wanted \
         goes into WHERE or a subquery",
        term.text
    ))
}

/// An expression out of its brackets.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

fn call(name: &str, argument: Expr) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
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
