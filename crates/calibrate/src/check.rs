//! Gates on synthetic crashes.
pub mod crash;
