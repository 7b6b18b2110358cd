//! What the venue prints of a run. Nothing here is the truth.

use aftershock_market::Timestamp;

use super::STEP_US;
use super::declared::{Declared, Kind};
use super::holders::Cause;
use super::run::{BANDS_PCT, DEPTH_EVERY, Run};
use crate::observed::{Bars, Marks, Observed, Prints, Readings};
use crate::synth::feed::{thinned, throttled};
use crate::synth::{Coverage, START};

/// From one reading of open interest to the next, steps.
const OPEN_INTEREST_EVERY: usize = 60;

pub(super) fn printed(declared: &Declared, run: &Run, bars: Bars) -> Observed {
    let mut liquidations = Prints::default();
    for fill in run.fills.iter().filter(|fill| fill.cause == Cause::Liquidation) {
        liquidations.push(
            Timestamp(START.0 + fill.at_us),
            libm::exp(fill.log_price),
            fill.coins,
            fill.buys,
        );
    }
    let (coverage, kept) = match declared.coverage {
        Coverage::Complete => ("complete", (0..liquidations.len()).collect()),
        Coverage::OneASecond => ("throttled", throttled(&liquidations)),
        Coverage::Share(share) => {
            let kept = thinned(declared.seed, "foreign/coverage", share, liquidations.len());
            ("unknown", kept)
        }
    };
    let mut depth_band_pct = Vec::new();
    let mut depth = Readings::default();
    for (reading, bands) in run.depth.iter().enumerate() {
        let price_usd = libm::exp(run.log_mid[reading * DEPTH_EVERY]);
        for (band_pct, coins) in BANDS_PCT.iter().zip(bands) {
            depth_band_pct.push(*band_pct);
            read(&mut depth, reading * DEPTH_EVERY, *coins, price_usd);
        }
    }
    let mut open_interest = Readings::default();
    for step in (0..run.open_interest.len()).step_by(OPEN_INTEREST_EVERY) {
        let price_usd = libm::exp(run.log_mid[step]);
        read(&mut open_interest, step, run.open_interest[step], price_usd);
    }
    let mid_usd: Vec<f64> = run.log_mid.iter().map(|log| libm::exp(*log)).collect();
    Observed {
        venue: match declared.kind {
            Kind::Propagator => "synthetic-propagator",
            Kind::OrderBook => "synthetic-orderbook",
        }
        .into(),
        instrument: "SYN-PERP".into(),
        quantity_unit: "base",
        coverage,
        trades: trades(run),
        liquidations: liquidations.only(&kept),
        open_interest,
        depth_band_pct,
        depth,
        marks: Marks {
            at: (0..mid_usd.len()).map(at).collect(),
            mark_usd: mid_usd.clone(),
            mid_usd,
        },
        bars,
    }
}

fn at(step: usize) -> Timestamp {
    Timestamp(START.0 + step as i64 * STEP_US)
}

fn read(readings: &mut Readings, step: usize, coins: f64, price_usd: f64) {
    readings.at.push(at(step));
    readings.quantity.push(coins);
    readings.notional_usd.push(coins * price_usd);
}

/// What takers bought and sold in each second, a print each, the smaller first; forced orders are among them.
fn trades(run: &Run) -> Prints {
    let mut trades = Prints::default();
    for (step, (taken, [bought_log, sold_log])) in run.taken.iter().enumerate() {
        let mut both = [(taken.bought, *bought_log, true), (taken.sold, *sold_log, false)];
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (coins, log_price, buys) in both {
            if coins > 0.0 {
                trades.push(at(step + 1), libm::exp(log_price), coins, buys);
            }
        }
    }
    trades
}
