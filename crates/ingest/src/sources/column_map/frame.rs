//! Rows of a file as columns, whatever the file: texts as they stand in CSV and JSON, arrays of Parquet and Arrow.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::IngestError;

/// A cell of a text file; none where there is nothing.
pub(super) type Cell<'a> = Option<Cow<'a, [u8]>>;

/// One column.
#[derive(Clone, Debug)]
pub(super) enum Values<'a> {
    /// Cells of a text file.
    Cells(Vec<Cell<'a>>),
    /// A column of a file of columns.
    Array(ArrayRef),
    /// The same text in every row: a part of the file's name or of a column's.
    Same(String),
}

/// Some rows.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    /// Row of the source of each row.
    pub(super) source_rows: Vec<u64>,
    /// What a reject shows.
    pub(super) raw: Raw<'a>,
    /// The columns that the map asks for, in the order of its plan.
    pub(super) columns: Vec<Values<'a>>,
}

/// The rows as they stand in the file.
#[derive(Debug)]
pub(super) enum Raw<'a> {
    Texts(Vec<Cow<'a, [u8]>>),
    Batch(&'a RecordBatch),
}

impl Frame<'_> {
    pub(super) fn len(&self) -> usize {
        self.source_rows.len()
    }

    /// A row as a reject shows it.
    pub(super) fn raw(&self, row: usize) -> Cow<'_, [u8]> {
        match &self.raw {
            Raw::Texts(texts) => Cow::Borrowed(&texts[row]),
            Raw::Batch(batch) => {
                let options = FormatOptions::default();
                let cells = batch.columns().iter().map(|column| {
                    ArrayFormatter::try_new(column, &options)
                        .map(|formatter| formatter.value(row).to_string())
                        .unwrap_or_default()
                });
                Cow::Owned(cells.collect::<Vec<String>>().join(",").into_bytes())
            }
        }
    }
}

/// The texts of a column, one a row.
pub(super) enum Texts<'a> {
    Cells(&'a [Cell<'a>]),
    Strings(StringArray),
    Same(&'a str),
}

impl Values<'_> {
    /// The column as texts.
    ///
    /// # Errors
    /// Where an array has no text, such as a list.
    pub(super) fn texts(&self) -> Result<Texts<'_>, IngestError> {
        Ok(match self {
            Self::Cells(cells) => Texts::Cells(cells),
            Self::Same(text) => Texts::Same(text),
            Self::Array(array) => {
                let strings =
                    cast(&without_zone(array), &DataType::Utf8).map_err(|error| IngestError::BadFile {
                        path: "a column".to_owned(),
                        reason: format!("its type {} has no text: {error}", array.data_type()),
                    })?;
                Texts::Strings(strings.as_string::<i32>().clone())
            }
        })
    }
}

/// Instants are counted in UTC whatever their zone; only their text would need to know it.
fn without_zone(array: &ArrayRef) -> ArrayRef {
    macro_rules! plain {
        ($type:ty) => {
            Arc::new(
                array
                    .as_primitive::<$type>()
                    .clone()
                    .with_timezone_opt(None::<&str>),
            )
        };
    }
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => plain!(TimestampSecondType),
        DataType::Timestamp(TimeUnit::Millisecond, _) => plain!(TimestampMillisecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => plain!(TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => plain!(TimestampNanosecondType),
        _ => Arc::clone(array),
    }
}

impl Texts<'_> {
    /// The text of a row without blanks around it; none where it is missing.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        let text = match self {
            Self::Cells(cells) => cells[row].as_deref()?,
            Self::Same(text) => text.as_bytes(),
            Self::Strings(strings) => strings.is_valid(row).then(|| strings.value(row).as_bytes())?,
        };
        let text = text.trim_ascii();
        (!is_missing(text)).then_some(text)
    }
}

/// What files write where there is nothing.
#[inline]
fn is_missing(text: &[u8]) -> bool {
    match text.len() {
        0 => true,
        3 | 4 => matches!(text, b"nan" | b"NaN" | b"NAN" | b"null" | b"NULL" | b"None"),
        _ => false,
    }
}
