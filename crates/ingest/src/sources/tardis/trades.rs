//! Trades and liquidations.

use aftershock_archive::tape::{Kind, liquidations, marks, trades};

use super::Row;
use crate::Output;
use crate::sources::units::unit;
use crate::text::{self, Fault};

/// Own columns of both kinds of file.
pub(super) const COLUMNS: &[&str] = &["id", "side", "price", "amount"];

/// From when on Binance shows one liquidation a second and instrument, µs: the stream's page says that it does, and
/// records of 2021-04 show when it began. What was shown before is not known to be all.
///
/// Source: <https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Liquidation-Order-Streams>.
const BINANCE_THROTTLED_FROM: i64 = 1_617_235_200_000_000;

#[inline]
pub(super) fn keep(row: Row<'_>, own: &[&[u8]], output: &mut Output) -> Result<(), Fault> {
    let &[id, side, price, amount] = own else {
        return Err(Fault::Columns);
    };
    if row.venue == "bitmex" && row.symbol.starts_with('.') {
        return output.keep(Kind::Marks, row.venue, row.symbol, row.source_row, |rows| {
            rows.at(marks::MARKED_AT, row.at.micros);
            rows.at(marks::RECEIVED_AT, row.received_at);
            rows.number(marks::INDEX_PRICE, price).map(drop)
        });
    }
    output.keep(Kind::Trades, row.venue, row.symbol, row.source_row, |rows| {
        rows.at(trades::TRADED_AT, row.at.micros);
        rows.at(trades::RECEIVED_AT, row.received_at);
        if !id.is_empty() {
            match text::integer(id) {
                Some(id) => rows.int(trades::TRADE_ID, id),
                None => rows.text(trades::TRADE_KEY, text::name(id)?),
            }
        }
        if let Some(side) = side_word(side)? {
            rows.word(trades::SIDE, side);
        }
        if rows.number(trades::PRICE, price)? <= 0.0 {
            return Err(Fault::Price);
        }
        if rows.number(trades::QUANTITY, amount)? <= 0.0 {
            return Err(Fault::Quantity);
        }
        let unit = unit(row.venue, row.symbol);
        rows.word(trades::QUANTITY_UNIT, unit.word);
        if let Some((size, of)) = unit.contract {
            rows.real(trades::CONTRACT_SIZE, size);
            rows.word(trades::CONTRACT_UNIT, of);
        }
        Ok(())
    })
}

#[inline]
pub(super) fn keep_liquidation(row: Row<'_>, own: &[&[u8]], output: &mut Output) -> Result<(), Fault> {
    let &[id, side, price, amount] = own else {
        return Err(Fault::Columns);
    };
    output.keep(
        Kind::Liquidations,
        row.venue,
        row.symbol,
        row.source_row,
        |rows| {
            rows.at(liquidations::LIQUIDATED_AT, row.at.micros);
            rows.at(liquidations::RECEIVED_AT, row.received_at);
            if !id.is_empty() {
                rows.text(liquidations::LIQUIDATION_KEY, text::name(id)?);
            }
            if let Some(side) = side_word(side)? {
                rows.word(liquidations::SIDE, side);
            }
            let at_bankruptcy = row.venue.starts_with("bybit") || row.venue.starts_with("okx");
            let column = if at_bankruptcy {
                liquidations::BANKRUPTCY_PRICE
            } else {
                liquidations::PRICE
            };
            if rows.number(column, price)? <= 0.0 {
                return Err(Fault::Price);
            }
            if rows.number(liquidations::QUANTITY, amount)? <= 0.0 {
                return Err(Fault::Quantity);
            }
            let unit = unit(row.venue, row.symbol);
            rows.word(liquidations::QUANTITY_UNIT, unit.word);
            if let Some((size, of)) = unit.contract {
                rows.real(liquidations::CONTRACT_SIZE, size);
                rows.word(liquidations::CONTRACT_UNIT, of);
            }
            rows.word(liquidations::COVERAGE, coverage(row));
            Ok(())
        },
    )
}

/// How much of what happened the venue's feed showed.
fn coverage(row: Row<'_>) -> &'static str {
    match row.venue {
        // Every trade carries the flag of liquidation.
        "deribit" => "complete",
        "binance-usdm" | "binance-coinm" if row.at.micros >= BINANCE_THROTTLED_FROM => "throttled",
        // <https://www.okx.com/docs-v5/en/#public-data-websocket-liquidation-orders-channel>
        venue if venue.starts_with("okx") => "throttled",
        _ => "unknown",
    }
}

fn side_word(word: &[u8]) -> Result<Option<&'static str>, Fault> {
    match word {
        b"buy" => Ok(Some("buy")),
        b"sell" => Ok(Some("sell")),
        b"unknown" | b"" => Ok(None),
        _ => Err(Fault::Word),
    }
}
