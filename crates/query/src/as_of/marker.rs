//! What marks the condition of an `ASOF JOIN` between parser and planner.

use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Diagnostic, Result, Span, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::{self, ast::Spanned};

/// Words of a query and where they stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Words {
    pub(super) text: String,
    span: Option<Span>,
}

impl Words {
    pub(super) fn of(part: &(impl Spanned + ToString)) -> Self {
        Self {
            text: part.to_string(),
            span: Span::try_from_sqlparser_span(part.span()),
        }
    }

    /// A place whose words do not matter.
    pub(super) fn at(span: sqlparser::tokenizer::Span) -> Self {
        Self {
            text: String::new(),
            span: Span::try_from_sqlparser_span(span),
        }
    }

    /// What is wrong with them.
    pub(super) fn refused(&self, what: String) -> DataFusionError {
        let diagnostic = Diagnostic::new_error(what.as_str(), self.span);
        DataFusionError::Plan(what).with_diagnostic(diagnostic)
    }
}

/// The mark of one join, a function of its condition that no row ever meets. It is known to the planner while the statement that
/// holds the join is planned, and never else.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    name: String,
    signature: Signature,
    /// The condition as the query has it.
    pub(super) condition: Words,
    /// All that ON holds as the query has it.
    pub(super) on: Option<Words>,
}

impl Mark {
    /// The mark of the join of this number in its statement.
    pub(super) fn new(number: usize, condition: Words, on: Option<Words>) -> Self {
        Self {
            name: format!("match_condition_{number}"),
            signature: Signature::exact(vec![DataType::Boolean], Volatility::Immutable),
            condition,
            on,
        }
    }

    /// The mark of an expression and the condition below it.
    pub(super) fn of(expression: &Expr) -> Option<(&Self, &Expr)> {
        match expression {
            Expr::ScalarFunction(call) => Some((call.func.inner().downcast_ref()?, call.args.first()?)),
            _ => None,
        }
    }
}

impl ScalarUDFImpl for Mark {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("the condition of an ASOF JOIN was left where it stood")
    }
}
