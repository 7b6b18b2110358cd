//! All that a venue had chosen for one perpetual at one instant.

use aftershock_market::Coin;

use super::contract::Contract;
use super::deleveraging::{ClosedAt, Ranking};
use super::funding::{Averaging, FundingRule, Schedule};
use super::index::IndexRule;
use super::liquidation::{Backstop, LiquidationFee, LiquidationRule};
use super::margin::MarginTerms;
use super::mark::MarkRule;

/// A perpetual as its venue ran it.
#[derive(Clone, Debug, PartialEq)]
pub struct Perpetual {
    /// What a contract pays.
    pub contract: Contract,
    /// Smallest tradable quantity, contracts.
    pub lot: Coin,
    /// Margin to open and to keep.
    pub margin: MarginTerms,
    /// The price that margin is valued at.
    pub mark: MarkRule,
    /// How several prices become the index or oracle price.
    pub index: IndexRule,
    /// What longs and shorts pay each other.
    pub funding: FundingTerms,
    /// How an account is closed.
    pub liquidation: LiquidationRule,
    /// What a liquidated account is charged.
    pub fee: LiquidationFee,
    /// Who takes what the book did not, where anybody does.
    pub backstop: Option<Backstop>,
    /// When winners are closed; absent where losses fall on somebody else.
    pub deleveraging: Option<Deleveraging>,
}

/// Funding of a perpetual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FundingTerms {
    /// From premium to rate.
    pub rule: FundingRule,
    /// How premium samples are weighed.
    pub averaging: Averaging,
    /// When it is paid.
    pub schedule: Schedule,
    /// From one premium sample to the next, s.
    pub sample_s: f64,
    /// Size of the order whose price is the impact bid or ask, USD; 0 where the best prices are taken.
    pub impact_notional_usd: f64,
}

/// Auto-deleveraging.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deleveraging {
    /// When it begins.
    pub begins: Begins,
    /// Who is closed first.
    pub ranking: Ranking,
    /// At which price.
    pub closed_at: ClosedAt,
}

/// When winners begin to be closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Begins {
    /// The insurance fund cannot pay.
    FundEmpty,
    /// The fund has lost a share of its peak within a window, or cannot pay.
    FundDrawnDown {
        /// That share.
        share: f64,
        /// The window, s.
        window_s: f64,
    },
    /// The account's value is below zero, whatever the fund holds.
    AccountNegative,
}
