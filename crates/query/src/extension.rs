//! Functions that a session takes from outside: nothing here knows a replay or a rule.

mod call;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::catalog::TableFunctionImpl;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ScalarUDF};
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::ast::{self, FunctionArg, FunctionArgExpr, TableAlias, TableFactor};

use crate::functions::{self, Described};
use crate::session::CATALOG;
use crate::{Error, near};
use call::Call;
pub(crate) use call::called;

/// A function that stands in `FROM`, whose arguments have names: `replay('2020-03-12', 'price-band', draws => 100)`.
#[derive(Clone, Debug)]
pub struct TableFunction {
    /// Its name.
    pub name: &'static str,
    /// Its parameters in order, with what each is. Those that a call leaves out reach the function as NULL.
    pub parameters: &'static [(&'static str, DataType)],
    /// Makes the table of its arguments, which are folded where they can be; columns of other tables among them are
    /// refused before it is called, and with parameters of the query it is called once their values are known.
    pub table: Arc<dyn TableFunctionImpl>,
    /// Which of its parameters decides the columns.
    pub columns_by: &'static str,
    /// The columns by the value of that one, NULL where it is left out.
    pub columns: fn(&ScalarValue) -> Result<SchemaRef>,
}

impl TableFunction {
    /// Names of its parameters.
    fn names(&self) -> Vec<&'static str> {
        self.parameters.iter().map(|(name, _)| *name).collect()
    }

    /// How it is called.
    fn signature(&self) -> String {
        format!("{}({})", self.name, self.names().join(", "))
    }

    /// Its columns where not all of its arguments are known.
    fn columns_of(&self, arguments: &[Expr]) -> Result<SchemaRef> {
        let decides = self.names().iter().position(|name| *name == self.columns_by);
        match decides.and_then(|place| arguments.get(place)) {
            Some(Expr::Literal(value, _)) => (self.columns)(value),
            other => {
                let said = other.map_or_else(String::new, ToString::to_string);
                Err(Error::refused(
                    format!(
                        "{} of {} is {said}, should be written out where other arguments are parameters",
                        self.columns_by, self.name
                    ),
                    Some("it decides which columns the query has".to_owned()),
                ))
            }
        }
    }
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
        let plan = if arguments.iter().any(is_open) {
            Call::plan(
                function.name,
                arguments.clone(),
                &function.columns_of(&arguments)?,
            )?
        } else {
            let source = context
                .context_provider()
                .get_table_function_source(function.name, arguments)?;
            LogicalPlanBuilder::scan(function.name, source, None)?.build()?
        };
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
    let signature = function.signature();
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
        let (parameter, kind) = &parameters[place];
        if placed[place].is_some() {
            return Err(Error::refused(
                format!("{parameter} of {name} is given twice"),
                Some(format!("it is {signature}")),
            ));
        }
        placed[place] = Some(constant(function, parameter, kind, value, context)?);
    }
    let null = || Expr::Literal(ScalarValue::Null, None);
    Ok(placed.into_iter().map(|one| one.unwrap_or_else(null)).collect())
}

/// Whether an argument waits for a parameter of the query.
fn is_open(argument: &Expr) -> bool {
    let waits = argument.exists(|part| Ok(matches!(part, Expr::Placeholder(_))));
    waits.unwrap_or(true)
}

/// The place of a parameter.
fn named(function: &TableFunction, given: String) -> Result<usize> {
    let known = function.names();
    known
        .iter()
        .position(|parameter| *parameter == given)
        .ok_or_else(|| {
            Error::refused(
                format!("{} has no parameter `{given}`", function.name),
                near::hint(&given, &known),
            )
        })
}

/// An argument as an expression that needs no row; a parameter of the query in it is of the kind that is taken.
fn constant(
    function: &TableFunction,
    parameter: &str,
    kind: &DataType,
    value: FunctionArgExpr,
    context: &mut dyn RelationPlannerContext,
) -> Result<Expr> {
    let refused = |what: String| -> DataFusionError {
        Error::refused(
            format!(
                "{parameter} of {} is {what}, should be written out, or a parameter of the query",
                function.name
            ),
            Some("a table function is called before any row is known".to_owned()),
        )
    };
    let FunctionArgExpr::Expr(value) = value else {
        return Err(refused(value.to_string()));
    };
    let said = value.to_string();
    match context.sql_to_expr(value, &DFSchema::empty()) {
        Ok(Expr::ScalarSubquery(_) | Expr::OuterReferenceColumn(..) | Expr::Column(_)) => Err(refused(said)),
        Ok(Expr::Placeholder(parameter)) => {
            let field = Arc::new(Field::new(parameter.id.as_str(), kind.clone(), true));
            let typed = Placeholder::new_with_field(parameter.id, Some(field));
            Ok(Expr::Placeholder(typed))
        }
        Ok(expression) => Ok(expression),
        Err(error) if matches!(error.find_root(), DataFusionError::SchemaError(..)) => Err(refused(said)),
        Err(error) => Err(error),
    }
}
