//! Circuit breakers: when trading, liquidation or opening stops.

mod price_band;

pub use price_band::PriceBand;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[price_band::KIND];
