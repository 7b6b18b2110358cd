//! The archive's files of trades and funding.

use aftershock_archive::tape::{Kind, funding, trades};

use crate::csv::{self, Header};
use crate::sources::units::unit;
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised};

/// Columns of the widest layout.
const WIDEST: usize = 12;

pub(super) fn recognise(head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
    let header = Header::of(head.first_line());
    let columns = header.names().len();
    if columns > WIDEST {
        return Ok(None);
    }
    // The older headings are `trade_id/` and Chinese, whatever the encoding.
    let place = |name: &str| {
        let plain = |own: &String| own.split('/').next() == Some(name);
        header.names().iter().position(plain)
    };
    let table = if let (Some(id), Some(side), Some(price), Some(size), Some(at)) = (
        place("trade_id"),
        place("side"),
        place("price"),
        place("size"),
        place("created_time"),
    ) {
        Table::Trades {
            id,
            side,
            price,
            size,
            at,
            source: place("source"),
        }
    } else if let (Some(rate), Some(at)) = (place("funding_rate"), place("funding_time")) {
        Table::Funding {
            rate,
            at,
            settled: place("real_funding_rate"),
        }
    } else {
        return Ok(None);
    };
    let column = place("instrument_name").or_else(|| place("contract_type"));
    let instrument = if column.is_some() {
        String::new()
    } else {
        let named = head
            .hints
            .instrument
            .clone()
            .or_else(|| instrument_of(head.stem()));
        named.ok_or_else(|| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "a file of OKX's archive".to_owned(),
            missing: "it has no column of instruments and its name is not like `BTC-USD-SWAP-trades-2021-11-01.csv`"
                .to_owned(),
            option: "`--instrument`",
        })?
    };
    let what = match (&table, instrument.as_str()) {
        (Table::Trades { .. }, "") => "trades on OKX".to_owned(),
        (Table::Trades { .. }, instrument) => format!("trades of {instrument} on OKX"),
        (Table::Funding { .. }, _) => "funding on OKX".to_owned(),
    };
    let first = head.line(1);
    let mut field = [b"".as_slice(); WIDEST];
    csv::fields(first, &mut field);
    let of_first = column
        .and_then(|place| text::name(field[place]).ok())
        .unwrap_or(&instrument);
    Ok(Some(Recognised {
        what,
        venue: head
            .hints
            .venue
            .clone()
            .unwrap_or_else(|| super::venue(of_first).to_owned()),
        parser: Box::new(Archive {
            venue: head.hints.venue.clone(),
            instrument,
            column,
            columns,
            table,
        }),
    }))
}

/// The instrument in a file's name: `BTC-USD-SWAP` of `BTC-USD-SWAP-aggtrades-2021-11-01`.
fn instrument_of(stem: &str) -> Option<String> {
    let words = ["-aggtrades-", "-trades-", "-swaprate-", "-fundingrates-"];
    let (instrument, _) = words.iter().find_map(|word| stem.split_once(word))?;
    let one = instrument.contains('-') && !instrument.starts_with("all");
    one.then(|| instrument.to_owned())
}

enum Table {
    Trades {
        id: usize,
        side: usize,
        price: usize,
        size: usize,
        at: usize,
        source: Option<usize>,
    },
    Funding {
        rate: usize,
        at: usize,
        settled: Option<usize>,
    },
}

struct Archive {
    venue: Option<String>,
    /// The instrument where no column names it.
    instrument: String,
    column: Option<usize>,
    columns: usize,
    table: Table,
}

impl Parser for Archive {
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

impl Archive {
    #[inline]
    fn keep(&self, row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); WIDEST];
        if csv::fields(line, &mut field) != self.columns {
            return Err(Fault::Columns);
        }
        let instrument = match self.column {
            Some(place) => text::name(field[place])?,
            None => &self.instrument,
        };
        let market = super::venue(instrument);
        let venue = self.venue.as_deref().unwrap_or(market);
        match self.table {
            Table::Trades {
                id,
                side,
                price,
                size,
                at,
                source,
            } => output.keep(Kind::Trades, venue, instrument, row, |rows| {
                let at = text::stamp_text(field[at]).ok_or(Fault::Stamp)?;
                rows.at(trades::TRADED_AT, at.micros);
                match text::integer(field[id]) {
                    Some(id) => rows.int(trades::TRADE_ID, id),
                    None => rows.text(trades::TRADE_KEY, text::name(field[id])?),
                }
                if rows.number(trades::PRICE, field[price])? <= 0.0 {
                    return Err(Fault::Price);
                }
                if rows.number(trades::QUANTITY, field[size])? <= 0.0 {
                    return Err(Fault::Quantity);
                }
                let unit = unit(market, instrument);
                rows.word(trades::QUANTITY_UNIT, unit.word);
                if let Some((size, of)) = unit.contract {
                    rows.real(trades::CONTRACT_SIZE, size);
                    rows.word(trades::CONTRACT_UNIT, of);
                }
                rows.word(trades::SIDE, side_word(field[side])?);
                if let Some(source) = source.map(|place| field[place]).filter(|word| !word.is_empty()) {
                    rows.word(trades::TRADE_TYPE, text::name(source)?);
                }
                Ok(())
            }),
            Table::Funding { rate, at, settled } => {
                output.keep(Kind::Funding, venue, instrument, row, |rows| {
                    let at = text::stamp_text(field[at]).ok_or(Fault::Stamp)?;
                    rows.at(funding::FUNDED_AT, at.micros);
                    rows.number(funding::RATE, field[settled.unwrap_or(rate)])?;
                    rows.word(funding::RATE_KIND, "settled");
                    Ok(())
                })?;
                let Some(settled) = settled else {
                    return Ok(());
                };
                if settled == rate || field[rate].is_empty() {
                    return Ok(());
                }
                output.keep(Kind::Funding, venue, instrument, row, |rows| {
                    let at = text::stamp_text(field[at]).ok_or(Fault::Stamp)?;
                    rows.at(funding::FUNDED_AT, at.micros);
                    rows.at(funding::SETTLES_AT, at.micros);
                    rows.number(funding::RATE, field[rate])?;
                    rows.word(funding::RATE_KIND, "predicted");
                    Ok(())
                })
            }
        }
    }
}

pub(super) fn side_word(word: &[u8]) -> Result<&'static str, Fault> {
    match word {
        b"buy" => Ok("buy"),
        b"sell" => Ok("sell"),
        _ => Err(Fault::Word),
    }
}
