//! What a foreign market does in a step, whatever its equations.

use super::exogenous::Taken;
use super::holders::Cause;

/// An order that closes a position and meets the market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Order {
    /// When, µs from the start of the tape.
    pub(super) at_us: i64,
    /// Place of its position.
    pub(super) position: usize,
    pub(super) buys: bool,
    pub(super) coins: f64,
    pub(super) cause: Cause,
}

/// What an order came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Filled {
    pub(super) coins: f64,
    pub(super) log_price: f64,
}

/// What a step came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stepped {
    /// Of each order; what is not filled comes again in the next step.
    pub(super) filled: Vec<Filled>,
    /// Coins that takers bought and sold, forced ones among them.
    pub(super) taken: Taken,
    /// Mean log prices of both.
    pub(super) log_prices: [f64; 2],
}

/// A market that lives a step at a time.
pub(super) trait Market {
    /// Lives through the step that ends at second `step`, from 1 on, with the forced orders of it in the order of time.
    fn step(&mut self, step: usize, orders: &[Order]) -> Stepped;

    /// Log mid at the end of the last step.
    fn log_mid(&self) -> f64;

    /// Coins that rest up to each distance from the mid, percent, bids below 0.
    fn depth(&self, bands_pct: &[f64]) -> Vec<f64>;
}
