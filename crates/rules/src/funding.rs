//! Funding: what longs and shorts pay each other.

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[];
