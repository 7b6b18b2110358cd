//! What a replay believes of the world, one set a draw.

use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::Brackets;

use crate::response::book::BookParameters;

/// The machinery that is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mechanisms {
    /// Forced orders move the price.
    pub liquidation: bool,
    /// Depth leaves as volatility rises, so that forced orders move the price further.
    pub depth_withdrawal: bool,
}

impl Mechanisms {
    /// Everything.
    pub const ALL: Self = Self {
        liquidation: true,
        depth_withdrawal: true,
    };

    /// Bit 0 liquidation, bit 1 depth withdrawal.
    pub const fn from_mask(mask: u32) -> Self {
        Self {
            liquidation: mask & 1 != 0,
            depth_withdrawal: mask & 2 != 0,
        }
    }
}

/// Leverage and account size of those who open positions.
#[derive(Clone, Debug, PartialEq)]
pub struct LeverageMix {
    /// `(leverage, share of notional)`; shares sum to one.
    pub classes: Vec<(f64, f64)>,
    /// `(account notional in USD, share of notional)`; shares sum to one. Large accounts are capped by their bracket.
    pub account_sizes: Vec<(f64, f64)>,
}

/// Accounts that share an insurance fund.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Name in tables.
    pub name: String,
    /// Share of open interest.
    pub share: f64,
    /// Insurance fund over the pool's open interest.
    pub fund_ratio: f64,
}

/// Everything a replay takes as given besides path and rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Impact of the flow that stands in the impact state.
    pub impact: SquareRootImpact,
    /// Weight of each impact state; sums to one. Their half-lives are those of the decay table.
    pub impact_weights: [f64; 6],
    /// Elasticity of depth to volatility: depth ~ volatility^-elasticity above normal.
    pub depth_elasticity: f64,
    /// Depth never falls below this share of normal.
    pub depth_floor: f64,
    /// Cumulative depth a unit of log price at normal depth, USD.
    pub book_usd_per_log: f64,
    /// Log distance from the price at which the book ends; what an order wants beyond it fills there.
    pub book_end: f64,
    /// Half-life with which the book fills up again while a batch is worked, s.
    pub book_refill_s: f64,
    /// From trigger to execution, s; on bars at least one waypoint.
    pub latency_s: f64,
    /// Open interest of one side at the start, USD.
    pub open_interest_usd: f64,
    /// Half-life of a position's age before the replay, s.
    pub churn_half_life_s: f64,
    /// Who opens positions.
    pub mix: LeverageMix,
    /// Margin table.
    pub brackets: Brackets,
    /// Share of a forced order that meets a newly opened position rather than a closing one.
    pub reopen_share: f64,
    /// Share of ordinary flow that is cancelled during a halt; the rest is released at the reopening.
    pub cancelled_share: f64,
    /// Share of open interest whose holders own the offsetting position at another venue.
    pub overlap: f64,
    /// Whether those who opened before the replay kept what they posted, where rules ask for more than the brackets do, and so
    /// hold less; else they kept the size of their positions and posted more.
    pub hold_equity: bool,
    /// Clearing pools; shares sum to one.
    pub pools: Vec<Pool>,
}

impl Parameters {
    /// What the book is believed to do; priors of [`BookParameters::prior`] where these parameters say nothing.
    pub fn book(&self) -> BookParameters {
        BookParameters {
            volatility_withdrawal: self.depth_elasticity,
            refill_half_life_s: self.book_refill_s,
            floor: self.depth_floor,
            end_log: self.book_end,
            ..BookParameters::prior(self.book_usd_per_log)
        }
    }
}
