//! Liquidity: fees, rebates and capital that keep the book deep.

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[];
