//! Compound v2, one pool of many assets, and Compound v3 (Comet), one market of one base asset and its collaterals.
//!
//! v2: a call repays at most the close factor of one debt and seizes receipts worth the incentive times as much, of
//! which a share goes to the reserves. v3: the protocol takes over a whole account, credits its collateral at the
//! liquidation factor, and sells it at a part of the difference as a discount. Source:
//! compound-finance/compound-protocol, `Comptroller.sol` and `CToken.sol`; compound-finance/comet, `Comet.sol`.
//!
//! Prices, exchange rates and reserves are state, not terms. Borrow and supply caps and pauses are not here.

use aftershock_protocol::lending::{Lending, comet, compound};

use super::whole::{fixed, one_and, unit};
use super::{InForce, Protocol, RecordError};

pub(super) fn build_v2(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let wad = |parameter| {
        rules.ratio(parameter)?;
        fixed(rules, parameter, 18)
    };
    let terms = compound::Terms {
        close_factor: wad("close_factor_ratio")?,
        incentive: one_and(rules, "incentive_ratio", 18)?,
        reserve_share: wad("reserve_share_ratio")?,
    };
    let asset = compound::Asset {
        collateral_factor: wad("collateral_factor_ratio")?,
    };
    Ok(Protocol::Lending(Box::new(Lending::Compound { terms, asset })))
}

pub(super) fn build_v3(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let wad = |parameter| {
        rules.ratio(parameter)?;
        fixed(rules, parameter, 18)
    };
    let base_unit = unit(rules, "base_decimals")?;
    let terms = comet::Terms {
        base_unit,
        store_front_factor: wad("store_front_price_ratio")?,
        target_reserves: base_unit * fixed(rules, "target_reserves_usd", 0)?,
    };
    let asset = comet::Asset {
        unit: unit(rules, "decimals")?,
        liquidate_factor: wad("liquidate_collateral_ratio")?,
        liquidation_factor: wad("liquidation_ratio")?,
    };
    Ok(Protocol::Lending(Box::new(Lending::Comet { terms, asset })))
}
