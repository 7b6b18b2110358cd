//! What a tape says of what cannot be seen on it.

pub mod attrition;
pub mod binned;
pub mod cells;
pub mod design;
mod draws;
pub mod known_leverage;
pub mod leverage;
pub mod positions;
pub mod reporting;
pub mod trend;
pub mod fidelity;
pub mod basis;
