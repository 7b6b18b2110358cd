//! Values of a query's parameters, whichever way they come in.

use aftershock_query::{Error, Result};
use arrow::datatypes::DataType;
use datafusion::common::ParamValues;

/// Makes the values once it is known which parameters there are; as [`aftershock_query::Planned::parameters`] names them.
pub(crate) type Values = Box<dyn FnOnce(&[(String, Option<DataType>)]) -> Result<Option<ParamValues>> + Send>;

/// No value is given for a parameter.
pub(crate) fn missing(name: &str) -> Error {
    Error::MissingParameter {
        names: vec![bare(name).to_owned()],
    }
}

/// A value does not go into the type that the query implies.
pub(crate) fn misfit(name: &str, kind: &DataType, error: impl std::fmt::Display) -> Error {
    Error::Query {
        primary: format!("the parameter ${} should be {kind}: {error}", bare(name)),
        hint: None,
        place: None,
    }
}

/// The name of a parameter without its dollar.
pub(crate) fn bare(name: &str) -> &str {
    name.trim_start_matches('$')
}
