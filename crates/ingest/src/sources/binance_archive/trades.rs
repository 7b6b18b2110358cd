//! Trades: every one, or fills of one taker order at one price together.

use aftershock_archive::tape::trades;

use super::File;
use super::layout::yes_or_no;
use crate::text::{self, Fault};
use crate::{Rows, csv};

/// `id, price, quantity, first id, last id, time, buyer is maker[, best match]`.
#[inline]
pub(super) fn aggregated(file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 8];
    let count = csv::fields(line, &mut field);
    if !(7..=8).contains(&count) {
        return Err(Fault::Columns);
    }
    let [id, price, quantity, first, last, at, maker_buys, best] = field;
    common(file, rows, [id, price, quantity, at, maker_buys])?;
    rows.int(trades::FIRST_TRADE_ID, text::integer(first).ok_or(Fault::Number)?);
    rows.int(trades::LAST_TRADE_ID, text::integer(last).ok_or(Fault::Number)?);
    if count == 8 {
        rows.flag(trades::BEST_MATCH, yes_or_no(best).ok_or(Fault::Word)?);
    }
    Ok(())
}

/// `id, price, quantity, quantity in quote (COIN-M: in base), time, buyer is maker[, best match]`.
#[inline]
pub(super) fn single(file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 7];
    let count = csv::fields(line, &mut field);
    if !(6..=7).contains(&count) {
        return Err(Fault::Columns);
    }
    let [id, price, quantity, other_quantity, at, maker_buys, best] = field;
    common(file, rows, [id, price, quantity, at, maker_buys])?;
    let other = if file.contract_usd.is_some() {
        trades::BASE_QUANTITY
    } else {
        trades::QUOTE_QUANTITY
    };
    rows.number(other, other_quantity)?;
    if count == 7 {
        rows.flag(trades::BEST_MATCH, yes_or_no(best).ok_or(Fault::Word)?);
    }
    Ok(())
}

#[inline]
fn common(
    file: &File,
    rows: &mut Rows,
    [id, price, quantity, at, maker_buys]: [&[u8]; 5],
) -> Result<(), Fault> {
    rows.at(
        trades::TRADED_AT,
        text::stamp_text(at).ok_or(Fault::Stamp)?.micros,
    );
    rows.int(trades::TRADE_ID, text::integer(id).ok_or(Fault::Number)?);
    if rows.number(trades::PRICE, price)? <= 0.0 {
        return Err(Fault::Price);
    }
    if rows.number(trades::QUANTITY, quantity)? < 0.0 {
        return Err(Fault::Quantity);
    }
    rows.label(trades::QUANTITY_UNIT, file.market.quantity_unit());
    if let Some(usd) = file.contract_usd {
        rows.real(trades::CONTRACT_SIZE, usd);
        rows.label(trades::CONTRACT_UNIT, "quote");
    }
    // Where the buyer's order rested, the taker sold.
    let taker_sells = yes_or_no(maker_buys).ok_or(Fault::Word)?;
    rows.label(trades::SIDE, if taker_sells { "sell" } else { "buy" });
    Ok(())
}
