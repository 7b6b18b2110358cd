//! Chains of options.

use aftershock_archive::tape::{Kind, options};

use super::Row;
use crate::text::{self, Fault};
use crate::{Output, Rows};

/// Own columns.
pub(super) const COLUMNS: &[&str] = &[
    "type",
    "strike_price",
    "expiration",
    "open_interest",
    "last_price",
    "bid_price",
    "bid_amount",
    "bid_iv",
    "ask_price",
    "ask_amount",
    "ask_iv",
    "mark_price",
    "mark_iv",
    "underlying_index",
    "underlying_price",
    "delta",
    "gamma",
    "vega",
    "theta",
    "rho",
];

#[inline]
pub(super) fn keep(row: Row<'_>, exchange: &str, own: &[&[u8]], output: &mut Output) -> Result<(), Fault> {
    let own: &[&[u8]; 20] = own.try_into().map_err(|_| Fault::Columns)?;
    let percent = exchange == "deribit";
    output.keep(Kind::Options, row.venue, row.symbol, row.source_row, |rows| {
        rows.at(options::QUOTED_AT, row.at.micros);
        rows.at(options::RECEIVED_AT, row.received_at);
        rows.word(
            options::OPTION_TYPE,
            match own[0] {
                b"call" => "call",
                b"put" => "put",
                _ => return Err(Fault::Word),
            },
        );
        if rows.number(options::STRIKE_PRICE, own[1])? <= 0.0 {
            return Err(Fault::Price);
        }
        let expires_at = text::stamp_text(own[2]).ok_or(Fault::Stamp)?;
        rows.at(options::EXPIRES_AT, expires_at.micros);
        for (column, place) in [
            (options::OPEN_INTEREST, 3),
            (options::LAST_PRICE, 4),
            (options::BID_PRICE, 5),
            (options::BID_QUANTITY, 6),
            (options::ASK_PRICE, 8),
            (options::ASK_QUANTITY, 9),
            (options::MARK_PRICE, 11),
            (options::UNDERLYING_PRICE, 14),
        ] {
            if rows
                .optional_number(column, own[place])?
                .is_some_and(|value| value < 0.0)
            {
                return Err(if matches!(place, 3 | 6 | 9) {
                    Fault::Quantity
                } else {
                    Fault::Price
                });
            }
        }
        for (column, place) in [
            (options::BID_IMPLIED_VOLATILITY, 7),
            (options::ASK_IMPLIED_VOLATILITY, 10),
            (options::MARK_IMPLIED_VOLATILITY, 12),
        ] {
            volatility(rows, column, own[place], percent)?;
        }
        if !own[13].is_empty() {
            rows.word(options::UNDERLYING, text::name(own[13])?);
        }
        for (column, place) in [
            (options::DELTA, 15),
            (options::GAMMA, 16),
            (options::VEGA, 17),
            (options::THETA, 18),
            (options::RHO, 19),
        ] {
            rows.optional_number(column, own[place])?;
        }
        Ok(())
    })
}

#[inline]
fn volatility(
    rows: &mut Rows,
    column: aftershock_archive::tape::Real,
    digits: &[u8],
    percent: bool,
) -> Result<(), Fault> {
    if digits.is_empty() {
        return Ok(());
    }
    let mut room = [0; 40];
    let ratio = if percent {
        text::ratio_of_percent(digits, &mut room).ok_or(Fault::Number)?
    } else {
        digits
    };
    rows.number(column, ratio).map(drop)
}
