//! Functions that a session takes from outside: nothing here knows a replay or a rule.

use std::sync::Arc;

use datafusion::catalog::TableFunctionImpl;
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ScalarUDF};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::{self, FunctionArg, FunctionArgExpr, TableAlias, TableFactor};

use crate::functions::{self, Described};
use crate::session::CATALOG;
use crate::{Error, near};

/// A function that stands in `FROM`, whose arguments have names: `replay('2020-03-12', 'price-band', draws => 100)`.
#[derive(Clone, Debug)]
pub struct TableFunction {
    /// Its name.
    pub name: &'static str,
    /// Its parameters in order. Those that a call leaves out reach the function as NULL.
    pub parameters: &'static [&'static str],
    /// Makes the table of its arguments, which are folded where they can be; anything but a literal among them is
    /// refused before it is called.
    pub table: Arc<dyn TableFunctionImpl>,
}

/// Functions from outside, with what `catalog.functions` says of them.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    /// Functions of a row.
    pub scalars: Vec<Arc<ScalarUDF>>,
    /// Functions in `FROM`.
    pub tables: Vec<TableFunction>,
    /// Their rows in `catalog.functions`.
    pub described: Vec<Described>,
}

impl Functions {
    /// Makes a context know them.
    pub(crate) fn register(&self, context: &SessionContext) -> Result<()> {
        describe(context, &self.described)?;
        for scalar in &self.scalars {
            context.register_udf(scalar.as_ref().clone());
        }
        for function in &self.tables {
            context.register_udtf(function.name, Arc::clone(&function.table));
        }
        context.register_relation_planner(Arc::new(NamedArguments(self.tables.clone())))
    }
}

/// Adds rows to `catalog.functions`.
fn describe(context: &SessionContext, described: &[Described]) -> Result<()> {
    let catalog = context
        .catalog(CATALOG)
        .and_then(|catalog| catalog.schema("catalog"));
    let Some(catalog) = catalog else {
        return Ok(());
    };
    let known = functions::batch(described);
    let table = MemTable::try_new(known.schema(), vec![vec![known]])?;
    catalog.deregister_table("functions")?;
    catalog.register_table("functions".to_owned(), Arc::new(table))?;
    Ok(())
}

impl Error {
    /// A call that cannot be answered as it stands, with what would have been right.
    pub fn asked(primary: String, hint: Option<String>) -> Self {
        Self::query(primary, hint)
    }

    /// The same through the engine, as a function from outside answers: the session says it as it is.
    pub fn through(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }

    fn refused(primary: String, hint: Option<String>) -> DataFusionError {
        Self::asked(primary, hint).through()
    }

    /// What [`Error::through`] sent.
    pub(crate) fn sent(error: &DataFusionError) -> Option<Self> {
        match error.find_root() {
            DataFusionError::External(sent) => sent.downcast_ref::<Self>().cloned(),
            _ => None,
        }
    }
}

/// The engine's planner takes the arguments of a table function by position alone; this one also takes them by name.
#[derive(Debug)]
struct NamedArguments(Vec<TableFunction>);

impl RelationPlanner for NamedArguments {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let Some((function, arguments, alias)) = self.called(&relation, context) else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let arguments = placed(function, arguments, context)?;
        let source = context
            .context_provider()
            .get_table_function_source(function.name, arguments)?;
        let plan = LogicalPlanBuilder::scan(function.name, source, None)?.build()?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan, alias,
        ))))
    }
}

impl NamedArguments {
    /// The function that a relation calls, where it is one of ours.
    fn called(
        &self,
        relation: &TableFactor,
        context: &dyn RelationPlannerContext,
    ) -> Option<(&TableFunction, Vec<FunctionArg>, Option<TableAlias>)> {
        let (name, arguments, alias) = match relation {
            TableFactor::Table {
                name,
                args: Some(arguments),
                alias,
                ..
            } => (name, &arguments.args, alias),
            TableFactor::Function {
                name, args, alias, ..
            } => (name, args, alias),
            _ => return None,
        };
        let [part] = name.0.as_slice() else {
            return None;
        };
        let name = context.normalize_ident(part.as_ident()?.clone());
        let function = self.0.iter().find(|function| function.name == name)?;
        Some((function, arguments.clone(), alias.clone()))
    }
}

/// The arguments of a call in the order of the function's parameters, NULL for those left out.
fn placed(
    function: &TableFunction,
    arguments: Vec<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> Result<Vec<Expr>> {
    let TableFunction { name, parameters, .. } = function;
    let signature = format!("{name}({})", parameters.join(", "));
    let mut placed: Vec<Option<Expr>> = vec![None; parameters.len()];
    let mut by_name = false;
    for (index, argument) in arguments.into_iter().enumerate() {
        let unnamed = matches!(argument, FunctionArg::Unnamed(_));
        let (place, value) = match argument {
            FunctionArg::Unnamed(_) if by_name => {
                return Err(Error::refused(
                    format!("an argument without a name stands after one with a name in {name}"),
                    Some(format!("it is {signature}")),
                ));
            }
            FunctionArg::Unnamed(value) => {
                let place = (index < parameters.len()).then_some(index).ok_or_else(|| {
                    Error::refused(
                        format!("{name} has {} parameters, not more", parameters.len()),
                        Some(format!("it is {signature}")),
                    )
                })?;
                (place, value)
            }
            FunctionArg::Named { name: given, arg, .. } => {
                (named(function, context.normalize_ident(given))?, arg)
            }
            FunctionArg::ExprNamed {
                name: ast::Expr::Identifier(given),
                arg,
                ..
            } => (named(function, context.normalize_ident(given))?, arg),
            FunctionArg::ExprNamed { name: given, arg, .. } => (named(function, given.to_string())?, arg),
        };
        by_name |= !unnamed;
        let parameter = parameters[place];
        if placed[place].is_some() {
            return Err(Error::refused(
                format!("{parameter} of {name} is given twice"),
                Some(format!("it is {signature}")),
            ));
        }
        placed[place] = Some(literal(function, parameter, value, context)?);
    }
    let null = || Expr::Literal(ScalarValue::Null, None);
    Ok(placed.into_iter().map(|one| one.unwrap_or_else(null)).collect())
}

/// The place of a parameter.
fn named(function: &TableFunction, given: String) -> Result<usize> {
    let known = function.parameters;
    known
        .iter()
        .position(|parameter| *parameter == given)
        .ok_or_else(|| {
            Error::refused(
                format!("{} has no parameter `{given}`", function.name),
                near::hint(&given, known),
            )
        })
}

/// An argument as an expression that needs no row.
fn literal(
    function: &TableFunction,
    parameter: &str,
    value: FunctionArgExpr,
    context: &mut dyn RelationPlannerContext,
) -> Result<Expr> {
    let refused = |what: String| -> DataFusionError {
        Error::refused(
            format!(
                "{parameter} of {} is {what}, should be a value that is written out",
                function.name
            ),
            Some("a table function is called before any row or parameter is known".to_owned()),
        )
    };
    let FunctionArgExpr::Expr(value) = value else {
        return Err(refused(value.to_string()));
    };
    let said = value.to_string();
    match context.sql_to_expr(value, &DFSchema::empty()) {
        Ok(
            Expr::Placeholder(_) | Expr::ScalarSubquery(_) | Expr::OuterReferenceColumn(..) | Expr::Column(_),
        ) => Err(refused(said)),
        Ok(expression) => Ok(expression),
        Err(error) if matches!(error.find_root(), DataFusionError::SchemaError(..)) => Err(refused(said)),
        Err(error) => Err(error),
    }
}
