//! Marks and oracles: at which price margin is counted.

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[];
