//! Parameters that perpetuals on an order book share, each read in one place.
//!
//! What a venue alone has is read in its own file. A parameter read by [`on_record`] is kept for readers and checked to
//! be a number; no computation here knows it.

use aftershock_market::{Cash, Coin};
use aftershock_protocol::Brackets;
use aftershock_protocol::venue::contract::{Contract, MaintenanceOn};
use aftershock_protocol::venue::deleveraging::{ClosedAt, Ranking};
use aftershock_protocol::venue::funding::{Averaging, Cap, FundingRule, RateForm, Schedule};
use aftershock_protocol::venue::index::IndexRule;
use aftershock_protocol::venue::liquidation::{LiquidationFee, LiquidationRule, OrderKind, Target};
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};
use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::venue::perpetual::{Begins, Deleveraging, FundingTerms};

use super::{InForce, RecordError};
use crate::tiers::TierRow;

const HOUR_S: f64 = 3_600.0;

/// `settlement` and the size of a contract: `contract_size_coin` of a linear, `contract_size_usd` of an inverse one.
pub(super) fn contract(rules: &InForce<'_>) -> Result<Contract, RecordError> {
    Ok(
        if rules.word("settlement", &[("linear", true), ("inverse", false)])? {
            Contract::Linear {
                multiplier: Coin::from_f64(rules.positive("contract_size_coin")?),
            }
        } else {
            Contract::Inverse {
                usd: Cash::from_f64(rules.positive("contract_size_usd")?),
            }
        },
    )
}

/// `lot_contracts`.
pub(super) fn lot(rules: &InForce<'_>) -> Result<Coin, RecordError> {
    rules.positive("lot_contracts").map(Coin::from_f64)
}

/// Margin terms with `maintenance_on` and `closing_fee_ratio`.
pub(super) fn margin(
    rules: &InForce<'_>,
    initial: InitialTerms,
    maintenance: MarginSchedule,
) -> Result<MarginTerms, RecordError> {
    let on = rules.word(
        "maintenance_on",
        &[
            ("entry", MaintenanceOn::EntryValue),
            ("mark", MaintenanceOn::MarkValue),
        ],
    )?;
    let closing_fee = rules.ratio("closing_fee_ratio")?;
    MarginTerms::new(initial, maintenance, on, closing_fee)
        .map_err(|error| rules.refuse("maintenance_on", error.to_string()))
}

/// `brackets`.
pub(super) fn brackets(rules: &InForce<'_>) -> Result<Brackets, RecordError> {
    let rows: Vec<TierRow> = rules.rows("brackets")?;
    TierRow::table(&rows).map_err(|error| rules.refuse("brackets", error.to_string()))
}

/// `mark` and what its rule needs.
pub(super) fn mark(rules: &InForce<'_>, interval_s: f64) -> Result<MarkRule, RecordError> {
    #[derive(Clone, Copy)]
    enum Form {
        FundingBasis,
        MedianOfThree,
        FadingBasis,
    }
    let known = [
        ("funding_basis", Form::FundingBasis),
        ("median_of_three", Form::MedianOfThree),
        ("fading_basis", Form::FadingBasis),
    ];
    Ok(match rules.word("mark", &known)? {
        Form::FundingBasis => MarkRule::FundingBasis { interval_s },
        Form::MedianOfThree => MarkRule::MedianOfThree {
            interval_s,
            points: whole(rules, "mark_points")?,
            spacing_s: rules.positive("mark_spacing_s")?,
        },
        Form::FadingBasis => MarkRule::FadingBasis {
            tau_s: rules.positive("mark_tau_s")?,
            bandwidth: rules
                .optional_number("mark_bandwidth_ratio")?
                .unwrap_or(f64::INFINITY),
        },
    })
}

/// `index` and, of a mean, `index_guard_ratio` where there is one.
pub(super) fn index(rules: &InForce<'_>) -> Result<IndexRule, RecordError> {
    let mean = rules.word("index", &[("weighted_mean", true), ("median", false)])?;
    if !mean {
        return Ok(IndexRule::Median);
    }
    let guard = rules.optional_number("index_guard_ratio")?;
    Ok(IndexRule::WeightedMean {
        guard: guard.unwrap_or(f64::INFINITY),
    })
}

/// `funding_interval_h`, s.
pub(super) fn funding_interval_s(rules: &InForce<'_>) -> Result<f64, RecordError> {
    Ok(rules.positive("funding_interval_h")? * HOUR_S)
}

/// `P + clamp(I - P, ±d)` of `funding_interest_ratio` and `funding_clamp_ratio`, eight hours.
pub(super) fn clamped(rules: &InForce<'_>) -> Result<RateForm, RecordError> {
    Ok(RateForm::Clamped {
        interest: rules.number("funding_interest_ratio")?,
        clamp: rules.ratio("funding_clamp_ratio")?,
    })
}

/// Funding paid at `funding_first_h` after midnight and every `funding_interval_h` from then, with the premium sampled as
/// `premium_averaging` and `premium_sample_s` say.
pub(super) fn funding(
    rules: &InForce<'_>,
    form: RateForm,
    divisor: f64,
    cap: Cap,
    impact_notional_usd: f64,
) -> Result<FundingTerms, RecordError> {
    let first_s = rules.number("funding_first_h")? * HOUR_S;
    let every_s = funding_interval_s(rules)?;
    let schedule = Schedule::new(first_s as i64, every_s as i64)
        .map_err(|error| rules.refuse("funding_interval_h", error.to_string()))?;
    let averaging = [("time", Averaging::Time), ("linear", Averaging::Linear)];
    Ok(FundingTerms {
        rule: FundingRule { form, divisor, cap },
        averaging: rules.word("premium_averaging", &averaging)?,
        schedule,
        sample_s: rules.positive("premium_sample_s")?,
        impact_notional_usd,
    })
}

/// A cut to a lower tier: `liquidation_cut_to`, `liquidation_cut_order`, `liquidation_whole_through_tier`,
/// `liquidation_retry_s`. What goes whole is taken over at its bankruptcy price.
pub(super) fn tiered_partial(rules: &InForce<'_>) -> Result<LiquidationRule, RecordError> {
    Ok(LiquidationRule::TieredPartial {
        target: rules.word(
            "liquidation_cut_to",
            &[("below", Target::Below), ("lowest", Target::Lowest)],
        )?,
        whole_through_tier: whole(rules, "liquidation_whole_through_tier")?,
        partial: rules.word(
            "liquidation_cut_order",
            &[
                ("market", OrderKind::Market),
                ("immediate_or_cancel", OrderKind::ImmediateOrCancel),
                ("fill_or_kill", OrderKind::FillOrKill),
            ],
        )?,
        whole: OrderKind::TakeOver,
        retry_s: rules.number("liquidation_retry_s")?,
    })
}

/// `liquidation_fee_ratio`, over the value at the fill.
pub(super) fn fee(rules: &InForce<'_>) -> Result<LiquidationFee, RecordError> {
    Ok(LiquidationFee {
        on_mark: 0.0,
        on_fill: rules.ratio("liquidation_fee_ratio")?,
    })
}

/// `deleveraging_drawdown_ratio` within `deleveraging_window_h`: when winners begin to be closed.
pub(super) fn drawn_down(rules: &InForce<'_>) -> Result<Begins, RecordError> {
    Ok(Begins::FundDrawnDown {
        share: rules.ratio("deleveraging_drawdown_ratio")?,
        window_s: rules.positive("deleveraging_window_h")? * HOUR_S,
    })
}

/// `deleveraging_ranking` and `deleveraging_price`.
pub(super) fn deleveraging(rules: &InForce<'_>, begins: Begins) -> Result<Deleveraging, RecordError> {
    Ok(Deleveraging {
        begins,
        ranking: rules.word(
            "deleveraging_ranking",
            &[
                ("bitmex", Ranking::Bitmex),
                ("binance", Ranking::Binance),
                ("okx", Ranking::Okx),
            ],
        )?,
        closed_at: rules.word(
            "deleveraging_price",
            &[("bankruptcy", ClosedAt::Bankruptcy), ("mark", ClosedAt::Mark)],
        )?,
    })
}

/// Parameters that are on record and enter no computation.
pub(super) fn on_record(rules: &InForce<'_>, parameters: &[&str]) -> Result<(), RecordError> {
    parameters
        .iter()
        .try_for_each(|parameter| rules.optional_number(parameter).map(drop))
}

/// A whole number from 1.
pub(super) fn whole(rules: &InForce<'_>, parameter: &str) -> Result<usize, RecordError> {
    let number = rules.positive(parameter)?;
    if number.fract() == 0.0 && number < 1e9 {
        return Ok(number as usize);
    }
    Err(rules.refuse(parameter, format!("is {number}, should be a whole number from 1")))
}
