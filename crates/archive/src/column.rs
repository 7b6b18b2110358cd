//! Fields of rows as Arrow columns: a value knows its column type, a [`Column`] knows its name and its field.

use std::sync::Arc;

use aftershock_market::{BarOrder, Cash, Coin, Timestamp};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};

/// Something that fills a column.
pub(crate) trait Value: Sized {
    const NULLABLE: bool = false;
    fn data_type() -> DataType;
    fn column<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef
    where
        Self: 'a;
}

/// Something that comes back out of a column of its type.
pub(crate) trait Stored: Value {
    fn at(column: &dyn Array, row: usize) -> Self;
}

macro_rules! value {
    ($type:ty, $nullable:literal, $data_type:expr, $values:ident => $column:expr) => {
        impl Value for $type {
            const NULLABLE: bool = $nullable;
            fn data_type() -> DataType {
                $data_type
            }
            fn column<'a>($values: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new($column)
            }
        }
    };
}

/// Units of 1e-8, of whatever they are of.
fn exact() -> DataType {
    DataType::Decimal128(38, 8)
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

value!(f64, false, DataType::Float64, values => Float64Array::from_iter_values(values.copied()));
value!(Option<f64>, true, DataType::Float64, values => values.copied().collect::<Float64Array>());
value!(Option<i32>, true, DataType::Int32, values => values.copied().collect::<Int32Array>());
value!(Arc<str>, false, DataType::Utf8, values => StringArray::from_iter_values(values));
value!(Option<&'static str>, true, DataType::Utf8, values => values.copied().collect::<StringArray>());
value!(Coin, false, exact(), values =>
    Decimal128Array::from_iter_values(values.map(|coin| i128::from(coin.0))).with_data_type(exact()));
value!(Cash, false, exact(), values =>
    Decimal128Array::from_iter_values(values.map(|cash| cash.0)).with_data_type(exact()));
value!(i32, false, DataType::Int32, values => Int32Array::from_iter_values(values.copied()));
value!(i64, false, DataType::Int64, values => Int64Array::from_iter_values(values.copied()));
value!(Option<i64>, true, DataType::Int64, values => values.copied().collect::<Int64Array>());
value!(bool, false, DataType::Boolean, values => values.map(|value| Some(*value)).collect::<BooleanArray>());
value!(String, false, DataType::Utf8, values => StringArray::from_iter_values(values));
value!(Option<String>, true, DataType::Utf8, values => values.map(Option::as_deref).collect::<StringArray>());
value!(BarOrder, false, DataType::Utf8, values => StringArray::from_iter_values(values.map(|order| order.name())));
value!(Timestamp, false, instant(), values =>
    TimestampMicrosecondArray::from_iter_values(values.map(|at| at.micros())).with_timezone("UTC"));
value!(Option<Timestamp>, true, instant(), values =>
    values.map(|at| at.map(Timestamp::micros)).collect::<TimestampMicrosecondArray>().with_timezone("UTC"));

impl Value for &'static str {
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn column<'a>(values: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(values))
    }
}

impl Stored for f64 {
    fn at(column: &dyn Array, row: usize) -> Self {
        column.as_primitive::<Float64Type>().value(row)
    }
}
impl Stored for i64 {
    fn at(column: &dyn Array, row: usize) -> Self {
        column.as_primitive::<Int64Type>().value(row)
    }
}
impl Stored for Timestamp {
    fn at(column: &dyn Array, row: usize) -> Self {
        Timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row))
    }
}
impl Stored for String {
    fn at(column: &dyn Array, row: usize) -> Self {
        column.as_string::<i32>().value(row).to_owned()
    }
}
impl<T: Stored> Stored for Option<T>
where
    Option<T>: Value,
{
    fn at(column: &dyn Array, row: usize) -> Self {
        column.is_valid(row).then(|| T::at(column, row))
    }
}

type Build<R> = Box<dyn Fn(&[R]) -> ArrayRef>;

/// One column of a table whose rows are `R`.
pub(crate) struct Column<R> {
    field: Field,
    build: Build<R>,
}

impl<R: 'static> Column<R> {
    pub(crate) fn new<V: Value + 'static>(name: &str, get: fn(&R) -> &V) -> Self {
        Self {
            field: Field::new(name, V::data_type(), V::NULLABLE),
            build: Box::new(move |rows| V::column(rows.iter().map(get))),
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.field.name()
    }

    /// A column that holds the same text in every row.
    pub(crate) fn constant(name: &str, text: &str) -> Self {
        let text = text.to_owned();
        Self {
            field: Field::new(name, DataType::Utf8, false),
            build: Box::new(move |rows| Arc::new(StringArray::from_iter_values(rows.iter().map(|_| &text)))),
        }
    }
}

/// The schema of a table.
pub(crate) fn schema<R>(columns: &[Column<R>]) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(|column| column.field.clone()).collect();
    Arc::new(Schema::new(fields))
}

/// The rows of a table as columns.
pub(crate) fn batch<R>(columns: &[Column<R>], rows: &[R]) -> RecordBatch {
    let arrays = columns.iter().map(|column| (column.build)(rows)).collect();
    RecordBatch::try_new(schema(columns), arrays).expect("a value fills a column of its own type")
}
