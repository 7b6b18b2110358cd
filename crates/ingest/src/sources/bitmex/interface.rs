//! JSON: the arrays that the interface answers, and the messages of its stream, one a line.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::frames::Elements;
use crate::json::{self, Scalar, bytes};
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised};

use super::tables::{Bar, Funding, Liquidation, Quote, Spot, Trade};

/// The tables that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Trade,
    Quote,
    /// Buckets of this many seconds.
    Bar(i64),
    Funding,
    Liquidation,
}

impl Table {
    /// By the name in the stream.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "trade" => Self::Trade,
            "quote" => Self::Quote,
            "tradeBin1m" => Self::Bar(60),
            "tradeBin5m" => Self::Bar(300),
            "tradeBin1h" => Self::Bar(3_600),
            "tradeBin1d" => Self::Bar(86_400),
            "funding" => Self::Funding,
            "liquidation" => Self::Liquidation,
            _ => return None,
        })
    }

    fn words(self) -> String {
        match self {
            Self::Trade => "trades".to_owned(),
            Self::Quote => "quotes".to_owned(),
            Self::Bar(interval_s) => format!("bars of {interval_s} s"),
            Self::Funding => "funding".to_owned(),
            Self::Liquidation => "liquidations".to_owned(),
        }
    }
}

pub(super) fn recognise(head: &Head<'_>, venue: &str) -> Result<Option<Recognised>, IngestError> {
    if let Some(table) = stream_table(head) {
        return Ok(Some(Recognised {
            what: format!("messages of {venue}'s stream, {} first", table.words()),
            venue: venue.to_owned(),
            parser: Box::new(Stream {
                venue: venue.to_owned(),
            }),
        }));
    }
    let Some(table) = array_table(head)? else {
        return Ok(None);
    };
    Ok(Some(Recognised {
        what: format!("{} on {venue}", table.words()),
        venue: venue.to_owned(),
        parser: Box::new(Array {
            venue: venue.to_owned(),
            table,
        }),
    }))
}

/// Keys that tell the tables of an array apart.
#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    symbol: Option<Scalar<'a>>,
    #[serde(borrow)]
    timestamp: Option<Scalar<'a>>,
    #[serde(borrow, rename = "trdMatchID")]
    match_id: Option<Scalar<'a>>,
    #[serde(borrow, rename = "bidPrice")]
    bid_price: Option<Scalar<'a>>,
    #[serde(borrow)]
    turnover: Option<Scalar<'a>>,
    #[serde(borrow, rename = "fundingRate")]
    funding_rate: Option<Scalar<'a>>,
    #[serde(borrow, rename = "fundingInterval")]
    funding_interval: Option<Scalar<'a>>,
    #[serde(borrow, rename = "leavesQty")]
    leaves_quantity: Option<Scalar<'a>>,
    #[serde(borrow, rename = "orderID")]
    order_id: Option<Scalar<'a>>,
}

fn array_table(head: &Head<'_>) -> Result<Option<Table>, IngestError> {
    if head.bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
        return Ok(None);
    }
    let (mut elements, mut ends) = (Vec::new(), Vec::new());
    Elements::new(None).push(head.bytes, &mut elements, &mut ends);
    let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1));
    let found: Vec<Keys<'_>> = starts
        .zip(&ends)
        .map_while(|(start, end)| json::parse(&elements[start..*end]).ok())
        .collect();
    let Some(first) = found.first().filter(|first| first.symbol.is_some()) else {
        return Ok(None);
    };
    Ok(Some(if first.match_id.is_some() {
        Table::Trade
    } else if first.funding_rate.is_some() && first.funding_interval.is_some() {
        Table::Funding
    } else if first.order_id.is_some() && first.leaves_quantity.is_some() {
        Table::Liquidation
    } else if first.turnover.is_some() && first.timestamp.is_some() {
        Table::Bar(bucket_s(head, &found)?)
    } else if first.bid_price.is_some() && first.timestamp.is_some() {
        Table::Quote
    } else {
        return Ok(None);
    }))
}

/// Length of the buckets: the venue leaves none out, so that two stamps of one symbol differ by it.
fn bucket_s(head: &Head<'_>, found: &[Keys<'_>]) -> Result<i64, IngestError> {
    let at = |keys: &Keys<'_>| Some(text::calendar(keys.timestamp?.bytes())?.micros / 1_000_000);
    let mut shortest: Option<i64> = None;
    if let Some((first, rest)) = found.split_first() {
        let mut last = at(first);
        for keys in rest.iter().filter(|keys| keys.symbol == first.symbol) {
            let here = at(keys);
            if let (Some(last), Some(here)) = (last, here)
                && last != here
            {
                let apart = last.abs_diff(here) as i64;
                shortest = Some(shortest.map_or(apart, |shortest| shortest.min(apart)));
            }
            last = here;
        }
    }
    match shortest {
        Some(interval_s @ (60 | 300 | 3_600 | 86_400)) => Ok(interval_s),
        _ => Err(IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "bars of BitMEX".to_owned(),
            missing: "two stamps of one instrument that are 1m, 5m, 1h or 1d apart are not at its beginning, so that \
                      the length of its buckets is not known"
                .to_owned(),
            option: "`--map`",
        }),
    }
}

struct Array {
    venue: String,
    table: Table,
}

impl Parser for Array {
    fn framing(&self) -> Framing {
        Framing::JsonArray { key: None }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (source_row, element) in block.records() {
            output.read += 1;
            let spot = Spot {
                venue: &self.venue,
                source_row,
                received_at: None,
            };
            if let Err(fault) = keep(self.table, element, spot, output) {
                output.reject(source_row, fault, element);
            }
        }
        Ok(())
    }
}

/// A message of the stream.
#[derive(Deserialize)]
struct Message<'a> {
    table: &'a str,
    action: &'a str,
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

/// The first table in the first lines that is read, if they are messages of the stream.
fn stream_table(head: &Head<'_>) -> Option<Table> {
    json::first_messages(head).find_map(|message| {
        let message: Message<'_> = json::parse(message).ok()?;
        Table::named(message.table)
    })
}

struct Stream {
    venue: String,
}

impl Parser for Stream {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 0 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (source_row, line) in block.records() {
            let Some((received_at, message)) = json::captured(line) else {
                output.read += 1;
                output.reject(source_row, Fault::Json, line);
                continue;
            };
            let spot = Spot {
                venue: &self.venue,
                source_row,
                received_at,
            };
            if let Err(fault) = keep_message(message, spot, output) {
                output.read += 1;
                output.reject(source_row, fault, line);
            }
        }
        Ok(())
    }
}

/// Keeps the rows of a message; an error is one of the whole message.
fn keep_message(message: &[u8], spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
    let message: Message<'_> = json::parse(message).map_err(|fault| json::other_message(message, fault))?;
    let table = Table::named(message.table).ok_or(Fault::Message)?;
    // Changes and removals of an order that was kept when it was placed are no events of their own.
    if !matches!(message.action, "insert" | "partial") {
        return Err(Fault::Message);
    }
    for row in message.data {
        output.read += 1;
        if let Err(fault) = keep(table, row.get().as_bytes(), spot, output) {
            output.reject(spot.source_row, fault, row.get().as_bytes());
        }
    }
    Ok(())
}

fn keep(table: Table, record: &[u8], spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
    match table {
        Table::Trade => json::parse::<TradeRow<'_>>(record)?.columns().keep(spot, output),
        Table::Quote => json::parse::<QuoteRow<'_>>(record)?.columns().keep(spot, output),
        Table::Bar(interval_s) => json::parse::<BarRow<'_>>(record)?
            .columns()
            .keep(interval_s, spot, output),
        Table::Funding => json::parse::<FundingRow<'_>>(record)?
            .columns()
            .keep(spot, output),
        Table::Liquidation => json::parse::<LiquidationRow<'_>>(record)?
            .columns()
            .keep(spot, output),
    }
}

macro_rules! record {
    ($record:ident => $columns:ident { $($field:ident $name:literal,)* }) => {
        #[derive(Deserialize)]
        struct $record<'a> {
            $(#[serde(borrow, rename = $name)] $field: Option<Scalar<'a>>,)*
        }

        impl<'a> $record<'a> {
            fn columns(&self) -> $columns<'a> {
                $columns { $($field: bytes(self.$field),)* }
            }
        }
    };
}

record!(TradeRow => Trade {
    timestamp "timestamp",
    symbol "symbol",
    side "side",
    size "size",
    price "price",
    tick_direction "tickDirection",
    match_id "trdMatchID",
    gross_value "grossValue",
    home_notional "homeNotional",
    foreign_notional "foreignNotional",
    trade_type "trdType",
    pool "pool",
});
record!(QuoteRow => Quote {
    timestamp "timestamp",
    symbol "symbol",
    bid_size "bidSize",
    bid_price "bidPrice",
    ask_price "askPrice",
    ask_size "askSize",
});
record!(BarRow => Bar {
    timestamp "timestamp",
    symbol "symbol",
    open "open",
    high "high",
    low "low",
    close "close",
    trades "trades",
    volume "volume",
    vwap "vwap",
    last_size "lastSize",
    turnover "turnover",
    home_notional "homeNotional",
    foreign_notional "foreignNotional",
});
record!(FundingRow => Funding {
    timestamp "timestamp",
    symbol "symbol",
    interval "fundingInterval",
    rate "fundingRate",
    rate_daily "fundingRateDaily",
});
record!(LiquidationRow => Liquidation {
    order_id "orderID",
    symbol "symbol",
    side "side",
    price "price",
    leaves_quantity "leavesQty",
});
