//! A market whose price is the middle of a book that agents fill, sweep and leave.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

use super::STEP_US;
use super::book::{Book, Met, NOBODY};
use super::declared::Declared;
use super::exogenous::{Exogenous, Taken, ordinary};
use super::makers::{Makers, Seen};
use super::market::{Filled, Market, Order, Stepped};
use crate::synth::stream::{normals, stream};

/// Coins of a lot.
pub(super) const LOT: f64 = 1e-3;
/// Steps that fill the book before the tape.
pub(super) const BEFORE: usize = 1_200;
/// Ordinary flow of a step comes in so many parts of each side, by turns.
const PARTS: u64 = 4;
/// Words of randomness kept for a step.
const WORDS: u128 = 1 << 14;
/// Limit orders of a step and side at most, over their mean.
const MOST: f64 = 4.0;
/// Farthest limit order, log.
const FARTHEST: f64 = 0.1;
/// Half-life of the volatility that makers watch, s.
const WATCHED_S: f64 = 30.0;
/// Length of the returns it is made of, steps.
const WATCHED_RETURN: usize = 10;

/// A run of the book.
#[derive(Clone)]
pub(super) struct OrderBook {
    book: Book,
    makers: Makers,
    /// Price of level 0 is this many ticks.
    lowest: i64,
    tick_usd: f64,
    /// Log price less impact at the end of each step, those before the tape first.
    news_log: Vec<f64>,
    ordinary: Vec<Taken>,
    arrivals: ChaCha8Rng,
    told: super::declared::OrderBook,
    price_usd: f64,
    /// Orders that end at each step: level and id.
    ending: Vec<Vec<(usize, u64)>>,
    log_mids: Vec<f64>,
    /// Variance of returns over normal.
    unrest: f64,
    normal_variance: f64,
}

impl OrderBook {
    /// A book that has filled while nothing happened but ordinary flow.
    pub(super) fn new(declared: &Declared, exogenous: &Exogenous) -> Self {
        let told = declared.order_book.clone();
        let start = (declared.price_usd / told.tick_usd).round() as i64;
        let lowest = start * 2 / 5;
        let levels = (start * 2 - lowest) as usize;
        let start_log = exogenous.news_log[0];
        let mut news_log = vec![start_log; BEFORE];
        news_log.extend(&exogenous.news_log);
        let calm = normals(declared.seed, "foreign/before", BEFORE);
        let mut flow = ordinary(
            declared,
            "foreign/before/balanced",
            calm.into_iter().map(|z| (z, 1.0)),
        );
        flow.extend(&exogenous.taken);
        let sigma = declared.news_volatility_per_s();
        let steps = flow.len();
        let mut market = Self {
            book: Book::new(levels),
            makers: Makers::new(declared, steps),
            lowest,
            tick_usd: told.tick_usd,
            news_log,
            ordinary: flow,
            arrivals: stream(declared.seed, "foreign/arrivals"),
            price_usd: declared.price_usd,
            ending: vec![Vec::new(); steps + 2],
            log_mids: vec![start_log],
            unrest: 1.0,
            normal_variance: sigma * sigma * WATCHED_RETURN as f64,
            told,
        };
        for step in 1..=BEFORE {
            market.live(step, &[]);
        }
        market
    }

    /// Log price of a level, or of between two.
    fn log_price(&self, level: f64) -> f64 {
        libm::log((self.lowest as f64 + level) * self.tick_usd)
    }

    /// The level of a log price, not rounded.
    fn level(&self, log_price: f64) -> f64 {
        libm::exp(log_price) / self.tick_usd - self.lowest as f64
    }

    fn end_level(&self, buys: bool) -> usize {
        if buys { usize::MAX } else { 0 }
    }

    /// One step, counted from the first before the tape.
    fn live(&mut self, step: usize, orders: &[Order]) -> Stepped {
        for (level, id) in std::mem::take(&mut self.ending[step]) {
            self.book.cancel(level, id);
        }
        self.arrive(step);
        let mut stepped = Stepped::default();
        let mut sums = [(0_u64, 0.0_f64); 2];
        let mut met = Vec::new();
        let mid_log = *self.log_mids.last().unwrap_or(&0.0);
        let (lowest, tick_usd) = (self.lowest as f64, self.tick_usd);
        let level_of = |log: f64| libm::exp(log) / tick_usd - lowest;
        let seen = Seen {
            step,
            news_log: &self.news_log,
            unrest: self.unrest,
        };
        self.makers.quote(&seen, &level_of, &mut self.book, &mut met);
        self.tally(&mut met, &mut sums);
        let mut forced = orders.iter().peekable();
        let from_us = (step as i64 - BEFORE as i64 - 1) * STEP_US;
        let taken = self.ordinary[step - 1];
        for part in 0..PARTS {
            // By turns, so that neither side is always the first.
            for turn in 0..2 {
                let buys = (part + turn + step as u64).is_multiple_of(2);
                let coins = if buys { taken.bought } else { taken.sold };
                let lots = (coins / LOT / PARTS as f64).round() as u64;
                self.book.take(buys, lots, self.end_level(buys), &mut met);
                self.tally(&mut met, &mut sums);
            }
            let until_us = from_us + STEP_US * (part as i64 + 1) / PARTS as i64;
            while let Some(order) = forced.next_if(|one| one.at_us <= until_us) {
                let lots = (order.coins / LOT).round() as u64;
                let filled = self
                    .book
                    .take(order.buys, lots, self.end_level(order.buys), &mut met);
                let value: f64 = met.iter().map(|one| one.level as f64 * one.lots as f64).sum();
                let exact = if filled == lots {
                    order.coins
                } else {
                    filled as f64 * LOT
                };
                let log_price = if filled > 0 {
                    self.log_price(value / filled as f64)
                } else {
                    mid_log
                };
                stepped.filled.push(Filled {
                    coins: exact,
                    log_price,
                });
                self.tally(&mut met, &mut sums);
            }
        }
        if let Some(mid) = self.book.mid() {
            self.log_mids.push(self.log_price(mid));
        } else {
            self.log_mids.push(mid_log);
        }
        self.watch();
        for (place, (lots, value)) in sums.iter().enumerate() {
            stepped.log_prices[place] = if *lots > 0 {
                self.log_price(value / *lots as f64)
            } else {
                mid_log
            };
        }
        stepped.taken = Taken {
            bought: sums[0].0 as f64 * LOT,
            sold: sums[1].0 as f64 * LOT,
        };
        stepped
    }

    /// Books what makers traded, and what takers paid: bought first.
    fn tally(&mut self, met: &mut Vec<Met>, sums: &mut [(u64, f64); 2]) {
        for one in met.drain(..) {
            let sum = &mut sums[usize::from(!one.buys)];
            sum.0 += one.lots;
            sum.1 += one.level as f64 * one.lots as f64;
            self.makers.met(&one);
        }
    }

    /// Limit orders of agents without intelligence, about the best opposite price. What a step draws is the same in
    /// every run; where it falls depends on the book.
    fn arrive(&mut self, step: usize) {
        self.arrivals.set_word_pos(step as u128 * WORDS);
        let told = &self.told;
        let mean = told.limit_orders_per_s;
        let mid_log = *self.log_mids.last().unwrap_or(&0.0);
        let mid = self.level(mid_log);
        let reach = told.limit_reach;
        let least = reach / (reach + FARTHEST);
        let life_s = told.limit_life_s;
        let mean_lots = told.limit_order_usd / self.price_usd / LOT;
        for buys in [true, false] {
            let mut clock: f64 = Exp1.sample(&mut self.arrivals);
            let mut count = 0.0;
            while clock < mean && count < MOST * mean {
                let near: f64 = self.arrivals.random();
                let size: f64 = Exp1.sample(&mut self.arrivals);
                let life: f64 = Exp1.sample(&mut self.arrivals);
                let gap: f64 = Exp1.sample(&mut self.arrivals);
                clock += gap;
                count += 1.0;
                // A power law of distance that ends at the farthest.
                let distance = reach * (1.0 / (least + near * (1.0 - least)) - 1.0);
                let lots = ((size * mean_lots).round() as u64).max(1);
                let level = if buys {
                    let best = self.book.best_ask().map_or(mid, |level| level as f64);
                    (best - (distance * (mid + self.lowest as f64)).max(0.0)).ceil() - 1.0
                } else {
                    let best = self.book.best_bid().map_or(mid, |level| level as f64);
                    (best + (distance * (mid + self.lowest as f64)).max(0.0)).floor() + 1.0
                };
                if !(level >= 0.0 && level < self.book.len() as f64) {
                    continue;
                }
                let lasts = life * life_s * (1.0 + distance / reach);
                let end = step + 1 + lasts as usize;
                let id = self
                    .book
                    .limit(buys, level as usize, lots, NOBODY, &mut Vec::new());
                if let Some((id, list)) = id.zip(self.ending.get_mut(end)) {
                    list.push((level as usize, id));
                }
            }
        }
    }

    /// What makers take for volatility.
    fn watch(&mut self) {
        let last = self.log_mids.len() - 1;
        let moved = self.log_mids[last] - self.log_mids[last.saturating_sub(WATCHED_RETURN)];
        let kept = libm::exp2(-1.0 / WATCHED_S);
        self.unrest = kept * self.unrest + (1.0 - kept) * moved * moved / self.normal_variance;
    }

    #[cfg(test)]
    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    #[cfg(test)]
    pub(super) fn away_share(&self, step: usize) -> f64 {
        self.makers.withdrawn_share(step + BEFORE)
    }
}

impl Market for OrderBook {
    fn step(&mut self, step: usize, orders: &[Order]) -> Stepped {
        self.live(step + BEFORE, orders)
    }

    fn log_mid(&self) -> f64 {
        self.log_mids.last().copied().unwrap_or(f64::NAN)
    }

    fn depth(&self, bands_pct: &[f64]) -> Vec<f64> {
        let mid_log = self.log_mid();
        bands_pct
            .iter()
            .map(|pct| {
                let edge = self.level(mid_log + libm::log1p(pct / 100.0)).max(0.0);
                let lots = if *pct < 0.0 {
                    self.book.up_to(true, edge.ceil() as usize)
                } else {
                    self.book.up_to(false, edge.floor() as usize)
                };
                lots as f64 * LOT
            })
            .collect()
    }
}

/// Standard normal numbers of a step, the same in every run.
pub(super) fn step_normals(rng: &mut ChaCha8Rng, step: usize, into: &mut [f64]) {
    rng.set_word_pos(step as u128 * WORDS);
    for one in into {
        *one = StandardNormal.sample(rng);
    }
}
