//! The catalogue of rules and their TOML: one file a rule, one line to register it.
//!
//! It reads a `&str`, never a file, and knows no replay. Read [`RuleSetFile`] first, then a rule such as
//! [`PriceBand`]; for what venues had really chosen, [`record`].

mod cross_protocol_clearing;
mod declared;
mod expression;
mod price_band;
pub mod record;
mod rule_set;
mod tiers;
mod volatility_margin;

pub use cross_protocol_clearing::CrossProtocolClearing;
pub use declared::Declared;
pub use expression::{Expression, ExpressionError};
pub use price_band::PriceBand;
pub use rule_set::{KINDS, Kind, RuleError, RuleSetFile};
pub use volatility_margin::VolatilityMargin;
