//! The archive's trades, of contracts and of spot.

use aftershock_archive::tape::{Kind, trades};

use crate::csv::{self, Header};
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows};

const CONTRACT: &[&str] = &[
    "timestamp",
    "symbol",
    "side",
    "size",
    "price",
    "tickDirection",
    "trdMatchID",
    "grossValue",
    "homeNotional",
    "foreignNotional",
];
const SPOT: &[&str] = &["id", "timestamp", "price", "volume", "side"];
/// Columns of the widest layout.
const WIDEST: usize = 12;

pub(super) fn recognise(head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
    let header = Header::of(head.first_line());
    let columns = header.names().len();
    let venue = head.hints.venue.clone();
    if header.begins(CONTRACT) && columns <= WIDEST {
        // BitMEX's archive has the same columns with calendar stamps.
        let mut first = [b"".as_slice(); 2];
        csv::fields(head.line(1), &mut first);
        if text::seconds(first[0]).is_none() {
            return Ok(None);
        }
        return Ok(Some(Recognised {
            what: format!("trades of {} on Bybit", String::from_utf8_lossy(first[1])),
            venue: venue.clone().unwrap_or_else(|| {
                text::name(first[1])
                    .map_or("bybit-linear", super::venue)
                    .to_owned()
            }),
            parser: Box::new(Contracts {
                venue,
                columns,
                retail: header.place("RPI"),
            }),
        }));
    }
    if header.begins(SPOT) && columns <= WIDEST {
        let named = head.hints.instrument.clone().or_else(|| symbol_of(head.stem()));
        let instrument = named.ok_or_else(|| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "trades of Bybit's spot archive".to_owned(),
            missing: "its name is not like `BTCUSDT_2025-05-19.csv` and nothing else names the instrument"
                .to_owned(),
            option: "`--instrument`",
        })?;
        let venue = venue.unwrap_or_else(|| "bybit-spot".to_owned());
        return Ok(Some(Recognised {
            what: format!("trades of {instrument} on {venue}"),
            venue: venue.clone(),
            parser: Box::new(Spot {
                venue,
                instrument,
                columns,
                retail: header.place("rpi"),
            }),
        }));
    }
    Ok(None)
}

/// The symbol of a spot file: `BTCUSDT` of `BTCUSDT_2025-05-19` (a day) or `BTCUSDT-2022-11` (a month).
fn symbol_of(stem: &str) -> Option<String> {
    let bytes = stem.as_bytes();
    let cut = bytes.iter().position(|byte| matches!(byte, b'_' | b'-'))?;
    let date = &bytes[cut + 1..];
    let dated = matches!(date.len(), 7 | 10)
        && date
            .iter()
            .enumerate()
            .all(|(place, byte)| byte.is_ascii_digit() != matches!(place, 4 | 7));
    (cut > 0 && dated).then(|| stem[..cut].to_owned())
}

struct Contracts {
    venue: Option<String>,
    columns: usize,
    retail: Option<usize>,
}

impl Parser for Contracts {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            output.read += 1;
            if let Err(fault) = self.keep(row, line, output) {
                output.reject(row, fault, line);
            }
        }
        Ok(())
    }
}

impl Contracts {
    #[inline]
    fn keep(&self, row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); WIDEST];
        if csv::fields(line, &mut field) != self.columns {
            return Err(Fault::Columns);
        }
        let symbol = text::name(field[1])?;
        let market = super::venue(symbol);
        let venue = self.venue.as_deref().unwrap_or(market);
        output.keep(Kind::Trades, venue, symbol, row, |rows| {
            let at = text::seconds(field[0]).ok_or(Fault::Stamp)?;
            rows.at(trades::TRADED_AT, at.micros);
            if at.nanos > 0 {
                rows.int(trades::NANOSECONDS, at.nanos);
            }
            price_and_quantity(rows, field[4], field[3])?;
            let (unit, other) = if market == "bybit-inverse" {
                ("quote", trades::BASE_QUANTITY)
            } else {
                ("base", trades::QUOTE_QUANTITY)
            };
            rows.word(trades::QUANTITY_UNIT, unit);
            rows.optional_number(other, field[9])?;
            rows.word(
                trades::SIDE,
                match field[2] {
                    b"Buy" => "buy",
                    b"Sell" => "sell",
                    _ => return Err(Fault::Word),
                },
            );
            rows.word(trades::TICK, text::name(field[5]).map_err(|_| Fault::Word)?);
            if !field[6].is_empty() {
                rows.text(trades::TRADE_KEY, text::name(field[6])?);
            }
            rows.optional_number(trades::SETTLEMENT_VALUE, field[7])?;
            retail(rows, self.retail, &field)
        })
    }
}

struct Spot {
    venue: String,
    instrument: String,
    columns: usize,
    retail: Option<usize>,
}

impl Parser for Spot {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            output.read += 1;
            if let Err(fault) = self.keep(row, line, output) {
                output.reject(row, fault, line);
            }
        }
        Ok(())
    }
}

impl Spot {
    #[inline]
    fn keep(&self, row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); WIDEST];
        if csv::fields(line, &mut field) != self.columns {
            return Err(Fault::Columns);
        }
        output.keep(Kind::Trades, &self.venue, &self.instrument, row, |rows| {
            let at = text::stamp_text(field[1]).ok_or(Fault::Stamp)?;
            rows.at(trades::TRADED_AT, at.micros);
            price_and_quantity(rows, field[2], field[3])?;
            rows.word(trades::QUANTITY_UNIT, "base");
            rows.word(
                trades::SIDE,
                match field[4] {
                    b"buy" => "buy",
                    b"sell" => "sell",
                    _ => return Err(Fault::Word),
                },
            );
            retail(rows, self.retail, &field)
        })
    }
}

#[inline]
fn price_and_quantity(rows: &mut Rows, price: &[u8], quantity: &[u8]) -> Result<(), Fault> {
    if rows.number(trades::PRICE, price)? <= 0.0 {
        return Err(Fault::Price);
    }
    if rows.number(trades::QUANTITY, quantity)? <= 0.0 {
        return Err(Fault::Quantity);
    }
    Ok(())
}

/// The mark of a trade against an order for retail takers, where the file has it.
#[inline]
fn retail(rows: &mut Rows, place: Option<usize>, field: &[&[u8]]) -> Result<(), Fault> {
    match place.map(|place| field[place]) {
        None | Some(b"") => Ok(()),
        Some(b"0") => {
            rows.word(trades::TRADE_TYPE, "0");
            Ok(())
        }
        Some(b"1") => {
            rows.word(trades::TRADE_TYPE, "1");
            Ok(())
        }
        Some(_) => Err(Fault::Word),
    }
}
