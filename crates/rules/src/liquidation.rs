//! Liquidation: how much of a broken position is closed, how fast, and how it is sold.

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[];
