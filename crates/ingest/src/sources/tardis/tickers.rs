//! Marks, open interest and funding rates of derivatives.

use std::collections::HashMap;

use aftershock_archive::tape::{Kind, funding, marks, open_interest};

use super::Row;
use crate::Output;
use crate::sources::units::unit;
use crate::text::{self, Fault};

/// Own columns.
pub(super) const COLUMNS: &[&str] = &[
    "funding_timestamp",
    "funding_rate",
    "predicted_funding_rate",
    "open_interest",
    "last_price",
    "index_price",
    "mark_price",
];

/// What the last row of each exchange and symbol said of the things that change seldom.
pub(super) type Last<'a> = HashMap<[&'a [u8]; 2], Seldom<'a>>;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seldom<'a> {
    open_interest: &'a [u8],
    funding: [&'a [u8]; 3],
}

pub(super) fn keep<'a>(
    row: Row<'_>,
    instrument: [&'a [u8]; 2],
    own: &[&'a [u8]],
    last: &mut Last<'a>,
    output: &mut Output,
) -> Result<(), Fault> {
    let &[
        funding_at,
        rate,
        next_rate,
        interest,
        last_price,
        index_price,
        mark_price,
    ] = own
    else {
        return Err(Fault::Columns);
    };
    let settles_at = match funding_at {
        b"" => None,
        digits => Some(text::stamp_text(digits).ok_or(Fault::Stamp)?.micros),
    };
    // All that the row says is looked at before any of it is kept.
    for digits in [rate, next_rate] {
        if !digits.is_empty() && text::number(digits).is_none() {
            return Err(Fault::Number);
        }
    }
    match interest {
        b"" => {}
        digits if text::number(digits).ok_or(Fault::Number)?.value < 0.0 => return Err(Fault::Quantity),
        _ => {}
    }
    output.keep(Kind::Marks, row.venue, row.symbol, row.source_row, |rows| {
        rows.at(marks::MARKED_AT, row.at.micros);
        rows.at(marks::RECEIVED_AT, row.received_at);
        for (column, digits) in [
            (marks::LAST_PRICE, last_price),
            (marks::INDEX_PRICE, index_price),
            (marks::MARK_PRICE, mark_price),
        ] {
            if rows
                .optional_number(column, digits)?
                .is_some_and(|price| price < 0.0)
            {
                return Err(Fault::Price);
            }
        }
        Ok(())
    })?;
    let now = Seldom {
        open_interest: interest,
        funding: [funding_at, rate, next_rate],
    };
    let before = last.insert(instrument, now);
    if !interest.is_empty() && before.is_none_or(|before| before.open_interest != interest) {
        output.keep(
            Kind::OpenInterest,
            row.venue,
            row.symbol,
            row.source_row,
            |rows| {
                rows.at(open_interest::READ_AT, row.at.micros);
                rows.number(open_interest::QUANTITY, interest)?;
                rows.word(open_interest::QUANTITY_UNIT, unit(row.venue, row.symbol).word);
                Ok(())
            },
        )?;
    }
    if before.is_some_and(|before| before.funding == now.funding) {
        return Ok(());
    }
    // Deribit charges its rate at every instant and so names no settlement.
    let kind = if row.venue == "deribit" {
        "continuous"
    } else {
        "predicted"
    };
    for (kind, digits) in [(kind, rate), ("predicted_next", next_rate)] {
        if digits.is_empty() {
            continue;
        }
        output.keep(Kind::Funding, row.venue, row.symbol, row.source_row, |rows| {
            rows.at(funding::FUNDED_AT, row.at.micros);
            if let (Some(settles_at), "predicted") = (settles_at, kind) {
                rows.at(funding::SETTLES_AT, settles_at);
            }
            rows.number(funding::RATE, digits)?;
            rows.word(funding::RATE_KIND, kind);
            Ok(())
        })?;
    }
    Ok(())
}
