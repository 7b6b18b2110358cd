//! Klines: of trades, of the mark, of the index and of the premium, told apart by their folder alone.

use aftershock_archive::tape::bars;

use super::super::binance::Market;
use super::File;
use crate::text::{self, Fault};
use crate::{Head, IngestError, Rows, csv};

const SECOND: i64 = 1_000_000;

/// What the path says of klines.
pub(super) struct Bars {
    pub(super) price_kind: &'static str,
    /// Length by the name; months have none.
    interval_s: Option<i64>,
}

impl Bars {
    /// # Errors
    /// Where no folder says what the prices are and the bars are none of trades.
    pub(super) fn of(head: &Head<'_>) -> Result<Self, IngestError> {
        Ok(Self {
            price_kind: price_kind(head)?,
            interval_s: head
                .parts()
                .rev()
                .flat_map(|part| part.split(['-', '_', '.']))
                .find_map(interval_s),
        })
    }

    /// `open time, open, high, low, close, volume, close time, quote volume, trades, taker volume, taker quote volume,
    /// unused`; on COIN-M volumes are contracts and the other two are in the coin.
    pub(super) fn read(&self, file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); 12];
        if csv::fields(line, &mut field) != 12 {
            return Err(Fault::Columns);
        }
        let [
            opened,
            open,
            high,
            low,
            close,
            volume,
            closed,
            other_volume,
            trades,
            taker,
            other_taker,
            _,
        ] = field;
        let open_at = text::stamp_text(opened).ok_or(Fault::Stamp)?.micros;
        let close_at = end(text::stamp_text(closed).ok_or(Fault::Stamp)?.micros);
        if close_at <= open_at {
            return Err(Fault::Stamp);
        }
        rows.at(bars::OPEN_AT, open_at);
        rows.at(bars::CLOSE_AT, close_at);
        rows.int(
            bars::INTERVAL_S,
            self.interval_s.unwrap_or((close_at - open_at) / SECOND),
        );
        rows.label(bars::PRICE_KIND, self.price_kind);
        let lowest = if self.price_kind == "premium" {
            f64::NEG_INFINITY
        } else {
            0.0
        };
        let mut price = |column, digits| match rows.number(column, digits)? {
            value if value > lowest => Ok(value),
            _ => Err(Fault::Price),
        };
        price(bars::OPEN, open)?;
        price(bars::CLOSE, close)?;
        if price(bars::HIGH, high)? < price(bars::LOW, low)? {
            return Err(Fault::Extremes);
        }
        rows.label(bars::PRICE_ORIGIN, "recorded");
        if self.price_kind != "last" {
            // The other columns of mark, index and premium klines are not used.
            return Ok(());
        }
        let mut amount = |column, digits| match rows.number(column, digits)? {
            value if value < 0.0 => Err(Fault::Quantity),
            _ => Ok(()),
        };
        amount(bars::VOLUME, volume)?;
        amount(bars::TAKER_BUY_VOLUME, taker)?;
        if file.market == Market::CoinM {
            amount(bars::BASE_VOLUME, other_volume)?;
            amount(bars::TAKER_BUY_BASE_VOLUME, other_taker)?;
        } else {
            amount(bars::QUOTE_VOLUME, other_volume)?;
            amount(bars::TAKER_BUY_QUOTE_VOLUME, other_taker)?;
        }
        rows.label(bars::VOLUME_UNIT, file.market.quantity_unit());
        rows.int(bars::TRADES, text::integer(trades).ok_or(Fault::Number)?);
        Ok(())
    }
}

/// The exclusive end: the archive writes the last tick of a bar, `…:59.999` or `…:59.999999`.
fn end(close_at: i64) -> i64 {
    let beyond = close_at.rem_euclid(SECOND);
    if beyond >= 999_000 {
        close_at - beyond + SECOND
    } else {
        close_at
    }
}

fn price_kind(head: &Head<'_>) -> Result<&'static str, IngestError> {
    for part in head.parts().rev() {
        for (word, kind) in [
            ("markpriceklines", "mark"),
            ("indexpriceklines", "index"),
            ("premiumindexklines", "premium"),
            ("klines", "last"),
        ] {
            if part.to_ascii_lowercase().contains(word) {
                return Ok(kind);
            }
        }
    }
    // Bars of trades have volume where they have trades; the others count samples and have no volume at all.
    let mut samples_without_volume = false;
    for line in head.bytes.split(|byte| *byte == b'\n') {
        let mut field = [b"".as_slice(); 12];
        if csv::fields(line, &mut field) == 12
            && let (Some(volume), Some(count)) = (text::number(field[5]), text::integer(field[8]))
        {
            if volume.value > 0.0 {
                return Ok("last");
            }
            samples_without_volume |= count > 0;
        }
    }
    if !samples_without_volume {
        return Ok("last");
    }
    Err(IngestError::Underspecified {
        path: head.path.to_owned(),
        what: "klines of Binance's archive without any volume".to_owned(),
        missing: "nothing says whether of the mark, the index or the premium".to_owned(),
        option: "a folder named markPriceKlines, indexPriceKlines or premiumIndexKlines, as the archive has it,",
    })
}

/// Seconds of `1s` … `1w`; a month has no fixed length.
fn interval_s(token: &str) -> Option<i64> {
    let unit = token.find(|letter: char| !letter.is_ascii_digit())?;
    let count: i64 = token[..unit].parse().ok()?;
    let seconds = match &token[unit..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(count * seconds)
}
