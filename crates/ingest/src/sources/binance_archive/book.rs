//! The book: best quotes, and what rests within bands around the mid.

use aftershock_archive::tape::{depth_bands, quotes};

use super::File;
use crate::text::{self, Fault};
use crate::{Rows, csv};

/// `update id, bid price, bid quantity, ask price, ask quantity, matching time, event time`.
#[inline]
pub(super) fn quote(file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 7];
    if csv::fields(line, &mut field) != 7 {
        return Err(Fault::Columns);
    }
    let [id, bid, bid_quantity, ask, ask_quantity, matched, sent] = field;
    let stamp = |digits| Ok(text::stamp_text(digits).ok_or(Fault::Stamp)?.micros);
    rows.at(quotes::QUOTED_AT, stamp(matched)?);
    rows.at(quotes::EVENT_AT, stamp(sent)?);
    rows.int(quotes::UPDATE_ID, text::integer(id).ok_or(Fault::Number)?);
    rows.label(quotes::QUANTITY_UNIT, file.market.quantity_unit());
    for (column, digits) in [(quotes::BID_PRICE, bid), (quotes::ASK_PRICE, ask)] {
        if rows.number(column, digits)? <= 0.0 {
            return Err(Fault::Price);
        }
    }
    for (column, digits) in [
        (quotes::BID_QUANTITY, bid_quantity),
        (quotes::ASK_QUANTITY, ask_quantity),
    ] {
        if rows.number(column, digits)? < 0.0 {
            return Err(Fault::Quantity);
        }
    }
    Ok(())
}

/// `time, percent from the mid, depth, notional`, cumulative from the mid outwards, bids below zero.
///
/// Source: <https://github.com/binance/binance-public-data/issues/447> (depth in coin, notional in USD, of USD-M). Of
/// COIN-M, whose books count contracts, nobody says what its notional counts: it is left out.
pub(super) fn band(file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 4];
    if csv::fields(line, &mut field) != 4 {
        return Err(Fault::Columns);
    }
    let [at, percent, depth, notional] = field;
    rows.at(
        depth_bands::TAKEN_AT,
        text::calendar(at).ok_or(Fault::Stamp)?.micros,
    );
    rows.number(depth_bands::BAND_PCT, percent)?;
    if rows.number(depth_bands::QUANTITY, depth)? < 0.0 {
        return Err(Fault::Quantity);
    }
    rows.label(depth_bands::QUANTITY_UNIT, file.market.quantity_unit());
    if file.contract_usd.is_none() && rows.number(depth_bands::NOTIONAL_QUOTE, notional)? < 0.0 {
        return Err(Fault::Quantity);
    }
    Ok(())
}
