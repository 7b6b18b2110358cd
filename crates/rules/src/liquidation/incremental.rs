use aftershock_protocol::{Decision, Liquidate, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "incremental-liquidation",
    what: "a small share of a broken position is closed at a time, and the margin it leaves stays with the rest",
    changes: "At most the fraction of each broken position goes to the book. What is closed takes its loss at the price it is sold at; all \
              other margin stays with the rest, which so stands further from liquidation with each step and may come to stand above it. \
              Until its sale is done the rest is not looked at; then, and after the pause of its bracket, it is if it is still \
              broken. Once what is broken in a bracket is worth no more than whole_below_usd it goes at once. Unlike close-factor, \
              where the share closed takes its share of the margin along and what is left is as close to liquidation as before.",
    helps: "No more is sold than brings a position back above its maintenance margin, but for the last step.",
    costs: "In a fall that goes on most of a position is sold late and may lose more than its margin: the fund or the winners pay.",
    parameters: &[
        Parameter {
            name: "fraction",
            default: 0.1,
            allowed: [0.01, 0.99],
            meaning: "largest share of a position closed at a time, ratio",
        },
        Parameter {
            name: "pause_s",
            default: 1.0,
            allowed: [0.0, 3_600.0],
            meaning: "time until the bracket may be looked at again, s",
        },
        Parameter {
            name: "whole_below_usd",
            default: 1_000.0,
            allowed: [0.0, 1e12],
            meaning: "value of what is broken in a bracket at or below which it is closed at once, USD",
        },
    ],
    example: "A long of 10 BTC with 1,500 USD of equity at 36,150 needs 0.5 % of 361,500 USD. Steps of a tenth sell 1 and 0.9 BTC; the \
              8.1 left need 1,464 and have the 1,500 still.",
    sources: &[
        "dydxprotocol/v4-chain, sample pre-genesis: a tenth of a position a block, all of it at 1,000 USDC or less",
        "Drift v2, drift-labs/protocol-v2: a liquidation's share grows with time and ends once margin is restored",
        "the pause of one block of a second: declared; dYdX's limits in USDC a block and on losses of its fund are not modelled",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<IncrementalLiquidation>(table)?)),
};

/// A share of each broken position at a time, with its margin left to the rest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncrementalLiquidation {
    /// Largest share of a position closed at a time.
    pub fraction: f64,
    /// Time until the bracket may be looked at again, s.
    pub pause_s: f64,
    /// Value of what is broken in a bracket at or below which it is closed at once, USD.
    pub whole_below_usd: f64,
}

impl ProtocolRule for IncrementalLiquidation {
    fn name(&self) -> &str {
        "incremental-liquidation"
    }

    fn fastest_s(&self) -> Option<f64> {
        (self.pause_s > 0.0).then_some(self.pause_s)
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        if step.notional_usd <= self.whole_below_usd {
            return Decision::Accept;
        }
        let amended = Liquidate {
            fraction: step.fraction.min(self.fraction),
            keeps_margin: true,
            pause_s: step.pause_s.max(self.pause_s),
            ..step.clone()
        };
        Decision::Amend(
            amended,
            "a share at a time, and its margin stays with the rest".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    const RULE: IncrementalLiquidation = IncrementalLiquidation {
        fraction: 0.1,
        pause_s: 1.0,
        whole_below_usd: 1_000.0,
    };

    /// Source: dydxprotocol/v4-chain, sample genesis: at most 10 % of a position a block, but at least 1,000 USDC of it. A position
    /// of 500,000 closes 50,000; one of 1,000 goes whole.
    #[test]
    fn a_tenth_a_block_and_little_at_once() {
        let worth = |notional_usd| Liquidate {
            notional_usd,
            ..step()
        };
        let left = amended(RULE.liquidate(&worth(500_000.0), &at(0)));
        assert_eq!(left.fraction * left.notional_usd, 50_000.0);
        assert_eq!((left.pause_s, left.keeps_margin), (1.0, true));
        assert_eq!(RULE.liquidate(&worth(1_000.0), &at(0)), Decision::Accept);
        assert!(matches!(
            RULE.liquidate(&worth(1_000.01), &at(0)),
            Decision::Amend(..)
        ));
    }

    #[test]
    fn it_tightens_what_a_rule_before_it_left() {
        let smaller = Liquidate {
            fraction: 0.05,
            pause_s: 60.0,
            ..step()
        };
        let left = amended(RULE.liquidate(&smaller, &at(0)));
        assert_eq!((left.fraction, left.pause_s), (0.05, 60.0));
        let at_once = IncrementalLiquidation { pause_s: 0.0, ..RULE };
        assert_eq!((RULE.fastest_s(), at_once.fastest_s()), (Some(1.0), None));
    }
}
