use aftershock_protocol::{Decision, Liquidate, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "close-factor",
    what: "no more than a share of a broken position is closed at a time, with a pause after it",
    changes: "At most the fraction of each broken position goes to the book, with its share of the margin; the rest waits for the \
              pause and, if still broken, loses the same share again. Once all that is broken in a bracket of a side is worth no more \
              than whole_below_usd, the rest goes at once. The pause holds for that bracket, so what breaks in it meanwhile \
              waits too: levels stand for many accounts, and a cooldown for each is not modelled.",
    helps: "Forced flow is spread over time, and a mark that recovers during a pause spares the rest.",
    costs: "What is left may lose more than its margin before its turn; the fund or the winners pay.",
    parameters: &[
        Parameter {
            name: "fraction",
            default: 0.5,
            allowed: [0.01, 1.0],
            meaning: "largest share of a position closed at a time, ratio",
        },
        Parameter {
            name: "pause_s",
            default: 30.0,
            allowed: [0.0, 86_400.0],
            meaning: "time until the rest may be looked at, s",
        },
        Parameter {
            name: "whole_below_usd",
            default: 100_000.0,
            allowed: [0.0, 1e12],
            meaning: "value of all that is broken in a bracket at or below which the rest is closed at once, USD",
        },
    ],
    example: "At 0.5, of 10 BTC broken 5 are closed, and after the pause 2.5 of the rest. At 1 it changes nothing: its journal is \
              history's.",
    sources: &[
        "Aave v2 and v3: a close factor of 50 %",
        "Hyperliquid, liquidations, as third parties tell: above 100,000 USDC a fifth is sent first, then a cooldown of 30 s",
        "the two together, and on any venue: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<CloseFactor>(table)?)),
};

/// At most a share of each broken position at a time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseFactor {
    /// Largest share of a position closed at a time.
    pub fraction: f64,
    /// Time until the rest may be looked at, s.
    pub pause_s: f64,
    /// Value of all that is broken at or below which the rest is closed at once, USD.
    pub whole_below_usd: f64,
}

impl ProtocolRule for CloseFactor {
    fn name(&self) -> &str {
        "close-factor"
    }

    fn fastest_s(&self) -> Option<f64> {
        (self.fraction < 1.0 && self.pause_s > 0.0).then_some(self.pause_s)
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        if self.fraction >= 1.0 || step.notional_usd <= self.whole_below_usd {
            return Decision::Accept;
        }
        let amended = Liquidate {
            fraction: step.fraction.min(self.fraction),
            pause_s: step.pause_s.max(self.pause_s),
            ..step.clone()
        };
        Decision::Amend(amended, "no more than the close factor at a time".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    const RULE: CloseFactor = CloseFactor {
        fraction: 0.5,
        pause_s: 30.0,
        whole_below_usd: 100_000.0,
    };

    /// V-HL5, derived from Hyperliquid's documented 20 % and 30 s, not printed there: 500,000 USDC below maintenance send 100,000
    /// first, and may send more 30 s later.
    #[test]
    fn a_fifth_of_half_a_million_is_a_hundred_thousand() {
        let rule = CloseFactor {
            fraction: 0.2,
            ..RULE
        };
        let broken = Liquidate {
            notional_usd: 500_000.0,
            ..step()
        };
        let left = amended(rule.liquidate(&broken, &at(0)));
        assert_eq!(
            (left.notional_usd * left.fraction, left.pause_s),
            (100_000.0, 30.0)
        );
    }

    #[test]
    fn at_the_threshold_the_rest_goes_and_above_it_does_not() {
        let worth = |notional_usd| Liquidate {
            notional_usd,
            ..step()
        };
        assert_eq!(RULE.liquidate(&worth(100_000.0), &at(0)), Decision::Accept);
        let left = amended(RULE.liquidate(&worth(100_000.01), &at(0)));
        assert_eq!((left.fraction, left.pause_s), (0.5, 30.0));
    }

    #[test]
    fn it_tightens_what_a_rule_before_it_left() {
        let smaller = Liquidate {
            fraction: 0.1,
            pause_s: 60.0,
            ..step()
        };
        let left = amended(RULE.liquidate(&smaller, &at(0)));
        assert_eq!((left.fraction, left.pause_s), (0.1, 60.0));
    }

    #[test]
    fn the_whole_is_history() {
        let rule = CloseFactor {
            fraction: 1.0,
            ..RULE
        };
        assert_eq!(rule.liquidate(&step(), &at(0)), Decision::Accept);
        assert_eq!((rule.fastest_s(), RULE.fastest_s()), (None, Some(30.0)));
    }
}
