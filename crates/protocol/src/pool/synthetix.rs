//! Synthetix perps v2: fills at an oracle price with a premium for skew, funding whose velocity the skew sets, and a
//! liquidation margin that grows with the size of the position against the market's scale.
//!
//! Skew is what longs hold over shorts, in coin. Source: Synthetixio/SIPs, `content/sips/sip-279.md`, and
//! Synthetixio/synthetix, `contracts/PerpsV2MarketBase.sol`. Not modelled: delayed orders and their keepers, dynamic fees,
//! who may liquidate beyond the limits of SIP-2005.

pub mod funding;
pub mod liquidation;

use aftershock_market::{Coin, Price};

use crate::venue::rounding::Rounding;
pub use funding::SkewFunding;
pub use liquidation::LiquidationTerms;

/// How a market prices its skew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkewTerms {
    /// Skew at which the premium would be the price itself, coin.
    pub scale: Coin,
    /// What the daily funding rate moves by in a day at a skew of the whole scale.
    pub max_velocity: f64,
}

impl SkewTerms {
    /// Price of a trade of `change` (positive for a purchase) at an oracle price, the mean of the premium before and
    /// after: `oracle * (1 + (skew + skew after) / (2 scale))`, rounded against the trader.
    ///
    /// Source: SIP-279, "Premium/discount function".
    ///
    /// ```
    /// use aftershock_market::{Coin, Price};
    /// use aftershock_protocol::pool::synthetix::SkewTerms;
    /// let ether = SkewTerms { scale: Coin::from_f64(1e6), max_velocity: 3.0 };
    /// let price = ether.fill_price(Price::from_f64(2_000.0), Coin::from_f64(100.0), Coin::from_f64(100.0));
    /// assert_eq!(price, Price::from_f64(2_000.3));
    /// ```
    pub fn fill_price(&self, oracle: Price, skew: Coin, change: Coin) -> Price {
        let whole = 2 * self.scale.0 as i128;
        let parts = whole + 2 * skew.0 as i128 + change.0 as i128;
        let rounding = if change > Coin::ZERO {
            Rounding::Up
        } else {
            Rounding::Down
        };
        Price(rounding.divide(oracle.0 as i128 * parts, whole) as i64)
    }

    /// Skew over the scale, within one of zero.
    pub fn share(&self, skew: Coin) -> f64 {
        (skew.0 as f64 / self.scale.0 as f64).clamp(-1.0, 1.0)
    }
}

/// A market and what it has chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    /// Premium and funding.
    pub skew: SkewTerms,
    /// When a position is closed.
    pub liquidation: LiquidationTerms,
    /// Largest leverage.
    pub max_leverage: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ETHER: SkewTerms = SkewTerms {
        scale: Coin(100_000_000_000_000),
        max_velocity: 3.0,
    };

    /// V-SNX1. Source: SIP-279, "Test cases": oracle 2,000, skew 100 of a scale of a million, 100 bought: 2,000.3.
    #[test]
    fn a_purchase_that_adds_to_the_skew() {
        let oracle = Price::from_f64(2_000.0);
        let hundred = Coin::from_f64(100.0);
        assert_eq!(
            ETHER.fill_price(oracle, hundred, hundred),
            Price::from_f64(2_000.3)
        );
        // Before and after, as the SIP prints them.
        assert_eq!(
            ETHER.fill_price(oracle, hundred, Coin::ZERO),
            Price::from_f64(2_000.2)
        );
        let after = hundred + hundred;
        assert_eq!(
            ETHER.fill_price(oracle, after, Coin::ZERO),
            Price::from_f64(2_000.4)
        );
    }

    /// By hand: a coin of a scale of a million moves ten units by 0.000 005 of one: the buyer pays 11, the seller gets 9.
    #[test]
    fn part_of_a_unit_is_against_the_trader() {
        let one = Coin::from_f64(1.0);
        let price = |change| ETHER.fill_price(Price(10), Coin::ZERO, change);
        assert_eq!((price(one), price(-one)), (Price(11), Price(9)));
    }

    proptest! {
        #[test]
        fn a_round_trip_does_not_profit(
            oracle in 1_i64..10_000_000_000_000,
            skew in -10_000_000_000_000_i64..10_000_000_000_000,
            change in prop_oneof![-1_000_000_000_000_i64..-1, 1_i64..1_000_000_000_000],
        ) {
            let (oracle, skew, change) = (Price(oracle), Coin(skew), Coin(change));
            let opened = ETHER.fill_price(oracle, skew, change);
            let closed = ETHER.fill_price(oracle, skew + change, -change);
            let won = (closed.0 - opened.0) * change.0.signum();
            prop_assert!((-2..=0).contains(&won), "{opened:?} {closed:?}");
        }
    }
}
