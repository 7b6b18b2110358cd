//! What a venue chooses: the contract it lists, how it finds a price, what it charges and how it closes
//! accounts.
//!
//! Pure functions and small states without files, clocks or randomness; nothing here allocates between two
//! liquidations. Quantities are [`Coin`](aftershock_market::Coin), read as 1e-8 contracts (a linear contract
//! of multiplier one is a coin); money is [`Cash`](aftershock_market::Cash), read as 1e-8 of the settlement
//! asset: dollars of a linear, coin of an inverse contract. Prices and rates are `f64` where they decide
//! something, integers where they move money.
//!
//! Each choice names its source. What the sources do not confirm says *unconfirmed*, and no test rests on it.
//! Read [`contract`] first.

pub mod contract;
pub mod deleveraging;
pub mod funding;
mod grid;
pub mod index;
mod initial;
pub mod insurance;
#[cfg(test)]
mod known;
pub mod liquidation;
pub mod maintenance;
pub mod margin;
pub mod mark;
pub mod perpetual;
pub mod portfolio;
pub mod rounding;
pub mod sampling;
