//! Perpetuals without an order book: a pool stands against everyone at an oracle price, and prices its own imbalance.
//!
//! What the protocol decides, as pure functions and small states; arbitrageurs and keepers are not here. Money is exact;
//! rates, and powers with a real exponent, are `f64` through `libm`.

pub mod gmx;
pub mod synthetix;
