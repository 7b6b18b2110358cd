//! Clearing: what is netted across venues, and who stands behind whom.

mod bilateral;
mod clearing_vector;
mod cross_protocol;
mod cross_venue_margin;
mod default_waterfall;
mod netting_across_assets;
mod netting_by_asset;
mod protocol;
mod shared_fund;
mod standardised_haircuts;

use aftershock_market::Cash;
use aftershock_protocol::{AssessMargin, CoverDeficit, Decision, NetMargin};
pub use bilateral::BilateralClearing;
pub use clearing_vector::ClearingVector;
pub use cross_protocol::CrossProtocolClearing;
pub use cross_venue_margin::CrossVenueMargin;
pub use default_waterfall::DefaultWaterfall;
pub use netting_across_assets::NettingAcrossAssets;
pub use netting_by_asset::NettingByAsset;
pub use protocol::ProtocolClearing;
pub use shared_fund::SharedDefaultFund;
pub use standardised_haircuts::StandardisedHaircuts;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    bilateral::KIND,
    protocol::KIND,
    shared_fund::KIND,
    default_waterfall::KIND,
    clearing_vector::KIND,
    cross_venue_margin::KIND,
    standardised_haircuts::KIND,
    cross_protocol::KIND,
    netting_by_asset::KIND,
    netting_across_assets::KIND,
];

/// Of a position that its holder offsets elsewhere, this share is neither margined nor at risk.
fn net(step: &AssessMargin, share: f64, why: &str) -> Decision<AssessMargin> {
    let netted = share * step.offset_ratio;
    if netted == 0.0 {
        return Decision::Accept;
    }
    Decision::Amend(
        AssessMargin {
            exposure_ratio: step.exposure_ratio * (1.0 - netted),
            ..step.clone()
        },
        why.into(),
    )
}

/// Less is asked of an account, and never more than a rule before left.
fn ask(step: &NetMargin, netted: f64, why: &str) -> Decision<NetMargin> {
    let asked = (step.gross - netted).max(0.0);
    if asked >= step.asked {
        return Decision::Accept;
    }
    Decision::Amend(
        NetMargin {
            asked,
            ..step.clone()
        },
        why.into(),
    )
}

/// What the own fund does not pay is drawn on a share of the others' funds.
fn draw(step: &CoverDeficit, share: f64, why: &str) -> Decision<CoverDeficit> {
    let rest = step.deficit - step.from_own() - step.socialised;
    let from_others = part(step.other_funds(), share).min(rest);
    if from_others <= step.from_others() {
        return Decision::Accept;
    }
    Decision::Amend(step.drawing(step.from_own(), from_others), why.into())
}

/// A share of an amount, in [0, 1], rounded down and never more than the amount.
pub(crate) fn part(amount: Cash, share: f64) -> Cash {
    if share >= 1.0 {
        return amount;
    }
    Cash((amount.0 as f64 * share) as i128).min(amount)
}

#[cfg(test)]
#[path = "clearing_tests.rs"]
mod tests;
