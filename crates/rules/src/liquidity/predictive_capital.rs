use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "predictive-capital",
    what: "capital that enters the book while volatility stands above normal",
    changes: "While volatility, weighted with a half-life of an hour, is above a multiple of normal, what forced orders meet is deeper by a stated share. Nothing later than the decision is used.",
    helps: "Depth is there before the cascade, not after it.",
    costs: "The capital waits most of the time, and buys into a fall; who provides it and what it loses is not modelled, nor that it may come late.",
    parameters: &[
        Parameter {
            name: "threshold",
            default: 2.0,
            allowed: [1.0, 20.0],
            meaning: "volatility (half-life of an hour) over normal above which it enters",
        },
        Parameter {
            name: "depth",
            default: 1.0,
            allowed: [0.01, 10.0],
            meaning: "what it adds, over normal depth (1 is as much again)",
        },
    ],
    example: "At a threshold of 2 and normal volatility of 4 % a day, 8.1 % doubles the depth that a forced order meets; 8 % does not.",
    sources: &[
        "threshold and depth: declared, not calibrated",
        "the idea that depth returns by capital waiting beside the market: Gromb and Vayanos 2002, Equilibrium and welfare in markets with financially constrained arbitrageurs",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<PredictiveCapital>(table)?)),
};

/// Capital that enters the book while volatility stands above a threshold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictiveCapital {
    /// Volatility (half-life of an hour) over normal above which it enters.
    pub threshold: f64,
    /// What it adds, over normal depth (1 is as much again).
    pub depth: f64,
}

impl ProtocolRule for PredictiveCapital {
    fn name(&self) -> &str {
        "predictive-capital"
    }

    fn set_liquidity(&self, step: &SetLiquidity, view: &View<'_>) -> Decision<SetLiquidity> {
        let enters = view.volatility_1h > self.threshold * view.volatility_normal;
        if !enters || self.depth <= step.entering_depth {
            return Decision::Accept;
        }
        Decision::Amend(
            SetLiquidity {
                entering_depth: self.depth,
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

    /// By hand: normal is 4 %, so that 8 % is at the threshold of 2 and a hair more is beyond.
    #[test]
    fn enters_above_the_threshold_and_not_at_it() {
        let rule = PredictiveCapital {
            threshold: 2.0,
            depth: 1.5,
        };
        let at = view(&NO_PAST);
        assert_eq!(after(&rule, &SetLiquidity::HISTORY, &at), SetLiquidity::HISTORY);
        let above = View {
            volatility_1h: 0.080_1,
            ..view(&NO_PAST)
        };
        assert_eq!(after(&rule, &SetLiquidity::HISTORY, &above).entering_depth, 1.5);
        let more = SetLiquidity {
            entering_depth: 3.0,
            ..SetLiquidity::HISTORY
        };
        assert_eq!(
            after(&rule, &more, &above).entering_depth,
            3.0,
            "what is there stays"
        );
    }
}
