//! When a position is closed: what is left of its collateral after loss, impact and fee is below a share of its size.

use aftershock_market::Cash;

use crate::venue::contract::{Contract, Holding, MaintenanceOn, Requirement};
use crate::venue::maintenance::{MarginSchedule, RateTier, SizeBy};
use crate::venue::margin::{InitialTerms, MarginError, MarginTerms};
use crate::venue::rounding::Rounding;

/// What a position has to keep.
///
/// Size is the value at entry, as the contracts count it, so everything but the loss itself stays what it was at entry.
///
/// Source: gmx-io/gmx-synthetics, `contracts/position/PositionUtils.sol`, `isPositionLiquidatable`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiquidationTerms {
    /// Least collateral over size, by which the largest leverage is bounded too.
    pub min_collateral_ratio: f64,
    /// Least collateral of any position, USD.
    pub min_collateral: Cash,
    /// Least collateral over size to open, for every dollar of open interest on the position's side.
    pub opening_ratio_a_usd: f64,
    /// Fee over size of a trade that takes imbalance away.
    pub improving_fee_ratio: f64,
    /// Fee over size of one that makes it.
    pub worsening_fee_ratio: f64,
    /// Fee over size of a liquidation. It is charged, but does not count towards whether one is due.
    pub liquidation_fee_ratio: f64,
    /// Most that the impact of closing counts for, over size.
    pub max_impact_ratio: f64,
}

/// What closing a position now would cost it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosingCost {
    /// Impact of closing it whole, USD, negative where it costs. Counts only where it does.
    pub impact: Cash,
    /// Whether closing it takes imbalance away.
    pub improves: bool,
    /// Borrowing and funding fees that it owes, USD.
    pub owed: Cash,
}

impl LiquidationTerms {
    /// Least collateral over size that a trade may leave, with `open` dollars open on its side after it.
    ///
    /// Source: `MarketUtils`, minimum collateral factor for open interest.
    pub fn opening_ratio(&self, open: Cash) -> f64 {
        self.min_collateral_ratio
            .max(self.opening_ratio_a_usd * open.to_f64())
    }

    /// What equity has to meet, for a position of `size` (value at entry).
    pub fn requirement(&self, size: Cash, cost: &ClosingCost) -> Requirement {
        let fee = if cost.improves {
            self.improving_fee_ratio
        } else {
            self.worsening_fee_ratio
        };
        let by_size = Rounding::Up.part_of(size, self.min_collateral_ratio) >= self.min_collateral;
        let (ratio, least) = if by_size {
            (self.min_collateral_ratio, 0.0)
        } else {
            (0.0, self.min_collateral.to_f64())
        };
        let most = Rounding::Up.part_of(size, self.max_impact_ratio);
        let impact = (-cost.impact).max(Cash::ZERO).min(most);
        Requirement {
            maintenance_ratio: ratio + fee,
            maintenance_amount: -(least + impact.to_f64() + cost.owed.to_f64()),
            on: MaintenanceOn::EntryValue,
            closing_fee: 0.0,
        }
    }

    /// The index price at which a position of `held.opening_value` is liquidated, USD, where closing it makes imbalance,
    /// moves no price and nothing is owed; `None` where no positive price does.
    pub fn liquidation_price(&self, held: &Holding) -> Option<f64> {
        let need = self.requirement(held.opening_value, &ClosingCost::default());
        Contract::COIN.liquidation_price(held, &need)
    }

    /// The margin of any position that is larger than the least collateral allows for, without impact: to open, the
    /// largest leverage; to keep, the least collateral and the fee of a close that makes imbalance.
    ///
    /// # Errors
    /// As [`MarginTerms::new`].
    pub fn margin(&self) -> Result<MarginTerms, MarginError> {
        let tier = RateTier {
            cap: f64::INFINITY,
            maintenance_ratio: self.min_collateral_ratio + self.worsening_fee_ratio,
        };
        MarginTerms::new(
            InitialTerms::ByLeverage {
                max_leverage: 1.0 / self.min_collateral_ratio,
            },
            MarginSchedule::WholeRate {
                by: SizeBy::Value,
                tiers: vec![tier],
            },
            MaintenanceOn::EntryValue,
            0.0,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_market::{Coin, Price, Side};

    const TERMS: LiquidationTerms = LiquidationTerms {
        min_collateral_ratio: 0.005,
        min_collateral: Cash(100_000_000),
        opening_ratio_a_usd: 6e-11,
        improving_fee_ratio: 0.000_4,
        worsening_fee_ratio: 0.000_6,
        liquidation_fee_ratio: 0.002,
        max_impact_ratio: 0.01,
    };

    fn held(side: Side, margin: f64) -> Holding {
        Holding {
            side,
            quantity: Coin::from_f64(1.0),
            opening_value: Cash::from_f64(50_000.0),
            margin: Cash::from_f64(margin),
        }
    }

    /// Source: the contracts' condition by hand. One coin at 50,000 with 1,000 needs 250, a fee of 30 and 20 of impact:
    /// it is closed where it has lost 700. With the impact above 1 % of size, 500 of it counts.
    #[test]
    fn prices_by_hand() {
        let price = |side, cost: &ClosingCost| {
            let need = TERMS.requirement(Cash::from_f64(50_000.0), cost);
            Contract::COIN
                .liquidation_price(&held(side, 1_000.0), &need)
                .expect("a positive mark")
        };
        let impact = |usd| ClosingCost {
            impact: Cash::from_f64(usd),
            ..ClosingCost::default()
        };
        assert_eq!(price(Side::Long, &impact(-20.0)), 49_300.0);
        assert_eq!(price(Side::Short, &impact(-20.0)), 50_700.0);
        assert_eq!(price(Side::Long, &impact(-2_000.0)), 49_780.0);
        assert_eq!(price(Side::Long, &impact(40.0)), 49_280.0);
        let improving = ClosingCost {
            improves: true,
            owed: Cash::from_f64(5.0),
            ..ClosingCost::default()
        };
        assert_eq!(price(Side::Long, &improving), 49_275.0);
    }

    /// Source: by hand: 100 dollars need half a dollar by size, but no less than one.
    #[test]
    fn the_least_collateral_binds_small_positions() {
        let need = TERMS.requirement(Cash::from_f64(100.0), &ClosingCost::default());
        assert_eq!((need.maintenance_ratio, need.maintenance_amount), (0.000_6, -1.0));
        let small = Holding {
            side: Side::Long,
            quantity: Coin::from_f64(1.0),
            opening_value: Cash::from_f64(100.0),
            margin: Cash::from_f64(5.0),
        };
        let price = TERMS.liquidation_price(&small).expect("a positive price");
        assert!((price - 96.06).abs() < 1e-9, "may lose 5 - 1 - 0.06: {price}");
    }

    /// Source: the configuration's own note: 0.5 % where about 83 million are open at 6e-11 a dollar.
    #[test]
    fn opening_takes_more_where_much_is_open() {
        assert_eq!(TERMS.opening_ratio(Cash::from_f64(50e6)), 0.005);
        assert_eq!(TERMS.opening_ratio(Cash::from_f64(100e6)), 0.006);
    }

    /// Source: by hand: 0.5 % and a fee of 0.06 % of 50,000 are 280, so that 1,000 may lose 720.
    #[test]
    fn margin_is_that_of_a_position_without_impact() {
        let margin = TERMS.margin().expect("ratios below one");
        let price = |side| margin.liquidation_price(Contract::COIN, &held(side, 1_000.0));
        assert_eq!(price(Side::Long), Some(Price::from_f64(49_280.0)));
        assert_eq!(price(Side::Short), Some(Price::from_f64(50_720.0)));
        assert_eq!(
            margin.initial(),
            &InitialTerms::ByLeverage { max_leverage: 200.0 }
        );
    }
}
