//! Printed liquidations and what classes would have had liquidated, in the same bins.

use aftershock_market::MICROS_PER_SECOND;

use super::design::Crossings;
use crate::clocked::Clocked;
use crate::observed::Observed;

/// Bins of both sides, longs first; a column a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Binned {
    /// Bins of one side.
    pub bins: usize,
    /// Classes.
    pub columns: usize,
    /// Printed, USD a bin.
    pub printed_usd: Vec<f64>,
    /// Liquidated of what stood at the start if all openings were of a class and nobody had been liquidated before, USD, row
    /// after row; to be divided by what share of openings survived.
    start_usd: Vec<f64>,
    /// Of what was opened within the tape.
    within_usd: Vec<f64>,
}

/// How a liquidation finds its bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bins {
    /// By time, of this length, s.
    Time(f64),
    /// By price, of this log width.
    Price(f64),
}

impl Binned {
    /// Puts what happened between two instants, s after the clock's start, into bins.
    ///
    /// # Panics
    /// When a class of the crossings has no column.
    pub fn new(
        observed: &Observed,
        clocked: &Clocked,
        crossings: &Crossings,
        columns: usize,
        bins: Bins,
        (from_s, to_s): (f64, f64),
    ) -> Self {
        let prints = &observed.liquidations;
        let print_s = |place: usize| prints.at[place].seconds_since(clocked.from);
        // As on a clock, what is stamped at the end of a bin belongs to it.
        let inside = |at_s: f64| at_s > from_s && at_s <= to_s;
        let (least, width, count) = match bins {
            Bins::Time(width_s) => (from_s, width_s, ((to_s - from_s) / width_s).ceil().max(1.0)),
            Bins::Price(width) => {
                let (low, high) = range(
                    prints.price_usd.iter().map(|p| libm::log(*p)),
                    &crossings.log_price,
                );
                let low = (low / width).floor() * width;
                (low, width, ((high - low) / width).floor().max(0.0) + 1.0)
            }
        };
        let count = count as usize;
        let place_of = |at_s: f64, log_price: f64, short: bool| {
            let bin = match bins {
                Bins::Time(_) => ((at_s - least) / width).ceil() - 1.0,
                Bins::Price(_) => ((log_price - least) / width).floor(),
            };
            let bin = (bin.max(0.0) as usize).min(count - 1);
            usize::from(short) * count + bin
        };
        let mut printed_usd = vec![0.0; 2 * count];
        for place in 0..prints.len() {
            if inside(print_s(place)) {
                let price_usd = prints.price_usd[place];
                printed_usd[place_of(print_s(place), libm::log(price_usd), prints.buys[place])] +=
                    observed.usd(prints.quantity[place], price_usd);
            }
        }
        let mut start_usd = vec![0.0; 2 * count * columns];
        let mut within_usd = start_usd.clone();
        for place in 0..crossings.at_s.len() {
            let at_s = crossings.at_s[place];
            if inside(at_s) {
                let row = place_of(at_s, crossings.log_price[place], crossings.short[place]);
                let to = if crossings.within[place] {
                    &mut within_usd
                } else {
                    &mut start_usd
                };
                to[row * columns + crossings.class[place]] += crossings.usd[place];
            }
        }
        Self {
            bins: count,
            columns,
            printed_usd,
            start_usd,
            within_usd,
        }
    }

    /// The design: what a class of unit share at opening has liquidated in a bin, USD, row after row, where these shares of
    /// what was opened before survived to the start, long and short.
    pub fn matrix(&self, survived: [f64; 2]) -> Vec<f64> {
        let half = self.bins * self.columns;
        let rows = self.start_usd.iter().zip(&self.within_usd).enumerate();
        rows.map(|(place, (start, within))| start / survived[usize::from(place >= half)] + within)
            .collect()
    }

    /// What a mix has liquidated in each bin, USD.
    pub fn modelled(&self, survived: [f64; 2], weights: &[f64]) -> Vec<f64> {
        let matrix = self.matrix(survived);
        let rows = matrix.chunks_exact(self.columns);
        rows.map(|row| row.iter().zip(weights).map(|(x, w)| x * w).sum())
            .collect()
    }
}

fn range(a: impl Iterator<Item = f64>, b: &[f64]) -> (f64, f64) {
    let start = (f64::INFINITY, f64::NEG_INFINITY);
    let (low, high) = a
        .chain(b.iter().copied())
        .fold(start, |(low, high), x| (low.min(x), high.max(x)));
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

/// The instant, s after the clock's start, by which this share of the printed value is printed; `None` without prints.
pub fn printed_by_s(observed: &Observed, clocked: &Clocked, share: f64) -> Option<f64> {
    let prints = &observed.liquidations;
    let to_us = clocked.from.0 + (clocked.len() as f64 * clocked.step_s * MICROS_PER_SECOND as f64) as i64;
    let inside = |place: &usize| prints.at[*place] > clocked.from && prints.at[*place].0 <= to_us;
    let usd = |place: usize| observed.usd(prints.quantity[place], prints.price_usd[place]);
    let all: f64 = (0..prints.len()).filter(inside).map(usd).sum();
    let mut so_far = 0.0;
    for place in (0..prints.len()).filter(inside) {
        so_far += usd(place);
        if so_far >= share * all {
            return Some(prints.at[place].seconds_since(clocked.from));
        }
    }
    None
}
