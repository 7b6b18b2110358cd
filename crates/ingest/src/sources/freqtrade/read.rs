//! Rows of freqtrade's files.

use aftershock_archive::tape::{bars, funding, trades};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};

use super::name::Timeframe;
use crate::text::{self, Fault};
use crate::{IngestError, Rows};

/// `open time, open, high, low, close, volume in base`; only bars of trades have volume.
pub(super) fn bar(
    open_at: i64,
    [open, high, low, close, volume]: [&[u8]; 5],
    price_kind: &'static str,
    timeframe: Timeframe,
    rows: &mut Rows,
) -> Result<(), Fault> {
    let close_at = end(open_at, timeframe).ok_or(Fault::Stamp)?;
    rows.at(bars::OPEN_AT, open_at);
    rows.at(bars::CLOSE_AT, close_at);
    rows.int(bars::INTERVAL_S, (close_at - open_at) / 1_000_000);
    rows.label(bars::PRICE_KIND, price_kind);
    let lowest = if price_kind == "premium" {
        f64::NEG_INFINITY
    } else {
        0.0
    };
    let mut price = |column, digits| match rows.number(column, digits)? {
        value if value > lowest => Ok(value),
        _ => Err(Fault::Price),
    };
    price(bars::OPEN, open)?;
    price(bars::CLOSE, close)?;
    if price(bars::HIGH, high)? < price(bars::LOW, low)? {
        return Err(Fault::Extremes);
    }
    if price_kind == "last" && volume != b"null" {
        if rows.number(bars::VOLUME, volume)? < 0.0 {
            return Err(Fault::Quantity);
        }
        rows.label(bars::VOLUME_UNIT, "base");
    }
    rows.label(bars::PRICE_ORIGIN, "recorded");
    Ok(())
}

fn end(open_at: i64, timeframe: Timeframe) -> Option<i64> {
    match timeframe {
        Timeframe::Seconds(seconds) => open_at.checked_add(seconds.checked_mul(1_000_000)?),
        Timeframe::Months(months) => chrono::DateTime::from_timestamp_micros(open_at)?
            .checked_add_months(chrono::Months::new(months))
            .map(|end| end.timestamp_micros()),
    }
}

/// The rate stands where bars have their open.
///
/// Up to release 2025.11 the timeframe of the name is the interval of settlement; since 2025.12 every file says `1h`,
/// whatever the interval, so that `1h` tells nothing.
/// Source: <https://sourceforge.net/projects/freqtrade.mirror/files/2025.12>, seen 2026-11-22.
pub(super) fn funding(at: i64, rate: &[u8], timeframe: Timeframe, rows: &mut Rows) -> Result<(), Fault> {
    rows.at(funding::FUNDED_AT, at);
    rows.number(funding::RATE, rate)?;
    rows.label(funding::RATE_KIND, "settled");
    if let Timeframe::Seconds(seconds) = timeframe
        && seconds > 3_600
    {
        rows.real(funding::INTERVAL_H, seconds as f64 / 3_600.0);
    }
    Ok(())
}

/// The id is the venue's, a number or not; `cost` is price times amount, computed by freqtrade, and not kept.
pub(super) fn trade(
    at: i64,
    id: &[u8],
    side: &[u8],
    price: &[u8],
    amount: &[u8],
    rows: &mut Rows,
) -> Result<(), Fault> {
    rows.at(trades::TRADED_AT, at);
    match text::integer(id) {
        Some(id) => rows.int(trades::TRADE_ID, id),
        None if id.is_empty() || id == b"null" => {}
        None => rows.text(
            trades::TRADE_KEY,
            std::str::from_utf8(id).map_err(|_| Fault::Encoding)?,
        ),
    }
    match side {
        b"buy" => rows.label(trades::SIDE, "buy"),
        b"sell" => rows.label(trades::SIDE, "sell"),
        _ => return Err(Fault::Word),
    }
    if rows.number(trades::PRICE, price)? <= 0.0 {
        return Err(Fault::Price);
    }
    if rows.number(trades::QUANTITY, amount)? < 0.0 {
        return Err(Fault::Quantity);
    }
    rows.label(trades::QUANTITY_UNIT, "base");
    Ok(())
}

/// The rows of a batch as the JSON form writes them.
///
/// # Errors
/// Where a column is neither a number, a stamp nor a text.
pub(super) fn records(batch: &RecordBatch) -> Result<Vec<String>, IngestError> {
    let columns: Vec<ArrayRef> = batch
        .columns()
        .iter()
        .map(|column| {
            let to = match column.data_type() {
                // Stamps go out in milliseconds, or finer where they are finer.
                DataType::Timestamp(TimeUnit::Second, _) => DataType::Timestamp(TimeUnit::Millisecond, None),
                DataType::Timestamp(..) | DataType::Int64 | DataType::Int32 => DataType::Int64,
                DataType::Float64 | DataType::Float32 => DataType::Float64,
                _ => DataType::Utf8,
            };
            let cast_to = cast(column, &to)?;
            if let DataType::Timestamp(..) = to {
                return cast(&cast_to, &DataType::Int64);
            }
            Ok(cast_to)
        })
        .collect::<Result<_, _>>()
        .map_err(|error| IngestError::BadFile {
            path: "a feather file".to_owned(),
            reason: format!("a column is not one of freqtrade's: {error}"),
        })?;
    Ok((0..batch.num_rows())
        .map(|row| {
            let values: Vec<String> = columns.iter().map(|column| value(column, row)).collect();
            format!("[{}]", values.join(","))
        })
        .collect())
}

fn value(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", column.as_primitive::<Float64Type>().value(row)),
        _ => column.as_string::<i32>().value(row).to_owned(),
    }
}
