//! OKX: the linear perpetual BTC-USDT-SWAP.
//!
//! A tier's ratio holds for the whole position and tiers count contracts; maintenance is charged at the mark with the fee
//! for closing on top. From the third tier a position is cut to the first, and tried again after about a minute; up to the
//! second it goes whole (OKX help, "Forced partial or full liquidation", older page). Winners are closed at the mark when
//! the fund has lost a share of its peak within eight hours ("Early liquidation mechanism", undated copy).
//!
//! Not modelled: the spread of funds over underlyings, the premium's mean without impact prices other than the best.

use aftershock_protocol::venue::funding::Cap;
use aftershock_protocol::venue::maintenance::{MarginSchedule, RateTier, SizeBy};
use aftershock_protocol::venue::margin::{InitialTerms, LeverageTier};
use aftershock_protocol::venue::perpetual::Perpetual;
use serde::Deserialize;

use super::order_book as book;
use super::{InForce, Protocol, RecordError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierToml {
    cap_contracts: Option<f64>,
    maintenance_ratio: f64,
    max_leverage: f64,
}

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let rows: Vec<TierToml> = rules.rows("tiers")?;
    let cap = |row: &TierToml| row.cap_contracts.unwrap_or(f64::INFINITY);
    let tiers = rows.iter().map(|row| RateTier {
        cap: cap(row),
        maintenance_ratio: row.maintenance_ratio,
    });
    let leverages = rows.iter().map(|row| LeverageTier {
        cap: cap(row),
        max_leverage: row.max_leverage,
    });
    let initial = InitialTerms::ByTier {
        by: SizeBy::Contracts,
        tiers: leverages.collect(),
    };
    let maintenance = MarginSchedule::whole_rate(SizeBy::Contracts, tiers.collect())
        .map_err(|error| rules.refuse("tiers", error.to_string()))?;
    let interval_s = book::funding_interval_s(rules)?;
    let funding_cap = Cap {
        rate: rules.ratio("funding_cap_ratio")?,
        change: f64::INFINITY,
    };
    Ok(Protocol::Perpetual(Box::new(Perpetual {
        contract: book::contract(rules)?,
        lot: book::lot(rules)?,
        margin: book::margin(rules, initial, maintenance)?,
        mark: book::mark(rules, interval_s)?,
        index: book::index(rules)?,
        funding: book::funding(rules, book::clamped(rules)?, 1.0, funding_cap, 0.0)?,
        liquidation: book::tiered_partial(rules)?,
        fee: book::fee(rules)?,
        backstop: None,
        deleveraging: Some(book::deleveraging(rules, book::drawn_down(rules)?)?),
    })))
}
