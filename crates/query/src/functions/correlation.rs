//! `corr` as the engine has it for one group, for many.
//!
//! The engine's own way with many groups subtracts sums of squares: of three points on a line near 60,000 it says 0.999, and of
//! trades within a second often more than 1.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::functions_aggregate::correlation::corr_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature};

/// The engine's function without its way with many groups.
#[derive(Debug)]
pub(super) struct Correlation(Arc<AggregateUDF>);

impl Correlation {
    pub(super) fn new() -> Self {
        Self(corr_udaf())
    }
}

impl PartialEq for Correlation {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Correlation {}

impl Hash for Correlation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name().hash(state);
    }
}

impl AggregateUDFImpl for Correlation {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.0.return_type(given)
    }

    fn accumulator(&self, given: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        self.0.accumulator(given)
    }

    fn state_fields(&self, given: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.0.state_fields(given)
    }
}
