//! Deribit: trades as the interface answers them and as its channel sends them, those of liquidations marked.
//!
//! Amounts are US dollars for inverse perpetuals and futures (`quote`) and coins for options, linear contracts and spot
//! (`base`). Implied volatility is in percent a year there and a ratio here. A trade's flag `liquidation` says whose
//! side was liquidated, `T` the taker, `M` the maker, `MT` both: such a trade stands in `trades` with the flag and in
//! `liquidations` once for each side that was. A combination holds the trades of its legs, which have ids of their own.
//! The venue has no archive of files; `https://history.deribit.com/api/v2` answers the same JSON for old days.
//!
//! Source: <https://docs.deribit.com/#public-get_last_trades_by_instrument>.

use aftershock_archive::tape::{Kind, liquidations, trades};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::units::unit;
use crate::frames::Elements;
use crate::json::{self, Scalar, bytes};
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows, Source};

#[cfg(test)]
mod tests;

/// Deribit's trades.
pub struct Deribit;

impl Source for Deribit {
    fn name(&self) -> &'static str {
        "deribit"
    }

    fn tried(&self) -> &'static str {
        "documentation sample"
    }

    fn about(&self) -> &'static str {
        "Deribit trades of futures, perpetuals and options, JSON, with their liquidations"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let Some(framing) = framing_of(head) else {
            return Ok(None);
        };
        // The test network answers in the same form, and what happens there did not happen.
        let test = memchr::memmem::find(head.bytes, br#""testnet":true"#).is_some();
        let usual = if test { "deribit-testnet" } else { "deribit" };
        let venue = head.hints.venue.as_deref().unwrap_or(usual).to_owned();
        Ok(Some(Recognised {
            what: format!("trades on {venue}"),
            venue: venue.clone(),
            parser: Box::new(Trades { venue, framing }),
        }))
    }
}

fn framing_of(head: &Head<'_>) -> Option<Framing> {
    let whole = |message: &[u8]| json::parse::<serde::de::IgnoredAny>(message).is_ok();
    let mut messages = json::first_messages(head);
    if !head.line(1).is_empty() && messages.next().is_some_and(whole) {
        let holds = |message: &[u8]| {
            let line: Option<Line<'_>> = json::parse(message).ok();
            let trades = line.map(|line| line.trades()).unwrap_or_default();
            trades.first().is_some_and(|trade| is_trade(trade)) || is_trade(message)
        };
        return json::first_messages(head)
            .any(holds)
            .then_some(Framing::Lines { header: 0 });
    }
    if !head.is_json() {
        return None;
    }
    // One answer, an array of trades, or one message alone.
    let begins = head.bytes.trim_ascii_start().first();
    let keys: &[Option<&'static str>] = if begins == Some(&b'[') {
        &[None]
    } else {
        &[Some("trades"), Some("data")]
    };
    keys.iter().find_map(|key| {
        let (mut elements, mut ends) = (Vec::new(), Vec::new());
        Elements::new(*key).push(head.bytes, &mut elements, &mut ends);
        let first = &elements[..*ends.first()?];
        is_trade(first).then_some(Framing::JsonArray { key: *key })
    })
}

fn is_trade(record: &[u8]) -> bool {
    json::parse::<Trade<'_>>(record).is_ok()
}

/// A line: an answer, a message of the channel, or a trade.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    result: Option<Answer<'a>>,
    #[serde(borrow)]
    params: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    trades: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

impl<'a> Line<'a> {
    fn trades(&self) -> Vec<&'a [u8]> {
        let rows = match (&self.result, &self.params) {
            (Some(answer), _) => answer.trades.as_slice(),
            (None, Some(message)) => message.data.as_slice(),
            (None, None) => &[],
        };
        rows.iter().map(|row| row.get().as_bytes()).collect()
    }
}

#[derive(Deserialize)]
struct Trade<'a> {
    instrument_name: &'a str,
    #[serde(borrow)]
    trade_id: Scalar<'a>,
    #[serde(borrow)]
    trade_seq: Scalar<'a>,
    #[serde(borrow)]
    timestamp: Scalar<'a>,
    #[serde(borrow)]
    price: Scalar<'a>,
    #[serde(borrow)]
    amount: Scalar<'a>,
    direction: &'a str,
    #[serde(borrow)]
    contracts: Option<Scalar<'a>>,
    #[serde(borrow)]
    tick_direction: Option<Scalar<'a>>,
    #[serde(borrow)]
    iv: Option<Scalar<'a>>,
    #[serde(borrow)]
    index_price: Option<Scalar<'a>>,
    #[serde(borrow)]
    mark_price: Option<Scalar<'a>>,
    liquidation: Option<&'a str>,
    #[serde(borrow)]
    block_trade_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    combo_trade_id: Option<Scalar<'a>>,
    #[serde(borrow)]
    legs: Option<Vec<&'a RawValue>>,
}

/// Words of the flag in the tape, and the sides that were liquidated.
fn liquidated(flag: &str, taker: &'static str) -> Result<(&'static str, &'static [&'static str]), Fault> {
    let (taker, maker): (&[_], &[_]) = match taker {
        "buy" => (&["buy"], &["sell"]),
        _ => (&["sell"], &["buy"]),
    };
    match flag {
        "T" => Ok(("taker", taker)),
        "M" => Ok(("maker", maker)),
        "MT" => Ok(("both", &["buy", "sell"])),
        _ => Err(Fault::Word),
    }
}

struct Trades {
    venue: String,
    framing: Framing,
}

impl Parser for Trades {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        let lines = matches!(self.framing, Framing::Lines { .. });
        for (row, record) in block.records() {
            if !lines {
                self.keep_or_reject(row, None, record, output);
                continue;
            }
            let kept = match json::captured(record) {
                Some((received_at, message)) => self.keep_line(row, received_at, message, output),
                None => Err(Fault::Json),
            };
            if let Err(fault) = kept {
                output.read += 1;
                output.reject(row, fault, record);
            }
        }
        Ok(())
    }
}

impl Trades {
    fn keep_line(
        &self,
        row: u64,
        received_at: Option<i64>,
        line: &[u8],
        output: &mut Output,
    ) -> Result<(), Fault> {
        let message: Line<'_> = json::parse(line).map_err(|fault| json::other_message(line, fault))?;
        let trades = message.trades();
        if message.result.is_none() && message.params.is_none() {
            if !is_trade(line) {
                return Err(Fault::Message);
            }
            self.keep_or_reject(row, received_at, line, output);
        }
        for trade in trades {
            self.keep_or_reject(row, received_at, trade, output);
        }
        Ok(())
    }

    fn keep_or_reject(&self, row: u64, received_at: Option<i64>, record: &[u8], output: &mut Output) {
        output.read += 1;
        if let Err(fault) = self.keep(row, received_at, record, output) {
            output.reject(row, fault, record);
        }
    }

    fn keep(
        &self,
        row: u64,
        received_at: Option<i64>,
        record: &[u8],
        output: &mut Output,
    ) -> Result<(), Fault> {
        let trade: Trade<'_> = json::parse(record)?;
        let side = match trade.direction {
            "buy" => "buy",
            "sell" => "sell",
            _ => return Err(Fault::Word),
        };
        let forced = trade.liquidation.map(|flag| liquidated(flag, side)).transpose()?;
        let instrument = trade.instrument_name;
        output.keep(Kind::Trades, &self.venue, instrument, row, |rows| {
            if let Some(received_at) = received_at {
                rows.at(trades::RECEIVED_AT, received_at);
            }
            rows.word(trades::SIDE, side);
            if let Some((word, _)) = forced {
                rows.word(trades::LIQUIDATION, word);
            }
            trade.fill(rows)
        })?;
        for side in forced.map(|(_, sides)| sides).unwrap_or_default() {
            output.keep(Kind::Liquidations, &self.venue, instrument, row, |rows| {
                if let Some(received_at) = received_at {
                    rows.at(liquidations::RECEIVED_AT, received_at);
                }
                rows.word(liquidations::SIDE, side);
                trade.fill_liquidation(rows)
            })?;
        }
        for leg in trade.legs.iter().flatten() {
            self.keep_or_reject(row, received_at, leg.get().as_bytes(), output);
        }
        Ok(())
    }
}

impl Trade<'_> {
    fn fill(&self, rows: &mut Rows) -> Result<(), Fault> {
        let at = text::stamp_text(self.timestamp.bytes()).ok_or(Fault::Stamp)?;
        rows.at(trades::TRADED_AT, at.micros);
        match text::integer(self.trade_id.bytes()) {
            Some(id) => rows.int(trades::TRADE_ID, id),
            None => rows.text(trades::TRADE_KEY, self.trade_id.text()),
        }
        rows.int(
            trades::SEQUENCE,
            text::integer(self.trade_seq.bytes()).ok_or(Fault::Number)?,
        );
        // What one leg costs less than the other may be nothing or below.
        let price = rows.number(trades::PRICE, self.price.bytes())?;
        if price <= 0.0 && !is_combination(self.instrument_name) {
            return Err(Fault::Price);
        }
        if rows.number(trades::QUANTITY, self.amount.bytes())? <= 0.0 {
            return Err(Fault::Quantity);
        }
        rows.word(trades::QUANTITY_UNIT, unit("deribit", self.instrument_name).word);
        rows.optional_number(trades::CONTRACTS, bytes(self.contracts))?;
        if let Some(tick) = self.tick_direction {
            rows.word(trades::TICK, tick.text());
        }
        rows.optional_number(trades::INDEX_PRICE, bytes(self.index_price))?;
        rows.optional_number(trades::MARK_PRICE, bytes(self.mark_price))?;
        if let Some(percent) = self.iv {
            let mut room = [0; 40];
            let ratio = text::ratio_of_percent(percent.bytes(), &mut room).ok_or(Fault::Number)?;
            rows.number(trades::IMPLIED_VOLATILITY, ratio)?;
        }
        if let Some(block) = self.block_trade_id.or(self.combo_trade_id) {
            rows.text(trades::BLOCK, block.text());
        }
        Ok(())
    }

    fn fill_liquidation(&self, rows: &mut Rows) -> Result<(), Fault> {
        let at = text::stamp_text(self.timestamp.bytes()).ok_or(Fault::Stamp)?;
        rows.at(liquidations::LIQUIDATED_AT, at.micros);
        rows.text(liquidations::LIQUIDATION_KEY, self.trade_id.text());
        rows.number(liquidations::PRICE, self.price.bytes())?;
        rows.number(liquidations::QUANTITY, self.amount.bytes())?;
        rows.word(
            liquidations::QUANTITY_UNIT,
            unit("deribit", self.instrument_name).word,
        );
        rows.optional_number(liquidations::MARK_PRICE, bytes(self.mark_price))?;
        rows.word(liquidations::COVERAGE, "complete");
        Ok(())
    }
}

/// True for `BTC-CS-19MAY26-70000_75000` and `BTC-FS-25DEC26_PERP`: the second part is the name of a strategy.
fn is_combination(instrument: &str) -> bool {
    let second = instrument.split('-').nth(1).unwrap_or_default();
    !second.is_empty() && second != "PERPETUAL" && second.bytes().all(|byte| byte.is_ascii_uppercase())
}
