//! Margin: what holders must post, and how it follows the market.

mod volatility;

pub use volatility::VolatilityMargin;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[volatility::KIND];
