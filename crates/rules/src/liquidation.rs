//! Liquidation: how much of a broken position is closed, how fast, and how it is sold.

mod batch_auction;
mod close_factor;
mod dutch_auction;
mod health_target;
mod incremental;
mod random_pacing;
mod soft;
mod tiered;
mod whole_liquidation;

pub use batch_auction::BatchAuction;
pub use close_factor::CloseFactor;
pub use dutch_auction::DutchAuction;
pub use health_target::HealthFactorTarget;
pub use incremental::IncrementalLiquidation;
pub use random_pacing::RandomPacing;
pub use soft::SoftLiquidation;
pub use tiered::TieredLiquidation;
pub use whole_liquidation::WholeLiquidation;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    batch_auction::KIND,
    close_factor::KIND,
    dutch_auction::KIND,
    health_target::KIND,
    incremental::KIND,
    random_pacing::KIND,
    soft::KIND,
    tiered::KIND,
    whole_liquidation::KIND,
];

#[cfg(test)]
mod testing {
    use aftershock_market::{Side, Timestamp};
    use aftershock_protocol::{Decision, Liquidate, NO_PAST, Part, Sale, View};

    /// A million dollars of longs in the first bracket at a maintenance of 0.5 %, to be closed whole.
    pub(super) fn step() -> Liquidate {
        Liquidate {
            side: Side::Long,
            tier: 1,
            notional_usd: 1e6,
            account_usd: 1e4,
            tier_floor_usd: 0.0,
            maintenance_ratio: 0.005,
            equity_ratio: 0.005,
            part: Part::Share,
            fraction: 1.0,
            keeps_margin: false,
            pause_s: 0.0,
            sale: Sale::Book,
        }
    }

    /// The present at so many microseconds.
    pub(super) fn at(micros: i64) -> View<'static> {
        View {
            now: Timestamp(micros),
            mark_usd: 40_000.0,
            mean_mark_1h_usd: 40_000.0,
            volatility_1h: 0.04,
            volatility_24h: 0.04,
            volatility_normal: 0.04,
            open_interest_usd: 1e9,
            forced_usd: 0.0,
            insurance_usd: 1e7,
            index_usd: None,
            bid_depth_1pct_usd: 1e7,
            depth_ratio: 1.0,
            past: &NO_PAST,
        }
    }

    /// The step that a rule left.
    #[track_caller]
    pub(super) fn amended(decision: Decision<Liquidate>) -> Liquidate {
        match decision {
            Decision::Amend(step, _) => step,
            other => panic!("expected an amendment, found {other:?}"),
        }
    }
}
