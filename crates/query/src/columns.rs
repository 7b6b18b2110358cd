//! An answer column by column, for those who compute with it.

use aftershock_market::Timestamp;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampMicrosecondType};

use crate::error::{Error, Result};

/// The columns of an answer, by name.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a>(pub &'a [RecordBatch]);

impl Columns<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.0.iter().map(RecordBatch::num_rows).sum()
    }

    /// Numbers; NaN where there is none.
    ///
    /// # Errors
    /// No column of this name, or one that holds no numbers.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let mut values = Vec::with_capacity(self.rows());
        self.each(name, &DataType::Float64, |array| {
            let array = array.as_primitive::<Float64Type>();
            values.extend(array.iter().map(|value| value.unwrap_or(f64::NAN)));
        })?;
        Ok(values)
    }

    /// Instants; a row without one is an error.
    ///
    /// # Errors
    /// No column of this name, one that holds no instants, or a row without.
    pub fn times(&self, name: &str) -> Result<Vec<Timestamp>> {
        let mut values = Vec::with_capacity(self.rows());
        let mut absent = false;
        self.each(name, &DataType::Timestamp(TimeUnit::Microsecond, None), |array| {
            absent |= array.null_count() > 0;
            let array = array.as_primitive::<TimestampMicrosecondType>();
            values.extend(array.values().iter().map(|value| Timestamp(*value)));
        })?;
        if absent {
            return Err(Error::Execution(format!("column {name} lacks an instant")));
        }
        Ok(values)
    }

    /// Words; empty where there is none.
    ///
    /// # Errors
    /// No column of this name, or one that holds no words.
    pub fn words(&self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::with_capacity(self.rows());
        self.each(name, &DataType::Utf8, |array| {
            let array = array.as_string::<i32>();
            values.extend(array.iter().map(|value| value.unwrap_or_default().to_owned()));
        })?;
        Ok(values)
    }

    fn each(&self, name: &str, kind: &DataType, mut take: impl FnMut(&dyn Array)) -> Result<()> {
        for batch in self.0 {
            let column = batch
                .column_by_name(name)
                .ok_or_else(|| Error::Execution(format!("no column {name}")))?;
            let column = cast(column, kind).map_err(|error| {
                Error::Execution(format!("column {name}: {}", error.to_string().to_lowercase()))
            })?;
            take(&column);
        }
        Ok(())
    }
}
