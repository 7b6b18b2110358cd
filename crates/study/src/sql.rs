//! What SQL has for studies: `replay(…)` in `FROM`, and `liquidation_price(…)` of a row.

mod arguments;
mod kept;
mod liquidation_price;
mod replay;

use std::path::Path;
use std::sync::Arc;

use aftershock_query::Functions;
use aftershock_query::extension::TableFunction;
use aftershock_query::functions::Described;
use datafusion::logical_expr::ScalarUDF;

/// The functions of studies of a data folder, for [`aftershock_query::Session::with`]. They read cuts there and write
/// nothing; what one replayed is kept for as long as the functions are.
pub fn functions(data: &Path) -> Functions {
    Functions {
        scalars: vec![Arc::new(ScalarUDF::new_from_impl(
            liquidation_price::LiquidationPrice::default(),
        ))],
        tables: vec![TableFunction {
            name: arguments::NAME,
            parameters: arguments::PARAMETERS,
            table: Arc::new(replay::Replay::new(data)),
            columns_by: arguments::TABLE,
            columns: replay::columns,
        }],
        described: described(),
    }
}

/// What `catalog.functions` says of them.
pub fn described() -> Vec<Described> {
    vec![replay::DESCRIBED, liquidation_price::DESCRIBED]
}

/// An error of a study as SQL says it, with the causes that it does not name itself.
fn said(error: &crate::Error) -> aftershock_query::Error {
    let mut primary = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        if !primary.contains(&text) {
            primary.push_str(": ");
            primary.push_str(&text);
        }
        cause = next.source();
    }
    if error.is_askers() {
        aftershock_query::Error::asked(primary, error.hint().map(str::to_owned))
    } else {
        aftershock_query::Error::Execution(primary)
    }
}
