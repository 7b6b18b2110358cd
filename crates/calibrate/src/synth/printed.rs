//! What venues print: columns that a tape is written from. Nothing here is the truth.

use aftershock_market::Timestamp;
use aftershock_replay::world::{PriceRow, WorldRun};

use crate::observed::{Bars, Marks, Observed, Prints, Readings};

use super::declared::{Asset, Contract, Coverage, Venue};
use super::feed::{Forced, thinned, throttled};
use super::run::Stage;
use super::spec::{OPENED_EVERY_H, history};
use super::{START, half_tick_us, market_name};

/// Arbitrage and carry below this is not traded, USD.
const LEAST_TRADE_USD: f64 = 1.0;

/// All that is printed, a market each, in the order of assets and then venues.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The markets.
    pub markets: Vec<Observed>,
}

/// How a market counts.
#[derive(Clone, Copy)]
pub(super) struct Unit(Contract);

impl Unit {
    pub(super) fn of(venue: &Venue) -> Self {
        Self(venue.contract)
    }

    /// A value as a quantity.
    pub(super) fn quantity(self, usd: f64, price_usd: f64) -> f64 {
        match self.0 {
            Contract::Inverse => usd,
            Contract::Linear | Contract::Spot => usd / price_usd,
        }
    }

    /// A quantity as a value.
    pub(super) fn usd(self, quantity: f64, price_usd: f64) -> f64 {
        match self.0 {
            Contract::Inverse => quantity,
            Contract::Linear | Contract::Spot => quantity * price_usd,
        }
    }
}

impl Stage<'_> {
    /// What the venues print of a run, and by market all forced fills, printed or not.
    pub(super) fn printed(&self, run: &WorldRun) -> (Printed, Vec<Forced>) {
        let declared = self.declared;
        let mut printed = Printed { markets: Vec::new() };
        let mut all_forced = Vec::new();
        for asset in &declared.assets {
            for venue in &declared.venues {
                let market = printed.markets.len();
                let forced = self.forced(run, market, asset, venue);
                printed
                    .markets
                    .push(self.market(run, market, asset, venue, &forced));
                all_forced.push(forced);
            }
        }
        (printed, all_forced)
    }

    fn market(
        &self,
        run: &WorldRun,
        market: usize,
        asset: &Asset,
        venue: &Venue,
        forced: &Forced,
    ) -> Observed {
        let unit = Unit::of(venue);
        let perpetual = venue.contract != Contract::Spot;
        let kept = match venue.coverage {
            Coverage::Complete => (0..forced.liquidations.len()).collect(),
            Coverage::OneASecond => throttled(&forced.liquidations),
            Coverage::Share(share) => {
                let name = format!("coverage/{}/{}", venue.name, asset.name);
                thinned(self.declared.seed, &name, share, forced.liquidations.len())
            }
        };
        let (depth_band_pct, depth) = self.depth(run, market, unit);
        Observed {
            venue: format!("synthetic-{}", venue.name),
            instrument: market_name(asset, venue),
            quantity_unit: match venue.contract {
                Contract::Inverse => "quote",
                Contract::Linear | Contract::Spot => "base",
            },
            coverage: match venue.coverage {
                Coverage::Complete => "complete",
                Coverage::OneASecond => "throttled",
                Coverage::Share(_) => "unknown",
            },
            trades: self.trades(run, market, unit, &forced.trades),
            liquidations: forced.liquidations.only(&kept),
            open_interest: if perpetual {
                self.open_interest(run, market, unit)
            } else {
                Readings::default()
            },
            depth_band_pct,
            depth,
            marks: self.marks(run, market, perpetual),
            bars: self.bars(asset, venue),
        }
    }

    /// Ordinary flow at the price of its tick, forced fills, and what arbitrage and carry traders did since the last beat
    /// of the clock. Stamps and order hide who sent what: forced orders come between ticks, and a feed may not show them.
    fn trades(&self, run: &WorldRun, market: usize, unit: Unit, forced: &Prints) -> Prints {
        let mut trades = Prints::default();
        let mut print = |row: &PriceRow, usd: f64| {
            let price_usd = libm::exp(row.log_price);
            trades.push(row.at, price_usd, unit.quantity(usd.abs(), price_usd), usd > 0.0);
        };
        let ticks = self.rows(run, market, 1).skip(1).step_by(2);
        for (row, usd) in ticks.zip(&self.news.ordinary_usd[market]) {
            print(row, *usd);
        }
        let mut before = 0.0;
        for row in self.rows(run, market, 1) {
            let so_far = row.arbitrage_usd + row.carry_usd;
            if (so_far - before).abs() >= LEAST_TRADE_USD {
                print(row, so_far - before);
            }
            before = so_far;
        }
        trades.extend(forced);
        let tick_us = 2 * half_tick_us(self.declared.ticks_per_s);
        for at in &mut trades.at {
            at.0 = START.0 - (START.0 - at.0).div_euclid(tick_us) * tick_us;
        }
        let mut order: Vec<usize> = (0..trades.len()).collect();
        order.sort_by(|a, b| {
            let sizes = trades.quantity[*a].total_cmp(&trades.quantity[*b]);
            trades.at[*a].cmp(&trades.at[*b]).then(sizes)
        });
        trades.only(&order)
    }

    fn open_interest(&self, run: &WorldRun, market: usize, unit: Unit) -> Readings {
        let mut read = Readings::default();
        for row in self.rows(run, market, self.beats(self.declared.snapshots.open_interest_s)) {
            let quantity = row.open_interest.to_f64();
            read.at.push(row.at);
            read.quantity.push(quantity);
            read.notional_usd
                .push(unit.usd(quantity, libm::exp(row.log_price)));
        }
        read
    }

    /// What rests within each band: the book is as deep everywhere, up to its end.
    fn depth(&self, run: &WorldRun, market: usize, unit: Unit) -> (Vec<f64>, Readings) {
        let snapshots = &self.declared.snapshots;
        let book = &self.spec(0.0).instruments[market].parameters;
        let (mut bands, mut read) = (Vec::new(), Readings::default());
        for row in self.rows(run, market, self.beats(snapshots.depth_s)) {
            let price_usd = libm::exp(row.log_price);
            for band_pct in bands_of(&snapshots.depth_bands_pct) {
                let distance = libm::log1p(band_pct / 100.0).abs().min(book.book_end);
                let usd = book.book_usd_per_log * row.depth_ratio[usize::from(band_pct > 0.0)] * distance;
                bands.push(band_pct);
                read.at.push(row.at);
                read.quantity.push(unit.quantity(usd, price_usd));
                read.notional_usd.push(usd);
            }
        }
        (bands, read)
    }

    /// The walk along which positions were opened, as the bars that a venue prints of it.
    fn bars(&self, asset: &Asset, venue: &Venue) -> Bars {
        let history = history(self.declared);
        let mut bars = Bars::default();
        let mut before = history.last().map_or(0.0, |oldest| oldest.0);
        let length_us = (OPENED_EVERY_H * 3.6e9) as i64;
        for (age, (distance, volume)) in history.iter().enumerate().rev() {
            let usd = |distance: f64| asset.price_usd * libm::exp(distance);
            let close_at = Timestamp(START.0 - age as i64 * length_us);
            bars.open_at.push(Timestamp(close_at.0 - length_us));
            bars.close_at.push(close_at);
            bars.open_usd.push(usd(before));
            bars.high_usd.push(usd(before.max(*distance)));
            bars.low_usd.push(usd(before.min(*distance)));
            bars.close_usd.push(usd(*distance));
            bars.volume_usd
                .push(volume * venue.volume_daily_usd * OPENED_EVERY_H / 24.0);
            before = *distance;
        }
        bars
    }

    fn marks(&self, run: &WorldRun, market: usize, perpetual: bool) -> Marks {
        let mut marks = Marks::default();
        for row in self.rows(run, market, self.beats(self.declared.snapshots.mark_s)) {
            marks.at.push(row.at);
            marks.mid_usd.push(libm::exp(row.log_price));
            if perpetual {
                marks.mark_usd.push(libm::exp(row.log_mark));
            }
        }
        marks
    }
}

/// Bands of both sides, from the lowest bid to the highest ask.
fn bands_of(distances_pct: &[f64]) -> impl Iterator<Item = f64> {
    let bids = distances_pct.iter().rev().map(|pct| -pct);
    bids.chain(distances_pct.iter().copied())
}
