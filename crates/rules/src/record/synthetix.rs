//! Synthetix perps v2: trades against the debt of all stakers at oracle prices, on Optimism.
//!
//! A fill carries a premium for the skew before and after it; the skew moves the funding rate rather than setting it. A
//! position is flagged where its margin, less a premium for its size, no longer covers a buffer and the fees of those who
//! close it.
//!
//! Source: SIP-279, SIP-297 and the SCCPs that set parameters (Synthetixio/SIPs), the deployed configuration and the
//! contracts (Synthetixio/synthetix). What is not modelled is named in `aftershock_protocol::pool::synthetix`.

use aftershock_market::{Cash, Coin};
use aftershock_protocol::pool::synthetix::{LiquidationTerms, Market, SkewTerms};

use super::{InForce, Protocol, RecordError};

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let scale = Coin::from_f64(rules.positive("skew_scale_coins")?);
    let usd = |parameter| rules.positive(parameter).map(Cash::from_f64);
    let liquidation = LiquidationTerms {
        buffer_ratio: rules.ratio("liquidation_buffer_ratio")?,
        fee_ratio: rules.ratio("liquidation_fee_ratio")?,
        fee_min: usd("min_keeper_fee_usd")?,
        fee_max: usd("max_keeper_fee_usd")?,
        keeper_fee: usd("keeper_liquidation_fee_usd")?,
        premium_multiplier: rules.positive("liquidation_premium_multiplier")?,
        scale,
    };
    if liquidation.fee_max < liquidation.fee_min {
        return Err(rules.refuse("max_keeper_fee_usd", "should not be below min_keeper_fee_usd"));
    }
    Ok(Protocol::Synthetix(Box::new(Market {
        skew: SkewTerms {
            scale,
            max_velocity: rules.positive("max_funding_velocity")?,
        },
        liquidation,
        max_leverage: rules.positive("max_leverage")?,
    })))
}
