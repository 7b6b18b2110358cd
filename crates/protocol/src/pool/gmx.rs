//! GMX v2: trades at an oracle price with an impact that grows with the imbalance of open interest, funding between the
//! sides, and closing of winners where what they are owed comes near to the pool.
//!
//! Open interest is counted as the contracts do, in dollars at entry. Source: gmx-io/gmx-synthetics, `MarketUtils`,
//! `PricingUtils`, `PositionPricingUtils`, `PositionUtils`, `AdlUtils`, `AdlHandler`. Not modelled: borrowing fees,
//! virtual inventory across markets, the impact pool that pays positive impact, collateral that is not worth a dollar,
//! and since version 2.2 the impact of opening that is kept until the close.

pub mod adl;
pub mod funding;
pub mod impact;
pub mod liquidation;

use aftershock_market::{Cash, Side};

pub use adl::AdlTerms;
pub use funding::{FundingState, FundingTerms};
pub use impact::ImpactTerms;
pub use liquidation::LiquidationTerms;

/// Open interest of a market at entry prices, USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenInterest {
    /// Of longs.
    pub long: Cash,
    /// Of shorts.
    pub short: Cash,
}

impl OpenInterest {
    /// Of a side.
    pub fn of(self, side: Side) -> Cash {
        match side {
            Side::Long => self.long,
            Side::Short => self.short,
        }
    }

    /// After `side` has grown by `usd`, or shrunk where it is negative; `None` where less is open than that.
    pub fn after(mut self, side: Side, usd: Cash) -> Option<Self> {
        let own = match side {
            Side::Long => &mut self.long,
            Side::Short => &mut self.short,
        };
        *own += usd;
        (*own >= Cash::ZERO).then_some(self)
    }

    /// Distance between the sides.
    pub fn imbalance(self) -> Cash {
        Cash((self.long - self.short).0.abs())
    }

    /// The larger side.
    pub fn larger(self) -> Cash {
        self.long.max(self.short)
    }

    /// Both.
    pub fn total(self) -> Cash {
        self.long + self.short
    }
}

/// A market and what it has chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    /// What a trade pays for imbalance.
    pub impact: ImpactTerms,
    /// What the sides pay each other.
    pub funding: FundingTerms,
    /// When winners are closed.
    pub adl: AdlTerms,
    /// When losers are.
    pub liquidation: LiquidationTerms,
}
