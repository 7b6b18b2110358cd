//! Drift v2: perpetuals of a program on Solana, margined and liquidated at oracle prices.
//!
//! Both margins grow with the root of a position. An account below maintenance is sold in steps: the share of its shortage
//! that may be made good grows with the slots, until it holds a buffer above maintenance. What it cannot pay the insurance
//! fund bears up to a claim, then the market's fee pool, then every position through funding.
//!
//! Source: drift-labs/protocol-v2, and the markets' accounts that its tests carry. What is not modelled is named in
//! `aftershock_protocol::drift` and in the file.

use aftershock_market::{Cash, Coin};
use aftershock_protocol::drift::liquidation::{FeeGrowth, InsuranceFee, Liquidation, Pace};
use aftershock_protocol::drift::size::SizePremium;
use aftershock_protocol::drift::{MILLION, Market, TEN_THOUSAND};
use aftershock_protocol::venue::contract::{Contract, MaintenanceOn};
use aftershock_protocol::venue::funding::{Cap, FundingRule, RateForm, Schedule};
use aftershock_protocol::venue::maintenance::{MarginSchedule, RateTier, SizeBy};
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};

use super::order_book::{on_record, whole};
use super::{InForce, Protocol, RecordError};

const INITIAL: &str = "initial_margin_ratio";
const MAINTENANCE: &str = "maintenance_margin_ratio";
const INTERVAL: &str = "funding_interval_s";

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    on_record(rules, &["twap_span_s", "twap_step_clamp_ratio"])?;
    let interval_s = rules.positive(INTERVAL)?;
    let schedule =
        Schedule::new(0, interval_s as i64).map_err(|error| rules.refuse(INTERVAL, error.to_string()))?;
    Ok(Protocol::Drift(Box::new(Market {
        contract: Contract::COIN,
        lot: Coin::from_f64(rules.positive("lot_coins")?),
        margin: margin(rules)?,
        size_premium: SizePremium {
            factor_ppm: parts(rules, "size_premium_factor", MILLION)?,
        },
        funding: funding(rules, interval_s)?,
        schedule,
        liquidation: liquidation(rules)?,
        insurance_max: usd(rules, "insurance_max_usd")?,
    })))
}

fn margin(rules: &InForce<'_>) -> Result<MarginTerms, RecordError> {
    let (initial, maintenance_ratio) = (rules.ratio(INITIAL)?, rules.ratio(MAINTENANCE)?);
    if !(0.0 < maintenance_ratio && maintenance_ratio < initial) {
        let reason = format!("is {maintenance_ratio}, should lie between 0 and the initial {initial}");
        return Err(rules.refuse(MAINTENANCE, reason));
    }
    let opening = InitialTerms::ByLeverage {
        max_leverage: 1.0 / initial,
    };
    let tier = RateTier {
        cap: f64::INFINITY,
        maintenance_ratio,
    };
    let schedule = MarginSchedule::whole_rate(SizeBy::Value, vec![tier])
        .map_err(|error| rules.refuse(MAINTENANCE, error.to_string()))?;
    MarginTerms::new(opening, schedule, MaintenanceOn::MarkValue, 0.0)
        .map_err(|error| rules.refuse(INITIAL, error.to_string()))
}

/// Premium and offset over a day are held within the cap and paid by the interval.
fn funding(rules: &InForce<'_>, interval_s: f64) -> Result<FundingRule, RecordError> {
    let divisor = rules.positive("funding_rate_period_s")? / interval_s;
    Ok(FundingRule {
        form: RateForm::Offset {
            by: rules.ratio("funding_offset_ratio")?,
        },
        divisor,
        cap: Cap {
            rate: 1.0 / rules.positive("funding_premium_cap_divisor")? / divisor,
            change: f64::INFINITY,
        },
    })
}

fn liquidation(rules: &InForce<'_>) -> Result<Liquidation, RecordError> {
    let ppm = |parameter| parts(rules, parameter, MILLION);
    let slots = |parameter| whole(rules, parameter).map(|slots| slots as u64);
    let room_ppm = ppm("insurance_fee_room_ratio")?;
    Ok(Liquidation {
        maintenance_ppm: ppm(MAINTENANCE)?,
        buffer_ppm: ppm("liquidation_buffer_ratio")?,
        liquidator_fee_ppm: ppm("liquidator_fee_ratio")?,
        insurance_fee: InsuranceFee {
            max_ppm: ppm("insurance_fee_max_ratio")?,
            room_ppm: rules.word(
                "insurance_fee",
                &[("flat", None), ("what_margin_leaves", Some(room_ppm))],
            )?,
        },
        pace: Pace {
            initial_bp: parts(rules, "initial_share_ratio", TEN_THOUSAND)?,
            slots: slots("liquidation_duration_slots")?,
            small: usd(rules, "small_shortage_usd")?,
        },
        growth: FeeGrowth {
            grace_slots: slots("liquidator_fee_grace_slots")?,
            per_slot_ppm: ppm("liquidator_fee_per_slot")?,
            max_multiple: whole(rules, "liquidator_fee_max_multiple")? as u32,
        },
        whole_up_to: usd(rules, "whole_position_up_to_usd")?,
    })
}

/// An amount of zero or more.
fn usd(rules: &InForce<'_>, parameter: &str) -> Result<Cash, RecordError> {
    let amount = rules.number(parameter)?;
    if amount < 0.0 {
        return Err(rules.refuse(parameter, format!("is {amount}, should be 0 or more")));
    }
    Ok(Cash::from_f64(amount))
}

/// A ratio in whole parts of `one`.
fn parts(rules: &InForce<'_>, parameter: &str, one: u32) -> Result<u32, RecordError> {
    let parts = rules.ratio(parameter)? * f64::from(one);
    if (parts - parts.round()).abs() > 1e-3 {
        let reason = format!("is {parts} parts of {one}, should be a whole number");
        return Err(rules.refuse(parameter, reason));
    }
    Ok(parts.round() as u32)
}
