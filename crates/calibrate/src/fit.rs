//! What a tape says of a market's parameters. Everything here sees [`crate::observed::Observed`] or what is made of it,
//! and nothing else; what a tape cannot tell is a value with its reason.

pub mod attrition;
pub mod binned;
pub mod cells;
pub mod design;
mod draws;
pub mod impact;
pub mod known_leverage;
pub mod leverage;
pub mod positions;
pub mod reporting;
pub mod weigh;
