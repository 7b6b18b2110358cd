//! Lines of Binance's websocket as recorders keep them.
//!
//! A line is a message (`{"e":…}`), or one in the wrapper of combined streams (`{"stream":…,"data":…}`), and may stand
//! behind the recorder's own stamp and a blank. Answers of the REST depth endpoint may stand between them.
//!
//! Sources: <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams> and the
//! same of coin-margined futures, <https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md>,
//! seen 2026-11-22.

mod message;

use aftershock_archive::tape::{Kind, depth, funding, liquidations, marks, quotes, trades};
use serde_json::value::RawValue;

use super::binance::{Market, contract_usd, symbol_of};
use crate::json::{self, Scalar};
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows, Source};
use message::{
    AggregateTrade, BookTicker, Envelope, ForceOrder, ForcedOrder, Level, MarkPrice, Snapshot, Tag, Trade,
    Update,
};

/// Binance's websocket lines.
pub struct BinanceStream;

impl Source for BinanceStream {
    fn name(&self) -> &'static str {
        "binance-stream"
    }

    fn tried(&self) -> &'static str {
        "real file (depthUpdate, trade, bookTicker, snapshots), documentation sample (aggTrade, forceOrder, markPriceUpdate)"
    }

    fn about(&self) -> &'static str {
        "Binance websocket lines, bare or combined, with or without a receive stamp: depthUpdate, trade, aggTrade, \
         bookTicker, forceOrder, markPriceUpdate, and depth snapshots of the REST interface"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let mut glance = Glance::default();
        // The last line of the beginning may be cut.
        for line in head.bytes.split(|byte| *byte == b'\n') {
            glance.take(line);
        }
        if !glance.known {
            return Ok(None);
        }
        let said = head.hints.venue.as_deref();
        let spot = match said.and_then(Market::of_venue) {
            Some(market) => market == Market::Spot,
            None => glance
                .spot
                .or_else(|| Some(Market::of_path(head)? == Market::Spot))
                .unwrap_or(false),
        };
        let symbol = match &head.hints.instrument {
            Some(symbol) => Some(symbol.clone()),
            None if glance.symbols.len() == 1 => glance.symbols.pop(),
            None => symbol_of(head).filter(|_| glance.symbols.is_empty()),
        };
        let market = symbol
            .as_deref()
            .and_then(Market::of_symbol)
            .filter(|_| !spot)
            .unwrap_or(if spot { Market::Spot } else { Market::UsdM });
        let venue = said.unwrap_or(market.venue()).to_owned();
        let of = symbol.as_deref().unwrap_or("several symbols");
        Ok(Some(Recognised {
            what: format!("websocket lines of {of} on {venue}"),
            parser: Box::new(Stream {
                venue: said.map(str::to_owned),
                spot,
                symbol,
            }),
            venue,
        }))
    }
}

/// What the beginning of a file shows.
#[derive(Default)]
struct Glance {
    known: bool,
    spot: Option<bool>,
    symbols: Vec<String>,
}

impl Glance {
    fn take(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (_, text) = received(line);
        let Ok(messages) = messages(text) else {
            return;
        };
        for Message { stream, text } in messages {
            let Ok(tag) = json::parse::<Tag<'_>>(text) else {
                continue;
            };
            if Event::of(&tag, stream).is_none() {
                continue;
            }
            self.known = true;
            self.spot = self.spot.or_else(|| tag.is_spot());
            if let Some(symbol) = tag.symbol().or(stream_symbol(stream).as_deref())
                && !self.symbols.iter().any(|known| known == symbol)
            {
                self.symbols.push(symbol.to_owned());
            }
        }
    }
}

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Depth,
    Snapshot,
    Trade,
    AggregateTrade,
    BookTicker,
    ForceOrder,
    MarkPrice,
}

impl Event {
    fn of(tag: &Tag<'_>, stream: Option<&str>) -> Option<Self> {
        match tag.event {
            Some("depthUpdate") => Some(Self::Depth),
            Some("trade") => Some(Self::Trade),
            Some("aggTrade") => Some(Self::AggregateTrade),
            Some("bookTicker") => Some(Self::BookTicker),
            Some("forceOrder") => Some(Self::ForceOrder),
            Some("markPriceUpdate") => Some(Self::MarkPrice),
            Some(_) => None,
            None if tag.snapshot_id.is_some() && tag.bids.is_some() => Some(Self::Snapshot),
            // Spot sends its best quotes without the name of the event.
            None if tag.is_spot_quote() || stream.is_some_and(|name| name.ends_with("@bookTicker")) => {
                Some(Self::BookTicker)
            }
            None => None,
        }
    }
}

/// The recorder's stamp, µs, and the text behind it.
fn received(line: &[u8]) -> (Option<i64>, &[u8]) {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match (text::stamp_text(&line[..digits]), line.get(digits)) {
        (Some(at), Some(b' ' | b'\t' | b',')) => (Some(at.micros), line[digits + 1..].trim_ascii_start()),
        _ => (None, line),
    }
}

/// A message and the name of the stream it came in, where the line has it.
struct Message<'a> {
    stream: Option<&'a str>,
    text: &'a [u8],
}

/// The messages of a line: one, or the elements of an array.
fn messages(text: &[u8]) -> Result<Vec<Message<'_>>, Fault> {
    let (stream, data) = match text.first() {
        Some(b'{') => {
            let envelope: Envelope<'_> = json::parse(text)?;
            (
                envelope.stream,
                envelope.data.map_or(text, |data| data.get().as_bytes()),
            )
        }
        _ => (None, text),
    };
    if data.first() != Some(&b'[') {
        return Ok(vec![Message { stream, text: data }]);
    }
    let elements: Vec<&RawValue> = json::parse(data)?;
    Ok(elements
        .into_iter()
        .map(|element| Message {
            stream,
            text: element.get().as_bytes(),
        })
        .collect())
}

/// `btcusdt@depth5` speaks of `BTCUSDT`; `!forceOrder@arr` of none.
fn stream_symbol(stream: Option<&str>) -> Option<String> {
    let (symbol, _) = stream?.split_once('@')?;
    (!symbol.starts_with('!')).then(|| symbol.to_uppercase())
}

/// `@depth5`, `@depth10` and `@depth20` show the best levels of the book, `@depth` its changes.
fn is_partial_book(stream: Option<&str>) -> bool {
    stream
        .and_then(|name| name.split('@').nth(1))
        .and_then(|kind| kind.strip_prefix("depth"))
        .is_some_and(|levels| !levels.is_empty())
}

struct Stream {
    /// What the user said.
    venue: Option<String>,
    spot: bool,
    /// The only symbol of the file, for messages that name none.
    symbol: Option<String>,
}

impl Parser for Stream {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 0 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            let (received_at, text) = received(line);
            match messages(text) {
                Ok(messages) if messages.is_empty() => {
                    output.read += 1;
                    output.reject(row, Fault::Json, line);
                }
                Ok(messages) => {
                    for Message { stream, text } in messages {
                        output.read += 1;
                        let origin = Origin {
                            row,
                            received_at,
                            stream,
                        };
                        if let Err(fault) = self.message(text, &origin, output) {
                            output.reject(row, fault, text);
                        }
                    }
                }
                Err(fault) => {
                    output.read += 1;
                    output.reject(row, fault, line);
                }
            }
        }
        Ok(())
    }
}

/// Where a message came from.
struct Origin<'a> {
    row: u64,
    received_at: Option<i64>,
    stream: Option<&'a str>,
}

/// Where its rows go.
struct Target<'a> {
    market: Market,
    venue: &'a str,
    symbol: &'a str,
}

impl Stream {
    fn message(&self, text: &[u8], origin: &Origin<'_>, output: &mut Output) -> Result<(), Fault> {
        let tag: Tag<'_> = json::parse(text)?;
        let event = Event::of(&tag, origin.stream).ok_or(Fault::Word)?;
        let named = tag.symbol().map(str::to_owned);
        let symbol = named
            .or_else(|| stream_symbol(origin.stream))
            .or_else(|| self.symbol.clone())
            .ok_or(Fault::Instrument)?;
        let market = match Market::of_symbol(&symbol) {
            _ if self.spot => Market::Spot,
            Some(market) => market,
            None => Market::UsdM,
        };
        let target = Target {
            market,
            venue: self.venue.as_deref().unwrap_or(market.venue()),
            symbol: &symbol,
        };
        match event {
            Event::Depth => changes(json::parse(text)?, origin, &target, output),
            Event::Snapshot => snapshot(json::parse(text)?, origin, &target, output),
            Event::Trade => trade(&json::parse(text)?, origin, &target, output),
            Event::AggregateTrade => aggregate_trade(&json::parse(text)?, origin, &target, output),
            Event::BookTicker => quote(&json::parse(text)?, origin, &target, output),
            Event::ForceOrder => forced(&json::parse(text)?, origin, &target, output),
            Event::MarkPrice => mark(&json::parse(text)?, origin, &target, output),
        }
    }
}

fn stamp(count: i64) -> Result<i64, Fault> {
    text::stamp(count).map(|at| at.micros).ok_or(Fault::Stamp)
}

fn price(rows: &mut Rows, column: aftershock_archive::tape::Real, digits: Scalar<'_>) -> Result<(), Fault> {
    match rows.number(column, digits.bytes())? {
        value if value > 0.0 => Ok(()),
        _ => Err(Fault::Price),
    }
}

fn quantity(
    rows: &mut Rows,
    column: aftershock_archive::tape::Real,
    digits: Scalar<'_>,
) -> Result<(), Fault> {
    match rows.number(column, digits.bytes())? {
        value if value >= 0.0 => Ok(()),
        _ => Err(Fault::Quantity),
    }
}

/// What levels of one message share.
struct Book<'a> {
    updated_at: i64,
    event_at: Option<i64>,
    update_id: i64,
    first_update_id: Option<i64>,
    previous_update_id: Option<i64>,
    snapshot: bool,
    bids: &'a [Level<'a>],
    asks: &'a [Level<'a>],
}

fn changes(
    update: Update<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let event_at = stamp(update.event)?;
    let book = Book {
        // Spot stamps only the sending.
        updated_at: update.matched.map_or(Ok(event_at), stamp)?,
        event_at: Some(event_at),
        update_id: update.last_id,
        first_update_id: Some(update.first_id),
        previous_update_id: update.previous_id,
        snapshot: is_partial_book(origin.stream),
        bids: &update.bids,
        asks: &update.asks,
    };
    levels(&book, origin, target, output)
}

fn snapshot(
    whole: Snapshot<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let event_at = whole.event.map(stamp).transpose()?;
    let book = Book {
        // Spot answers without any stamp: only the recorder knows when.
        updated_at: match whole.matched {
            Some(at) => stamp(at)?,
            None => event_at.or(origin.received_at).ok_or(Fault::Stamp)?,
        },
        event_at,
        update_id: whole.last_id,
        first_update_id: None,
        previous_update_id: None,
        snapshot: true,
        bids: &whole.bids,
        asks: &whole.asks,
    };
    levels(&book, origin, target, output)
}

fn levels(
    book: &Book<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    if book.bids.is_empty() && book.asks.is_empty() {
        return Err(Fault::Quantity);
    }
    // All levels are looked at before the first is written: a message is kept whole or not at all.
    for level in book.bids.iter().chain(book.asks) {
        let number = |digits: Scalar<'_>| text::number(digits.bytes()).ok_or(Fault::Number);
        if number(level.price)?.value <= 0.0 {
            return Err(Fault::Price);
        }
        if number(level.quantity)?.value < 0.0 {
            return Err(Fault::Quantity);
        }
    }
    let rows = output.rows(Kind::Depth, target.venue, target.symbol);
    for (side, levels) in [("bid", book.bids), ("ask", book.asks)] {
        for (place, level) in levels.iter().enumerate() {
            rows.begin(origin.row);
            rows.at(depth::UPDATED_AT, book.updated_at);
            if let Some(at) = origin.received_at {
                rows.at(depth::RECEIVED_AT, at);
            }
            if let Some(at) = book.event_at {
                rows.at(depth::EVENT_AT, at);
            }
            rows.int(depth::UPDATE_ID, book.update_id);
            if let Some(id) = book.first_update_id {
                rows.int(depth::FIRST_UPDATE_ID, id);
            }
            if let Some(id) = book.previous_update_id {
                rows.int(depth::PREVIOUS_UPDATE_ID, id);
            }
            rows.flag(depth::SNAPSHOT, book.snapshot);
            if book.snapshot {
                rows.int(depth::LEVEL, place as i64);
            }
            rows.label(depth::SIDE, side);
            rows.label(depth::QUANTITY_UNIT, target.market.quantity_unit());
            rows.number(depth::PRICE, level.price.bytes())?;
            rows.number(depth::QUANTITY, level.quantity.bytes())?;
        }
    }
    Ok(())
}

fn trade(
    trade: &Trade<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    output.keep(Kind::Trades, target.venue, target.symbol, origin.row, |rows| {
        rows.int(trades::TRADE_ID, trade.id);
        if let Some(class) = trade.class {
            rows.word(trades::TRADE_TYPE, class.text());
        }
        traded(
            rows,
            origin,
            target,
            [trade.matched, trade.event],
            trade.price,
            trade.quantity,
            trade.maker_buys,
        )
    })
}

fn aggregate_trade(
    trade: &AggregateTrade<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    output.keep(Kind::Trades, target.venue, target.symbol, origin.row, |rows| {
        rows.int(trades::TRADE_ID, trade.id);
        rows.int(trades::FIRST_TRADE_ID, trade.first_id);
        rows.int(trades::LAST_TRADE_ID, trade.last_id);
        traded(
            rows,
            origin,
            target,
            [trade.matched, trade.event],
            trade.price,
            trade.quantity,
            trade.maker_buys,
        )
    })
}

fn traded(
    rows: &mut Rows,
    origin: &Origin<'_>,
    target: &Target<'_>,
    [matched, event]: [i64; 2],
    at_price: Scalar<'_>,
    of_quantity: Scalar<'_>,
    maker_buys: bool,
) -> Result<(), Fault> {
    rows.at(trades::TRADED_AT, stamp(matched)?);
    rows.at(trades::EVENT_AT, stamp(event)?);
    if let Some(at) = origin.received_at {
        rows.at(trades::RECEIVED_AT, at);
    }
    price(rows, trades::PRICE, at_price)?;
    quantity(rows, trades::QUANTITY, of_quantity)?;
    rows.label(trades::QUANTITY_UNIT, target.market.quantity_unit());
    if target.market == Market::CoinM {
        rows.real(trades::CONTRACT_SIZE, contract_usd(target.symbol));
        rows.label(trades::CONTRACT_UNIT, "quote");
    }
    rows.label(trades::SIDE, if maker_buys { "sell" } else { "buy" });
    Ok(())
}

fn quote(
    ticker: &BookTicker<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let event_at = ticker.event.map(stamp).transpose()?;
    let quoted_at = match ticker.matched {
        Some(at) => stamp(at)?,
        // Spot quotes bear no stamp: only the recorder knows when.
        None => event_at.or(origin.received_at).ok_or(Fault::Stamp)?,
    };
    output.keep(Kind::Quotes, target.venue, target.symbol, origin.row, |rows| {
        rows.at(quotes::QUOTED_AT, quoted_at);
        if let Some(at) = event_at {
            rows.at(quotes::EVENT_AT, at);
        }
        if let Some(at) = origin.received_at {
            rows.at(quotes::RECEIVED_AT, at);
        }
        rows.int(quotes::UPDATE_ID, ticker.update_id);
        price(rows, quotes::BID_PRICE, ticker.bid)?;
        quantity(rows, quotes::BID_QUANTITY, ticker.bid_quantity)?;
        price(rows, quotes::ASK_PRICE, ticker.ask)?;
        quantity(rows, quotes::ASK_QUANTITY, ticker.ask_quantity)?;
        rows.label(quotes::QUANTITY_UNIT, target.market.quantity_unit());
        Ok(())
    })
}

fn forced(
    message: &ForceOrder<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let order: &ForcedOrder<'_> = &message.order;
    output.keep(
        Kind::Liquidations,
        target.venue,
        target.symbol,
        origin.row,
        |rows| {
            let at = stamp(order.matched)?;
            rows.at(liquidations::LIQUIDATED_AT, at);
            rows.at(liquidations::EVENT_AT, stamp(message.event)?);
            if let Some(at) = origin.received_at {
                rows.at(liquidations::RECEIVED_AT, at);
            }
            rows.text(liquidations::LIQUIDATION_KEY, &order.matched.to_string());
            rows.label(
                liquidations::SIDE,
                match order.side {
                    "SELL" => "sell",
                    "BUY" => "buy",
                    _ => return Err(Fault::Word),
                },
            );
            price(rows, liquidations::PRICE, order.price)?;
            quantity(rows, liquidations::QUANTITY, order.quantity)?;
            for (column, digits) in [
                (liquidations::AVERAGE_PRICE, order.average_price),
                (liquidations::FILLED_QUANTITY, order.filled),
                (liquidations::LAST_FILLED_QUANTITY, order.last_filled),
            ] {
                if let Some(digits) = digits {
                    quantity(rows, column, digits)?;
                }
            }
            rows.label(liquidations::QUANTITY_UNIT, target.market.quantity_unit());
            if target.market == Market::CoinM {
                rows.real(liquidations::CONTRACT_SIZE, contract_usd(target.symbol));
                rows.label(liquidations::CONTRACT_UNIT, "quote");
            }
            if let Some(status) = order.status {
                rows.word(liquidations::STATUS, status);
            }
            if let (Some(order_type), Some(in_force)) = (order.order_type, order.in_force) {
                rows.word(liquidations::ORDER_TYPE, &format!("{order_type} {in_force}"));
            }
            rows.label(liquidations::COVERAGE, coverage(at));
            Ok(())
        },
    )
}

/// Since the end of April 2021 the feed shows one order a second and symbol; what it showed before is not documented.
fn coverage(at: i64) -> &'static str {
    const THROTTLED_US: i64 = 1_619_827_200_000_000;
    if at >= THROTTLED_US {
        "throttled"
    } else {
        "unknown"
    }
}

fn mark(
    mark: &MarkPrice<'_>,
    origin: &Origin<'_>,
    target: &Target<'_>,
    output: &mut Output,
) -> Result<(), Fault> {
    let at = stamp(mark.event)?;
    // A contract with a delivery date has no funding: its rate is empty and its next funding 0. What funding needs is
    // looked at before the mark is written: a message is kept whole or not at all.
    let rate = json::bytes(mark.rate);
    if !rate.is_empty() && text::number(rate).is_none() {
        return Err(Fault::Number);
    }
    let settles_at = mark
        .next_funding
        .filter(|next| *next > 0)
        .map(stamp)
        .transpose()?;
    output.keep(Kind::Marks, target.venue, target.symbol, origin.row, |rows| {
        rows.at(marks::MARKED_AT, at);
        if let Some(at) = origin.received_at {
            rows.at(marks::RECEIVED_AT, at);
        }
        price(rows, marks::MARK_PRICE, mark.mark)?;
        rows.optional_number(marks::INDEX_PRICE, json::bytes(mark.index))?;
        rows.optional_number(marks::SETTLEMENT_PRICE, json::bytes(mark.settlement))?;
        Ok(())
    })?;
    if rate.is_empty() {
        return Ok(());
    }
    output.keep(Kind::Funding, target.venue, target.symbol, origin.row, |rows| {
        rows.at(funding::FUNDED_AT, at);
        rows.number(funding::RATE, rate)?;
        rows.label(funding::RATE_KIND, "predicted");
        if let Some(at) = settles_at {
            rows.at(funding::SETTLES_AT, at);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
