//! Margin: what holders must post, and how it follows the market.

mod buffer;
mod common;
mod ewma;
mod extreme_value;
mod filtered;
mod floor;
mod garch;
mod historical;
mod leverage_cap;
mod liquidity;
mod open_interest;
mod scenario;
mod speed_limit;
mod stressed;
mod volatility;

pub use buffer::MarginBuffer;
pub use ewma::EwmaMargin;
pub use extreme_value::ExtremeValueMargin;
pub use filtered::FilteredHistoricalMargin;
pub use floor::MarginFloor;
pub use garch::GarchMargin;
pub use historical::HistoricalMargin;
pub use leverage_cap::LeverageCap;
pub use liquidity::LiquidityMargin;
pub use open_interest::OpenInterestMargin;
pub use scenario::ScenarioMargin;
pub use speed_limit::MarginSpeedLimit;
pub use stressed::StressedMargin;
pub use volatility::VolatilityMargin;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    volatility::KIND,
    ewma::KIND,
    historical::KIND,
    filtered::KIND,
    garch::KIND,
    extreme_value::KIND,
    scenario::KIND,
    leverage_cap::KIND,
    liquidity::KIND,
    open_interest::KIND,
    buffer::KIND,
    stressed::KIND,
    floor::KIND,
    speed_limit::KIND,
];

#[cfg(test)]
mod backtest_tests;
#[cfg(test)]
mod tests;
