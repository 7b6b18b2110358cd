//! Functions that make much out of little: what one call makes is in no operator's books, so the call itself is bounded.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::prelude::SessionContext;

/// Most bytes that one call on one batch may make.
const BYTES: u64 = 64 << 20;

/// Make text of a length that an argument says.
const TEXT: [&str; 3] = ["repeat", "lpad", "rpad"];
/// Make lists of a length that arguments say; the table functions of the last two names make rows as they are asked for.
const LISTS: [&str; 6] = [
    "array_repeat",
    "list_repeat",
    "array_resize",
    "list_resize",
    "range",
    "generate_series",
];

/// Puts bounds to such functions of a session, and takes away those that cannot have them.
pub(crate) fn bound(context: &SessionContext) {
    for name in LISTS {
        context.deregister_udf(name);
    }
    for name in TEXT {
        if let Ok(inner) = context.udf(name)
            && inner.inner().downcast_ref::<Bounded>().is_none()
        {
            context.register_udf(ScalarUDF::from(Bounded { inner }));
        }
    }
}

/// One of [`TEXT`], refused where it would make too much.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bytes = self.bytes(&call)?;
        if bytes > BYTES {
            return Err(DataFusionError::Execution(format!(
                "{} would make {bytes} bytes of text in one call, and {BYTES} are taken",
                self.name()
            )));
        }
        self.inner.invoke_with_args(call)
    }
}

impl Bounded {
    /// What a call would make, at most.
    fn bytes(&self, call: &ScalarFunctionArgs) -> Result<u64> {
        let [text, length, ..] = call.args.as_slice() else {
            return Ok(0);
        };
        // Two single values make one value, whatever the number of rows.
        let single = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        let rows = if call.args.iter().all(single) {
            1
        } else {
            call.number_rows
        };
        let times = cast(&length.to_array(rows)?, &DataType::Int64)?;
        let times = times.as_primitive::<Int64Type>();
        let each: Vec<u64> = match self.name() {
            "repeat" => {
                let text = cast(&text.to_array(rows)?, &DataType::LargeUtf8)?;
                let text = text.as_string::<i64>();
                (0..rows)
                    .map(|row| text.value_length(row).unsigned_abs())
                    .collect()
            }
            // A padded text has so many characters, of four bytes at most.
            _ => vec![4; rows],
        };
        let made = each.iter().zip(times.iter());
        let made = made.map(|(each, times)| each.saturating_mul(times.unwrap_or(0).max(0).unsigned_abs()));
        Ok(made.fold(0, u64::saturating_add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(sql: &str) -> Result<usize> {
        let context = SessionContext::new();
        bound(&context);
        bound(&context);
        let batches = context.sql(sql).await?.collect().await?;
        Ok(batches.iter().map(|batch| batch.num_rows()).sum())
    }

    #[tokio::test]
    async fn text_is_made_up_to_a_bound_and_lists_not_at_all() {
        for sql in [
            "SELECT repeat('ab', 1000), lpad('a', 10, '-')",
            "SELECT repeat('a', value) FROM generate_series(1, 1000)",
            "SELECT rpad(NULL, 10), repeat('a', NULL), repeat('a', -1)",
        ] {
            assert!(asked(sql).await.is_ok(), "{sql}");
        }
        for sql in [
            "SELECT repeat('ab', 2000000000)",
            "SELECT repeat(arrow_cast('a', 'LargeUtf8'), 9000000000000000000)",
            "SELECT repeat(CAST(value AS VARCHAR), 1000000000) FROM generate_series(1, 8192)",
            "SELECT lpad('a', 1000000000), rpad(CAST(value AS VARCHAR), 100000) FROM generate_series(1, 8192)",
        ] {
            let error = asked(sql).await.expect_err(sql).to_string();
            assert!(error.contains("bytes of text in one call"), "{sql}: {error}");
        }
        for sql in [
            "SELECT array_repeat(1, 1000000000000)",
            "SELECT range(1000000000000)",
            "SELECT array_resize([1], 1000000000000)",
        ] {
            let error = asked(sql).await.expect_err(sql).to_string();
            assert!(error.contains("Invalid function"), "{sql}: {error}");
        }
    }
}
