//! The feed of liquidations, one message a line.

use aftershock_archive::tape::{Kind, liquidations};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Scalar};
use crate::sources::units::unit;
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised};

#[derive(Deserialize)]
struct Message<'a> {
    topic: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A row of `allLiquidation`.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow, rename = "T", alias = "updatedTime", alias = "time")]
    at: Scalar<'a>,
    #[serde(borrow, rename = "s", alias = "symbol")]
    symbol: Scalar<'a>,
    #[serde(borrow, rename = "S", alias = "side")]
    position: Scalar<'a>,
    #[serde(borrow, rename = "v", alias = "size", alias = "qty")]
    quantity: Scalar<'a>,
    #[serde(borrow, rename = "p", alias = "price")]
    bankruptcy_price: Scalar<'a>,
}

/// How much of what happened a topic shows: `allLiquidation` all, the older `liquidation` one order a second.
fn coverage(topic: &str) -> Option<&'static str> {
    match topic.split_once('.')?.0 {
        "allLiquidation" => Some("complete"),
        "liquidation" => Some("throttled"),
        _ => None,
    }
}

pub(super) fn recognise(head: &Head<'_>) -> Option<Recognised> {
    json::first_messages(head).find_map(|message| {
        let message: Message<'_> = json::parse(message).ok()?;
        coverage(message.topic)
    })?;
    Some(Recognised {
        what: "liquidation messages of Bybit".to_owned(),
        venue: head
            .hints
            .venue
            .clone()
            .unwrap_or_else(|| "bybit-linear".to_owned()),
        parser: Box::new(Feed {
            venue: head.hints.venue.clone(),
        }),
    })
}

struct Feed {
    venue: Option<String>,
}

impl Parser for Feed {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 0 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            let kept = match json::captured(line) {
                Some((received_at, message)) => self.keep_message(row, received_at, message, output),
                None => Err(Fault::Json),
            };
            if let Err(fault) = kept {
                output.read += 1;
                output.reject(row, fault, line);
            }
        }
        Ok(())
    }
}

impl Feed {
    /// Keeps the rows of a message; an error is one of the whole message.
    fn keep_message(
        &self,
        source_row: u64,
        received_at: Option<i64>,
        message: &[u8],
        output: &mut Output,
    ) -> Result<(), Fault> {
        let message: Message<'_> =
            json::parse(message).map_err(|fault| json::other_message(message, fault))?;
        let coverage = coverage(message.topic).ok_or(Fault::Message)?;
        let data = message.data.get();
        let rows: Vec<&RawValue> = if data.starts_with('[') {
            json::parse(data.as_bytes())?
        } else {
            vec![message.data]
        };
        for row in rows {
            output.read += 1;
            let row = row.get().as_bytes();
            if let Err(fault) = self.keep(source_row, received_at, coverage, row, output) {
                output.reject(source_row, fault, row);
            }
        }
        Ok(())
    }

    fn keep(
        &self,
        source_row: u64,
        received_at: Option<i64>,
        coverage: &str,
        row: &[u8],
        output: &mut Output,
    ) -> Result<(), Fault> {
        let row: Row<'_> = json::parse(row)?;
        let symbol = text::name(row.symbol.bytes())?;
        let market = super::venue(symbol);
        let venue = self.venue.as_deref().unwrap_or(market);
        output.keep(Kind::Liquidations, venue, symbol, source_row, |rows| {
            let at = text::stamp_text(row.at.bytes()).ok_or(Fault::Stamp)?;
            rows.at(liquidations::LIQUIDATED_AT, at.micros);
            if let Some(received_at) = received_at {
                rows.at(liquidations::RECEIVED_AT, received_at);
            }
            rows.word(
                liquidations::SIDE,
                match row.position.bytes() {
                    b"Buy" => "sell",
                    b"Sell" => "buy",
                    _ => return Err(Fault::Word),
                },
            );
            if rows.number(liquidations::BANKRUPTCY_PRICE, row.bankruptcy_price.bytes())? <= 0.0 {
                return Err(Fault::Price);
            }
            if rows.number(liquidations::QUANTITY, row.quantity.bytes())? <= 0.0 {
                return Err(Fault::Quantity);
            }
            rows.word(liquidations::QUANTITY_UNIT, unit(market, symbol).word);
            rows.word(liquidations::COVERAGE, coverage);
            Ok(())
        })
    }
}
