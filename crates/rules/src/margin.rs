//! Margin: what holders must post, and how it follows the market.

mod common;
mod ewma;
mod leverage_cap;
mod volatility;

pub use ewma::EwmaMargin;
pub use leverage_cap::LeverageCap;
pub use volatility::VolatilityMargin;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[volatility::KIND, ewma::KIND, leverage_cap::KIND];
