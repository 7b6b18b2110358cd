//! Columns of a generated tape as rows of the tape's tables.

use aftershock_archive::tape::{
    Kind, Staging, bars, depth_bands, liquidations, marks, open_interest, trades,
};
use aftershock_calibrate::observed::{Observed, Prints};
use aftershock_ingest::Rows;
use anyhow::Result;

/// Puts all that a market prints into the tape; `row` counts the rows of the source.
pub(super) fn push(staging: &mut Staging, source: &str, market: &Observed, row: &mut u64) -> Result<()> {
    for (kind, rows) in [
        (Kind::Trades, traded(market, row)),
        (Kind::Liquidations, liquidated(market, row)),
        (Kind::OpenInterest, held(market, row)),
        (Kind::DepthBands, resting(market, row)),
        (Kind::Marks, marked(market, row)),
        (Kind::Bars, before(market, row)),
    ] {
        if !rows.is_empty() {
            staging.push(kind, &market.venue, &market.instrument, rows.finish(source))?;
        }
    }
    Ok(())
}

fn begin(rows: &mut Rows, row: &mut u64) {
    rows.begin(*row);
    *row += 1;
}

/// The side of the taker, and of a forced order.
fn side(prints: &Prints, place: usize) -> &'static str {
    if prints.buys[place] { "buy" } else { "sell" }
}

fn traded(market: &Observed, row: &mut u64) -> Rows {
    let prints = &market.trades;
    let mut rows = Rows::with_capacity(Kind::Trades, prints.len());
    for place in 0..prints.len() {
        begin(&mut rows, row);
        rows.at(trades::TRADED_AT, prints.at[place].0);
        rows.int(trades::TRADE_ID, place as i64 + 1);
        rows.real(trades::PRICE, prints.price_usd[place]);
        rows.real(trades::QUANTITY, prints.quantity[place]);
        rows.label(trades::QUANTITY_UNIT, market.quantity_unit);
        rows.label(trades::SIDE, side(prints, place));
    }
    rows
}

fn liquidated(market: &Observed, row: &mut u64) -> Rows {
    let prints = &market.liquidations;
    let mut rows = Rows::with_capacity(Kind::Liquidations, prints.len());
    for place in 0..prints.len() {
        begin(&mut rows, row);
        rows.at(liquidations::LIQUIDATED_AT, prints.at[place].0);
        rows.label(liquidations::SIDE, side(prints, place));
        rows.real(liquidations::PRICE, prints.price_usd[place]);
        rows.real(liquidations::QUANTITY, prints.quantity[place]);
        rows.label(liquidations::QUANTITY_UNIT, market.quantity_unit);
        rows.label(liquidations::COVERAGE, market.coverage);
    }
    rows
}

fn held(market: &Observed, row: &mut u64) -> Rows {
    let read = &market.open_interest;
    let mut rows = Rows::with_capacity(Kind::OpenInterest, read.at.len());
    for place in 0..read.at.len() {
        begin(&mut rows, row);
        rows.at(open_interest::READ_AT, read.at[place].0);
        rows.real(open_interest::QUANTITY, read.quantity[place]);
        rows.label(open_interest::QUANTITY_UNIT, market.quantity_unit);
        rows.real(open_interest::NOTIONAL_QUOTE, read.notional_usd[place]);
    }
    rows
}

fn resting(market: &Observed, row: &mut u64) -> Rows {
    let read = &market.depth;
    let mut rows = Rows::with_capacity(Kind::DepthBands, read.at.len());
    for place in 0..read.at.len() {
        begin(&mut rows, row);
        rows.at(depth_bands::TAKEN_AT, read.at[place].0);
        rows.real(depth_bands::BAND_PCT, market.depth_band_pct[place]);
        rows.real(depth_bands::QUANTITY, read.quantity[place]);
        rows.label(depth_bands::QUANTITY_UNIT, market.quantity_unit);
        rows.real(depth_bands::NOTIONAL_QUOTE, read.notional_usd[place]);
    }
    rows
}

fn marked(market: &Observed, row: &mut u64) -> Rows {
    let read = &market.marks;
    let mut rows = Rows::with_capacity(Kind::Marks, read.at.len());
    for place in 0..read.at.len() {
        begin(&mut rows, row);
        rows.at(marks::MARKED_AT, read.at[place].0);
        rows.real(marks::MID_PRICE, read.mid_usd[place]);
        if let Some(mark_usd) = read.mark_usd.get(place) {
            rows.real(marks::MARK_PRICE, *mark_usd);
        }
    }
    rows
}

fn before(market: &Observed, row: &mut u64) -> Rows {
    let read = &market.bars;
    let mut rows = Rows::with_capacity(Kind::Bars, read.len());
    for place in 0..read.len() {
        begin(&mut rows, row);
        let (from, to) = (read.open_at[place], read.close_at[place]);
        rows.at(bars::OPEN_AT, from.0);
        rows.int(bars::INTERVAL_S, to.seconds_since(from) as i64);
        rows.label(bars::PRICE_KIND, "last");
        rows.at(bars::CLOSE_AT, to.0);
        rows.real(bars::OPEN, read.open_usd[place]);
        rows.real(bars::HIGH, read.high_usd[place]);
        rows.real(bars::LOW, read.low_usd[place]);
        rows.real(bars::CLOSE, read.close_usd[place]);
        rows.real(bars::VOLUME, read.volume_usd[place]);
        rows.label(bars::VOLUME_UNIT, "quote");
        rows.real(bars::QUOTE_VOLUME, read.volume_usd[place]);
        rows.label(bars::PRICE_ORIGIN, "recorded");
    }
    rows
}
