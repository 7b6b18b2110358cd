//! What Drift v2's program decides when an account falls short: how much of a position makes its margin good and how
//! fast it may go ([`liquidation`]), how margin grows with size ([`size`]), and who bears what is left ([`bankruptcy`]).
//!
//! An account whose collateral is below maintenance margin is sold at the oracle price less a fee, until it holds
//! maintenance margin and a buffer. The share that may go grows with the slots since it fell short; the fee of a
//! liquidator grows once those are many. A loss beyond collateral is paid by the insurance fund up to the market's
//! claim, by the market's fee pool, and then by every position through funding.
//!
//! Exact integers: quantities are 1e-8 coin, money and prices 1e-8 dollars, ratios parts per million. The program counts
//! dollars in 1e-6 and coin in 1e-9; where that shows, a function says so.
//!
//! Source: drift-labs/protocol-v2, `programs/drift/src/math/liquidation.rs` @0fd8f61c and what it calls. Not modelled: several
//! positions and deposits in one account, the virtual market maker and its orders, funding capped by the fee pool.

pub mod bankruptcy;
pub mod liquidation;
pub mod size;

use aftershock_market::{Cash, Coin};

use crate::venue::contract::{Contract, Holding, MaintenanceOn, Requirement};
use crate::venue::funding::{FundingRule, Schedule};
use crate::venue::margin::MarginTerms;
use liquidation::Liquidation;
use size::SizePremium;

/// Parts per million in one.
pub const MILLION: u32 = 1_000_000;

/// Parts of ten thousand, in which the program counts margin and the pace of a liquidation.
pub const TEN_THOUSAND: u32 = 10_000;

/// Units of 1e-8 dollars in the 1e-6 that the program counts.
const MICRO: i128 = 100;

/// A perpetual market of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// What a contract pays.
    pub contract: Contract,
    /// Smallest tradable quantity, coin.
    pub lot: Coin,
    /// Margin of a position that is too small for [`Market::size_premium`] to raise it.
    pub margin: MarginTerms,
    /// How a larger position raises both margins.
    pub size_premium: SizePremium,
    /// From the premium of the mark's average over the oracle's to the rate.
    pub funding: FundingRule,
    /// When funding is paid.
    pub schedule: Schedule,
    /// How an account that falls short is sold.
    pub liquidation: Liquidation,
    /// Most that the insurance fund ever pays for the market.
    pub insurance_max: Cash,
}

impl Market {
    /// Maintenance margin over value of a position of `size` (unsigned), with the premium for size.
    pub fn maintenance_ratio(&self, size: Coin) -> f64 {
        let base_bp = self.liquidation.maintenance_ppm / (MILLION / TEN_THOUSAND);
        f64::from(self.size_premium.ratio_bp(size, base_bp)) / f64::from(TEN_THOUSAND)
    }

    /// The oracle price at which an account with this one position falls short, USD, with the premium for size; `None`
    /// where no positive price does.
    pub fn liquidation_price(&self, held: &Holding) -> Option<f64> {
        let need = Requirement {
            maintenance_ratio: self.maintenance_ratio(held.quantity),
            maintenance_amount: 0.0,
            on: MaintenanceOn::MarkValue,
            closing_fee: 0.0,
        };
        self.contract.liquidation_price(held, &need)
    }
}
