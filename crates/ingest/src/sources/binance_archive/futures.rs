//! What only futures have: funding, open interest and the ratios beside it, liquidations.

use aftershock_archive::tape::{Kind, funding, liquidations, long_short, open_interest};

use super::super::binance::Market;
use super::File;
use crate::text::{self, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Rows, csv};

/// `settlement time, interval in hours, rate`.
pub(super) fn funding(_file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 3];
    if csv::fields(line, &mut field) != 3 {
        return Err(Fault::Columns);
    }
    let [at, hours, rate] = field;
    rows.at(
        funding::FUNDED_AT,
        text::stamp_text(at).ok_or(Fault::Stamp)?.micros,
    );
    rows.number(funding::INTERVAL_H, hours)?;
    rows.number(funding::RATE, rate)?;
    rows.label(funding::RATE_KIND, "settled");
    Ok(())
}

/// `time, side, type, time in force, quantity, price, mean price, status, last fill, all fills`.
///
/// The feed shows at most one order a second and symbol, so that its time names an order; the archive writes every
/// row twice, which the time as key undoes.
/// Sources: <https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams/Liquidation-Order-Streams>,
/// <https://github.com/binance/binance-public-data/issues/259>, seen 2026-11-22.
pub(super) fn liquidation(file: &File, line: &[u8], rows: &mut Rows) -> Result<(), Fault> {
    let mut field = [b"".as_slice(); 10];
    if csv::fields(line, &mut field) != 10 {
        return Err(Fault::Columns);
    }
    let [
        at,
        side,
        order_type,
        in_force,
        quantity,
        price,
        average,
        status,
        last,
        filled,
    ] = field;
    let word = |bytes| std::str::from_utf8(bytes).map_err(|_| Fault::Encoding);
    rows.at(
        liquidations::LIQUIDATED_AT,
        text::stamp_text(at).ok_or(Fault::Stamp)?.micros,
    );
    rows.text(liquidations::LIQUIDATION_KEY, word(at)?);
    rows.label(
        liquidations::SIDE,
        match side {
            b"SELL" => "sell",
            b"BUY" => "buy",
            _ => return Err(Fault::Word),
        },
    );
    if rows.number(liquidations::PRICE, price)? <= 0.0 {
        return Err(Fault::Price);
    }
    rows.number(liquidations::AVERAGE_PRICE, average)?;
    for (column, digits) in [
        (liquidations::QUANTITY, quantity),
        (liquidations::FILLED_QUANTITY, filled),
        (liquidations::LAST_FILLED_QUANTITY, last),
    ] {
        if rows.number(column, digits)? < 0.0 {
            return Err(Fault::Quantity);
        }
    }
    rows.label(liquidations::QUANTITY_UNIT, file.market.quantity_unit());
    if let Some(usd) = file.contract_usd {
        rows.real(liquidations::CONTRACT_SIZE, usd);
        rows.label(liquidations::CONTRACT_UNIT, "quote");
    }
    rows.word(liquidations::STATUS, word(status)?);
    rows.word(
        liquidations::ORDER_TYPE,
        &format!("{} {}", word(order_type)?, word(in_force)?),
    );
    rows.label(liquidations::COVERAGE, "throttled");
    Ok(())
}

/// First instant of the day from which the rows of USD-M metrics are labelled with the start of their five minutes;
/// those of COIN-M always were, those of USD-M before with the end.
///
/// Source: <https://github.com/binance/binance-public-data/issues/491>, seen 2026-11-22 (measured by its writer; the
/// venue has not said so).
const RELABELLED_US: i64 = 1_782_345_600_000_000;
const PERIOD_US: i64 = 300_000_000;

/// Open interest and long/short ratios, a row each five minutes, in older files each day.
pub(super) struct Metrics {
    file: File,
    /// Day in the file's name: the last row of a day labelled by ends and the first of a day labelled by starts bear
    /// one label, and only the file tells them apart.
    day_us: Option<i64>,
    one_instrument: bool,
}

impl Metrics {
    pub(super) fn of(head: &Head<'_>, file: File) -> Self {
        let stem = head.stem();
        let day = stem.len().checked_sub(10).and_then(|from| stem.get(from..));
        Self {
            file,
            day_us: day
                .and_then(|day| text::calendar(day.as_bytes()))
                .map(|at| at.micros),
            one_instrument: head.hints.instrument.is_some(),
        }
    }

    /// When a row's stock was read and its flow had ended.
    fn read_at(&self, label: &[u8]) -> Option<i64> {
        let at = text::calendar(label)?.micros;
        let labelled_by_start =
            self.file.market == Market::CoinM || self.day_us.unwrap_or(at) >= RELABELLED_US;
        // A row of a day has no time in its label, and is not shifted.
        Some(if labelled_by_start && label.len() > 10 {
            at + PERIOD_US
        } else {
            at
        })
    }

    fn row(&self, source_row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let mut field = [b"".as_slice(); 8];
        if csv::fields(line, &mut field) != 8 {
            return Err(Fault::Columns);
        }
        let [label, symbol, quantity, value, ratios @ ..] = field;
        let at = self.read_at(label).ok_or(Fault::Stamp)?;
        let instrument = if self.one_instrument {
            &self.file.instrument
        } else {
            std::str::from_utf8(symbol).map_err(|_| Fault::Encoding)?
        };
        if instrument.is_empty() {
            return Err(Fault::Instrument);
        }
        // All is looked at before the first row is opened, because a line is kept whole or not at all.
        let amount = |digits| match text::number(digits).ok_or(Fault::Number)? {
            number if number.value < 0.0 => Err(Fault::Quantity),
            number => Ok(number),
        };
        let mut written = false;
        for digits in [quantity, value].into_iter().chain(ratios) {
            if !digits.is_empty() {
                amount(digits)?;
                written = true;
            }
        }
        if !written || (quantity.is_empty() && !value.is_empty()) {
            return Err(Fault::Number);
        }
        let venue = &self.file.venue;
        if !quantity.is_empty() {
            let rows = output.rows(Kind::OpenInterest, venue, instrument);
            rows.begin(source_row);
            rows.at(open_interest::READ_AT, at);
            rows.number(open_interest::QUANTITY, quantity)?;
            rows.label(open_interest::QUANTITY_UNIT, self.file.market.quantity_unit());
            if self.file.market != Market::CoinM {
                rows.optional_number(open_interest::NOTIONAL_QUOTE, value)?;
            } else if !value.is_empty() {
                // The value of open contracts is in the coin that margins them.
                rows.begin(source_row);
                rows.at(open_interest::READ_AT, at);
                rows.number(open_interest::QUANTITY, value)?;
                rows.label(open_interest::QUANTITY_UNIT, "base");
            }
        }
        const MEASURES: [&str; 4] = [
            "top_trader_accounts",
            "top_trader_positions",
            "accounts",
            "taker_volume",
        ];
        for (measure, ratio) in MEASURES.into_iter().zip(ratios) {
            if !ratio.is_empty() {
                let rows = output.rows(Kind::LongShort, venue, instrument);
                rows.begin(source_row);
                rows.at(long_short::READ_AT, at);
                rows.label(long_short::MEASURE, measure);
                rows.number(long_short::RATIO, ratio)?;
            }
        }
        Ok(())
    }
}

impl Parser for Metrics {
    fn framing(&self) -> Framing {
        self.file.framing()
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, line) in block.records() {
            output.read += 1;
            if let Err(fault) = self.row(row, line, output) {
                output.reject(row, fault, line);
            }
        }
        Ok(())
    }
}
