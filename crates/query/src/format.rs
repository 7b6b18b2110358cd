//! Answers as text and files: a table's strings, CSV, JSON lines, Parquet.

use std::io::Write;
use std::str::FromStr;

use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::cells::{Cell, Rows};
use crate::{Error, Result};

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns for a reader; every digit, `-` for nothing.
    #[default]
    Table,
    /// Comma-separated, with a header; every digit, empty for nothing.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// The names [`Format::from_str`] takes.
    pub const NAMES: [&'static str; 4] = ["table", "csv", "jsonl", "parquet"];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        match name {
            "table" => Ok(Self::Table),
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::JsonLines),
            "parquet" => Ok(Self::Parquet),
            _ => Err(format!(
                "no format is named `{name}`: there is {}",
                Self::NAMES.join(", ")
            )),
        }
    }
}

/// Headers and rows of strings, for a table drawn by the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextTable {
    /// Names of the columns.
    pub headers: Vec<String>,
    /// One entry a row, each as long as `headers`.
    pub rows: Vec<Vec<String>>,
    /// For each column, whether it holds numbers.
    pub numbers: Vec<bool>,
}

/// The answer as strings: numbers with every digit, times in RFC 3339, `-` for nothing.
pub fn text_table(batches: &[RecordBatch]) -> TextTable {
    let answer = Rows::of(batches);
    let text = |cell: &Cell| match cell {
        Cell::Float(value) => digits(*value),
        other => other.to_string(),
    };
    let schema = batches.first().map(RecordBatch::schema);
    TextTable {
        headers: answer.columns,
        rows: answer
            .rows
            .iter()
            .map(|row| row.iter().map(text).collect())
            .collect(),
        numbers: schema.map_or_else(Vec::new, |schema| {
            let fields = schema.fields().iter();
            fields.map(|field| field.data_type().is_numeric()).collect()
        }),
    }
}

/// The shortest digits that give a number back: `0.1`, `8000000`, `1e-9`.
fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() || (1e-6..1e18).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// Writes the answer as CSV with a header.
///
/// # Errors
/// When `out` takes no more, or a column holds what CSV cannot.
pub fn write_csv(batches: &[RecordBatch], out: impl Write) -> Result<()> {
    let schema = batches.first().map(RecordBatch::schema);
    let mut fields = schema.iter().flat_map(|schema| schema.fields().iter());
    if let Some(nested) = fields.find(|field| field.data_type().is_nested()) {
        return Err(Error::Query {
            primary: format!("CSV cannot hold `{}`, which has parts", nested.name()),
            hint: Some("take its parts one by one, as in bar['open'], or write JSON lines".to_owned()),
            place: None,
        });
    }
    let mut writer = WriterBuilder::new().with_header(true).build(out);
    for batch in batches {
        writer.write(batch).map_err(write_error)?;
    }
    Ok(())
}

/// Writes the answer as one JSON object a line; absent values are written as `null`.
///
/// # Errors
/// When `out` takes no more, or a column holds what JSON cannot.
pub fn write_json_lines(batches: &[RecordBatch], out: impl Write) -> Result<()> {
    let mut writer = arrow::json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow::json::writer::LineDelimited>(out);
    for batch in batches {
        writer.write(batch).map_err(write_error)?;
    }
    writer.finish().map_err(write_error)
}

/// Writes the answer as one Parquet file.
///
/// # Errors
/// When `out` takes no more, or there is no column to write.
pub fn write_parquet(batches: &[RecordBatch], out: impl Write + Send) -> Result<()> {
    let Some(first) = batches.first() else {
        return Err(Error::Write("the answer has no columns".to_owned()));
    };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(out, first.schema(), Some(properties)).map_err(write_error)?;
    for batch in batches {
        writer.write(batch).map_err(write_error)?;
    }
    writer.close().map(drop).map_err(write_error)
}

fn write_error(error: impl std::fmt::Display) -> Error {
    Error::Write(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_a_number_give_it_back() {
        // Python's `repr` of the same literals; it too gives the shortest digits.
        for (value, text) in [
            (0.1 + 0.2, "0.30000000000000004"),
            (42_283.58, "42283.58"),
            (134.0, "134"),
            (-0.000_069, "-0.000069"),
            (1e-9, "1e-9"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e308"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(digits(value), text);
        }
    }
}
