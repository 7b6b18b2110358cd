use aftershock_protocol::fee::Algebra;
use aftershock_protocol::past::KEPT_S;
use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use super::charge;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "algebra-fee",
    what: "the fee of an Algebra Integral pool on takers, by volatility of the last hour",
    changes: "The fee is that of an Algebra Integral pool at the mean squared distance, in ticks of 1 bp, of the marks at decisions of the last hour from their mean: 0.01 % in calm, up to 1.5 %. Makers answer a better income with depth × (1 + income / 1 bp)^0.1, a declared response, not a choice of the venue.",
    helps: "Makers are paid more when prices spread, in two smooth steps.",
    costs: "Forced orders pay the fee out of what they get, and a fund pays it for who has nothing left; makers receive it. Ordinary takers pay it too: what they would trade less is not modelled. The contract averages over a day, which a crash has not; here the window is an hour, declared.",
    parameters: &[Parameter {
        name: "multiple",
        default: 1.0,
        allowed: [0.1, 10.0],
        meaning: "scales the schedule",
    }],
    example: "Marks that spread with a standard deviation of 200 ticks (2 %) make a volatility of 40,000, which the contract divides by 15: 0.3 %.",
    sources: &[
        "cryptoalgebra/Algebra, AdaptiveFee.sol @3cf3896f: schedule and initial terms",
        "window of an hour over marks at decisions: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<AlgebraFee>(table)?)),
};

/// The fee of an Algebra Integral pool by the spread of marks in the last hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlgebraFee {
    /// Scales the schedule.
    pub multiple: f64,
}

impl AlgebraFee {
    fn fee(&self, view: &View<'_>) -> f64 {
        let closes = view.past.closes();
        let from = closes.partition_point(|(at, _)| view.now.seconds_since(*at) > KEPT_S);
        let closes = &closes[from..];
        let count = closes.len().max(1) as f64;
        let mean = closes.iter().map(|(_, log)| log).sum::<f64>() / count;
        let from_mean = closes.iter().map(|(_, log)| log - mean);
        let square: f64 = from_mean.map(|away| away * away).sum();
        let tick = libm::log(1.000_1);
        let volatility = square / count / (tick * tick);
        self.multiple * f64::from(Algebra::INITIAL.fee(volatility as u128)) * 1e-6
    }
}

impl ProtocolRule for AlgebraFee {
    fn name(&self) -> &str {
        "algebra-fee"
    }

    fn set_liquidity(&self, step: &SetLiquidity, view: &View<'_>) -> Decision<SetLiquidity> {
        charge(step, self.fee(view), "the fee follows the spread of marks")
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Timestamp;
    use aftershock_protocol::{NO_PAST, Past};

    use super::*;
    use crate::liquidity::testing::{after, view};

    /// Source: the contract's own snapshot (V-LQ2): volatility 1,000 × 15 charges 3,000 millionths, 360 × 15 charges 1,550, none
    /// 100. By hand: two marks d ticks apart have a mean square of (d/2)², so d = 2·√15,000.
    #[test]
    fn fee_by_spread_of_marks() {
        let rule = AlgebraFee { multiple: 1.0 };
        let fee = |ticks: f64| {
            let mut past = Past::new();
            past.close(Timestamp::from_seconds(-1), 99.0);
            past.close(Timestamp::from_seconds(0), 3.0);
            past.close(Timestamp::from_seconds(60), 3.0 + ticks * libm::log(1.000_1));
            after(&rule, &SetLiquidity::HISTORY, &view(&past)).taker_fee_ratio
        };
        assert!((fee(0.0) - 0.000_1).abs() < 1e-15);
        // A hair more, so that rounding down to whole numbers leaves 15,000.
        assert!((fee(2.0 * 15_000.01_f64.sqrt()) - 0.003).abs() < 1e-15);
        assert!((fee(2.0 * 5_400.01_f64.sqrt()) - 0.001_55).abs() < 1e-15);
        let none = after(&rule, &SetLiquidity::HISTORY, &view(&NO_PAST)).taker_fee_ratio;
        assert!((none - 0.000_1).abs() < 1e-15);
    }
}
