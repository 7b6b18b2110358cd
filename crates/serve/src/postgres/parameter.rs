//! Values that clients give for parameters.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use datafusion::common::ScalarValue;
use pgwire::api::Type;

use super::value::{EPOCH_DAYS, EPOCH_MICROS};

/// The Arrow type of a parameter that a client says is of this type; text where it does not say.
pub(super) fn arrow_of(kind: &Type) -> Option<DataType> {
    Some(match *kind {
        Type::BOOL => DataType::Boolean,
        Type::INT2 => DataType::Int16,
        Type::INT4 => DataType::Int32,
        Type::INT8 => DataType::Int64,
        Type::FLOAT4 => DataType::Float32,
        Type::FLOAT8 | Type::NUMERIC => DataType::Float64,
        Type::DATE => DataType::Date32,
        Type::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::TIMESTAMPTZ => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => DataType::Utf8,
        _ => return None,
    })
}

/// Reads a value of this type.
///
/// # Errors
/// What would have been right, where the bytes are none.
pub(super) fn read(kind: &Type, binary: bool, bytes: Option<&[u8]>) -> Result<ScalarValue, String> {
    let arrow = arrow_of(kind).ok_or_else(|| {
        format!("parameters of type {kind} are not taken; text, numbers, dates and times are")
    })?;
    let Some(bytes) = bytes else {
        return ScalarValue::try_from(&arrow).map_err(|error| error.to_string());
    };
    if binary {
        in_binary(kind, bytes)
    } else {
        in_text(kind, bytes)
    }
    .ok_or_else(|| {
        let said = if binary {
            "the bytes sent".to_owned()
        } else {
            format!("'{}'", String::from_utf8_lossy(bytes))
        };
        format!("{said} cannot be read as {kind}")
    })
}

fn in_binary(kind: &Type, bytes: &[u8]) -> Option<ScalarValue> {
    Some(match *kind {
        Type::BOOL => ScalarValue::Boolean(Some(*bytes.first()? != 0)),
        Type::INT2 => ScalarValue::Int16(Some(i16::from_be_bytes(bytes.try_into().ok()?))),
        Type::INT4 => ScalarValue::Int32(Some(i32::from_be_bytes(bytes.try_into().ok()?))),
        Type::INT8 => ScalarValue::Int64(Some(i64::from_be_bytes(bytes.try_into().ok()?))),
        Type::FLOAT4 => ScalarValue::Float32(Some(f32::from_be_bytes(bytes.try_into().ok()?))),
        Type::FLOAT8 => ScalarValue::Float64(Some(f64::from_be_bytes(bytes.try_into().ok()?))),
        Type::NUMERIC => ScalarValue::Float64(Some(numeric(bytes)?)),
        Type::DATE => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            ScalarValue::Date32(Some(days.checked_add(EPOCH_DAYS)?))
        }
        Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            stamp(kind, micros.checked_add(EPOCH_MICROS)?)
        }
        _ => ScalarValue::Utf8(Some(String::from_utf8(bytes.to_vec()).ok()?)),
    })
}

fn in_text(kind: &Type, bytes: &[u8]) -> Option<ScalarValue> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(match *kind {
        Type::BOOL => ScalarValue::Boolean(Some(match text.to_lowercase().as_str() {
            "t" | "true" | "on" | "yes" | "1" => true,
            "f" | "false" | "off" | "no" | "0" => false,
            _ => return None,
        })),
        Type::INT2 => ScalarValue::Int16(Some(text.parse().ok()?)),
        Type::INT4 => ScalarValue::Int32(Some(text.parse().ok()?)),
        Type::INT8 => ScalarValue::Int64(Some(text.parse().ok()?)),
        Type::FLOAT4 => ScalarValue::Float32(Some(text.parse().ok()?)),
        Type::FLOAT8 | Type::NUMERIC => ScalarValue::Float64(Some(text.parse().ok()?)),
        Type::DATE => {
            let days = text.parse::<NaiveDate>().ok()? - NaiveDate::default();
            ScalarValue::Date32(Some(i32::try_from(days.num_days()).ok()?))
        }
        Type::TIMESTAMP | Type::TIMESTAMPTZ => stamp(kind, micros(text)?),
        _ => ScalarValue::Utf8(Some(text.to_owned())),
    })
}

/// A time with a zone, or without one in UTC; a date alone is its midnight.
fn micros(text: &str) -> Option<i64> {
    let zoned = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"];
    let bare = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let midnight = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    zoned
        .iter()
        .find_map(|form| DateTime::parse_from_str(text, form).ok())
        .map(|at| at.timestamp_micros())
        .or_else(|| {
            let read = bare
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
            read.or_else(midnight).map(|at| at.and_utc().timestamp_micros())
        })
}

fn stamp(kind: &Type, micros: i64) -> ScalarValue {
    let zone = (*kind == Type::TIMESTAMPTZ).then(|| "UTC".into());
    ScalarValue::TimestampMicrosecond(Some(micros), zone)
}

/// Postgres' digits of base 10,000 as the nearest double.
fn numeric(bytes: &[u8]) -> Option<f64> {
    let part = |at: usize| {
        Some(i16::from_be_bytes(
            bytes.get(2 * at..2 * at + 2)?.try_into().ok()?,
        ))
    };
    let (count, weight, sign) = (usize::try_from(part(0)?).ok()?, part(1)?, part(2)? as u16);
    let mut text = String::from(match sign {
        0 => "",
        0x4000 => "-",
        _ => return None,
    });
    // The digits as one whole number, and how far the point stands from its end.
    text.push('0');
    for group in 0..count {
        let digits = u16::try_from(part(4 + group)?)
            .ok()
            .filter(|digits| *digits < 10_000)?;
        text.push_str(&format!("{digits:04}"));
    }
    let places = 4 * (i32::from(weight) + 1 - count as i32);
    format!("{text}e{places}").parse().ok()
}
