//! Deleveraging and default: who bears a loss beyond margin.

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[];
