//! The span of a regular grid that an instant falls into.

use std::sync::Arc;

use arrow::array::types::{IntervalMonthDayNano, TimestampMicrosecondType};
use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::functions::datetime::date_bin;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::argument::{Argument, Form, coerced, needed};
use super::{Described, NONE, SCALAR};

pub(super) const DESCRIBED: Described = Described {
    name: "time_bucket",
    kind: SCALAR,
    signature: "time_bucket(width, at)",
    meaning: "Start of the span of `width` that holds `at`, UTC. Spans are counted from Monday 2000-01-03, so that weeks begin on Mondays, and those of months from 2000-01-01.",
    units: "an instant, as `at`",
    order: NONE,
    source: "as in TimescaleDB and DuckDB",
};

const ARGUMENTS: [Argument; 2] = [needed("width", Form::Span), needed("at", Form::At)];

/// Monday 2000-01-03 and Saturday 2000-01-01, 00:00 UTC, in nanoseconds since 1970.
const MONDAY: i64 = 946_857_600_000_000_000;
const JANUARY: i64 = 946_684_800_000_000_000;
/// Nanoseconds.
const DAY: i64 = 86_400_000_000_000;
const MICROSECOND: i64 = 1_000;

/// The function. Widths of whole microseconds are counted here; the engine's `date_bin` counts months.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TimeBucket {
    signature: Signature,
}

impl TimeBucket {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for TimeBucket {
    fn name(&self) -> &str {
        DESCRIBED.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerced(DESCRIBED.name, DESCRIBED.signature, &ARGUMENTS, given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        given
            .get(1)
            .cloned()
            .ok_or_else(|| DataFusionError::Plan(format!("{} has two arguments", DESCRIBED.name)))
    }

    fn invoke_with_args(&self, mut given: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let origin = match &given.args[0] {
            ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(width))) => origin(*width)?,
            ColumnarValue::Scalar(_) => return Err(wrong("not NULL")),
            ColumnarValue::Array(_) => return Err(wrong("the same for all rows")),
        };
        if let ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(width))) = &given.args[0] {
            let at = ColumnarValue::values_to_arrays(&given.args[1..])?.swap_remove(0);
            if let Some(starts) = starts(*width, origin, &at)? {
                return Ok(match &given.args[1] {
                    ColumnarValue::Array(_) => ColumnarValue::Array(starts),
                    ColumnarValue::Scalar(_) => {
                        ColumnarValue::Scalar(ScalarValue::try_from_array(&starts, 0)?)
                    }
                });
            }
        }
        let kind = DataType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into()));
        given
            .args
            .push(ColumnarValue::Scalar(ScalarValue::TimestampNanosecond(
                Some(origin),
                Some("+00:00".into()),
            )));
        given.arg_fields.push(Arc::new(Field::new("origin", kind, false)));
        date_bin().inner().invoke_with_args(given)
    }

    /// Buckets of ordered instants are ordered, so that a sorted tape is grouped without a sort.
    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        Ok(match inputs {
            [width, at] if width.sort_properties == SortProperties::Singleton => at.sort_properties,
            _ => SortProperties::Unordered,
        })
    }
}

/// The starts for a column of instants, where the width is a whole number of microseconds.
fn starts(width: IntervalMonthDayNano, origin: i64, at: &ArrayRef) -> Result<Option<ArrayRef>> {
    let wide = i64::from(width.days)
        .checked_mul(DAY)
        .and_then(|days| days.checked_add(width.nanoseconds))
        .filter(|wide| width.months == 0 && wide % MICROSECOND == 0);
    let Some(wide) = wide.map(|wide| wide / MICROSECOND) else {
        return Ok(None);
    };
    let instants = at.as_primitive::<TimestampMicrosecondType>();
    let origin = origin / MICROSECOND;
    // Neighbours are mostly in one span.
    let mut start = instants
        .values()
        .first()
        .map_or(0, |&at| start_of(at, origin, wide));
    let found: Vec<i64> = instants
        .values()
        .iter()
        .map(|&at| {
            if at < start || at.wrapping_sub(start) >= wide {
                start = start_of(at, origin, wide);
            }
            start
        })
        .collect();
    let found = TimestampMicrosecondArray::new(found.into(), instants.nulls().cloned());
    Ok(Some(Arc::new(found.with_data_type(at.data_type().clone()))))
}

fn start_of(at: i64, origin: i64, wide: i64) -> i64 {
    at.saturating_sub(at.saturating_sub(origin).rem_euclid(wide))
}

fn origin(width: IntervalMonthDayNano) -> Result<i64> {
    let (months, days, nanoseconds) = (width.months, width.days, width.nanoseconds);
    if months > 0 && days == 0 && nanoseconds == 0 {
        return Ok(JANUARY);
    }
    if months != 0 {
        return Err(wrong("whole months, or days and times, not both"));
    }
    ARGUMENTS[0].setting(DESCRIBED.name, &ScalarValue::IntervalMonthDayNano(Some(width)))?;
    Ok(MONDAY)
}

fn wrong(wanted: &str) -> DataFusionError {
    DataFusionError::Execution(format!("`width` of {} must be {wanted}", DESCRIBED.name))
}
