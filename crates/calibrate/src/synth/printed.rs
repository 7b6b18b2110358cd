//! What venues print: columns that a tape is written from. Nothing here is the truth.

use aftershock_market::Timestamp;
use aftershock_replay::world::{PriceRow, WorldRun};

use super::declared::{Asset, Contract, Coverage, Venue};
use super::feed::{Forced, thinned, throttled};
use super::run::Stage;
use super::{START, half_tick_us, market_name};

/// Arbitrage and carry below this is not traded, USD.
const LEAST_TRADE_USD: f64 = 1.0;

/// All that is printed, a market each, in the order of assets and then venues.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The markets.
    pub markets: Vec<PrintedMarket>,
}

/// What one venue prints of one market.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintedMarket {
    /// Name of the venue; it begins with `synthetic-`.
    pub venue: String,
    /// Name of the instrument.
    pub instrument: String,
    /// Unit of all quantities: `base`, or `quote` for inverse contracts of one dollar.
    pub quantity_unit: &'static str,
    /// What the feed of liquidations says of itself: `complete`, `throttled` or `unknown`.
    pub coverage: &'static str,
    /// Trades: ordinary flow, forced orders, arbitrage and carry, none of them marked. Those of one tick are stamped at the
    /// end of its interval and ordered by size.
    pub trades: Prints,
    /// Liquidations at their fills, as far as the feed shows them; none on spot.
    pub liquidations: Prints,
    /// Open interest of one side; none on spot.
    pub open_interest: Readings,
    /// Distance of each reading of `depth` from the price, percent, bids below 0.
    pub depth_band_pct: Vec<f64>,
    /// What rests up to there.
    pub depth: Readings,
    /// Marks and mids.
    pub marks: Marks,
}

/// Trades or liquidations, a column each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prints {
    /// When.
    pub at: Vec<Timestamp>,
    /// Price, USD a coin.
    pub price_usd: Vec<f64>,
    /// How much, in the market's unit.
    pub quantity: Vec<f64>,
    /// Whether the taker bought; a liquidation that sells closes a long.
    pub buys: Vec<bool>,
}

/// Quantities at instants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// When.
    pub at: Vec<Timestamp>,
    /// How much, in the market's unit.
    pub quantity: Vec<f64>,
    /// Its value, USD.
    pub notional_usd: Vec<f64>,
}

/// Marks at instants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// When.
    pub at: Vec<Timestamp>,
    /// What margin is valued at, USD; empty on spot.
    pub mark_usd: Vec<f64>,
    /// Middle of the book, USD.
    pub mid_usd: Vec<f64>,
}

impl Prints {
    pub(super) fn push(&mut self, at: Timestamp, price_usd: f64, quantity: f64, buys: bool) {
        self.at.push(at);
        self.price_usd.push(price_usd);
        self.quantity.push(quantity);
        self.buys.push(buys);
    }

    fn extend(&mut self, more: &Self) {
        self.at.extend(&more.at);
        self.price_usd.extend(&more.price_usd);
        self.quantity.extend(&more.quantity);
        self.buys.extend(&more.buys);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The rows at these places.
    pub(super) fn only(&self, places: &[usize]) -> Self {
        let mut kept = Self::default();
        for &place in places {
            kept.push(
                self.at[place],
                self.price_usd[place],
                self.quantity[place],
                self.buys[place],
            );
        }
        kept
    }
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
    ) -> PrintedMarket {
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
        PrintedMarket {
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
