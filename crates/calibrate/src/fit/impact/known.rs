//! Tapes whose impact is known: the identification experiment, and what goes wrong with it.
//!
//! Six hours of one market: news is a random walk of 3 % a day with a fall of 5 % in ten minutes, ordinary flow is
//! correlated with it, impact is `Y·h(J)` of one state that decays in 300 s, and longs opened over the 48 hours before
//! are sold a second after their liquidation prices are crossed. Source: the identification experiment of the method
//! notes, §2.6, whose Python computation (`identlib.py`, `ident_iv2.py`) is the independent one that tests compare with.
//! Only the random numbers are others. The equations are this file's own and not those of the replay.

mod answers;
mod cases;

use std::f64::consts::LN_2;

use aftershock_market::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

pub use answers::{Answer, known_answers};
pub use cases::{Case, Told, cases, foreign_cases};

use super::form::{ImpactForm, ImpactShape, Prepared};
use crate::observed::{Marks, Observed};
use crate::synth::Ramp;

/// Leverage, and share of open interest at it.
const LEVERAGE: [(f64, f64); 6] = [
    (3.0, 0.20),
    (5.0, 0.25),
    (10.0, 0.30),
    (20.0, 0.15),
    (50.0, 0.07),
    (100.0, 0.03),
];
/// Maintenance margin over notional.
const MAINTENANCE: f64 = 0.005;
/// Bars of five minutes over which positions were opened.
const HISTORY: usize = 576;
const DAY_S: f64 = 86_400.0;

/// What is true of a tape.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTruth {
    /// `Y`.
    pub y: f64,
    /// Form of impact at `Y = 1`.
    pub form: ImpactForm,
    /// Correlation of the ordinary flow of a tick with its news.
    pub correlation: f64,
    /// The fall that news brings.
    pub ramp: Ramp,
    /// Open interest, USD.
    pub open_interest_usd: f64,
    /// From a trigger to its fill, s; a whole number of ticks.
    pub latency_s: f64,
    /// Time between ticks, s.
    pub tick_s: f64,
    /// Length of the tape, s.
    pub duration_s: f64,
    /// Depth over normal from the start of the ramp until half an hour after, 1 for depth that stays.
    pub depth_in_crash: f64,
    /// Standard deviation of the ordinary flow of a second, USD.
    pub flow_usd: f64,
    /// Volatility of news, log a day.
    pub sigma_daily: f64,
}

impl Default for KnownTruth {
    fn default() -> Self {
        Self {
            y: 1.0,
            form: ImpactForm::single("exponential, 300 s", 300.0 * LN_2, Self::SHAPE),
            correlation: 0.0,
            ramp: Ramp::default(),
            open_interest_usd: 6e9,
            latency_s: 1.0,
            tick_s: 1.0,
            duration_s: 21_600.0,
            depth_in_crash: 1.0,
            flow_usd: 250e3,
            sigma_daily: 0.03,
        }
    }
}

impl KnownTruth {
    /// The square root with the constants of the experiment.
    pub const SHAPE: ImpactShape = ImpactShape::SquareRoot {
        sigma_daily: 0.03,
        volume_daily_usd: 2e10,
        j0_usd: 2e6,
    };

    /// The tape, and nothing but what it shows: trades, liquidations and mids.
    pub fn tape(&self, seed: u64) -> Observed {
        let ticks = (self.duration_s / self.tick_s).round() as usize;
        let latency = (self.latency_s / self.tick_s).round().max(1.0) as usize;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let orders = self.liquidations(seed);
        let mut next = 0;
        // What fires at each tick to come, by the tick modulo the latency.
        let mut pending = vec![0.0; latency];
        let keep: Vec<f64> = (self.form.half_lives_s.iter())
            .map(|half_life| libm::exp(-LN_2 * self.tick_s / half_life))
            .collect();
        let mut states = vec![0.0; keep.len()];
        let shape = Prepared::new(&self.form.shape);
        let news_sd = self.sigma_daily * (self.tick_s / DAY_S).sqrt();
        let flow_sd = self.flow_usd * self.tick_s.sqrt();
        let apart = (1.0 - self.correlation * self.correlation).sqrt();
        let mut observed = Observed {
            venue: "synthetic-known".to_owned(),
            instrument: "SYN".to_owned(),
            quantity_unit: "quote",
            coverage: "complete",
            ..Observed::default()
        };
        mid(&mut observed.marks, Timestamp(0), 1.0);
        let mut noise = 0.0;
        let (from_s, to_s) = (self.ramp.start_s, self.ramp.start_s + 1_800.0);
        for tick in 0..ticks {
            let at_s = tick as f64 * self.tick_s;
            let at = Timestamp(((tick + 1) as f64 * self.tick_s * 1e6).round() as i64);
            let news: f64 = StandardNormal.sample(&mut rng);
            let other: f64 = StandardNormal.sample(&mut rng);
            noise += news_sd * news;
            let ordinary = flow_sd * (self.correlation * news + apart * other);
            let forced = std::mem::take(&mut pending[tick % latency]);
            let depth = if (from_s..to_s).contains(&at_s) {
                self.depth_in_crash
            } else {
                1.0
            };
            let mut standing = 0.0;
            for ((state, keep), weight) in states.iter_mut().zip(&keep).zip(&self.form.weights) {
                *state = *state * keep + (ordinary - forced) / depth;
                standing += weight * *state;
            }
            let log_price = noise - self.ramp.fallen(at_s) + self.y * shape.log_impact(standing);
            let price = libm::exp(log_price);
            while let Some((_, usd)) = orders.get(next).filter(|(at, _)| *at >= price) {
                pending[tick % latency] += usd;
                next += 1;
            }
            observed.trades.push(at, price, ordinary.abs(), ordinary > 0.0);
            if forced > 0.0 {
                observed.trades.push(at, price, forced, false);
                observed.liquidations.push(at, price, forced, false);
            }
            mid(&mut observed.marks, at, price);
        }
        observed
    }

    /// Liquidation prices of longs below the first price, highest first, and what is sold at each, USD.
    fn liquidations(&self, seed: u64) -> Vec<(f64, f64)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(1);
        let bar_sd = self.sigma_daily / 288.0_f64.sqrt();
        let mut history = Vec::with_capacity(HISTORY);
        let mut log_price = 0.0;
        for _ in 0..HISTORY {
            let step: f64 = StandardNormal.sample(&mut rng);
            log_price += bar_sd * step;
            history.push(log_price);
        }
        let weight = |bar: usize, drawn: f64| drawn * libm::exp(-((HISTORY - 1 - bar) as f64) / 288.0);
        let opened: Vec<f64> = (0..HISTORY)
            .map(|bar| weight(bar, Exp1.sample(&mut rng)))
            .collect();
        let total: f64 = opened.iter().sum();
        let mut orders = Vec::new();
        for (entry, opened) in history.iter().zip(&opened) {
            for (leverage, share) in LEVERAGE {
                let price = libm::exp(entry - log_price) * (1.0 - 1.0 / leverage) / (1.0 - MAINTENANCE);
                if price < 0.999 {
                    orders.push((price, self.open_interest_usd * opened / total * share));
                }
            }
        }
        orders.sort_by(|a, b| b.0.total_cmp(&a.0));
        orders
    }
}

fn mid(marks: &mut Marks, at: Timestamp, price_usd: f64) {
    marks.at.push(at);
    marks.mid_usd.push(price_usd);
    marks.mark_usd.push(price_usd);
}
