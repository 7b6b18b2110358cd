//! Which of the archive's layouts a file has.

use crate::csv::{self, Header};
use crate::{Head, text};

/// A layout, by the archive's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    AggTrades,
    Trades,
    Klines,
    FundingRate,
    Metrics,
    BookDepth,
    BookTicker,
    LiquidationSnapshot,
}

impl Table {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AggTrades => "aggTrades",
            Self::Trades => "trades",
            Self::Klines => "klines",
            Self::FundingRate => "fundingRate",
            Self::Metrics => "metrics",
            Self::BookDepth => "bookDepth",
            Self::BookTicker => "bookTicker",
            Self::LiquidationSnapshot => "liquidationSnapshot",
        }
    }
}

/// What a layout says of its market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Spot,
    Futures,
    CoinM,
}

/// A layout as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) table: Table,
    pub(super) family: Option<Family>,
    pub(super) header: bool,
}

impl Layout {
    /// The layout of a file, by its header or else by its first line.
    pub(super) fn of(head: &Head<'_>) -> Option<Self> {
        let first = head.first_line();
        let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
        if first.first()?.is_ascii_alphabetic() {
            let (table, family) = by_header(&Header::of(first))?;
            return Some(Self {
                table,
                family,
                header: true,
            });
        }
        let (table, family) = by_shape(head, first)?;
        Some(Self {
            table,
            family,
            header: false,
        })
    }
}

fn by_header(header: &Header) -> Option<(Table, Option<Family>)> {
    let names: Vec<&str> = header.names().iter().map(String::as_str).collect();
    let futures = Some(Family::Futures);
    Some(match names.as_slice() {
        [
            "agg_trade_id",
            "price",
            "quantity",
            "first_trade_id",
            "last_trade_id",
            "transact_time",
            "is_buyer_maker",
            best @ ..,
        ] => (Table::AggTrades, Some(spot_if(!best.is_empty()))),
        ["id", "price", "qty", "base_qty", "time", "is_buyer_maker"] => (Table::Trades, Some(Family::CoinM)),
        [
            "id",
            "price",
            "qty",
            "quote_qty",
            "time",
            "is_buyer_maker",
            best @ ..,
        ] => (Table::Trades, Some(spot_if(!best.is_empty()))),
        [
            "open_time",
            "open",
            "high",
            "low",
            "close",
            "volume",
            "close_time",
            _,
            _,
            _,
            _,
            _,
        ] => (Table::Klines, futures),
        ["calc_time", "funding_interval_hours", "last_funding_rate"] => (Table::FundingRate, futures),
        [
            "create_time",
            "symbol",
            "sum_open_interest",
            "sum_open_interest_value",
            "count_toptrader_long_short_ratio",
            "sum_toptrader_long_short_ratio",
            "count_long_short_ratio",
            "sum_taker_long_short_vol_ratio",
        ] => (Table::Metrics, futures),
        ["timestamp", "percentage", "depth", "notional"] => (Table::BookDepth, futures),
        [
            "update_id",
            "best_bid_price",
            "best_bid_qty",
            "best_ask_price",
            "best_ask_qty",
            "transaction_time",
            "event_time",
        ] => (Table::BookTicker, futures),
        [
            "time",
            "side",
            "order_type",
            "time_in_force",
            "original_quantity",
            "price",
            "average_price",
            "order_status",
            "last_fill_quantity",
            "accumulated_fill_quantity",
        ] => (Table::LiquidationSnapshot, futures),
        _ => return None,
    })
}

/// Futures archives had no header up to about 2022, spot archives never had one.
fn by_shape(head: &Head<'_>, line: &[u8]) -> Option<(Table, Option<Family>)> {
    let mut field = [b"".as_slice(); 13];
    let count = csv::fields(line, &mut field);
    let id = |place: usize| text::integer(field[place]).is_some();
    let number = |place: usize| text::number(field[place]).is_some();
    let stamp = |place: usize| text::stamp_text(field[place]).is_some();
    let flag = |place: usize| yes_or_no(field[place]).is_some();
    let futures = Some(Family::Futures);
    match count {
        12 if stamp(0) && (1..6).all(number) && stamp(6) && is_bar(field[0], field[6]) => {
            // Only spot counts microseconds.
            let micros = field[0].len() > 13;
            Some((Table::Klines, micros.then_some(Family::Spot)))
        }
        7 | 8 if id(0) && number(1) && number(2) && id(3) && id(4) && stamp(5) && flag(6) => {
            Some((Table::AggTrades, Some(spot_if(count == 8))))
        }
        6 | 7 if id(0) && number(1) && number(2) && number(3) && stamp(4) && flag(5) => {
            Some((Table::Trades, Some(spot_if(count == 7))))
        }
        7 if id(0) && (1..5).all(number) && stamp(5) && stamp(6) => Some((Table::BookTicker, futures)),
        10 if stamp(0) && matches!(field[1], b"BUY" | b"SELL") && (4..7).all(number) => {
            Some((Table::LiquidationSnapshot, futures))
        }
        8 if text::calendar(field[0]).is_some() && head.name().contains("-metrics-") => {
            Some((Table::Metrics, futures))
        }
        4 if text::calendar(field[0]).is_some() && head.name().contains("-bookDepth-") => {
            Some((Table::BookDepth, futures))
        }
        3 if stamp(0) && id(1) && number(2) && head.name().contains("-fundingRate-") => {
            Some((Table::FundingRate, futures))
        }
        _ => None,
    }
}

const fn spot_if(best_match: bool) -> Family {
    if best_match { Family::Spot } else { Family::Futures }
}

/// A bar ends one tick of its clock before a whole second.
fn is_bar(open: &[u8], close: &[u8]) -> bool {
    let tick = if open.len() > 13 { 1_000_000 } else { 1_000 };
    match (text::integer(open), text::integer(close)) {
        (Some(open), Some(close)) => close > open && (close - open + 1) % tick == 0,
        _ => false,
    }
}

/// A flag as the archive writes it: `True` on spot, `true` on futures.
#[inline]
pub(super) fn yes_or_no(word: &[u8]) -> Option<bool> {
    match word {
        b"True" | b"true" | b"TRUE" => Some(true),
        b"False" | b"false" | b"FALSE" => Some(false),
        _ => None,
    }
}
