//! How the world answers. None of these is a choice of a protocol; each is a belief and stands in the report.
//!
//! A response is a small state that is handed what it needs and hands back what it does: flows in USD, purchases
//! positive. None knows the engine, and none moves a price: only the impact state does. What each leaves out is in
//! the crate's `DESIGN.md`.

pub mod basis;
pub mod book;
pub mod carry;
mod clock;
mod counterparty;
pub mod cross_impact;
mod impact;
pub mod keeper;
pub mod maker;
pub mod toxicity;
pub mod volatility;

pub(crate) use counterparty::{Booked, Fill, absorb};
pub use impact::ImpactState;
