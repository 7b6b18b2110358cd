use aftershock_market::Side;
use aftershock_protocol::{Decision, Liquidate, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "automatic-breaker",
    what: "in a fast move, or with little insurance left, only a share of a position is closed at a time",
    changes: "Without a vote: while the mark is far from the hour's mean, liquidations of the side that the move hurts, and while \
              insurance is short of a share of open interest all liquidations, close a share of each position, with a pause \
              between. Trading goes on. Not modelled: stops of withdrawals, deposits and borrowing.",
    helps: "Forced flow is spread out, and those whom the price leaves again keep the rest.",
    costs: "What is not closed in time falls on, and the losses beyond margin are the fund's.",
    parameters: &[
        Parameter {
            name: "fall_pct",
            default: 5.0,
            allowed: [0.5, 50.0],
            meaning: "move of the mark from the hour's mean, percent of it: a fall for longs, a rise for shorts",
        },
        Parameter {
            name: "insurance_pct",
            default: 0.1,
            allowed: [0.0, 10.0],
            meaning: "insurance below which all are slowed, percent of open interest",
        },
        Parameter {
            name: "fraction",
            default: 0.25,
            allowed: [0.01, 1.0],
            meaning: "share of each position that is closed at a time, ratio",
        },
        Parameter {
            name: "pause_s",
            default: 60.0,
            allowed: [1.0, 86_400.0],
            meaning: "from one share to the next, s",
        },
    ],
    example: "Mean of the hour 40,000, mark 37,900: 5.25 % below, so a quarter of each broken long is sold a minute.",
    sources: &[
        "Venus protocol: liquidations paused and a repayment window given after a fall, by vote; here by rule",
        "all parameters: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<AutomaticBreaker>(table)?)),
};

/// Closes a share at a time in a fast move or with little insurance left.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomaticBreaker {
    /// Move of the mark from the hour's mean, percent.
    pub fall_pct: f64,
    /// Insurance below which all are slowed, percent of open interest.
    pub insurance_pct: f64,
    /// Share of each position that is closed at a time.
    pub fraction: f64,
    /// From one share to the next, s.
    pub pause_s: f64,
}

impl ProtocolRule for AutomaticBreaker {
    fn name(&self) -> &str {
        "automatic-breaker"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.pause_s)
    }

    fn liquidate(&self, step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
        let mean = view.mean_mark_1h_usd;
        let moved = mean * self.fall_pct / 100.0;
        let hurt = match step.side {
            Side::Long => view.mark_usd < mean - moved,
            Side::Short => view.mark_usd > mean + moved,
        };
        let reason = if hurt {
            "mark far from the mean of the hour"
        } else if view.insurance_usd < view.open_interest_usd * self.insurance_pct / 100.0 {
            "little insurance left"
        } else {
            return Decision::Accept;
        };
        Decision::Amend(
            Liquidate {
                fraction: step.fraction.min(self.fraction),
                pause_s: step.pause_s.max(self.pause_s),
                ..step.clone()
            },
            reason.into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::NO_PAST;

    use super::super::tests::{sale, view};
    use super::*;

    const RULE: AutomaticBreaker = AutomaticBreaker {
        fall_pct: 5.0,
        insurance_pct: 0.1,
        fraction: 0.25,
        pause_s: 60.0,
    };

    /// By hand: 5 % of a mean of 40,000 is 2,000; 0.1 % of a million is 1,000.
    #[test]
    fn a_move_slows_the_side_it_hurts_and_little_insurance_both() {
        for (side, mark, insurance_usd, slowed) in [
            (Side::Long, 38_000.0, 1_000.0, false),
            (Side::Long, 37_999.0, 1_000.0, true),
            (Side::Short, 37_999.0, 1_000.0, false),
            (Side::Short, 42_000.0, 1_000.0, false),
            (Side::Short, 42_001.0, 1_000.0, true),
            (Side::Long, 42_001.0, 1_000.0, false),
            (Side::Long, 40_000.0, 999.0, true),
            (Side::Short, 40_000.0, 999.0, true),
        ] {
            let seen = View {
                mean_mark_1h_usd: 40_000.0,
                insurance_usd,
                ..view(&NO_PAST, 0, mark)
            };
            match RULE.liquidate(&sale(side), &seen) {
                Decision::Amend(step, _) => {
                    assert!(slowed && (step.fraction, step.pause_s) == (0.25, 60.0), "{mark}");
                }
                decision => assert!(!slowed && decision == Decision::Accept, "{mark}"),
            }
        }
    }

    #[test]
    fn a_smaller_share_and_a_longer_pause_stay() {
        let step = Liquidate {
            fraction: 0.1,
            pause_s: 600.0,
            ..sale(Side::Long)
        };
        let seen = View {
            insurance_usd: 0.0,
            ..view(&NO_PAST, 0, 100.0)
        };
        let Decision::Amend(found, _) = RULE.liquidate(&step, &seen) else {
            panic!("little insurance slows")
        };
        assert_eq!(found, step);
    }
}
