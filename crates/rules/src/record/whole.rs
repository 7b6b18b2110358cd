//! Numbers of a venue's file as contracts count them.

use aftershock_protocol::fixed::{self, U256};

use super::{InForce, RecordError};

/// A number with `places` decimal places.
pub(super) fn fixed(rules: &InForce<'_>, parameter: &str, places: usize) -> Result<U256, RecordError> {
    let number = rules.number(parameter)?;
    fixed::decimal(number, places).ok_or_else(|| {
        rules.refuse(
            parameter,
            format!("is {number}, should not be negative nor have more than {places} decimal places"),
        )
    })
}

/// One and a ratio, with `places` decimal places: 0.13 is 1.13.
pub(super) fn one_and(rules: &InForce<'_>, parameter: &str, places: usize) -> Result<U256, RecordError> {
    let ratio = fixed(rules, parameter, places)?;
    Ok(ratio + U256::from(10).pow(U256::from(places)))
}

/// A whole number, as of seconds or decimals.
pub(super) fn count(rules: &InForce<'_>, parameter: &str) -> Result<u64, RecordError> {
    let whole = fixed(rules, parameter, 0)?;
    u64::try_from(whole).map_err(|_| rules.refuse(parameter, format!("is {whole}, should fit 64 bits")))
}

/// Smallest units in one token, of a number of decimals.
pub(super) fn unit(rules: &InForce<'_>, parameter: &str) -> Result<U256, RecordError> {
    let decimals = count(rules, parameter)?;
    if decimals > 27 {
        return Err(rules.refuse(parameter, format!("is {decimals}, should be at most 27")));
    }
    Ok(U256::from(10).pow(U256::from(decimals)))
}

/// A ratio in whole basis points.
pub(super) fn basis_points(rules: &InForce<'_>, parameter: &str) -> Result<u32, RecordError> {
    rules.ratio(parameter)?;
    let whole = fixed(rules, parameter, 4)?;
    u32::try_from(whole).map_err(|_| rules.refuse(parameter, format!("is {whole} basis points")))
}
