//! dYdX v4: margin at the oracle price by liquidity tier, on a chain whose parameters are public.
//!
//! Maintenance is a fraction of a tier's initial margin. Since version 5.0 initial margin grows with the market's open
//! interest up to the whole value. An account below maintenance is sold in every block for what the block's limits allow,
//! at no worse a price than its rating permits; what it has left over goes to the insurance fund up to a fee. Where the
//! fund cannot pay, positions of the other side are closed at the bankruptcy price, from a pseudo-random account on.
//! Funding is paid every hour, an eighth of an 8-hour rate without interest, held within a multiple of the margin gap.
//!
//! Source: dydxprotocol/v4-chain and the genesis file of dydx-mainnet-1. Not modelled: margin that grew with a position
//! before version 5.0, insurance funds of isolated markets, samples that lack votes (their number is kept with the market).

use aftershock_market::{Cash, Coin};
use aftershock_protocol::dydx::limits::BlockLimits;
use aftershock_protocol::dydx::{FillablePrice, Liquidations, MILLION, Market, PremiumVotes, TierMargin};
use aftershock_protocol::venue::contract::{Contract, MaintenanceOn};
use aftershock_protocol::venue::deleveraging::{ClosedAt, Ranking};
use aftershock_protocol::venue::funding::{Averaging, Cap, FundingRule, RateForm, Schedule};
use aftershock_protocol::venue::index::IndexRule;
use aftershock_protocol::venue::liquidation::{LiquidationFee, LiquidationRule};
use aftershock_protocol::venue::maintenance::{MarginSchedule, RateTier, SizeBy};
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};
use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::venue::perpetual::{Begins, Deleveraging, FundingTerms, Perpetual};

use super::{InForce, Protocol, RecordError};

const INITIAL: &str = "initial_margin_ratio";
const FRACTION: &str = "maintenance_over_initial_ratio";

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let margin = TierMargin {
        initial_ppm: ppm(rules, INITIAL)?,
        maintenance_fraction_ppm: ppm(rules, FRACTION)?,
    };
    let liquidations = liquidations(rules)?;
    let perpetual = Perpetual {
        contract: Contract::COIN,
        lot: Coin::from_f64(rules.positive("lot_coins")?),
        margin: terms(rules)?,
        mark: rules.word("mark", &[("oracle", MarkRule::Index)])?,
        index: rules.word("index", &[("median", IndexRule::Median)])?,
        funding: funding(rules)?,
        liquidation: LiquidationRule::BlockLimited {
            limits: liquidations.limits,
            block_s: rules.positive("block_s")?,
        },
        fee: LiquidationFee {
            on_mark: 0.0,
            on_fill: rules.ratio("max_liquidation_fee_ratio")?,
        },
        backstop: None,
        deleveraging: Some(Deleveraging {
            begins: Begins::FundEmpty,
            ranking: rules.word("deleveraging_ranking", &[("drawn", Ranking::Drawn)])?,
            closed_at: rules.word("deleveraging_closed_at", &[("bankruptcy", ClosedAt::Bankruptcy)])?,
        }),
    };
    Ok(Protocol::Dydx(Box::new(Market {
        perpetual,
        margin,
        liquidations,
        votes: PremiumVotes {
            clamp_factor: rules.positive("premium_vote_clamp_factor")?,
            fewest: rules.positive("min_votes_a_sample")? as u32,
        },
    })))
}

fn terms(rules: &InForce<'_>) -> Result<MarginTerms, RecordError> {
    let base_ratio = rules.ratio(INITIAL)?;
    let lower_cap_usd = rules.number("open_interest_lower_cap_usd")?;
    let upper_cap_usd = rules.number("open_interest_upper_cap_usd")?;
    let initial = if upper_cap_usd == 0.0 {
        InitialTerms::ByLeverage {
            max_leverage: 1.0 / base_ratio,
        }
    } else {
        InitialTerms::OpenInterestScaled {
            base_ratio,
            lower_cap_usd,
            upper_cap_usd,
        }
    };
    let tier = RateTier {
        cap: f64::INFINITY,
        maintenance_ratio: base_ratio * rules.ratio(FRACTION)?,
    };
    let refuse = |error: String| rules.refuse(INITIAL, error);
    let schedule =
        MarginSchedule::whole_rate(SizeBy::Value, vec![tier]).map_err(|error| refuse(error.to_string()))?;
    MarginTerms::new(initial, schedule, MaintenanceOn::MarkValue, 0.0)
        .map_err(|error| refuse(error.to_string()))
}

fn liquidations(rules: &InForce<'_>) -> Result<Liquidations, RecordError> {
    let usd = |parameter| rules.positive(parameter).map(Cash::from_f64);
    Ok(Liquidations {
        price: FillablePrice {
            bankruptcy_adjustment_ppm: ppm(rules, "bankruptcy_adjustment_ratio")?,
            spread_to_maintenance_ppm: ppm(rules, "spread_over_maintenance_ratio")?,
        },
        max_fee_ppm: ppm(rules, "max_liquidation_fee_ratio")?,
        limits: BlockLimits {
            max_portion_ppm: ppm(rules, "max_portion_a_block_ratio")?,
            min_notional: usd("min_notional_a_block_usd")?,
            max_notional: usd("max_notional_a_block_usd")?,
            max_insurance_loss: usd("max_insurance_loss_a_block_usd")?,
        },
    })
}

/// The cap is a multiple of the margin gap over eight hours; a payment is an eighth of the rate.
fn funding(rules: &InForce<'_>) -> Result<FundingTerms, RecordError> {
    const INTERVAL: &str = "funding_interval_s";
    let interval_s = rules.positive(INTERVAL)?;
    let schedule =
        Schedule::new(0, interval_s as i64).map_err(|error| rules.refuse(INTERVAL, error.to_string()))?;
    let divisor = rules.positive("funding_rate_period_s")? / interval_s;
    let initial = rules.ratio(INITIAL)?;
    let gap = initial - initial * rules.ratio(FRACTION)?;
    Ok(FundingTerms {
        rule: FundingRule {
            form: RateForm::Clamped {
                interest: 0.0,
                clamp: 0.0,
            },
            divisor,
            cap: Cap {
                rate: rules.positive("funding_clamp_factor")? * gap / divisor,
                change: f64::INFINITY,
            },
        },
        averaging: Averaging::Time,
        schedule,
        sample_s: rules.positive("funding_sample_s")?,
        impact_notional_usd: rules.positive("impact_notional_usd")?,
    })
}

/// A ratio as the chain keeps it, in whole parts per million.
fn ppm(rules: &InForce<'_>, parameter: &str) -> Result<u32, RecordError> {
    let parts = rules.positive(parameter)? * MILLION as f64;
    let whole = parts.round();
    if (parts - whole).abs() > 1e-3 || whole > u32::MAX as f64 {
        return Err(rules.refuse(
            parameter,
            format!("is {parts} parts per million, should be a whole number"),
        ));
    }
    Ok(whole as u32)
}
