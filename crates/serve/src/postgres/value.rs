//! Values of answers in Postgres' types, as text and in binary.
//!
//! Every Arrow type goes to a Postgres type that holds all its values: unsigned integers to the next wider signed one,
//! `UInt64` and decimals to `numeric`, lists and structs to `json`. Nanoseconds are cut to microseconds, Postgres has no finer.

use std::fmt::Write as _;
use std::sync::Arc;

use aftershock_query::{Error, RecordBatch, Result};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Schema,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta};
use pgwire::api::Type;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldFormat, FieldInfo};
use pgwire::messages::data::DataRow;
use prost::bytes::{BufMut, BytesMut};

/// Days from 1970-01-01 to 2000-01-01, where Postgres begins to count.
pub(super) const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
pub(super) const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// The Postgres type that holds an Arrow type.
pub(super) fn type_of(kind: &DataType) -> Type {
    match kind {
        DataType::Boolean => Type::BOOL,
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => Type::INT2,
        DataType::UInt16 | DataType::Int32 => Type::INT4,
        DataType::UInt32 | DataType::Int64 => Type::INT8,
        DataType::UInt64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Type::NUMERIC,
        DataType::Float16 | DataType::Float32 => Type::FLOAT4,
        DataType::Float64 => Type::FLOAT8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Type::BYTEA
        }
        DataType::Date32 | DataType::Date64 => Type::DATE,
        DataType::Time32(_) | DataType::Time64(_) => Type::TIME,
        DataType::Timestamp(_, None) => Type::TIMESTAMP,
        DataType::Timestamp(_, Some(_)) => Type::TIMESTAMPTZ,
        DataType::Dictionary(_, value) => type_of(value),
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..)
        | DataType::Struct(_)
        | DataType::Map(..) => Type::JSON,
        _ => Type::TEXT,
    }
}

/// The columns of an answer.
pub(super) fn fields(schema: &Schema, format: &Format) -> Vec<FieldInfo> {
    let field = |(place, field): (usize, &Arc<arrow::datatypes::Field>)| {
        let kind = type_of(field.data_type());
        let size = match kind {
            Type::BOOL => 1,
            Type::INT2 => 2,
            Type::INT4 | Type::FLOAT4 | Type::DATE => 4,
            Type::INT8 | Type::FLOAT8 | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ => 8,
            _ => -1,
        };
        let format = match format {
            // A client may ask for fewer columns than there are.
            Format::Individual(codes) => FieldFormat::from(codes.get(place).copied().unwrap_or_default()),
            other => other.format_for(place),
        };
        FieldInfo::new(field.name().clone(), None, None, kind, format).with_type_size(size)
    };
    schema.fields().iter().enumerate().map(field).collect()
}

/// The rows of a batch as messages.
///
/// # Errors
/// When a value cannot be written in its type.
pub(super) fn rows(batch: &RecordBatch, fields: &[FieldInfo]) -> Result<Vec<DataRow>> {
    let unwritten = |error: String| Error::Write(error);
    let columns = batch
        .columns()
        .iter()
        .zip(fields)
        .map(|(array, field)| Column::new(array, field));
    let columns = columns
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(unwritten)?;
    let mut buffer = BytesMut::with_capacity(batch.num_rows() * fields.len() * 16);
    let width = i16::try_from(columns.len()).map_err(|_| {
        unwritten(format!(
            "{} columns, and Postgres has room for {}",
            columns.len(),
            i16::MAX
        ))
    })?;
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        for column in &columns {
            let start = buffer.len();
            buffer.put_i32(-1);
            if column.array.is_null(row) {
                continue;
            }
            column.put(row, &mut buffer).map_err(unwritten)?;
            let length = i32::try_from(buffer.len() - start - 4)
                .map_err(|_| unwritten("a value is larger than 2 GB".to_owned()))?;
            buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
        }
        rows.push(DataRow::new(buffer.split(), width));
    }
    Ok(rows)
}

/// A column in the Arrow type that its Postgres type is written from.
struct Column {
    array: ArrayRef,
    kind: Type,
    binary: bool,
}

type Put = std::result::Result<(), String>;

impl Column {
    fn new(array: &ArrayRef, field: &FieldInfo) -> std::result::Result<Self, String> {
        let kind = field.datatype().clone();
        let plain = match kind {
            Type::BOOL => DataType::Boolean,
            Type::INT2 => DataType::Int16,
            Type::INT4 => DataType::Int32,
            Type::INT8 => DataType::Int64,
            Type::FLOAT4 => DataType::Float32,
            Type::FLOAT8 => DataType::Float64,
            Type::BYTEA => DataType::Binary,
            Type::DATE => DataType::Date32,
            Type::TIME => DataType::Time64(TimeUnit::Microsecond),
            Type::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
            Type::TIMESTAMPTZ => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            _ => DataType::Utf8,
        };
        let array = match (&kind, array.data_type()) {
            (_, same) if *same == plain => Arc::clone(array),
            (&Type::JSON, _) => json(array)?,
            (&Type::TEXT, kind) if !is_text(kind) => shown(array)?,
            _ => cast(array, &plain).map_err(|error| error.to_string())?,
        };
        Ok(Self {
            array,
            kind,
            binary: field.format() == FieldFormat::Binary,
        })
    }

    fn put(&self, row: usize, to: &mut BytesMut) -> Put {
        let array = self.array.as_ref();
        match self.kind {
            Type::BOOL => {
                let value = array.as_boolean().value(row);
                to.put_u8(match (self.binary, value) {
                    (true, value) => value.into(),
                    (false, true) => b't',
                    (false, false) => b'f',
                });
                Ok(())
            }
            Type::INT2 => self.number(array.as_primitive::<Int16Type>().value(row), i16::to_be_bytes, to),
            Type::INT4 => self.number(array.as_primitive::<Int32Type>().value(row), i32::to_be_bytes, to),
            Type::INT8 => self.number(array.as_primitive::<Int64Type>().value(row), i64::to_be_bytes, to),
            Type::FLOAT4 => {
                let value = array.as_primitive::<Float32Type>().value(row);
                self.float(value.into(), &value.to_be_bytes(), &format!("{value:?}"), to)
            }
            Type::FLOAT8 => {
                let value = array.as_primitive::<Float64Type>().value(row);
                self.float(value, &value.to_be_bytes(), &format!("{value:?}"), to)
            }
            Type::BYTEA => {
                let bytes = array.as_binary::<i32>().value(row);
                if self.binary {
                    to.put_slice(bytes);
                    return Ok(());
                }
                to.put_slice(b"\\x");
                bytes
                    .iter()
                    .try_for_each(|byte| write!(Text(to), "{byte:02x}"))
                    .map_err(|_| String::new())
            }
            Type::DATE => self.date(array.as_primitive::<Date32Type>().value(row), to),
            Type::TIME => self.time(array.as_primitive::<Time64MicrosecondType>().value(row), to),
            Type::TIMESTAMP => self.stamp(
                array.as_primitive::<TimestampMicrosecondType>().value(row),
                "",
                to,
            ),
            Type::TIMESTAMPTZ => self.stamp(
                array.as_primitive::<TimestampMicrosecondType>().value(row),
                "+00",
                to,
            ),
            Type::NUMERIC if self.binary => numeric(array.as_string::<i32>().value(row), to),
            _ => {
                to.put_slice(array.as_string::<i32>().value(row).as_bytes());
                Ok(())
            }
        }
    }

    fn number<N: std::fmt::Display, const B: usize>(
        &self,
        value: N,
        bytes: impl Fn(N) -> [u8; B],
        to: &mut BytesMut,
    ) -> Put {
        if self.binary {
            to.put_slice(&bytes(value));
            return Ok(());
        }
        write!(Text(to), "{value}").map_err(|error| error.to_string())
    }

    /// `text` has the shortest digits that give the number back.
    fn float(&self, value: f64, bytes: &[u8], text: &str, to: &mut BytesMut) -> Put {
        to.put_slice(match self.binary {
            true => bytes,
            false if value.is_infinite() && value > 0.0 => b"Infinity",
            false if value.is_infinite() => b"-Infinity",
            false => text.strip_suffix(".0").unwrap_or(text).as_bytes(),
        });
        Ok(())
    }

    fn date(&self, days: i32, to: &mut BytesMut) -> Put {
        let beyond = || "a date is beyond what Postgres can hold".to_owned();
        if self.binary {
            to.put_i32(days.checked_sub(EPOCH_DAYS).ok_or_else(beyond)?);
            return Ok(());
        }
        let epoch = NaiveDate::default();
        let far = Days::new(days.unsigned_abs().into());
        let date = if days < 0 {
            epoch.checked_sub_days(far)
        } else {
            epoch.checked_add_days(far)
        };
        write!(Text(to), "{}", date.ok_or_else(beyond)?).map_err(|error| error.to_string())
    }

    fn time(&self, micros: i64, to: &mut BytesMut) -> Put {
        if self.binary {
            to.put_i64(micros);
            return Ok(());
        }
        let (time, _) = NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(micros));
        write!(Text(to), "{}{}", time.format("%H:%M:%S"), fraction(micros)).map_err(|error| error.to_string())
    }

    fn stamp(&self, micros: i64, zone: &str, to: &mut BytesMut) -> Put {
        let beyond = || "a time is beyond what Postgres can hold".to_owned();
        if self.binary {
            to.put_i64(micros.checked_sub(EPOCH_MICROS).ok_or_else(beyond)?);
            return Ok(());
        }
        let at = DateTime::from_timestamp_micros(micros).ok_or_else(beyond)?;
        write!(
            Text(to),
            "{}{}{zone}",
            at.format("%Y-%m-%d %H:%M:%S"),
            fraction(micros)
        )
        .map_err(|error| error.to_string())
    }
}

/// The part of a second below the point, point and all, without zeros at its end.
fn fraction(micros: i64) -> String {
    let text = format!(".{:06}", micros.rem_euclid(1_000_000));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Values as they are printed, where Postgres has no type of their own.
fn shown(array: &ArrayRef) -> std::result::Result<ArrayRef, String> {
    let formatter =
        ArrayFormatter::try_new(array, &FormatOptions::default()).map_err(|error| error.to_string())?;
    let text = (0..array.len()).map(|row| array.is_valid(row).then(|| formatter.value(row).to_string()));
    Ok(Arc::new(text.collect::<StringArray>()))
}

/// Lists and structs as JSON, absent members as `null`.
fn json(array: &ArrayRef) -> std::result::Result<ArrayRef, String> {
    let field = Arc::new(arrow::datatypes::Field::new("", array.data_type().clone(), true));
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(&field, array, &options).map_err(|error| error.to_string())?;
    let mut text = Vec::with_capacity(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            text.push(None);
            continue;
        }
        let mut bytes = Vec::new();
        encoder.encode(row, &mut bytes);
        text.push(Some(String::from_utf8(bytes).map_err(|error| error.to_string())?));
    }
    Ok(Arc::new(StringArray::from(text)))
}

/// A decimal number in Postgres' digits of base 10,000.
fn numeric(text: &str, to: &mut BytesMut) -> Put {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
    {
        return Err(format!("{text} is no decimal number"));
    }
    // Groups of four before and after the point, filled with zeros outwards.
    let whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let scale = fraction.len();
    let fraction = format!("{fraction}{}", "0".repeat((4 - scale % 4) % 4));
    let mut weight = whole.len() as i16 / 4 - 1;
    let groups = format!("{whole}{fraction}");
    let groups: Vec<i16> = (0..groups.len() / 4)
        .map(|at| groups[4 * at..4 * at + 4].parse().unwrap_or(0))
        .collect();
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let mut groups = &groups[leading..];
    weight -= leading as i16;
    while let [rest @ .., 0] = groups {
        groups = rest;
    }
    if groups.is_empty() {
        weight = 0;
    }
    to.put_i16(groups.len() as i16);
    to.put_i16(weight);
    to.put_u16(if negative && !groups.is_empty() { 0x4000 } else { 0 });
    to.put_i16(scale as i16);
    groups.iter().for_each(|group| to.put_i16(*group));
    Ok(())
}

/// Text into a buffer of bytes.
struct Text<'a>(&'a mut BytesMut);

impl std::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.put_slice(text.as_bytes());
        Ok(())
    }
}
