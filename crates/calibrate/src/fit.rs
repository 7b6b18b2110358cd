//! What a tape says of what cannot be seen on it: positions, their leverage, what feeds leave out, depth, latency, basis.
//!
//! Everything here sees an [`Observed`](crate::observed::Observed) and nothing else, but for [`known_leverage`], which makes
//! its own tapes and knows their truth. Read [`positions`], then [`design`], then [`leverage`].

pub mod attrition;
pub mod basis;
pub mod binned;
pub mod cells;
pub mod depth;
pub mod design;
mod draws;
pub mod fidelity;
pub mod known_leverage;
pub mod latency;
pub mod leverage;
pub mod positions;
pub mod reporting;
pub mod trend;
