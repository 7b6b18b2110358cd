//! Hyperliquid: cross or isolated margin in USDC at the mark, by tiers of notional.
//!
//! Maintenance is half of the initial margin at a tier's largest leverage, less an amount that makes it continuous. An
//! account below it is sold on the book: of a large position first a part and, in the half minute after it, the rest.
//! Where the book fails and equity is below two thirds of maintenance, the venue's vault takes the account and keeps its
//! margin. Where account value is below zero, winners of the other side are closed against it. Funding is an eighth of
//! an 8-hour rate every hour, on the oracle price, which is a median over validators of weighted medians over exchanges;
//! the mark is a median of the oracle with the venue's own basis, of its book, and of other venues' perpetuals.
//!
//! Source: the venue's docs on hyperliquid.gitbook.io, in copies that bear no date; what changed between them is dated
//! in the file. Not modelled: margin that a transfer must leave, assets priced by the venue's own spot market, the weight
//! of validators by stake. The weights of exchanges are checked here and held by the file: whoever has the prices of the
//! exchanges asks it.

use aftershock_market::Coin;
use aftershock_protocol::venue::contract::{Contract, MaintenanceOn};
use aftershock_protocol::venue::deleveraging::{ClosedAt, Ranking};
use aftershock_protocol::venue::funding::{Averaging, Cap, FundingRule, RateForm, Schedule};
use aftershock_protocol::venue::index::{IndexRule, MAX_SOURCES};
use aftershock_protocol::venue::liquidation::{Backstop, LiquidationFee, LiquidationRule, OrderKind};
use aftershock_protocol::venue::maintenance::{MarginSchedule, hyperliquid_brackets};
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};
use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::venue::perpetual::{Begins, Deleveraging, FundingTerms, Perpetual};
use serde::Deserialize;

use super::{BRACKETS, InForce, Protocol, RecordError};
use crate::tiers::TierRow;

/// An exchange and its weight.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weight {
    source: String,
    weight: f64,
}

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    weights(rules, "oracle_weights")?;
    weights(rules, "other_mark_weights")?;
    let perpetual = Perpetual {
        contract: Contract::COIN,
        lot: Coin::from_f64(rules.positive("lot_coins")?),
        margin: margin(rules)?,
        mark: mark(rules)?,
        index: IndexRule::WeightedMedian,
        funding: funding(rules)?,
        liquidation: liquidation(rules)?,
        fee: LiquidationFee {
            on_mark: 0.0,
            on_fill: rules.ratio("liquidation_fee_ratio")?,
        },
        backstop: Some(Backstop {
            equity_share_of_maintenance: rules.ratio("backstop_share_of_maintenance_ratio")?,
        }),
        deleveraging: Some(Deleveraging {
            begins: rules.word(
                "deleveraging_begins",
                &[("account_negative", Begins::AccountNegative)],
            )?,
            ranking: rules.word(
                "deleveraging_ranking",
                &[("leverage_and_result", Ranking::Hyperliquid)],
            )?,
            closed_at: rules.word(
                "deleveraging_closed_at",
                &[
                    ("previous_oracle", ClosedAt::PreviousOracle),
                    ("previous_mark", ClosedAt::PreviousMark),
                ],
            )?,
        }),
    };
    Ok(Protocol::Perpetual(Box::new(perpetual)))
}

/// The table as written, which must be the one that the venue's formula makes of its floors and leverages.
fn margin(rules: &InForce<'_>) -> Result<MarginTerms, RecordError> {
    const HALF: &str = "maintenance_over_initial_ratio";
    if rules.ratio(HALF)? != 0.5 {
        return Err(rules.refuse(
            HALF,
            "should be 0.5, by which the venue's formula makes its brackets",
        ));
    }
    let refuse = |error: String| rules.refuse(BRACKETS, error);
    let written =
        TierRow::table(&rules.rows::<TierRow>(BRACKETS)?).map_err(|error| refuse(error.to_string()))?;
    let tiers: Vec<(f64, f64)> = written
        .tiers()
        .iter()
        .map(|tier| (tier.floor_usd, tier.max_leverage))
        .collect();
    let made = hyperliquid_brackets(&tiers).map_err(|error| refuse(error.to_string()))?;
    if written != made {
        return Err(refuse(format!(
            "is not what the venue's formula makes of its floors and leverages: {made:?}"
        )));
    }
    let max_leverage = tiers.first().map_or(1.0, |tier| tier.1);
    MarginTerms::new(
        InitialTerms::ByLeverage { max_leverage },
        MarginSchedule::Brackets(made),
        MaintenanceOn::MarkValue,
        0.0,
    )
    .map_err(|error| refuse(error.to_string()))
}

fn mark(rules: &InForce<'_>) -> Result<MarkRule, RecordError> {
    let basis_tau_s = rules.positive("mark_basis_tau_s")?;
    let book_tau_s = rules.positive("mark_book_tau_s")?;
    let basis = MarkRule::FadingBasis {
        tau_s: basis_tau_s,
        bandwidth: f64::INFINITY,
    };
    let median = MarkRule::OracleMedian {
        basis_tau_s,
        book_tau_s,
    };
    rules.word(
        "mark",
        &[("oracle_and_basis", basis), ("median_of_three", median)],
    )
}

fn funding(rules: &InForce<'_>) -> Result<FundingTerms, RecordError> {
    const INTERVAL: &str = "funding_interval_s";
    let interval_s = rules.positive(INTERVAL)?;
    let schedule =
        Schedule::new(0, interval_s as i64).map_err(|error| rules.refuse(INTERVAL, error.to_string()))?;
    rules.word("funding_price", &[("oracle", ())])?;
    Ok(FundingTerms {
        rule: FundingRule {
            form: RateForm::Clamped {
                interest: rules.ratio("funding_interest_ratio")?,
                clamp: rules.ratio("funding_clamp_ratio")?,
            },
            divisor: rules.positive("funding_rate_period_s")? / interval_s,
            cap: Cap {
                rate: rules.ratio("funding_cap_ratio")?,
                change: f64::INFINITY,
            },
        },
        averaging: Averaging::Time,
        schedule,
        sample_s: rules.positive("funding_sample_s")?,
        impact_notional_usd: rules.positive("impact_notional_usd")?,
    })
}

fn liquidation(rules: &InForce<'_>) -> Result<LiquidationRule, RecordError> {
    let fraction = rules.ratio("partial_fraction")?;
    let threshold_usd = rules.positive("partial_threshold_usd")?;
    let cooldown_s = rules.positive("partial_cooldown_s")?;
    let within = LiquidationRule::FractionFirst {
        threshold_usd,
        fraction,
        window_s: cooldown_s,
        block_s: rules.positive("block_s")?,
    };
    let after = LiquidationRule::FractionThenAll {
        threshold_usd,
        fraction,
        cooldown_s,
    };
    let known = [("entire_within", within), ("entire_after", after)];
    let rule = rules.word("partial_cooldown", &known)?;
    if fraction == 1.0 {
        return Ok(LiquidationRule::Whole {
            order_kind: OrderKind::Market,
        });
    }
    Ok(rule)
}

fn weights(rules: &InForce<'_>, parameter: &str) -> Result<(), RecordError> {
    let rows = rules.rows::<Weight>(parameter)?;
    if rows.is_empty() || rows.len() > MAX_SOURCES {
        let reason = format!("names {} sources, should name 1 to {MAX_SOURCES}", rows.len());
        return Err(rules.refuse(parameter, reason));
    }
    match rows
        .iter()
        .find(|row| !(row.weight > 0.0 && row.weight.is_finite()))
    {
        Some(row) => {
            let reason = format!("weight {} of {} should be above 0", row.weight, row.source);
            Err(rules.refuse(parameter, reason))
        }
        None => Ok(()),
    }
}
