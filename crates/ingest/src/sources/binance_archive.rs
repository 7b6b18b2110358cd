//! The files of Binance's public archive.
//!
//! Source: <https://github.com/binance/binance-public-data> (columns, stamps in microseconds on spot from 2025 on).

use aftershock_archive::tape::{Kind, trades};

use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Source, csv};

/// Binance's public archive.
pub struct BinanceArchive;

impl Source for BinanceArchive {
    fn name(&self) -> &'static str {
        "binance-archive"
    }

    fn tried(&self) -> &'static str {
        "real file"
    }

    fn about(&self) -> &'static str {
        "Binance public archive: aggTrades"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let Some((symbol, _)) = head.stem().split_once("-aggTrades") else {
            return Ok(None);
        };
        let header = head.first_line().starts_with(b"agg_trade_id,");
        let first = head.line(usize::from(header));
        let mut found = [b"".as_slice(); 9];
        let count = csv::fields(first, &mut found);
        if !(7..=8).contains(&count) || text::integer(found[0]).is_none() {
            return Ok(None);
        }
        let venue = head.hints.venue.as_deref().unwrap_or("binance-spot").to_owned();
        let instrument = head.hints.instrument.as_deref().unwrap_or(symbol).to_owned();
        Ok(Some(Recognised {
            what: format!("aggTrades of {instrument} on {venue}"),
            venue: venue.clone(),
            parser: Box::new(AggTrades {
                venue,
                instrument,
                header,
            }),
        }))
    }
}

struct AggTrades {
    venue: String,
    instrument: String,
    header: bool,
}

impl Parser for AggTrades {
    fn framing(&self) -> Framing {
        Framing::Lines {
            header: u64::from(self.header),
        }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        output.keep_all(Kind::Trades, &self.venue, &self.instrument, block, parse_line);
        Ok(())
    }
}

#[inline]
fn parse_line(line: &[u8], rows: &mut crate::Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 8];
    let count = csv::fields(line, &mut field);
    if !(7..=8).contains(&count) {
        return Err(Fault::Columns);
    }
    let [id, price, quantity, first, last, at, maker_buys, best] = field;
    let integer = |digits| text::integer(digits).ok_or(Fault::Number);
    rows.at(
        trades::TRADED_AT,
        text::stamp_text(at).ok_or(Fault::Stamp)?.micros,
    );
    rows.int(trades::TRADE_ID, integer(id)?);
    if rows.number(trades::PRICE, price)? <= 0.0 {
        return Err(Fault::Price);
    }
    if rows.number(trades::QUANTITY, quantity)? < 0.0 {
        return Err(Fault::Quantity);
    }
    rows.label(trades::QUANTITY_UNIT, "base");
    rows.int(trades::FIRST_TRADE_ID, integer(first)?);
    rows.int(trades::LAST_TRADE_ID, integer(last)?);
    rows.label(
        trades::SIDE,
        match maker_buys {
            b"True" | b"true" | b"TRUE" => "sell",
            b"False" | b"false" | b"FALSE" => "buy",
            _ => return Err(Fault::Word),
        },
    );
    if count == 8 {
        rows.flag(trades::BEST_MATCH, matches!(best, b"True" | b"true" | b"TRUE"));
    }
    Ok(())
}
