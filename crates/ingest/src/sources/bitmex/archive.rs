//! Comma-separated files: the archive's trades and quotes, and what the interface answers with `_format=csv`.

use crate::csv::{self, Header};
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised};

use super::tables::{Funding, Quote, Spot, Trade};

const TRADE: &[&str] = &[
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
const QUOTE: &[&str] = &[
    "timestamp",
    "symbol",
    "bidSize",
    "bidPrice",
    "askPrice",
    "askSize",
];
const FUNDING: &[&str] = &[
    "timestamp",
    "symbol",
    "fundingInterval",
    "fundingRate",
    "fundingRateDaily",
];
/// Columns of the widest layout.
const WIDEST: usize = 16;

pub(super) fn recognise(head: &Head<'_>, venue: &str) -> Option<Recognised> {
    let header = Header::of(head.first_line());
    let begins = |names: &[&str]| header.names().len() <= WIDEST && header.begins(names);
    let (table, what) = if begins(TRADE) {
        let class = header.place("trdType");
        let book = header.place("pool");
        (Table::Trade { class, book }, "trades")
    } else if begins(QUOTE) {
        (Table::Quote, "quotes")
    } else if begins(FUNDING) {
        (Table::Funding, "funding")
    } else {
        return None;
    };
    // Bybit's archive has the same columns with stamps in seconds.
    let mut first = [b"".as_slice(); 1];
    csv::fields(head.line(1), &mut first);
    if !head.line(1).is_empty() && text::calendar(first[0]).is_none() && text::seconds(first[0]).is_some() {
        return None;
    }
    Some(Recognised {
        what: format!("{what} of all instruments on {venue}"),
        venue: venue.to_owned(),
        parser: Box::new(Archive {
            venue: venue.to_owned(),
            table,
            columns: header.names().len(),
        }),
    })
}

#[derive(Clone, Copy)]
enum Table {
    Trade {
        class: Option<usize>,
        book: Option<usize>,
    },
    Quote,
    Funding,
}

struct Archive {
    venue: String,
    table: Table,
    columns: usize,
}

impl Parser for Archive {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (source_row, line) in block.records() {
            output.read += 1;
            let spot = Spot {
                venue: &self.venue,
                source_row,
                received_at: None,
            };
            if let Err(fault) = self.keep(line, spot, output) {
                output.reject(source_row, fault, line);
            }
        }
        Ok(())
    }
}

impl Archive {
    #[inline]
    fn keep(&self, line: &[u8], spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); WIDEST];
        if csv::fields(line, &mut field) != self.columns {
            return Err(Fault::Columns);
        }
        match self.table {
            Table::Trade { class, book } => Trade {
                timestamp: field[0],
                symbol: field[1],
                side: field[2],
                size: field[3],
                price: field[4],
                tick_direction: field[5],
                match_id: field[6],
                gross_value: field[7],
                home_notional: field[8],
                foreign_notional: field[9],
                trade_type: class.map(|place| field[place]).unwrap_or_default(),
                pool: book.map(|place| field[place]).unwrap_or_default(),
            }
            .keep(spot, output),
            Table::Quote => Quote {
                timestamp: field[0],
                symbol: field[1],
                bid_size: field[2],
                bid_price: field[3],
                ask_price: field[4],
                ask_size: field[5],
            }
            .keep(spot, output),
            Table::Funding => Funding {
                timestamp: field[0],
                symbol: field[1],
                interval: field[2],
                rate: field[3],
                rate_daily: field[4],
            }
            .keep(spot, output),
        }
    }
}
