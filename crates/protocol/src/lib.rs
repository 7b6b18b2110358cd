//! How a venue decides: margin brackets, positions and their liquidation prices, the ledger, the waterfall,
//! and [`ProtocolRule`], the one place where a counterfactual changes any of it.
//!
//! Invariants: no file, no clock, no randomness. Money and quantities are exact; after every batch long open
//! interest equals short open interest and the [`Ledger`] sums to zero. The empty [`RuleSet`] is history.
//! Chains: [`lending`] and [`auction`], in the contracts' own whole numbers ([`fixed`]); [`band`] is where trading halts, [`fee`]
//! what a pool charges by its own volatility.
//! What one venue chooses and another does not (contract, index, mark, funding, liquidation, deleveraging) is
//! in [`venue`], as pure functions with the source of each beside it. Read [`rule`] first.

pub mod auction;
pub mod band;
mod cut;
pub mod drift;
pub mod dydx;
pub mod fee;
pub mod fixed;
mod ledger;
pub mod lending;
mod margin;
pub mod past;
pub mod pool;
mod positions;
pub mod rule;
mod rule_set;
mod sorted;
pub mod step;
pub mod venue;
mod view;

pub use cut::{Cut, Left, Part, band_fraction, health_fraction};
pub use ledger::{Ledger, Settlement};
pub use margin::{BracketError, Brackets, Tier, bankruptcy_price, liquidation_price};
pub use past::{NO_PAST, Past, PastHalt};
pub use positions::{Broken, Closed, Position, PositionBook, Ranked, Slot};
pub use rule::{Decision, Need, ProtocolRule, Reason};
pub use rule_set::{Intervention, RuleBreach, RuleSet, Verdict};
pub use step::{
    AssessMargin, CapInterest, ChargeFunding, ChooseIndex, ChooseMark, CoverDeficit, Deleverage, Edge, Halts,
    Liquidate, Mark, NetMargin, Reopening, Reserve, Sale, ScheduleFunding, SetBand, SetLiquidity, Shared,
    SizeFund, Step, ValueCollateral,
};
pub use view::{OBSERVABLES, View};
