//! Who holds what when a foreign crash begins, and at what price each of them is closed.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::BAR_S;
use super::declared::{Declared, MOST_LEVERAGE};
use crate::observed::Bars;
use crate::synth::stream::stream;

/// Accounts that open a position in a bar, by side and class of leverage.
const ACCOUNTS: usize = 4;

/// A position; it is closed by one order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Position {
    pub(super) long: bool,
    /// Coins, of one side as a whole one.
    pub(super) share: f64,
    pub(super) entry_log: f64,
    pub(super) leverage: f64,
    /// Log price at which its holder closes it.
    pub(super) stop_log: Option<f64>,
    /// From trigger to fill, s.
    pub(super) latency_s: f64,
}

/// What closes a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Liquidation,
    Stop,
}

impl Position {
    /// Log price at which the margin it was opened with falls to the maintenance margin.
    pub(super) fn liquidation_log(&self, maintenance: f64, leverage: f64) -> f64 {
        let ratio = if self.long {
            (1.0 - 1.0 / leverage) / (1.0 - maintenance)
        } else {
            (1.0 + 1.0 / leverage) / (1.0 + maintenance)
        };
        // A long of leverage one has nothing borrowed.
        self.entry_log
            + if ratio > 0.0 {
                libm::log(ratio)
            } else {
                f64::NEG_INFINITY
            }
    }

    /// Where it is closed, and by what, if no leverage is above `cap`: its stop-loss stays where it was.
    pub(super) fn trigger(&self, maintenance: f64, cap: f64) -> (f64, Cause) {
        let liquidation = self.liquidation_log(maintenance, self.leverage.min(cap));
        match self.stop_log {
            Some(stop) if (stop > liquidation) == self.long => (stop, Cause::Stop),
            _ => (liquidation, Cause::Liquidation),
        }
    }
}

/// The positions that the bars before the tape left standing; shares of each side sum to 1.
pub(super) fn positions(declared: &Declared, bars: &Bars) -> Vec<Position> {
    let told = &declared.positions;
    let count = bars.len();
    let lasting = |long: bool| -> Vec<f64> {
        // The extreme that a position of each bar has lived through since its bar.
        let mut extreme = vec![libm::log(declared.price_usd); count];
        for place in (0..count.saturating_sub(1)).rev() {
            let next = if long {
                libm::log(bars.low_usd[place + 1]).min(extreme[place + 1])
            } else {
                libm::log(bars.high_usd[place + 1]).max(extreme[place + 1])
            };
            extreme[place] = next;
        }
        extreme
    };
    let window = ((told.trend_h * 3_600.0 / BAR_S).round() as usize).max(1);
    let mut rng = stream(declared.seed, "foreign/holders");
    let mut all = Vec::new();
    for long in [true, false] {
        let from = all.len();
        for (place, extreme) in lasting(long).into_iter().enumerate() {
            let age_h = (count - 1 - place) as f64 * BAR_S / 3_600.0;
            let weight = bars.volume_usd[place] * libm::exp2(-age_h / told.age_half_life_h);
            let trailing =
                libm::log(bars.close_usd[place] / bars.open_usd[(place + 1).saturating_sub(window)]);
            for (class, share) in &told.leverage {
                for _ in 0..ACCOUNTS {
                    // Drawn whether they are needed or not, so that a share of stops moves nothing else.
                    let (between, size, stops, stop_at): (f64, f64, f64, f64) =
                        (rng.random(), rng.random(), rng.random(), rng.random());
                    let z: f64 = StandardNormal.sample(&mut rng);
                    let (low, high) = (libm::log(bars.low_usd[place]), libm::log(bars.high_usd[place]));
                    let leverage =
                        (class * libm::exp(told.leverage_trend * trailing)).clamp(1.0, MOST_LEVERAGE);
                    let mut position = Position {
                        long,
                        share: weight * share * (0.2 + 1.6 * size),
                        entry_log: low + between * (high - low),
                        leverage,
                        stop_log: None,
                        latency_s: told.latency_median_s * libm::exp(told.latency_spread * z),
                    };
                    let liquidation = position.liquidation_log(told.maintenance_ratio, leverage);
                    if stops < told.stop_share && liquidation.is_finite() {
                        let (from, to) = told.stop_between;
                        let part = from + stop_at * (to - from);
                        position.stop_log =
                            Some(position.entry_log + part * (liquidation - position.entry_log));
                    }
                    let (trigger, _) = position.trigger(told.maintenance_ratio, f64::INFINITY);
                    let stands = if long {
                        extreme > trigger
                    } else {
                        extreme < trigger
                    };
                    if stands {
                        all.push(position);
                    }
                }
            }
        }
        let sum: f64 = all[from..].iter().map(|one: &Position| one.share).sum();
        for position in &mut all[from..] {
            position.share /= sum;
        }
    }
    all
}
