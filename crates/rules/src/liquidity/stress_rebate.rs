use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "stress-rebate",
    what: "a rebate for makers while volatility stands above normal",
    changes: "While volatility, weighted with a half-life of an hour, is above a multiple of normal, makers are paid a rebate. Makers answer a better income with depth × (1 + income / 1 bp)^0.1, a declared response, not a choice of the venue.",
    helps: "Makers have a reason to stay when they would leave.",
    costs: "The venue pays it out of its revenue, which is not modelled and bounds no rebate here.",
    parameters: &[
        Parameter {
            name: "threshold",
            default: 2.0,
            allowed: [1.0, 20.0],
            meaning: "volatility (half-life of an hour) over normal above which it is paid",
        },
        Parameter {
            name: "rebate_bp",
            default: 2.0,
            allowed: [0.1, 100.0],
            meaning: "paid to makers, basis points of value",
        },
    ],
    example: "A rebate of 3 bp makes the book 1.149 times as deep (the tenth root of 4).",
    sources: &[
        "rebates to makers: the maker-taker model, Foucault, Kadan and Kandel 2013, Liquidity cycles and make/take fees in electronic markets",
        "threshold and rebate: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<StressRebate>(table)?)),
};

/// A rebate for makers while volatility stands above a threshold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StressRebate {
    /// Volatility (half-life of an hour) over normal above which it is paid.
    pub threshold: f64,
    /// Paid to makers, basis points of value.
    pub rebate_bp: f64,
}

impl ProtocolRule for StressRebate {
    fn name(&self) -> &str {
        "stress-rebate"
    }

    fn set_liquidity(&self, step: &SetLiquidity, view: &View<'_>) -> Decision<SetLiquidity> {
        let rebate = self.rebate_bp * 1e-4;
        let stressed = view.volatility_1h > self.threshold * view.volatility_normal;
        if !stressed || rebate <= step.maker_rebate_ratio {
            return Decision::Accept;
        }
        Decision::Amend(
            SetLiquidity {
                maker_rebate_ratio: rebate,
                ..step.clone()
            },
            "volatility stands above the threshold".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::NO_PAST;

    use super::*;
    use crate::liquidity::testing::{after, view};

    #[test]
    fn paid_above_the_threshold_and_not_at_it() {
        let rule = StressRebate {
            threshold: 2.0,
            rebate_bp: 3.0,
        };
        assert_eq!(
            after(&rule, &SetLiquidity::HISTORY, &view(&NO_PAST)),
            SetLiquidity::HISTORY
        );
        let above = View {
            volatility_1h: 0.080_1,
            ..view(&NO_PAST)
        };
        let paid = after(&rule, &SetLiquidity::HISTORY, &above);
        assert!((paid.maker_rebate_ratio - 3e-4).abs() < 1e-18);
        assert_eq!(after(&rule, &paid, &above), paid);
    }
}
