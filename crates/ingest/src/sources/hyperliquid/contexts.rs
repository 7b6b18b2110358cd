//! Asset contexts: funding, open interest and prices of every coin, once a minute.

use aftershock_archive::tape::{Kind, funding, marks, open_interest};

use super::Venue;
use crate::csv::{self, Header};
use crate::text::{self, Fault};
use crate::{Block, Framing, IngestError, Output, Parser};

const NAMES: [&str; 12] = [
    "time",
    "coin",
    "funding",
    "open_interest",
    "prev_day_px",
    "day_ntl_vlm",
    "premium",
    "oracle_px",
    "mark_px",
    "mid_px",
    "impact_bid_px",
    "impact_ask_px",
];

/// Hyperliquid settles funding every hour.
/// Source: <https://hyperliquid.gitbook.io/hyperliquid-docs/trading/funding>.
const FUNDING_INTERVAL_H: f64 = 1.0;

/// A file of asset contexts: where each column stands in it.
pub(super) struct Contexts {
    places: [usize; NAMES.len()],
    columns: usize,
    venue: Venue,
}

/// Room for the fields of a line; the archive has twelve columns.
const ROOM: usize = 24;

impl Contexts {
    /// The file of a header line, if it has all columns.
    pub(super) fn of(header: &[u8], venue: &Venue) -> Option<Self> {
        let header = Header::of(header);
        let columns = header.names().len();
        let mut places = [0; NAMES.len()];
        for (place, name) in places.iter_mut().zip(NAMES) {
            *place = header.place(name)?;
        }
        (columns <= ROOM).then(|| Self {
            places,
            columns,
            venue: venue.clone(),
        })
    }
}

impl Parser for Contexts {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            output.read += 1;
            if let Err(fault) = self.line(row, line, output) {
                output.reject(row, fault, line);
            }
        }
        Ok(())
    }
}

impl Contexts {
    /// One context becomes a row each of funding, open interest and marks: all of it is checked before any is written.
    fn line(&self, row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let mut fields = [b"".as_slice(); ROOM];
        if csv::fields(line, &mut fields) != self.columns {
            return Err(Fault::Columns);
        }
        let [
            time,
            coin,
            rate,
            quantity,
            day_before,
            volume,
            premium,
            oracle,
            mark,
            mid,
            bid,
            ask,
        ] = self.places.map(|place| missing_is_empty(fields[place]));
        let at = text::calendar(time).ok_or(Fault::Stamp)?.micros;
        let coin = std::str::from_utf8(coin).map_err(|_| Fault::Encoding)?;
        if coin.is_empty() {
            return Err(Fault::Instrument);
        }
        let value = |digits| {
            text::number(digits)
                .map(|number| number.value)
                .ok_or(Fault::Number)
        };
        value(rate)?;
        if value(quantity)? < 0.0 {
            return Err(Fault::Quantity);
        }
        if value(mark)? <= 0.0 {
            return Err(Fault::Price);
        }
        for digits in [day_before, volume, premium, oracle, mid, bid, ask] {
            if !digits.is_empty() {
                value(digits)?;
            }
        }

        let venue = self.venue.of_perpetuals();
        let rows = output.rows(Kind::Funding, venue, coin);
        rows.begin(row);
        rows.at(funding::FUNDED_AT, at);
        rows.number(funding::RATE, rate)?;
        rows.word(funding::RATE_KIND, "predicted");
        rows.real(funding::INTERVAL_H, FUNDING_INTERVAL_H);
        rows.number(funding::MARK_PRICE, mark)?;
        rows.optional_number(funding::PREMIUM, premium)?;

        let rows = output.rows(Kind::OpenInterest, venue, coin);
        rows.begin(row);
        rows.at(open_interest::READ_AT, at);
        rows.number(open_interest::QUANTITY, quantity)?;
        rows.word(open_interest::QUANTITY_UNIT, "base");

        let rows = output.rows(Kind::Marks, venue, coin);
        rows.begin(row);
        rows.at(marks::MARKED_AT, at);
        rows.optional_number(marks::PREMIUM, premium)?;
        rows.optional_number(marks::VOLUME_DAY_QUOTE, volume)?;
        for (column, digits) in [
            (marks::MARK_PRICE, mark),
            (marks::ORACLE_PRICE, oracle),
            (marks::MID_PRICE, mid),
            (marks::IMPACT_BID_PRICE, bid),
            (marks::IMPACT_ASK_PRICE, ask),
            (marks::PRICE_DAY_BEFORE, day_before),
        ] {
            // Coins without a book carry zeros, which are no prices.
            if !digits.is_empty() && value(digits)? > 0.0 {
                rows.number(column, digits)?;
            }
        }
        Ok(())
    }
}

/// The archive writes a missing value as nothing or as `null`.
fn missing_is_empty(field: &[u8]) -> &[u8] {
    if field == b"null" { b"" } else { field }
}
