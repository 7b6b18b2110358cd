//! Trades and fills as a node writes them.

use aftershock_archive::tape::{Kind, deleveragings, liquidations, trades};
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{LINES, Venue};
use crate::json::{self, Scalar};
use crate::text::{self, Fault, Instant};
use crate::{Block, Framing, Head, IngestError, Output, Parser};

/// How a line is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One trade a line.
    Trades,
    /// `[account, fill]`.
    Fills,
    /// A block with its fills.
    Blocks,
}

impl Layout {
    /// The layout of a file, by its beginning; blocks may be longer than that, so words are looked for.
    pub(super) fn of(head: &Head<'_>) -> Option<Self> {
        let has = |word: &str| memmem::find(head.bytes, word.as_bytes()).is_some();
        let begins = head.bytes.trim_ascii_start();
        if begins.starts_with(b"{") && has("\"side_info\"") && has("\"trade_dir_override\"") {
            return Some(Self::Trades);
        }
        let fills = has("\"startPosition\"") && has("\"tid\"") && has("\"crossed\"");
        if begins.starts_with(b"[") && fills && begins[1..].trim_ascii_start().starts_with(b"\"0x") {
            return Some(Self::Fills);
        }
        let blocks = begins.starts_with(b"{") && has("\"block_number\"") && has("\"events\"");
        let empty = !has("\"events\":[[") && head.parts().any(|part| part.starts_with("node_fills"));
        (blocks && (fills || empty)).then_some(Self::Blocks)
    }

    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Trades => "trades of a Hyperliquid node",
            Self::Fills => "fills of a Hyperliquid node",
            Self::Blocks => "fills of a Hyperliquid node, by block",
        }
    }
}

/// A file of a node.
pub(super) struct Node {
    pub(super) layout: Layout,
    pub(super) venue: Venue,
}

impl Parser for Node {
    fn framing(&self) -> Framing {
        LINES
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            match self.layout {
                Layout::Trades => one(row, line, output, |output| {
                    trade(row, json::parse(line)?, &self.venue, output)
                }),
                Layout::Fills => one(row, line, output, |output| {
                    let (account, fill): (Scalar<'_>, &RawValue) = json::parse(line)?;
                    Stamps::default().fill(row, account, fill, &self.venue, output)
                }),
                Layout::Blocks => match json::parse::<Lines<'_>>(line) {
                    Ok(lines) => {
                        let stamps = Stamps::of(&lines);
                        for (account, fill) in lines.events {
                            one(row, fill.get().as_bytes(), output, |output| {
                                stamps.fill(row, account, fill, &self.venue, output)
                            });
                        }
                    }
                    Err(fault) => one(row, line, output, |_| Err(fault)),
                },
            }
        }
        Ok(())
    }
}

/// Reads one event; `raw` is what is kept of it where it cannot stand.
fn one(row: u64, raw: &[u8], output: &mut Output, read: impl FnOnce(&mut Output) -> Result<(), Fault>) {
    output.read += 1;
    if let Err(fault) = read(output) {
        output.reject(row, fault, raw);
    }
}

#[derive(Deserialize)]
struct Trade<'a> {
    coin: &'a str,
    #[serde(borrow)]
    side: Scalar<'a>,
    #[serde(borrow)]
    time: Scalar<'a>,
    #[serde(borrow)]
    px: Scalar<'a>,
    #[serde(borrow)]
    sz: Scalar<'a>,
    #[serde(borrow)]
    trade_dir_override: Option<Scalar<'a>>,
}

#[derive(Deserialize)]
struct Lines<'a> {
    #[serde(borrow)]
    local_time: Option<Scalar<'a>>,
    #[serde(borrow)]
    block_time: Option<Scalar<'a>>,
    #[serde(borrow)]
    events: Vec<(Scalar<'a>, &'a RawValue)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fill<'a> {
    coin: &'a str,
    #[serde(borrow)]
    px: Scalar<'a>,
    #[serde(borrow)]
    sz: Scalar<'a>,
    #[serde(borrow)]
    side: Scalar<'a>,
    #[serde(borrow)]
    time: Scalar<'a>,
    #[serde(borrow)]
    dir: Option<Scalar<'a>>,
    #[serde(borrow)]
    closed_pnl: Option<Scalar<'a>>,
    crossed: bool,
    #[serde(borrow)]
    tid: Scalar<'a>,
    #[serde(borrow)]
    liquidation: Option<Liquidation<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Liquidation<'a> {
    #[serde(borrow)]
    liquidated_user: Option<Scalar<'a>>,
    #[serde(borrow)]
    mark_px: Option<Scalar<'a>>,
    #[serde(borrow)]
    method: Option<Scalar<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Buy,
    Sell,
}

impl Side {
    fn of(letter: Scalar<'_>) -> Result<Self, Fault> {
        match letter.text() {
            "B" => Ok(Self::Buy),
            "A" => Ok(Self::Sell),
            _ => Err(Fault::Word),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// This side, or the other one where `same` is false.
    fn or_other(self, same: bool) -> Self {
        if same { self } else { self.other() }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

fn checked<'a>(coin: &str, px: Scalar<'a>, sz: Scalar<'a>) -> Result<(&'a [u8], &'a [u8]), Fault> {
    let value = |digits: Scalar<'a>| {
        let number = text::number(digits.bytes()).ok_or(Fault::Number)?;
        Ok::<f64, Fault>(number.value)
    };
    if coin.is_empty() {
        return Err(Fault::Instrument);
    }
    if value(px)? <= 0.0 {
        return Err(Fault::Price);
    }
    if value(sz)? < 0.0 {
        return Err(Fault::Quantity);
    }
    Ok((px.bytes(), sz.bytes()))
}

/// A trade of `node_trades` carries no number that fills share, only hash and orders: it is known by its content.
fn trade(row: u64, trade: Trade<'_>, venue: &Venue, output: &mut Output) -> Result<(), Fault> {
    let (price, quantity) = checked(trade.coin, trade.px, trade.sz)?;
    let side = Side::of(trade.side)?;
    let at = text::calendar(trade.time.bytes()).ok_or(Fault::Stamp)?;
    let rows = output.rows(Kind::Trades, venue.of(trade.coin), trade.coin);
    rows.begin(row);
    rows.at(trades::TRADED_AT, at.micros);
    if at.nanos != 0 {
        rows.int(trades::NANOSECONDS, at.nanos);
    }
    rows.number(trades::PRICE, price)?;
    rows.number(trades::QUANTITY, quantity)?;
    rows.word(trades::QUANTITY_UNIT, "base");
    rows.word(trades::SIDE, side.word());
    if let Some(class) = trade.trade_dir_override.filter(|class| class.text() != "Na") {
        rows.word(trades::TRADE_TYPE, class.text());
    }
    Ok(())
}

/// Stamps that a block adds to its fills.
#[derive(Clone, Copy, Default)]
struct Stamps {
    block: Option<Instant>,
    received: Option<Instant>,
}

impl Stamps {
    fn of(lines: &Lines<'_>) -> Self {
        let instant = |text: Option<Scalar<'_>>| text.and_then(|text| text::calendar(text.bytes()));
        Self {
            block: instant(lines.block_time),
            received: instant(lines.local_time),
        }
    }

    /// The stamp of a fill, made finer by that of its block where both are of one millisecond.
    fn at(self, time: Scalar<'_>) -> Result<Instant, Fault> {
        let millis = text::integer(time.bytes()).ok_or(Fault::Stamp)?;
        let own = text::stamp_in(millis, text::Epoch::Ms).ok_or(Fault::Stamp)?;
        let finer = self
            .block
            .filter(|block| block.micros.div_euclid(1_000) == millis);
        Ok(finer.unwrap_or(own))
    }

    /// One of the two fills of a trade. Both give the same rows, so that one of them alone is enough and two are one.
    fn fill(
        self,
        row: u64,
        account: Scalar<'_>,
        fill: &RawValue,
        venue: &Venue,
        output: &mut Output,
    ) -> Result<(), Fault> {
        let fill: Fill<'_> = json::parse(fill.get().as_bytes())?;
        let (price, quantity) = checked(fill.coin, fill.px, fill.sz)?;
        let side = Side::of(fill.side)?;
        let at = self.at(fill.time)?;
        let number = text::integer(fill.tid.bytes()).ok_or(Fault::Number)?;
        let dir = fill.dir.map_or("", Scalar::text);
        let liquidation = fill.liquidation.as_ref();
        let mark = json::bytes(liquidation.and_then(|of| of.mark_px));
        let profit = json::bytes(fill.closed_pnl);
        for digits in [mark, profit] {
            if !digits.is_empty() && text::number(digits).is_none() {
                return Err(Fault::Number);
            }
        }
        let liquidated = liquidation.and_then(|of| of.liquidated_user);
        let method = liquidation.and_then(|of| of.method).map_or("", Scalar::text);
        let deleveraged = dir == "Auto-Deleveraging";
        let own_liquidation = liquidated.is_none_or(|user| user.text() == account.text());

        // What the backstop takes over and what is deleveraged changes hands at a price of the engine, not of the book.
        if !deleveraged && method != "backstop" {
            let rows = output.rows(Kind::Trades, venue.of(fill.coin), fill.coin);
            rows.begin(row);
            rows.at(trades::TRADED_AT, at.micros);
            if at.nanos != 0 {
                rows.int(trades::NANOSECONDS, at.nanos);
            }
            rows.int(trades::TRADE_ID, number);
            rows.number(trades::PRICE, price)?;
            rows.number(trades::QUANTITY, quantity)?;
            rows.word(trades::QUANTITY_UNIT, "base");
            if of_the_book(dir) {
                rows.word(trades::SIDE, side.or_other(fill.crossed).word());
            } else {
                rows.word(trades::TRADE_TYPE, dir);
            }
            if liquidated.is_some() {
                let taker = own_liquidation == fill.crossed;
                rows.word(trades::LIQUIDATION, if taker { "taker" } else { "maker" });
                rows.optional_number(trades::MARK_PRICE, mark)?;
            }
            if let Some(received) = self.received {
                rows.at(trades::RECEIVED_AT, received.micros);
            }
        }
        if liquidation.is_some() || dir.starts_with("Liquidated") {
            let rows = output.rows(Kind::Liquidations, venue.of(fill.coin), fill.coin);
            rows.begin(row);
            rows.at(liquidations::LIQUIDATED_AT, at.micros);
            rows.text(liquidations::LIQUIDATION_KEY, fill.tid.text());
            rows.word(liquidations::SIDE, side.or_other(own_liquidation).word());
            rows.number(liquidations::PRICE, price)?;
            rows.number(liquidations::QUANTITY, quantity)?;
            rows.word(liquidations::QUANTITY_UNIT, "base");
            if !method.is_empty() {
                rows.word(liquidations::METHOD, method);
            }
            rows.optional_number(liquidations::MARK_PRICE, mark)?;
            if let Some(user) = liquidated {
                rows.text(liquidations::ACCOUNT, user.text());
            }
            rows.word(liquidations::COVERAGE, "complete");
            if let Some(received) = self.received {
                rows.at(liquidations::RECEIVED_AT, received.micros);
            }
        }
        if deleveraged {
            let rows = output.rows(Kind::Deleveragings, venue.of(fill.coin), fill.coin);
            rows.begin(row);
            rows.at(deleveragings::DELEVERAGED_AT, at.micros);
            rows.text(deleveragings::DELEVERAGING_KEY, fill.tid.text());
            rows.word(deleveragings::SIDE, side.word());
            rows.number(deleveragings::PRICE, price)?;
            rows.number(deleveragings::QUANTITY, quantity)?;
            rows.word(deleveragings::QUANTITY_UNIT, "base");
            rows.text(deleveragings::ACCOUNT, account.text());
            if let Some(user) = liquidated {
                rows.text(deleveragings::LIQUIDATED_ACCOUNT, user.text());
            }
            rows.optional_number(deleveragings::CLOSED_PROFIT_QUOTE, profit)?;
            rows.optional_number(deleveragings::MARK_PRICE, mark)?;
            if let Some(received) = self.received {
                rows.at(deleveragings::RECEIVED_AT, received.micros);
            }
        }
        Ok(())
    }
}

/// True for the directions of fills in the book, as the API names them; the set is open, and what is not in it
/// (`Settlement`, `Spot Dust Conversion`) has no taker.
fn of_the_book(dir: &str) -> bool {
    matches!(
        dir,
        "" | "Buy"
            | "Sell"
            | "Open Long"
            | "Open Short"
            | "Close Long"
            | "Close Short"
            | "Long > Short"
            | "Short > Long"
    ) || dir.starts_with("Liquidated")
}
