//! Liquidations and funding as the interface answers and as its channels send them.

use aftershock_archive::tape::{Kind, funding, liquidations};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Scalar};
use crate::sources::units::unit;
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised};

use super::archive::side_word;

/// An answer of the interface, or a message of a channel.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    arg: Option<Argument<'a>>,
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Argument<'a> {
    channel: &'a str,
}

/// A row of either table: the liquidations of one instrument, or one funding.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(rename = "instId")]
    instrument: &'a str,
    #[serde(borrow)]
    details: Option<Vec<&'a RawValue>>,
    #[serde(borrow, rename = "fundingRate")]
    funding_rate: Option<Scalar<'a>>,
    #[serde(borrow, rename = "realizedRate")]
    realized_rate: Option<Scalar<'a>>,
    #[serde(borrow, rename = "fundingTime")]
    funding_time: Option<Scalar<'a>>,
    #[serde(borrow)]
    ts: Option<Scalar<'a>>,
}

impl Row<'_> {
    /// True where it is one of the tables that are read.
    fn is_known(&self) -> bool {
        self.details.is_some() || (self.funding_rate.is_some() && self.funding_time.is_some())
    }
}

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    ts: Scalar<'a>,
    side: &'a str,
    #[serde(borrow)]
    sz: Scalar<'a>,
    #[serde(borrow, rename = "bkPx")]
    bankruptcy_price: Scalar<'a>,
    #[serde(borrow, rename = "bkLoss")]
    bankruptcy_loss: Option<Scalar<'a>>,
}

pub(super) fn recognise(head: &Head<'_>) -> Option<Recognised> {
    if !head.is_json() && json::captured(head.first_line()).is_none() {
        return None;
    }
    let known = |message: &[u8]| {
        let message: Message<'_> = json::parse(message).ok()?;
        let row: Row<'_> = json::parse(message.data.first()?.get().as_bytes()).ok()?;
        row.is_known().then_some(())
    };
    let lines = json::first_messages(head).find_map(known).is_some();
    if !lines {
        // One answer over several lines, or longer than what is looked at.
        let (mut elements, mut ends) = (Vec::new(), Vec::new());
        crate::frames::Elements::new(Some("data")).push(head.bytes, &mut elements, &mut ends);
        let first: Row<'_> = json::parse(&elements[..*ends.first()?]).ok()?;
        if !first.is_known() {
            return None;
        }
    }
    let venue = head.hints.venue.clone();
    Some(Recognised {
        what: "liquidations or funding of OKX".to_owned(),
        venue: venue.clone().unwrap_or_else(|| "okx-swap".to_owned()),
        parser: Box::new(Interface { venue, lines }),
    })
}

struct Interface {
    venue: Option<String>,
    /// One message a line, rather than one answer.
    lines: bool,
}

/// What is known of a row beyond its fields.
#[derive(Clone, Copy)]
struct Spot {
    source_row: u64,
    received_at: Option<i64>,
    coverage: &'static str,
}

impl Parser for Interface {
    fn framing(&self) -> Framing {
        if self.lines {
            Framing::Lines { header: 0 }
        } else {
            Framing::JsonArray { key: Some("data") }
        }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (source_row, record) in block.records() {
            let mut spot = Spot {
                source_row,
                received_at: None,
                coverage: "unknown",
            };
            let kept = if !self.lines {
                self.keep(record, spot, output)
            } else if let Some((received_at, message)) = json::captured(record) {
                spot.received_at = received_at;
                self.keep_message(message, spot, output)
            } else {
                Err(Fault::Json)
            };
            if let Err(fault) = kept {
                output.read += 1;
                output.reject(source_row, fault, record);
            }
        }
        Ok(())
    }
}

impl Interface {
    /// Keeps the rows of a message; an error is one of the whole message.
    fn keep_message(&self, message: &[u8], mut spot: Spot, output: &mut Output) -> Result<(), Fault> {
        let message: Message<'_> =
            json::parse(message).map_err(|fault| json::other_message(message, fault))?;
        if message.arg.is_some_and(|arg| arg.channel == "liquidation-orders") {
            spot.coverage = "throttled";
        }
        for row in message.data {
            let row = row.get().as_bytes();
            if let Err(fault) = self.keep(row, spot, output) {
                output.read += 1;
                output.reject(spot.source_row, fault, row);
            }
        }
        Ok(())
    }

    /// Keeps a row, or each liquidation in it; an error is one of the whole row.
    fn keep(&self, record: &[u8], spot: Spot, output: &mut Output) -> Result<(), Fault> {
        let row: Row<'_> = json::parse(record)?;
        let market = super::venue(row.instrument);
        let venue = self.venue.as_deref().unwrap_or(market);
        let Some(orders) = &row.details else {
            let fundings = keep_funding(&row, venue, spot, output);
            output.read += u64::from(fundings.is_ok());
            return fundings;
        };
        for order in orders {
            output.read += 1;
            let order = order.get().as_bytes();
            if let Err(fault) = keep_order(order, row.instrument, market, venue, spot, output) {
                output.reject(spot.source_row, fault, order);
            }
        }
        Ok(())
    }
}

fn keep_order(
    order: &[u8],
    instrument: &str,
    market: &str,
    venue: &str,
    spot: Spot,
    output: &mut Output,
) -> Result<(), Fault> {
    let order: Order<'_> = json::parse(order)?;
    output.keep(Kind::Liquidations, venue, instrument, spot.source_row, |rows| {
        let at = text::stamp_text(order.ts.bytes()).ok_or(Fault::Stamp)?;
        rows.at(liquidations::LIQUIDATED_AT, at.micros);
        if let Some(received_at) = spot.received_at {
            rows.at(liquidations::RECEIVED_AT, received_at);
        }
        rows.word(liquidations::SIDE, side_word(order.side.as_bytes())?);
        if rows.number(liquidations::BANKRUPTCY_PRICE, order.bankruptcy_price.bytes())? <= 0.0 {
            return Err(Fault::Price);
        }
        rows.optional_number(liquidations::BANKRUPTCY_LOSS, json::bytes(order.bankruptcy_loss))?;
        if rows.number(liquidations::QUANTITY, order.sz.bytes())? <= 0.0 {
            return Err(Fault::Quantity);
        }
        let unit = unit(market, instrument);
        rows.word(liquidations::QUANTITY_UNIT, unit.word);
        if let Some((size, of)) = unit.contract {
            rows.real(liquidations::CONTRACT_SIZE, size);
            rows.word(liquidations::CONTRACT_UNIT, of);
        }
        rows.word(liquidations::COVERAGE, spot.coverage);
        Ok(())
    })
}

/// A settlement holds what was predicted and what was charged; a message of the channel only what is predicted.
fn keep_funding(row: &Row<'_>, venue: &str, spot: Spot, output: &mut Output) -> Result<(), Fault> {
    let settles_at = text::stamp_text(json::bytes(row.funding_time))
        .ok_or(Fault::Stamp)?
        .micros;
    let mut keep = |at: i64, kind: &str, rate: &[u8]| {
        output.keep(Kind::Funding, venue, row.instrument, spot.source_row, |rows| {
            rows.at(funding::FUNDED_AT, at);
            if kind == "predicted" {
                rows.at(funding::SETTLES_AT, settles_at);
            }
            rows.number(funding::RATE, rate)?;
            rows.word(funding::RATE_KIND, kind);
            Ok(())
        })
    };
    let predicted = json::bytes(row.funding_rate);
    match json::bytes(row.realized_rate) {
        b"" => {
            let read_at = text::stamp_text(json::bytes(row.ts)).ok_or(Fault::Stamp)?;
            keep(read_at.micros, "predicted", predicted)
        }
        charged => {
            keep(settles_at, "settled", charged)?;
            keep(settles_at, "predicted", predicted)
        }
    }
}
