//! Aave v2 and v3 on Ethereum: terms of each asset, and how much of a debt one call may repay.
//!
//! v2 allows half of the debt of an asset; v3 all of it at a health factor of 0.95 or below; 3.3, from February 2025,
//! all of it unless both debt and collateral are worth 2,000 USD or more and the health factor is above 0.95, and then
//! half of all debts together. Which is in force is `close_rule`; the bonus is on top of the debt repaid, the
//! protocol's fee a share of the bonus. Source: aave/protocol-v2, aave/aave-v3-core, aave-dao/aave-v3-origin.
//!
//! Efficiency and isolation modes, stable-rate debt, caps and pauses are not here.

use aftershock_protocol::lending::Lending;
use aftershock_protocol::lending::aave::{Asset, CloseRule};

use super::whole::{basis_points, fixed, unit};
use super::{InForce, Protocol, RecordError};

/// Decimal places of the base currency of v3, USD.
const BASE_PLACES: usize = 8;

#[derive(Clone, Copy)]
enum Rule {
    Share,
    ShareAbove,
    WholeUnlessLarge,
}

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let rule = rules.word(
        "close_rule",
        &[
            ("share", Rule::Share),
            ("share-above-health", Rule::ShareAbove),
            ("whole-unless-large", Rule::WholeUnlessLarge),
        ],
    )?;
    let share_bp = basis_points(rules, "close_factor_ratio")?;
    let close = match rule {
        Rule::Share => CloseRule::Share { share_bp },
        Rule::ShareAbove => CloseRule::ShareAbove {
            share_bp,
            health: fixed(rules, "close_health_ratio", 18)?,
        },
        Rule::WholeUnlessLarge => CloseRule::WholeUnlessLarge {
            share_bp,
            health: fixed(rules, "close_health_ratio", 18)?,
            large: fixed(rules, "large_position_usd", BASE_PLACES)?,
        },
    };
    let fee_bp = match rules.has("protocol_fee_ratio") {
        true => basis_points(rules, "protocol_fee_ratio")?,
        false => 0,
    };
    let asset = Asset {
        unit: unit(rules, "decimals")?,
        threshold_bp: basis_points(rules, "threshold_ratio")?,
        bonus_bp: 10_000 + basis_points(rules, "bonus_ratio")?,
        fee_bp,
    };
    Ok(Protocol::Lending(Box::new(Lending::Aave { close, asset })))
}
