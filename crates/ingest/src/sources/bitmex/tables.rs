//! One row of each table, from the texts of its columns; CSV and JSON alike.

use aftershock_archive::tape::{Kind, bars, funding, liquidations, marks, quotes, trades};

use crate::text::{self, Fault, Instant};
use crate::{Output, Rows};

use super::super::units::unit;

/// Where a row goes and what is known of it beyond its columns.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) venue: &'a str,
    pub(super) source_row: u64,
    /// When a recorder received it, µs.
    pub(super) received_at: Option<i64>,
}

/// Columns of a trade as the venue names them.
#[derive(Clone, Copy, Default)]
pub(super) struct Trade<'a> {
    pub(super) timestamp: &'a [u8],
    pub(super) symbol: &'a [u8],
    pub(super) side: &'a [u8],
    pub(super) size: &'a [u8],
    pub(super) price: &'a [u8],
    pub(super) tick_direction: &'a [u8],
    pub(super) match_id: &'a [u8],
    pub(super) gross_value: &'a [u8],
    pub(super) home_notional: &'a [u8],
    pub(super) foreign_notional: &'a [u8],
    pub(super) trade_type: &'a [u8],
    pub(super) pool: &'a [u8],
}

impl Trade<'_> {
    #[inline]
    pub(super) fn keep(&self, spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
        let at = text::calendar(self.timestamp).ok_or(Fault::Stamp)?;
        let symbol = text::name(self.symbol)?;
        if symbol.starts_with('.') {
            return output.keep(Kind::Marks, spot.venue, symbol, spot.source_row, |rows| {
                rows.at(marks::MARKED_AT, at.micros);
                if let Some(received_at) = spot.received_at {
                    rows.at(marks::RECEIVED_AT, received_at);
                }
                rows.number(marks::INDEX_PRICE, self.price).map(drop)
            });
        }
        output.keep(Kind::Trades, spot.venue, symbol, spot.source_row, |rows| {
            self.fill(at, symbol, spot, rows)
        })
    }

    #[inline]
    fn fill(&self, at: Instant, symbol: &str, spot: Spot<'_>, rows: &mut Rows) -> Result<(), Fault> {
        rows.at(trades::TRADED_AT, at.micros);
        if at.nanos > 0 {
            rows.int(trades::NANOSECONDS, at.nanos);
        }
        if let Some(received_at) = spot.received_at {
            rows.at(trades::RECEIVED_AT, received_at);
        }
        if rows.number(trades::PRICE, self.price)? <= 0.0 {
            return Err(Fault::Price);
        }
        let size = rows.number(trades::QUANTITY, self.size)?;
        if size <= 0.0 {
            return Err(Fault::Quantity);
        }
        let home = rows.optional_number(trades::BASE_QUANTITY, self.home_notional)?;
        rows.optional_number(trades::QUOTE_QUANTITY, self.foreign_notional)?;
        rows.word(trades::QUANTITY_UNIT, unit_of(symbol, size, home));
        rows.word(trades::SIDE, side(self.side)?);
        if let Some(key) = match_id(self.match_id)? {
            rows.text(trades::TRADE_KEY, key);
        }
        if !self.tick_direction.is_empty() {
            rows.word(trades::TICK, text::name(self.tick_direction)?);
        }
        rows.optional_number(trades::SETTLEMENT_VALUE, self.gross_value)?;
        if !self.trade_type.is_empty() {
            rows.word(trades::TRADE_TYPE, text::name(self.trade_type)?);
        }
        if !self.pool.is_empty() {
            rows.word(trades::BOOK, text::name(self.pool)?);
        }
        Ok(())
    }
}

/// The unit of a size: a row whose value in the base coin is its size counts coins, whatever the contract.
fn unit_of(symbol: &str, size: f64, home: Option<f64>) -> &'static str {
    match unit("bitmex", symbol).word {
        "contract" if home == Some(size) && size > 0.0 => "base",
        word => word,
    }
}

fn side(word: &[u8]) -> Result<&'static str, Fault> {
    match word {
        b"Buy" => Ok("buy"),
        b"Sell" => Ok("sell"),
        _ => Err(Fault::Word),
    }
}

/// The id of a match; a GUID of zeros is none.
fn match_id(text: &[u8]) -> Result<Option<&str>, Fault> {
    if text.iter().all(|byte| matches!(byte, b'0' | b'-')) {
        return Ok(None);
    }
    text::name(text).map(Some)
}

/// Columns of a quote.
#[derive(Clone, Copy, Default)]
pub(super) struct Quote<'a> {
    pub(super) timestamp: &'a [u8],
    pub(super) symbol: &'a [u8],
    pub(super) bid_size: &'a [u8],
    pub(super) bid_price: &'a [u8],
    pub(super) ask_price: &'a [u8],
    pub(super) ask_size: &'a [u8],
}

impl Quote<'_> {
    #[inline]
    pub(super) fn keep(&self, spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
        let at = text::calendar(self.timestamp).ok_or(Fault::Stamp)?;
        let symbol = text::name(self.symbol)?;
        output.keep(Kind::Quotes, spot.venue, symbol, spot.source_row, |rows| {
            rows.at(quotes::QUOTED_AT, at.micros);
            if at.nanos > 0 {
                rows.int(quotes::NANOSECONDS, at.nanos);
            }
            if let Some(received_at) = spot.received_at {
                rows.at(quotes::RECEIVED_AT, received_at);
            }
            for (column, digits) in [
                (quotes::BID_PRICE, self.bid_price),
                (quotes::ASK_PRICE, self.ask_price),
            ] {
                if rows
                    .optional_number(column, digits)?
                    .is_some_and(|price| price <= 0.0)
                {
                    return Err(Fault::Price);
                }
            }
            for (column, digits) in [
                (quotes::BID_QUANTITY, self.bid_size),
                (quotes::ASK_QUANTITY, self.ask_size),
            ] {
                if rows
                    .optional_number(column, digits)?
                    .is_some_and(|size| size < 0.0)
                {
                    return Err(Fault::Quantity);
                }
            }
            rows.word(quotes::QUANTITY_UNIT, unit("bitmex", symbol).word);
            rows.word(quotes::QUOTE_ORIGIN, "recorded");
            Ok(())
        })
    }
}

/// Columns of a bucket of trades.
#[derive(Clone, Copy, Default)]
pub(super) struct Bar<'a> {
    pub(super) timestamp: &'a [u8],
    pub(super) symbol: &'a [u8],
    pub(super) open: &'a [u8],
    pub(super) high: &'a [u8],
    pub(super) low: &'a [u8],
    pub(super) close: &'a [u8],
    pub(super) trades: &'a [u8],
    pub(super) volume: &'a [u8],
    pub(super) vwap: &'a [u8],
    pub(super) last_size: &'a [u8],
    pub(super) turnover: &'a [u8],
    pub(super) home_notional: &'a [u8],
    pub(super) foreign_notional: &'a [u8],
}

impl Bar<'_> {
    pub(super) fn keep(&self, interval_s: i64, spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
        let closed_at = text::calendar(self.timestamp).ok_or(Fault::Stamp)?.micros;
        let symbol = text::name(self.symbol)?;
        output.keep(Kind::Bars, spot.venue, symbol, spot.source_row, |rows| {
            rows.at(bars::OPEN_AT, closed_at - interval_s * 1_000_000);
            rows.at(bars::CLOSE_AT, closed_at);
            rows.int(bars::INTERVAL_S, interval_s);
            rows.word(bars::PRICE_KIND, "last");
            rows.word(bars::PRICE_ORIGIN, "recorded");
            let mut price = |column, digits| match rows.number(column, digits)? {
                price if price > 0.0 => Ok(price),
                _ => Err(Fault::Price),
            };
            price(bars::OPEN, self.open)?;
            let high = price(bars::HIGH, self.high)?;
            let low = price(bars::LOW, self.low)?;
            price(bars::CLOSE, self.close)?;
            if high < low {
                return Err(Fault::Extremes);
            }
            let volume = rows.number(bars::VOLUME, self.volume)?;
            if volume < 0.0 {
                return Err(Fault::Quantity);
            }
            let home = rows.optional_number(bars::BASE_VOLUME, self.home_notional)?;
            rows.optional_number(bars::QUOTE_VOLUME, self.foreign_notional)?;
            rows.word(bars::VOLUME_UNIT, unit_of(symbol, volume, home));
            rows.int(bars::TRADES, text::integer(self.trades).ok_or(Fault::Number)?);
            rows.optional_number(bars::VWAP, self.vwap)?;
            rows.optional_number(bars::LAST_QUANTITY, self.last_size)?;
            rows.optional_number(bars::SETTLEMENT_VALUE, self.turnover)?;
            Ok(())
        })
    }
}

/// Columns of a funding.
#[derive(Clone, Copy, Default)]
pub(super) struct Funding<'a> {
    pub(super) timestamp: &'a [u8],
    pub(super) symbol: &'a [u8],
    pub(super) interval: &'a [u8],
    pub(super) rate: &'a [u8],
    pub(super) rate_daily: &'a [u8],
}

impl Funding<'_> {
    pub(super) fn keep(&self, spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
        let at = text::calendar(self.timestamp).ok_or(Fault::Stamp)?;
        let symbol = text::name(self.symbol)?;
        output.keep(Kind::Funding, spot.venue, symbol, spot.source_row, |rows| {
            rows.at(funding::FUNDED_AT, at.micros);
            rows.number(funding::RATE, self.rate)?;
            rows.word(funding::RATE_KIND, "settled");
            if !self.interval.is_empty() {
                rows.real(
                    funding::INTERVAL_H,
                    interval_h(self.interval).ok_or(Fault::Stamp)?,
                );
            }
            rows.optional_number(funding::RATE_DAILY, self.rate_daily)?;
            Ok(())
        })
    }
}

/// The venue writes a length of time as what a clock shows that long after the start of 2000:
/// `2000-01-01T08:00:00.000Z` is eight hours.
fn interval_h(text: &[u8]) -> Option<f64> {
    let rest = text.strip_prefix(b"2000-01-")?;
    let [d, e, b'T', h, i, b':', m, n, b':', ..] = rest else {
        return None;
    };
    let number = |tens: &u8, ones: &u8| text::integer(&[*tens, *ones]);
    let minutes = ((number(d, e)? - 1) * 24 + number(h, i)?) * 60 + number(m, n)?;
    Some(minutes as f64 / 60.0)
}

/// Columns of an order that liquidates.
#[derive(Clone, Copy, Default)]
pub(super) struct Liquidation<'a> {
    pub(super) order_id: &'a [u8],
    pub(super) symbol: &'a [u8],
    pub(super) side: &'a [u8],
    pub(super) price: &'a [u8],
    pub(super) leaves_quantity: &'a [u8],
}

impl Liquidation<'_> {
    pub(super) fn keep(&self, spot: Spot<'_>, output: &mut Output) -> Result<(), Fault> {
        // The table has no stamp; the arrival is the only time there is.
        let at = spot.received_at.ok_or(Fault::Stamp)?;
        let symbol = text::name(self.symbol)?;
        output.keep(Kind::Liquidations, spot.venue, symbol, spot.source_row, |rows| {
            rows.at(liquidations::LIQUIDATED_AT, at);
            rows.at(liquidations::RECEIVED_AT, at);
            rows.text(liquidations::LIQUIDATION_KEY, text::name(self.order_id)?);
            rows.word(liquidations::SIDE, side(self.side)?);
            if rows.number(liquidations::PRICE, self.price)? <= 0.0 {
                return Err(Fault::Price);
            }
            if rows.number(liquidations::QUANTITY, self.leaves_quantity)? <= 0.0 {
                return Err(Fault::Quantity);
            }
            rows.word(liquidations::QUANTITY_UNIT, unit("bitmex", symbol).word);
            rows.word(liquidations::COVERAGE, "unknown");
            Ok(())
        })
    }
}
