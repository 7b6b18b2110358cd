//! Clearing: what is netted across venues, and who stands behind whom.

mod cross_protocol;

pub use cross_protocol::CrossProtocolClearing;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[cross_protocol::KIND];
