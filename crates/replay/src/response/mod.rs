//! How the world answers. None of these is a choice of a protocol; each is a belief and stands in the report.

mod counterparty;
mod depth;
mod impact;

pub(crate) use counterparty::{Booked, Fill, absorb};
pub use depth::depth_ratio;
pub use impact::ImpactState;
