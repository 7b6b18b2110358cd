//! Quotes, snapshots of the book and its changes.

use aftershock_archive::tape::{Kind, depth, quotes};

use super::Row;
use crate::sources::units::unit;
use crate::text::{self, Fault};
use crate::{Output, Rows};

/// Own columns of quotes, from both kinds of file.
pub(super) const QUOTE_COLUMNS: &[&str] = &["ask_amount", "ask_price", "bid_price", "bid_amount"];
/// Own columns of changes.
pub(super) const CHANGE_COLUMNS: &[&str] = &["is_snapshot", "side", "price", "amount"];

/// Levels on a side where the columns are those of a snapshot: price and amount of each ask and bid in turn.
pub(super) fn depth(own: &[&str]) -> Option<usize> {
    let levels = own.len() / 4;
    let named = own.chunks_exact(4).enumerate().all(|(level, names)| {
        let of = |side: &str, what: &str| format!("{side}[{level}].{what}");
        names
            == [
                of("asks", "price"),
                of("asks", "amount"),
                of("bids", "price"),
                of("bids", "amount"),
            ]
    });
    (levels > 0 && own.len().is_multiple_of(4) && named).then_some(levels)
}

#[inline]
pub(super) fn keep_quote(
    row: Row<'_>,
    origin: &str,
    own: &[&[u8]],
    output: &mut Output,
) -> Result<(), Fault> {
    let &[ask_amount, ask_price, bid_price, bid_amount] = own else {
        return Err(Fault::Columns);
    };
    output.keep(Kind::Quotes, row.venue, row.symbol, row.source_row, |rows| {
        rows.at(quotes::QUOTED_AT, row.at.micros);
        rows.at(quotes::RECEIVED_AT, row.received_at);
        for (column, digits) in [(quotes::BID_PRICE, bid_price), (quotes::ASK_PRICE, ask_price)] {
            if rows
                .optional_number(column, digits)?
                .is_some_and(|price| price <= 0.0)
            {
                return Err(Fault::Price);
            }
        }
        for (column, digits) in [
            (quotes::BID_QUANTITY, bid_amount),
            (quotes::ASK_QUANTITY, ask_amount),
        ] {
            if rows
                .optional_number(column, digits)?
                .is_some_and(|amount| amount < 0.0)
            {
                return Err(Fault::Quantity);
            }
        }
        rows.word(quotes::QUANTITY_UNIT, unit(row.venue, row.symbol).word);
        rows.word(quotes::QUOTE_ORIGIN, origin);
        Ok(())
    })
}

/// Keeps the levels that there are; a snapshot with a bad level is not kept in part.
pub(super) fn keep_snapshot(row: Row<'_>, own: &[&[u8]], output: &mut Output) -> Result<(), Fault> {
    let word = unit(row.venue, row.symbol).word;
    let rows = output.rows(Kind::Depth, row.venue, row.symbol);
    let mut kept = 0;
    for (level, columns) in own.chunks_exact(4).enumerate() {
        for (side, pair) in [("ask", &columns[..2]), ("bid", &columns[2..])] {
            if pair.iter().all(|text| text.is_empty()) {
                continue;
            }
            rows.begin(row.source_row);
            kept += 1;
            rows.int(depth::LEVEL, level as i64);
            if let Err(fault) = fill(row, true, side, pair[0], pair[1], word, rows) {
                for _ in 0..kept {
                    rows.undo();
                }
                return Err(fault);
            }
        }
    }
    // A book without a level cannot be written down.
    if kept == 0 {
        return Err(Fault::Number);
    }
    Ok(())
}

#[inline]
pub(super) fn keep_change(row: Row<'_>, own: &[&[u8]], output: &mut Output) -> Result<(), Fault> {
    let &[is_snapshot, side, price, amount] = own else {
        return Err(Fault::Columns);
    };
    let snapshot = match is_snapshot {
        b"true" => true,
        b"false" => false,
        _ => return Err(Fault::Word),
    };
    let side = match side {
        b"bid" => "bid",
        b"ask" => "ask",
        _ => return Err(Fault::Word),
    };
    let word = unit(row.venue, row.symbol).word;
    output.keep(Kind::Depth, row.venue, row.symbol, row.source_row, |rows| {
        fill(row, snapshot, side, price, amount, word, rows)
    })
}

#[inline]
fn fill(
    row: Row<'_>,
    snapshot: bool,
    side: &str,
    price: &[u8],
    amount: &[u8],
    unit: &str,
    rows: &mut Rows,
) -> Result<(), Fault> {
    rows.at(depth::UPDATED_AT, row.at.micros);
    rows.at(depth::RECEIVED_AT, row.received_at);
    rows.flag(depth::SNAPSHOT, snapshot);
    rows.word(depth::SIDE, side);
    // Spreads and power trade below zero elsewhere; on these venues a price of the book is above it.
    if rows.number(depth::PRICE, price)? <= 0.0 {
        return Err(Fault::Price);
    }
    let quantity = text::number(amount).ok_or(Fault::Number)?;
    if quantity.value < 0.0 || (snapshot && quantity.value == 0.0) {
        return Err(Fault::Quantity);
    }
    rows.number(depth::QUANTITY, amount)?;
    rows.word(depth::QUANTITY_UNIT, unit);
    Ok(())
}
