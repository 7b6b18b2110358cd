//! Rules: proposals and verdicts.
//!
//! A venue proposes a step; each rule, in declared order, sees the step as the rules before it left it and accepts,
//! amends, rejects or defers it. The first rejection or deferral ends the fold. After each amendment the step's own
//! check runs, and a breach stops the replay naming the rule, the step and the invariant.

use std::fmt::Debug;

use aftershock_market::Timestamp;

use crate::View;
use crate::step::{
    AssessMargin, CapInterest, ChargeFunding, ChooseIndex, ChooseMark, CoverDeficit, Deleverage, Liquidate,
    NetMargin, ScheduleFunding, SetBand, SetLiquidity, SizeFund, ValueCollateral,
};

/// Why a rule decided as it did, verbatim in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

impl<T: Into<String>> From<T> for Reason {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// A rule's verdict on a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<S> {
    /// Let it stand.
    Accept,
    /// Do this instead.
    Amend(S, Reason),
    /// Do nothing now.
    Reject(Reason),
    /// Do nothing before `until`.
    Defer {
        /// The first instant at which the step may be proposed again.
        until: Timestamp,
        /// Why.
        reason: Reason,
    },
}

/// What a rule needs that not every record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// An index of other markets than the rule's own.
    Index,
    /// Funding.
    Funding,
    /// Several markets.
    Markets,
    /// Marks that are told apart from prices.
    Marks,
    /// Accounts with several positions.
    Portfolios,
    /// Accounts with collateral other than the settlement asset.
    Collateral,
}

impl Need {
    /// What it is, in words that follow "needs".
    pub const fn what(self) -> &'static str {
        match self {
            Self::Index => "an index of other markets",
            Self::Funding => "funding",
            Self::Markets => "several markets",
            Self::Marks => "marks apart from prices",
            Self::Portfolios => "accounts with several positions",
            Self::Collateral => "accounts with collateral in other assets",
        }
    }
}

/// A change to how a venue decides. Every method defaults to letting the step stand.
///
/// A rule is a pure function of a step and of what it may see: it remembers nothing. What has to be remembered is in the
/// [`View`]'s past or in the step, as it stands since the last decision.
pub trait ProtocolRule: Debug + Send + Sync {
    /// Name in tables and reports.
    fn name(&self) -> &str;

    /// The shortest time in which this rule acts, s; a record coarser than that cannot measure it.
    fn fastest_s(&self) -> Option<f64> {
        None
    }

    /// What it needs that not every record has; where it is missing the rule is not measurable.
    fn needs(&self) -> &[Need] {
        &[]
    }

    /// Whether it changes what holders must post.
    fn sets_margin(&self) -> bool {
        false
    }

    /// What the rule works out once a decision, before it is asked about each bracket: given back in [`AssessMargin::model`].
    fn model(&self, _view: &View<'_>) -> f64 {
        0.0
    }

    /// Margin of a bracket, assessed at every bar close.
    fn assess_margin(&self, _step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        Decision::Accept
    }

    /// Maintenance margin of an account with several positions, whenever the account is looked at.
    fn net_margin(&self, _step: &NetMargin, _view: &View<'_>) -> Decision<NetMargin> {
        Decision::Accept
    }

    /// Price band, set at every bar close and at a reopening.
    fn set_band(&self, _step: &SetBand, _view: &View<'_>) -> Decision<SetBand> {
        Decision::Accept
    }

    /// Positions that the mark has crossed, one step a side, bracket and check.
    fn liquidate(&self, _step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        Decision::Accept
    }

    /// A loss beyond the margin, one step a pool and batch.
    fn cover_deficit(&self, _step: &CoverDeficit, _view: &View<'_>) -> Decision<CoverDeficit> {
        Decision::Accept
    }

    /// A loss beyond margin and reserves, before it is left as bad debt; one step an order.
    fn deleverage(&self, _step: &Deleverage, _view: &View<'_>) -> Decision<Deleverage> {
        Decision::Accept
    }

    /// Fees, and capital beside the makers', at every bar close.
    fn set_liquidity(&self, _step: &SetLiquidity, _view: &View<'_>) -> Decision<SetLiquidity> {
        Decision::Accept
    }

    /// Highest open interest: once before the replay, then at every bar close.
    fn cap_interest(&self, _step: &CapInterest, _view: &View<'_>) -> Decision<CapInterest> {
        Decision::Accept
    }

    /// The insurance fund of a pool, once before the replay.
    fn size_fund(&self, _step: &SizeFund, _view: &View<'_>) -> Decision<SizeFund> {
        Decision::Accept
    }

    /// How a market's mark is made, once before the replay.
    fn choose_mark(&self, _step: &ChooseMark) -> Decision<ChooseMark> {
        Decision::Accept
    }

    /// How an asset's index is made, once before the replay.
    fn choose_index(&self, _step: &ChooseIndex) -> Decision<ChooseIndex> {
        Decision::Accept
    }

    /// Funding of an interval, at every sample of the premium and when it is paid.
    fn charge_funding(&self, _step: &ChargeFunding, _view: &View<'_>) -> Decision<ChargeFunding> {
        Decision::Accept
    }

    /// Length of the next funding interval, before the first and after each payment.
    fn schedule_funding(&self, _step: &ScheduleFunding, _view: &View<'_>) -> Decision<ScheduleFunding> {
        Decision::Accept
    }

    /// What an account's collateral counts for, whenever the account is looked at.
    fn value_collateral(&self, _step: &ValueCollateral, _view: &View<'_>) -> Decision<ValueCollateral> {
        Decision::Accept
    }
}
