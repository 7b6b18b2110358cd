//! GMX v2: trades against a market's pool at oracle prices, on Arbitrum.
//!
//! A trade pays for the imbalance of open interest that it makes and is paid for what it takes away; the larger side's
//! funding goes to the other, at a rate that since its first year moves with the imbalance. A position is liquidated
//! where its collateral after loss, impact of closing and fee is below a share of its size; winners are closed where what
//! their side is owed exceeds a share of the pool.
//!
//! Source: gmx-io/gmx-synthetics, contracts and `config/markets.ts` in a few versions, of which none bears its day. What
//! is not modelled is named in `aftershock_protocol::pool::gmx`.

use aftershock_market::Cash;
use aftershock_protocol::pool::gmx::{AdlTerms, FundingTerms, ImpactTerms, LiquidationTerms, Market};

use super::{InForce, Protocol, RecordError};

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let markets = [
        ("BTC/USD [WBTC.e-USDC]", "BTC-USD"),
        ("ETH/USD [WETH-USDC]", "ETH-USD"),
    ];
    let instrument = rules.word("market", &markets)?;
    if instrument != rules.instrument() {
        return Err(rules.refuse("market", format!("is the one of {instrument}")));
    }
    let liquidation = LiquidationTerms {
        min_collateral_ratio: rules.ratio("min_collateral_ratio")?,
        min_collateral: Cash::from_f64(rules.number("min_collateral_usd")?),
        opening_ratio_a_usd: rules.ratio("min_collateral_ratio_a_usd")?,
        improving_fee_ratio: rules.ratio("improving_fee_ratio")?,
        worsening_fee_ratio: rules.ratio("worsening_fee_ratio")?,
        liquidation_fee_ratio: rules.ratio("liquidation_fee_ratio")?,
        max_impact_ratio: rules.ratio("max_liquidation_impact_ratio")?,
    };
    liquidation
        .margin()
        .map_err(|error| rules.refuse("min_collateral_ratio", error.to_string()))?;
    let adl = AdlTerms {
        begins_above: rules.ratio("adl_begins_above_ratio")?,
        leaves_at_least: rules.ratio("adl_leaves_at_least_ratio")?,
    };
    if adl.leaves_at_least > adl.begins_above {
        return Err(rules.refuse(
            "adl_leaves_at_least_ratio",
            format!("should not be above {}, where closing begins", adl.begins_above),
        ));
    }
    Ok(Protocol::Gmx(Box::new(Market {
        impact: ImpactTerms {
            positive_factor: rules.ratio("positive_impact_factor")?,
            negative_factor: rules.ratio("negative_impact_factor")?,
            exponent: rules.positive("impact_exponent")?,
        },
        funding: FundingTerms {
            factor: rules.ratio("funding_factor_a_s")?,
            exponent: rules.positive("funding_exponent")?,
            increase_a_second: rules.ratio("funding_increase_a_s")?,
            decrease_a_second: rules.ratio("funding_decrease_a_s")?,
            stable_threshold: rules.ratio("stable_funding_threshold_ratio")?,
            decrease_threshold: rules.ratio("decrease_funding_threshold_ratio")?,
            min_rate: rules.ratio("min_funding_a_s")?,
            max_rate: rules.ratio("max_funding_a_s")?,
        },
        adl,
        liquidation,
    })))
}
