//! A foreign crash lived through under one set of rules.

use std::collections::BTreeMap;

use super::STEP_US;
use super::exogenous::Taken;
use super::holders::{Cause, Position};
use super::market::{Market, Order};

/// Bands of the printed book, percent, from the lowest bid to the highest ask.
pub(super) const BANDS_PCT: [f64; 8] = [-5.0, -2.0, -1.0, -0.2, 0.2, 1.0, 2.0, 5.0];
/// From one reading of depth to the next, steps.
pub(super) const DEPTH_EVERY: usize = 30;

/// What may differ between runs of a crash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rules {
    /// No position was opened at more leverage than this.
    pub(super) leverage_cap: f64,
    /// Whether liquidations meet the market; stop-losses always do.
    pub(super) liquidations_trade: bool,
}

impl Rules {
    pub(super) const RECORD: Self = Self {
        leverage_cap: f64::INFINITY,
        liquidations_trade: true,
    };
    pub(super) const OFF_BOOK: Self = Self {
        liquidations_trade: false,
        ..Self::RECORD
    };
}

/// A forced fill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fill {
    /// µs from the start of the tape.
    pub(super) at_us: i64,
    pub(super) log_price: f64,
    pub(super) coins: f64,
    pub(super) buys: bool,
    pub(super) cause: Cause,
}

/// A run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// Log mid at the end of each step, first the start.
    pub(super) log_mid: Vec<f64>,
    /// Takers of each step, and the mean log prices at which they bought and sold.
    pub(super) taken: Vec<(Taken, [f64; 2])>,
    /// Coins of one side, at the end of each step, first the start.
    pub(super) open_interest: Vec<f64>,
    /// In the order of time.
    pub(super) fills: Vec<Fill>,
    /// Coins in each band, every [`DEPTH_EVERY`] steps.
    pub(super) depth: Vec<Vec<f64>>,
}

/// One side of the positions.
struct Side {
    /// Places of positions, the first to be triggered last.
    waiting: Vec<(f64, usize, Cause)>,
    /// Shares of those, as of the start.
    shares: f64,
    /// What of each is left after others' closing orders were met by it.
    left: f64,
}

impl Side {
    fn new(positions: &[Position], long: bool, maintenance: f64, rules: Rules) -> Self {
        let places = (0..positions.len()).filter(|place| positions[*place].long == long);
        let mut waiting: Vec<(f64, usize, Cause)> = places
            .map(|place| {
                let (trigger, cause) = positions[place].trigger(maintenance, rules.leverage_cap);
                (trigger, place, cause)
            })
            .collect();
        waiting.sort_by(|a, b| {
            let by = a.0.total_cmp(&b.0);
            if long { by } else { by.reverse() }.then(b.1.cmp(&a.1))
        });
        Self {
            waiting,
            shares: positions
                .iter()
                .filter(|one| one.long == long)
                .map(|one| one.share)
                .sum(),
            left: 1.0,
        }
    }

    /// Coins that it still can meet others with.
    fn standing(&self, coins: f64) -> f64 {
        (self.shares * self.left * coins).max(0.0)
    }
}

/// Lives through `steps` with `coins` of open interest. A closing order of one side is met by the other, which closes
/// as much in proportion, so that every long has its short at every instant; where nobody is left to do so, someone who
/// borrows nothing takes the contract over and open interest stays.
pub(super) fn run(
    market: &mut dyn Market,
    positions: &[Position],
    maintenance: f64,
    coins: f64,
    steps: usize,
    rules: Rules,
) -> Run {
    let mut sides = [true, false].map(|long| Side::new(positions, long, maintenance, rules));
    let mut pending: BTreeMap<(i64, usize), Order> = BTreeMap::new();
    let mut open = coins;
    let mut lived = Run {
        log_mid: vec![market.log_mid()],
        open_interest: vec![open],
        depth: vec![market.depth(&BANDS_PCT)],
        ..Run::default()
    };
    for step in 1..=steps {
        let end_us = step as i64 * STEP_US;
        let mut orders = Vec::new();
        let mut aside = Vec::new();
        while let Some(first) = pending.first_entry().filter(|first| first.key().0 <= end_us) {
            let order = first.remove();
            if order.cause == Cause::Stop || rules.liquidations_trade {
                orders.push(order);
            } else {
                aside.push(order);
            }
        }
        let stepped = market.step(step, &orders);
        let mut close = |order: &Order, coins_closed: f64, log_price: f64| {
            let other = &mut sides[usize::from(!order.buys)];
            let standing = other.standing(coins);
            let met = coins_closed.min(standing);
            if met > 0.0 {
                other.left *= 1.0 - met / standing;
                open -= met;
            }
            lived.fills.push(Fill {
                at_us: order.at_us,
                log_price,
                coins: coins_closed,
                buys: order.buys,
                cause: order.cause,
            });
        };
        for (order, filled) in orders.iter().zip(&stepped.filled) {
            if filled.coins > 0.0 {
                close(order, filled.coins, filled.log_price);
            }
            let rest = order.coins - filled.coins;
            if rest > 1e-9 * order.coins {
                let again = Order {
                    at_us: order.at_us + STEP_US,
                    coins: rest,
                    ..*order
                };
                pending.insert((again.at_us, again.position), again);
            }
        }
        let log_mid = market.log_mid();
        for order in &aside {
            close(order, order.coins, log_mid);
        }
        lived.log_mid.push(log_mid);
        lived.taken.push((stepped.taken, stepped.log_prices));
        lived.open_interest.push(open);
        if step % DEPTH_EVERY == 0 {
            lived.depth.push(market.depth(&BANDS_PCT));
        }
        for (side, long) in sides.iter_mut().zip([true, false]) {
            while let Some((trigger, place, cause)) = side.waiting.last().copied() {
                let reached = if long {
                    log_mid <= trigger
                } else {
                    log_mid >= trigger
                };
                if !reached {
                    break;
                }
                side.waiting.pop();
                let position = &positions[place];
                let latency_us = ((position.latency_s * 1e6) as i64).max(1);
                let order = Order {
                    at_us: end_us + latency_us,
                    position: place,
                    buys: !long,
                    coins: position.share * side.left * coins,
                    cause,
                };
                side.shares -= position.share;
                if order.coins > 0.0 {
                    pending.insert((order.at_us, place), order);
                }
            }
        }
    }
    lived.fills.sort_by_key(|fill| fill.at_us);
    lived
}
