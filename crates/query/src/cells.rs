//! One value of an answer, in the few kinds a reader meets.

use std::fmt;

use aftershock_market::Timestamp;
use arrow::array::{
    Array, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::array_value_to_string;

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing recorded, or not measurable.
    Null,
    /// Words.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// An instant.
    Time(Timestamp),
}

impl Cell {
    /// The value as a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The value as text, where it is text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as an instant, where it is one.
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(at) => Some(*at),
            _ => None,
        }
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// Six significant digits, times in RFC 3339, `-` for nothing.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("-"),
            Self::Text(text) => f.write_str(text),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&significant(*value, 6)),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Time(at) => write!(f, "{at}"),
        }
    }
}

/// The answer's columns and its rows as cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One entry a row, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Rows {
    /// Reads `batches`, which share one schema.
    pub fn of(batches: &[RecordBatch]) -> Self {
        let Some(first) = batches.first() else {
            return Self::default();
        };
        let columns = first
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for batch in batches {
            let columns: Vec<Vec<Cell>> = batch.columns().iter().map(|array| cells(array)).collect();
            for row in 0..batch.num_rows() {
                rows.push(columns.iter().map(|column| column[row].clone()).collect());
            }
        }
        Self { columns, rows }
    }

    /// Position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The cell at `row` of the column called `name`.
    pub fn get(&self, row: usize, name: &str) -> Option<&Cell> {
        self.rows.get(row)?.get(self.column(name)?)
    }
}

fn cells(array: &dyn Array) -> Vec<Cell> {
    match array.data_type() {
        DataType::Boolean => typed::<BooleanArray>(array, |a, i| Cell::Bool(a.value(i))),
        DataType::Utf8 => typed::<StringArray>(array, |a, i| Cell::Text(a.value(i).to_owned())),
        DataType::LargeUtf8 | DataType::Utf8View => widened(array, &DataType::Utf8),
        DataType::Int64 => typed::<Int64Array>(array, |a, i| Cell::Int(a.value(i))),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => widened(array, &DataType::Int64),
        // A seed may take all 64 bits; then its digits are what matters.
        DataType::UInt64 => typed::<UInt64Array>(array, |a, i| {
            i64::try_from(a.value(i)).map_or_else(|_| Cell::Text(a.value(i).to_string()), Cell::Int)
        }),
        DataType::Float64 => typed::<Float64Array>(array, |a, i| Cell::Float(a.value(i))),
        DataType::Float16 | DataType::Float32 => widened(array, &DataType::Float64),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            typed::<TimestampMicrosecondArray>(array, |a, i| Cell::Time(Timestamp(a.value(i))))
        }
        DataType::Timestamp(_, zone) => {
            widened(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        DataType::Null => vec![Cell::Null; array.len()],
        _ => (0..array.len())
            .map(|i| {
                if array.is_null(i) {
                    Cell::Null
                } else {
                    array_value_to_string(array, i).map_or(Cell::Null, Cell::Text)
                }
            })
            .collect(),
    }
}

fn typed<A: Array + 'static>(array: &dyn Array, value: impl Fn(&A, usize) -> Cell) -> Vec<Cell> {
    let array = array
        .as_any()
        .downcast_ref::<A>()
        .expect("the data type decides the array's type");
    (0..array.len())
        .map(|i| {
            if array.is_null(i) {
                Cell::Null
            } else {
                value(array, i)
            }
        })
        .collect()
}

fn widened(array: &dyn Array, to: &DataType) -> Vec<Cell> {
    cast(array, to).map_or_else(|_| vec![Cell::Null; array.len()], |wide| cells(&wide))
}

/// `value` rounded to `digits` significant digits, whole numbers never cut; no grouping, no trailing zeros.
///
/// `significant(0.123456789, 6)` is `0.123457`, `significant(1234567.8, 6)` is `1234568`.
pub fn significant(value: f64, digits: i32) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-6..18).contains(&magnitude) {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    let decimals = (digits - 1 - magnitude).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_significant_digits() {
        assert_eq!(significant(0.123_456_789, 6), "0.123457");
        assert_eq!(significant(1_234_567.8, 6), "1234568");
        assert_eq!(significant(-2.5, 6), "-2.5");
        assert_eq!(significant(100.0, 6), "100");
        assert_eq!(significant(1.0e-9, 6), "1.00000e-9");
    }
}
