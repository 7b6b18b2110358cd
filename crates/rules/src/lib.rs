//! The catalogue of rules and their TOML: one file a rule, one line in its family to register it.
//!
//! It reads a `&str`, never a file, and knows no replay. Read [`RuleSetFile`] first, then [`Kind`] and a rule such as
//! [`breaker::PriceBand`]; for what venues had really chosen, [`record`].

pub mod breaker;
pub mod clearing;
mod declared;
mod expression;
pub mod funding;
mod kind;
pub mod liquidation;
pub mod liquidity;
pub mod losses;
pub mod margin;
pub mod price;
pub mod record;
mod rule_set;
#[cfg(test)]
mod testing;
mod tiers;

pub use declared::{Declared, STEPS as DECLARED_STEPS};
pub use expression::{Expression, ExpressionError};
pub use kind::{FAMILIES, Family, Kind, Parameter, families, find, kinds, read, register};
pub use rule_set::{Hold, RuleError, RuleSetFile};
