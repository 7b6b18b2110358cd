//! When a position is closed: what is left of its margin, less a premium for its size, no longer covers a buffer and the
//! fees of those who close it.

use aftershock_market::{Cash, Coin};

use crate::venue::contract::{Contract, Holding, MaintenanceOn, Requirement};

/// What a position has to keep.
///
/// `margin + result - premium > buffer + fee + keeper's fee`, with the fee for flagging held between two amounts and a
/// premium of `multiplier * size / scale` of the value.
///
/// Source: Synthetixio/synthetix, `contracts/PerpsV2MarketBase.sol`, liquidation fee, margin and premium; SIP-297.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiquidationTerms {
    /// Buffer over value.
    pub buffer_ratio: f64,
    /// Fee for flagging over value.
    pub fee_ratio: f64,
    /// Least fee for flagging, USD.
    pub fee_min: Cash,
    /// Largest.
    pub fee_max: Cash,
    /// Fee for closing, USD.
    pub keeper_fee: Cash,
    /// Premium over value, for each time the size goes into the scale.
    pub premium_multiplier: f64,
    /// The market's scale, coin.
    pub scale: Coin,
}

impl LiquidationTerms {
    /// Liquidation margin of a position of `size` (unsigned) worth `value`, with its premium, USD.
    pub fn maintenance_usd(&self, size: Coin, value_usd: f64) -> f64 {
        let (low, high) = (self.fee_min.to_f64(), self.fee_max.to_f64());
        let fee = (value_usd * self.fee_ratio).min(high).max(low);
        value_usd * (self.buffer_ratio + self.premium_ratio(size)) + fee + self.keeper_fee.to_f64()
    }

    /// What equity has to meet near a value of `value_usd`, where the fee for flagging is the ratio, the least or the
    /// largest.
    pub fn requirement(&self, size: Coin, value_usd: f64) -> Requirement {
        let by_ratio = value_usd * self.fee_ratio;
        let (ratio, fee) = if by_ratio <= self.fee_min.to_f64() {
            (0.0, self.fee_min.to_f64())
        } else if by_ratio >= self.fee_max.to_f64() {
            (0.0, self.fee_max.to_f64())
        } else {
            (self.fee_ratio, 0.0)
        };
        Requirement {
            maintenance_ratio: self.buffer_ratio + self.premium_ratio(size) + ratio,
            maintenance_amount: -(fee + self.keeper_fee.to_f64()),
            on: MaintenanceOn::MarkValue,
            closing_fee: 0.0,
        }
    }

    /// The oracle price at which a position may be flagged, USD; `None` where no positive price does.
    ///
    /// The requirement changes with the price only where the fee reaches one of its bounds: of the three prices, the one
    /// that lies where its own requirement holds.
    pub fn liquidation_price(&self, held: &Holding) -> Option<f64> {
        let size = held.quantity;
        let between = (self.fee_min.to_f64() + self.fee_max.to_f64()) / 2.0 / self.fee_ratio;
        [0.0, between, f64::INFINITY].into_iter().find_map(|value_usd| {
            let need = self.requirement(size, value_usd);
            let price = Contract::COIN.liquidation_price(held, &need)?;
            let there = self.requirement(size, price * size.to_f64());
            (there == need).then_some(price)
        })
    }

    fn premium_ratio(&self, size: Coin) -> f64 {
        self.premium_multiplier * size.to_f64() / self.scale.to_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_market::Side;
    use proptest::prelude::*;

    const ETHER: LiquidationTerms = LiquidationTerms {
        buffer_ratio: 0.007_5,
        fee_ratio: 0.000_2,
        fee_min: Cash(200_000_000),
        fee_max: Cash(10_000_000_000),
        keeper_fee: Cash(200_000_000),
        premium_multiplier: 1.0,
        scale: Coin(100_000_000_000_000),
    };

    /// Source: the contract's own comment: 100 of a scale of a million at 1,200 with a multiplier of 1 is a premium of
    /// 12. By hand, the buffer is 900, the fee for flagging 24, the keeper's 2.
    #[test]
    fn the_example_of_the_contract() {
        let size = Coin::from_f64(100.0);
        assert!((ETHER.premium_ratio(size) * 120_000.0 - 12.0).abs() < 1e-9);
        assert!((ETHER.maintenance_usd(size, 120_000.0) - 938.0).abs() < 1e-9);
    }

    /// Source: the condition by hand for 100 ETH opened at 1,200 with 5,000: a value N needs 0.78 % of it and 2 dollars.
    /// A long has N - 115,000, so N = 115,002 / 0.9922; a short 125,000 - N, so N = 124,998 / 1.0078.
    #[test]
    fn prices_by_hand() {
        let price = |side| {
            let held = Holding {
                side,
                quantity: Coin::from_f64(100.0),
                opening_value: Cash::from_f64(120_000.0),
                margin: Cash::from_f64(5_000.0),
            };
            ETHER.liquidation_price(&held).expect("a positive price")
        };
        assert!((price(Side::Long) - 115_002.0 / 0.992_2 / 100.0).abs() < 1e-9);
        assert!((price(Side::Short) - 124_998.0 / 1.007_8 / 100.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn at_its_price_a_position_just_meets_the_margin(
            long in any::<bool>(),
            size in 0.01..5_000.0_f64,
            share in 0.02..0.5_f64,
        ) {
            let side = if long { Side::Long } else { Side::Short };
            let value = size * 1_200.0;
            let held = Holding {
                side,
                quantity: Coin::from_f64(size),
                opening_value: Cash::from_f64(value),
                margin: Cash::from_f64(value * share + 10.0),
            };
            if let Some(price) = ETHER.liquidation_price(&held) {
                let there = held.quantity.to_f64() * price;
                let result = side.sign() * (there - held.opening_value.to_f64());
                let equity = held.margin.to_f64() + result;
                let need = ETHER.maintenance_usd(held.quantity, there);
                prop_assert!((equity - need).abs() < 1e-6 * (1.0 + need), "{equity} {need}");
            } else {
                // Only a long whose margin outlives its value has none.
                prop_assert!(long && held.margin.to_f64() >= value);
            }
        }
    }
}
