//! Liquidity: fees, rebates and capital that keep the book deep.

mod algebra_fee;
mod backstop_bids;
mod liquidity_book_fee;
mod predictive_capital;
mod stress_rebate;
mod toxicity_fee;
mod volatility_fee;

pub use algebra_fee::AlgebraFee;
pub use backstop_bids::BackstopBids;
pub use liquidity_book_fee::LiquidityBookFee;
pub use predictive_capital::PredictiveCapital;
pub use stress_rebate::StressRebate;
pub use toxicity_fee::ToxicityFee;
pub use volatility_fee::VolatilityFee;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    predictive_capital::KIND,
    backstop_bids::KIND,
    volatility_fee::KIND,
    toxicity_fee::KIND,
    liquidity_book_fee::KIND,
    algebra_fee::KIND,
    stress_rebate::KIND,
];
