//! What a tape says of a market's parameters: impact, positions, their leverage, what feeds leave out, depth, latency,
//! basis. Everything here sees [`crate::observed::Observed`] or what is made of it, and nothing else; what a tape cannot tell
//! is a value with its reason. [`known_leverage`] alone makes its own tapes and knows their truth.
//!
//! Of positions read [`positions`], then [`design`], then [`leverage`].

pub mod attrition;
pub mod basis;
pub mod binned;
pub mod cells;
pub mod depth;
pub mod design;
mod draws;
pub mod fidelity;
mod history;
pub mod impact;
pub mod known_leverage;
pub mod latency;
pub mod leverage;
pub mod positions;
pub mod reporting;
pub mod trend;
pub mod weigh;
