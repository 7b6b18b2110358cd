//! What a venue proposes, and a rule may change: one struct a place where rules act.
//!
//! A step as the venue proposes it is history. Its fields are what a rule may read and amend; [`Step::breach`] says what can
//! not be, whoever amends it.

mod band;
mod deleverage;
mod funding;
mod interest;
mod liquidate;
mod liquidity;
mod losses;
mod margin;
mod portfolio;
mod price;

use std::fmt::Debug;

pub use band::{Edge, Halts, Reopening, SetBand};
pub use deleverage::{Deleverage, Shared};
pub use funding::{ChargeFunding, ScheduleFunding};
pub use interest::CapInterest;
pub use liquidate::{Liquidate, Sale};
pub use liquidity::SetLiquidity;
pub use losses::{CoverDeficit, Reserve, SizeFund};
pub use margin::AssessMargin;
pub use portfolio::NetMargin;
pub use price::{ChooseIndex, ChooseMark, Mark, ValueCollateral};

/// A step knows its name and its invariants.
pub trait Step: Clone + Debug + PartialEq {
    /// The name in the journal.
    const NAME: &'static str;
    /// The invariant that does not hold, if any.
    fn breach(&self) -> Option<String>;
    /// The step's leading value, for the journal's before and after.
    fn value(&self) -> f64;
}
