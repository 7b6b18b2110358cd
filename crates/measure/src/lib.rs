//! The estimators a post-mortem stands on: pure functions from slices of numbers to numbers.
//!
//! Invariants:
//! - It knows numbers only: no venues, no clocks, no files, no replay: what must be replayed comes in as a closure.
//! - Randomness comes from a seed that is handed in, and nowhere else.
//! - The same input gives the same bits on every machine: transcendental functions come from `libm`.
//! - What cannot be measured is a [`NotMeasurable`] with its reason, `None` where only one reason is possible or, where
//!   a function returns a bare `f64`, NaN; it is never a made-up zero.
//! - Bad data never panics; only a programmer's error (slices of unlike lengths, a non-positive step) meets an `assert!`.
//!
//! Read [`variance::realized_variance`] first: amplification is the ratio of two of them, measured on the same clock.
//!
//! | question | modules |
//! |---|---|
//! | how much did the price vary | [`variance`], under noise [`noise`], [`two_scales`], [`realized_kernel`], [`pre_average`]; [`quarticity`], [`ewma`] |
//! | how much more than without feedback | [`signature`], [`amplification`]; [`drawdown`], [`tail`], [`gpd`], [`hill`] |
//! | how much flow did flow bring about | [`branching`], [`cascade`], [`hawkes`], [`fano`], [`borel`] |
//! | which mechanism is due how much | [`shapley`] |
//! | which market spread it | [`spectral`]; who could not pay, [`clearing`]; who paid too much for it, [`overshoot`] |
//! | how sure is it | [`backtest`], [`bootstrap`], [`block_length`], [`quantile`], [`moments`] |
//! | how little would have sufficed | [`twins`], [`sensitivity`], [`critical`], [`hysteresis`]; [`power_law`], [`log_normal_tail`], [`tail_compare`] |
//! | which known shapes make up what is seen | [`nnls`], [`em`] |
//! | what goes with what | [`ols`] |
//! | what did a trade do | [`impact`], by instrument [`instrument`], over several tapes [`between`]; [`depth`], [`flow`], [`liquidity`] |

pub mod amplification;
pub mod backtest;
pub mod between;
pub mod block_length;
pub mod bootstrap;
pub mod borel;
pub mod branching;
pub mod cascade;
pub mod clearing;
pub mod critical;
mod default_costs;
pub mod depth;
pub mod drawdown;
pub mod em;
pub mod ewma;
pub mod fano;
pub mod flow;
pub mod gpd;
pub mod hawkes;
pub mod hill;
pub mod hysteresis;
pub mod impact;
pub mod instrument;
pub mod liquidity;
pub mod log_normal_tail;
pub mod moments;
pub mod nnls;
pub mod noise;
pub mod ols;
pub mod overshoot;
pub mod power_law;
pub mod pre_average;
pub mod quantile;
pub mod quarticity;
pub mod realized_kernel;
pub mod sensitivity;
pub mod shapley;
pub mod signature;
pub mod spectral;
pub mod tail;
pub mod tail_compare;
pub mod twins;
pub mod two_scales;
pub mod variance;

mod intensity;
mod linear;
mod netting;
mod normal;
mod not_measurable;
mod zeta;

pub use not_measurable::NotMeasurable;

#[cfg(test)]
mod close;
