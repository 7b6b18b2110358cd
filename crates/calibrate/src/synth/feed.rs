//! Forced orders as accounts' orders, and what a feed shows of them.

use aftershock_market::{Coin, MICROS_PER_SECOND, Side};
use aftershock_replay::world::{Cause, WorldRun};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::declared::{Asset, Contract, Venue};
use super::run::Stage;
use super::stream::stream;
use crate::observed::Prints;

/// Spread of account sizes within a declared class, standard deviation of the logarithm.
const SIZE_SPREAD: f64 = 0.5;

/// The forced fills of a market.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Forced {
    /// All of them: they trade on the book whatever sent them.
    pub(super) trades: Prints,
    /// Those that close a position of their market.
    pub(super) liquidations: Prints,
}

impl Stage<'_> {
    /// The forced fills of a market, each cut into orders of accounts: the replay keeps equal positions together, a
    /// venue prints them one by one.
    pub(super) fn forced(&self, run: &WorldRun, market: usize, asset: &Asset, venue: &Venue) -> Forced {
        let name = format!("accounts/{}/{}", venue.name, asset.name);
        let mut rng = stream(self.declared.seed, &name);
        let sizes = &self.declared.positions.account_sizes;
        let counts: f64 = sizes.iter().map(|(size_usd, share)| share / size_usd).sum();
        let mut draw_usd = || {
            let mut left = rng.random::<f64>() * counts;
            let class = sizes.iter().find(|(size_usd, share)| {
                left -= share / size_usd;
                left < 0.0
            });
            let size_usd = class.unwrap_or(&sizes[0]).0;
            let z: f64 = StandardNormal.sample(&mut rng);
            size_usd * libm::exp(SIZE_SPREAD * z - 0.5 * SIZE_SPREAD * SIZE_SPREAD)
        };
        let mut forced = Forced::default();
        for order in run.journal.orders.iter().filter(|order| order.market == market) {
            let price_usd = libm::exp(order.log_fill);
            let buys = order.side == Side::Short;
            let mut left = order.quantity;
            while left > Coin::ZERO {
                let usd = draw_usd();
                let wanted = match venue.contract {
                    Contract::Inverse => usd,
                    Contract::Linear | Contract::Spot => usd / price_usd,
                };
                let part = Coin::from_f64(wanted).max(Coin(1)).min(left);
                left -= part;
                forced
                    .trades
                    .push(order.executed_at, price_usd, part.to_f64(), buys);
                if order.cause == Cause::Liquidation {
                    forced
                        .liquidations
                        .push(order.executed_at, price_usd, part.to_f64(), buys);
                }
            }
        }
        forced
    }
}

/// The largest print of each second, the first of equal ones.
pub(crate) fn throttled(prints: &Prints) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for place in 0..prints.len() {
        let second = |place: usize| prints.at[place].0.div_euclid(MICROS_PER_SECOND);
        match kept.last_mut() {
            Some(last) if second(*last) == second(place) => {
                if prints.quantity[place] > prints.quantity[*last] {
                    *last = place;
                }
            }
            _ => kept.push(place),
        }
    }
    kept
}

/// Each of `count` places with the same probability.
pub(crate) fn thinned(seed: u64, name: &str, share: f64, count: usize) -> Vec<usize> {
    let mut rng = stream(seed, name);
    (0..count).filter(|_| rng.random::<f64>() < share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_market::Timestamp;

    /// By hand: 2 and 5 fall into one second, 3 and 3 into the next, 1 comes alone.
    #[test]
    fn one_print_a_second_is_the_largest() {
        let mut prints = Prints::default();
        for (ms, quantity) in [
            (1_000, 2.0),
            (1_999, 5.0),
            (2_000, 3.0),
            (2_900, 3.0),
            (7_000, 1.0),
        ] {
            prints.push(Timestamp(ms * 1_000), 100.0, quantity, false);
        }
        assert_eq!(throttled(&prints), [1, 2, 4]);
    }

    /// 10,000 places with probability 0.3: 3,000 within four standard deviations of 45.8.
    #[test]
    fn a_share_is_kept() {
        let kept = thinned(7, "coverage/alpha/SYN", 0.3, 10_000).len() as f64;
        assert!((kept - 3_000.0).abs() < 4.0 * 45.83, "{kept}");
        assert_eq!(thinned(7, "coverage/alpha/SYN", 1.0, 100).len(), 100);
    }
}
