//! A call of a table function whose values are not all known yet: it waits in the plan until they are.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableFunctionArgs;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DFSchemaRef, Result};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore,
};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

/// A call with parameters of the query among its arguments. Its columns are known; its rows are not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call {
    function: &'static str,
    arguments: Vec<Expr>,
    columns: DFSchemaRef,
}

impl Call {
    /// The call as a plan of these columns.
    pub(super) fn plan(
        function: &'static str,
        arguments: Vec<Expr>,
        columns: &SchemaRef,
    ) -> Result<LogicalPlan> {
        let columns = Arc::new(DFSchema::try_from_qualified_schema(function, columns)?);
        Ok(LogicalPlan::Extension(Extension {
            node: Arc::new(Self {
                function,
                arguments,
                columns,
            }),
        }))
    }

    /// Calls the function.
    fn made(&self, state: &SessionState) -> Result<LogicalPlan> {
        let function = state.table_functions().get(self.function).ok_or_else(|| {
            datafusion::common::plan_datafusion_err!("table function '{}' not found", self.function)
        })?;
        let arguments = simplified(self.arguments.iter().cloned(), state)?;
        let table = function.create_table_provider_with_args(TableFunctionArgs::new(&arguments, state))?;
        LogicalPlanBuilder::scan(self.function, provider_as_source(table), None)?.build()
    }
}

/// Calls what waited, now that the parameters have their values.
pub(crate) fn called(frame: DataFrame) -> Result<DataFrame> {
    let (state, plan) = frame.into_parts();
    let plan = plan.transform_up_with_subqueries(|plan| {
        let waiting = match &plan {
            LogicalPlan::Extension(node) => node.node.as_any().downcast_ref::<Call>(),
            _ => None,
        };
        Ok(match waiting {
            Some(call) => Transformed::yes(call.made(&state)?),
            None => Transformed::no(plan),
        })
    })?;
    Ok(DataFrame::new(state, plan.data))
}

/// Arguments as the engine gives them to a function: folded where they can be.
fn simplified(arguments: impl Iterator<Item = Expr>, state: &SessionState) -> Result<Vec<Expr>> {
    let context = SimplifyContext::builder()
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    let nothing = DFSchema::empty();
    arguments
        .map(|argument| simplifier.simplify(simplifier.coerce(argument.unalias(), &nothing)?))
        .collect()
}

impl PartialOrd for Call {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.function, &self.arguments).partial_cmp(&(other.function, &other.arguments))
    }
}

impl UserDefinedLogicalNodeCore for Call {
    fn name(&self) -> &str {
        self.function
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.columns
    }

    fn expressions(&self) -> Vec<Expr> {
        self.arguments.clone()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.function)
    }

    fn with_exprs_and_inputs(&self, arguments: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self {
            arguments,
            ..self.clone()
        })
    }
}
