//! Liquidity: fees, rebates and capital that keep the book deep.

mod algebra_fee;
mod backstop_bids;
mod liquidity_book_fee;
mod predictive_capital;
mod stress_rebate;
mod toxicity_fee;
mod volatility_fee;

use aftershock_protocol::{Decision, SetLiquidity};
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

/// Takers are charged at least this.
fn charge(step: &SetLiquidity, fee: f64, why: &str) -> Decision<SetLiquidity> {
    if fee <= step.taker_fee_ratio {
        return Decision::Accept;
    }
    Decision::Amend(
        SetLiquidity {
            taker_fee_ratio: fee,
            ..step.clone()
        },
        why.into(),
    )
}

#[cfg(test)]
mod testing {
    use aftershock_market::Timestamp;
    use aftershock_protocol::{Decision, Past, ProtocolRule, SetLiquidity, View};

    /// An hour of twice the normal volatility.
    pub(super) fn view(past: &Past) -> View<'_> {
        View {
            now: Timestamp::from_seconds(3_600),
            mark_usd: 40_000.0,
            mean_mark_1h_usd: 40_000.0,
            volatility_1h: 0.08,
            volatility_24h: 0.04,
            volatility_normal: 0.04,
            open_interest_usd: 1e9,
            forced_usd: 0.0,
            insurance_usd: 1e7,
            index_usd: None,
            bid_depth_1pct_usd: 1e7,
            depth_ratio: 1.0,
            past,
        }
    }

    /// The step as a rule leaves it.
    pub(super) fn after(rule: &dyn ProtocolRule, step: &SetLiquidity, view: &View<'_>) -> SetLiquidity {
        match rule.set_liquidity(step, view) {
            Decision::Amend(step, _) => step,
            _ => step.clone(),
        }
    }
}
