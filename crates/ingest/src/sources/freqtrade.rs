//! What freqtrade keeps: bars, marks, funding rates and trades, as JSON arrays or feather.
//!
//! Everything that is not a number stands in the path: the exchange is a folder, pair, timeframe and kind are the
//! name, such as `binance/futures/BTC_USDT_USDT-5m-futures.feather`.
//!
//! Sources: <https://github.com/freqtrade/freqtrade>, `freqtrade/constants.py` (order of the columns) and
//! `freqtrade/data/history/datahandlers` (names, compression), seen 2026-11-22.

mod name;
mod read;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};

use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows, Source, csv};
use name::{Content, Name};

/// freqtrade's data folder.
pub struct Freqtrade;

impl Source for Freqtrade {
    fn name(&self) -> &'static str {
        "freqtrade"
    }

    fn tried(&self) -> &'static str {
        "real file (JSON bars, marks and funding), untested on real data (feather, trades)"
    }

    fn about(&self) -> &'static str {
        "freqtrade data: bars, marks, index, premium and funding rates, trades; JSON and feather"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let stem = head.name().split('.').next().unwrap_or_default();
        let Some(name) = Name::of(stem) else {
            return Ok(None);
        };
        let trades = name.content == Content::Trades;
        let form = match &head.schema {
            Some(schema) if is_feather(schema, trades) => Form::Columns,
            Some(_) => return Ok(None),
            None if is_json(head, trades) => Form::Json,
            None if head.first_line() == CSV_HEADER && !trades => Form::Csv,
            None => return Ok(None),
        };
        let (venue, instrument) = name.place(head)?;
        let what = format!(
            "{} of {instrument} on {venue}, kept by freqtrade",
            name.content.says()
        );
        Ok(Some(Recognised {
            what,
            venue: venue.clone(),
            parser: Box::new(Freqtraded {
                venue,
                instrument,
                name,
                form,
            }),
        }))
    }
}

/// Header of bars exported as CSV.
const CSV_HEADER: &[u8] = b"ts_ms,open,high,low,close,volume";
const BAR_COLUMNS: [&str; 6] = ["date", "open", "high", "low", "close", "volume"];
const TRADE_COLUMNS: [&str; 7] = ["timestamp", "id", "type", "side", "price", "amount", "cost"];

/// How the same rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Columns,
}

fn is_feather(schema: &Schema, trades: bool) -> bool {
    let expected: &[&str] = if trades { &TRADE_COLUMNS } else { &BAR_COLUMNS };
    let fields = schema.fields();
    fields.len() == expected.len()
        && fields
            .iter()
            .zip(expected)
            .all(|(field, name)| field.name() == name)
        && (trades || matches!(fields[0].data_type(), DataType::Timestamp(..) | DataType::Int64))
}

/// An array of arrays of six numbers, or of seven values where they are trades, the first a stamp.
fn is_json(head: &Head<'_>, trades: bool) -> bool {
    let mut text = head.bytes;
    for _ in 0..2 {
        text = match text.trim_ascii_start().split_first() {
            Some((b'[', rest)) => rest,
            _ => return false,
        };
    }
    let Some(end) = memchr::memchr(b']', text) else {
        return false;
    };
    let mut field = [b"".as_slice(); 8];
    let count = values(&text[..end], &mut field);
    count == if trades { 7 } else { 6 } && text::stamp_text(field[0]).is_some()
}

/// The values between the brackets of an array, without quotes and blanks; no value holds a comma.
fn values<'a>(inside: &'a [u8], found: &mut [&'a [u8]]) -> usize {
    let mut count = 0;
    for value in inside.split(|byte| *byte == b',') {
        let value = value.trim_ascii();
        let unquoted = value
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""));
        if let Some(place) = found.get_mut(count) {
            *place = unquoted.unwrap_or(value);
        }
        count += 1;
    }
    count
}

struct Freqtraded {
    venue: String,
    instrument: String,
    name: Name,
    form: Form,
}

impl Freqtraded {
    fn record<'a>(&self, record: &'a [u8], found: &mut [&'a [u8]]) -> Result<usize, Fault> {
        Ok(match self.form {
            Form::Csv => csv::fields(record, found),
            Form::Json | Form::Columns => {
                let inside = record.trim_ascii();
                let inside = inside.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
                values(inside.ok_or(Fault::Json)?, found)
            }
        })
    }

    fn row(&self, record: &[u8], rows: &mut Rows) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); 7];
        let count = self.record(record, &mut field)?;
        let [at, ..] = field;
        let expected = if self.name.content == Content::Trades {
            7
        } else {
            6
        };
        if count != expected {
            return Err(Fault::Columns);
        }
        let at = text::stamp_text(at).ok_or(Fault::Stamp)?.micros;
        match self.name.content {
            Content::Trades => {
                let [_, id, _, side, price, amount, _] = field;
                read::trade(at, id, side, price, amount, rows)
            }
            Content::Funding => read::funding(at, field[1], self.name.timeframe, rows),
            Content::Bars(price_kind) => {
                let [_, open, high, low, close, volume, _] = field;
                read::bar(
                    at,
                    [open, high, low, close, volume],
                    price_kind,
                    self.name.timeframe,
                    rows,
                )
            }
        }
    }
}

impl Parser for Freqtraded {
    fn framing(&self) -> Framing {
        match self.form {
            Form::Json => Framing::JsonArray { key: None },
            Form::Csv => Framing::Lines { header: 1 },
            Form::Columns => Framing::Batches,
        }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        let kind = self.name.content.kind();
        output.keep_all(kind, &self.venue, &self.instrument, block, |record, rows| {
            self.row(record, rows)
        });
        Ok(())
    }

    fn parse_batch(
        &self,
        batch: &RecordBatch,
        first_row: u64,
        output: &mut Output,
    ) -> Result<(), IngestError> {
        // The numbers are doubles already: written out shortest, they come back the same, and one reader serves all
        // forms.
        let kind = self.name.content.kind();
        let records = read::records(batch)?;
        for (row, record) in (first_row..).zip(records) {
            output.read += 1;
            let kept = output.keep(kind, &self.venue, &self.instrument, row, |rows| {
                self.row(record.as_bytes(), rows)
            });
            if let Err(fault) = kept {
                output.reject(row, fault, record.as_bytes());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
