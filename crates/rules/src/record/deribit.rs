//! Deribit: the inverse perpetuals of BTC and ETH under standard margin, and portfolio margin.
//!
//! Both margins grow with the position, in coin; they rose on 2022-01-11. Liquidation sells or buys in small steps until
//! maintenance margin is no more than equity. Funding is nothing within a dead band around zero and is paid continuously:
//! here every second, the finest that a schedule has, a 28,800th of the rate of eight hours. The fund pays bankruptcies
//! out of liquidation fees; once it is empty, losses fall on all winners of the day, so that nobody is deleveraged (Deribit
//! support, "Insurance fund").
//!
//! Not modelled: how such a loss is shared, that the index moves a far source to its band's edge instead of leaving it
//! out, and of portfolio margin what [`aftershock_protocol::venue::portfolio`] says.

use aftershock_market::Coin;
use aftershock_protocol::venue::funding::{Averaging, Cap, FundingRule, RateForm, Schedule};
use aftershock_protocol::venue::liquidation::LiquidationRule;
use aftershock_protocol::venue::maintenance::{MarginSchedule, SizeLinear};
use aftershock_protocol::venue::margin::InitialTerms;
use aftershock_protocol::venue::perpetual::{FundingTerms, Perpetual};
use aftershock_protocol::venue::portfolio::{Contingency, PortfolioMargin, VolatilityRange};

use super::order_book as book;
use super::{InForce, Protocol, RecordError};

const EIGHT_HOURS_S: f64 = 28_800.0;

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let linear = |base, per_unit| {
        Ok(SizeLinear {
            base: rules.ratio(base)?,
            per_unit: rules.ratio(per_unit)?,
        })
    };
    Ok(Protocol::Perpetual(Box::new(Perpetual {
        contract: book::contract(rules)?,
        lot: book::lot(rules)?,
        margin: book::margin(
            rules,
            InitialTerms::SizeLinear(linear("initial_ratio", "initial_ratio_per_coin")?),
            MarginSchedule::SizeLinear(linear("maintenance_ratio", "maintenance_ratio_per_coin")?),
        )?,
        mark: book::mark(rules, EIGHT_HOURS_S)?,
        index: book::index(rules)?,
        funding: funding(rules)?,
        liquidation: LiquidationRule::Incremental {
            step: Coin::from_f64(rules.positive("liquidation_step_contracts")?),
            pause_s: rules.number("liquidation_pause_s")?,
        },
        fee: book::fee(rules)?,
        backstop: None,
        deleveraging: None,
    })))
}

/// The rate of eight hours in shares of `funding_step_s`.
fn funding(rules: &InForce<'_>) -> Result<FundingTerms, RecordError> {
    let step_s = book::whole(rules, "funding_step_s")?;
    let schedule =
        Schedule::new(0, step_s as i64).map_err(|error| rules.refuse("funding_step_s", error.to_string()))?;
    let divisor = EIGHT_HOURS_S / step_s as f64;
    let cap = rules.optional_number("funding_cap_ratio")?;
    Ok(FundingTerms {
        rule: FundingRule {
            form: RateForm::DeadBand {
                half_width: rules.ratio("funding_dead_band_ratio")?,
            },
            divisor,
            cap: Cap {
                rate: cap.map_or(f64::INFINITY, |cap| cap / divisor),
                change: f64::INFINITY,
            },
        },
        averaging: Averaging::Time,
        schedule,
        sample_s: step_s as f64,
        impact_notional_usd: 0.0,
    })
}

/// Portfolio margin of one settlement currency.
pub(super) fn build_portfolio(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    Ok(Protocol::Portfolio(PortfolioMargin {
        price_range: rules.ratio("price_range_ratio")?,
        moves_a_side: book::whole(rules, "price_moves_a_side")?,
        volatility: VolatilityRange {
            up: rules.number("volatility_up_ratio")?,
            down: rules.ratio("volatility_down_ratio")?,
            short_power: rules.number("volatility_short_power")?,
            long_power: rules.number("volatility_long_power")?,
        },
        contingency: Contingency {
            annual_roll: rules.ratio("roll_a_year_ratio")?,
            least_roll: rules.ratio("roll_least_ratio")?,
            short_options: rules.ratio("short_options_ratio")?,
            offsetting_futures: rules.ratio("offsetting_futures_ratio")?,
        },
        initial_factor: rules.positive("initial_factor")?,
        maintenance_factor: rules.positive("maintenance_factor")?,
    }))
}
