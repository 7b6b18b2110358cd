//! Marks and oracles: at which price margin is counted.

mod index_basis;
mod median_index;
mod own_book;
mod redemption;
mod smoothed;
mod volume_index;

pub use index_basis::IndexBasisMark;
pub use median_index::MedianIndex;
pub use own_book::OwnBookCollateral;
pub use redemption::RedemptionCollateral;
pub use smoothed::SmoothedMark;
pub use volume_index::VolumeIndex;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    smoothed::KIND,
    index_basis::KIND,
    median_index::KIND,
    volume_index::KIND,
    own_book::KIND,
    redemption::KIND,
];

#[cfg(test)]
#[path = "price_tests.rs"]
mod tests;
