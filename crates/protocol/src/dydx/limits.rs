//! How much of a position one block may liquidate.

use aftershock_market::{Cash, Coin, Price, UNITS_PER_ONE};

use super::MILLION;
use crate::venue::rounding::Rounding;

/// Limits of a block, by position and by account.
///
/// Source: dydxprotocol/v4-chain, `GetLiquidatablePositionSizeDelta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLimits {
    /// Largest share of a position, ppm.
    pub max_portion_ppm: u32,
    /// Value that may go even where it is a larger share.
    pub min_notional: Cash,
    /// Largest value of one account.
    pub max_notional: Cash,
    /// Most that the insurance fund may lose on one account.
    pub max_insurance_loss: Cash,
}

impl BlockLimits {
    /// What a block may liquidate of `held` at `price`, of which the account has had `done` liquidated in this block:
    /// everything where it is within the limits, else whole lots, at least one.
    pub fn quantity(&self, held: Coin, price: Price, lot: Coin, done: Cash) -> Coin {
        let value = held.value_floor(price);
        let portion = value.0 * self.max_portion_ppm as i128 / MILLION as i128;
        let position = portion.max(self.min_notional.0);
        let most = position.min((self.max_notional - done).0).max(0);
        if value.0 <= most || held <= lot {
            return held;
        }
        let coins = Rounding::Down.divide(most * UNITS_PER_ONE as i128, price.0 as i128);
        let lots = coins / lot.0 as i128;
        Coin((lots.max(1) * lot.0 as i128).min(held.0 as i128) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: by hand under the limits of the genesis file: a tenth, at least 1,000, at most 100,000 dollars.
    #[test]
    fn a_tenth_within_bounds() {
        let limits = BlockLimits {
            max_portion_ppm: 100_000,
            min_notional: Cash::from_f64(1_000.0),
            max_notional: Cash::from_f64(100_000.0),
            max_insurance_loss: Cash::from_f64(1_000_000.0),
        };
        let price = Price::from_f64(50_000.0);
        let lot = Coin::from_f64(0.000_1);
        let quantity =
            |coins: f64, done: f64| limits.quantity(Coin::from_f64(coins), price, lot, Cash::from_f64(done));
        assert_eq!(quantity(10.0, 0.0), Coin::from_f64(1.0));
        assert_eq!(quantity(0.1, 0.0), Coin::from_f64(0.02));
        assert_eq!(quantity(0.015, 0.0), Coin::from_f64(0.015));
        assert_eq!(quantity(100.0, 0.0), Coin::from_f64(2.0));
        assert_eq!(quantity(100.0, 60_000.0), Coin::from_f64(0.8));
        // A lot goes even where the account has used its block up.
        assert_eq!(quantity(100.0, 100_000.0), lot);
        assert_eq!(quantity(0.777, 0.0), Coin::from_f64(0.077_7));
    }
}
