use aftershock_protocol::{Decision, Liquidate, Part, ProtocolRule, View, health_fraction};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "health-factor-target",
    what: "just so much of a broken position is closed as brings its margin back to a target",
    changes: "Of each broken position the share is closed after which its equity is target_health times the maintenance margin of the rest, \
              where the sale costs cost_ratio of what is sold: (target - equity) / (target - cost), all over value, and all of \
              it where no share does. What is closed takes its loss at the price it is sold at, and all other margin stays with the rest. The \
              share is worked out at the mark that broke it; a sale at a worse price than the cost allows leaves less than the \
              target, and what is broken then is closed again. In brackets above the first the target is of the bracket's ratio, \
              without its amount, so a little more is closed.",
    helps: "Holders lose no more of their position than restores it, and less forced flow meets the book.",
    costs: "What is left stands closer to bankruptcy than if all had been sold; a fall that goes on breaks it again.",
    parameters: &[
        Parameter {
            name: "target_health",
            default: 2.0,
            allowed: [1.05, 50.0],
            meaning: "equity over maintenance margin after the sale",
        },
        Parameter {
            name: "cost_ratio",
            default: 0.001,
            allowed: [0.0, 0.1],
            meaning: "what selling is expected to cost, over the value sold, ratio",
        },
        Parameter {
            name: "whole_below_usd",
            default: 1_000.0,
            allowed: [0.0, 1e12],
            meaning: "value of what is broken in a bracket at or below which it is closed whole, USD",
        },
    ],
    example: "Equity of 0.4 % under a maintenance of 0.5 % and a target of 2 closes (1 - 0.4) / (1 - 0.1) = two thirds at a cost of 0.1 %.",
    sources: &[
        "Aave v4, LiquidationLogic.sol: debt · (target - health) / (target - bonus · collateral factor), which is this over value; what would \
         leave less than 1,000 USD goes whole",
        "Drift v2: the shortage of margin over the margin that a unit closed frees",
        "target and cost: declared; Aave sets a target for each market, and its bonus goes to who liquidates",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<HealthFactorTarget>(table)?)),
};

/// Just enough of each broken position to bring its margin back to a target.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthFactorTarget {
    /// Equity over maintenance margin after the sale.
    pub target_health: f64,
    /// What selling is expected to cost, over the value sold.
    pub cost_ratio: f64,
    /// Value of what is broken in a bracket at or below which it is closed whole, USD.
    pub whole_below_usd: f64,
}

impl ProtocolRule for HealthFactorTarget {
    fn name(&self) -> &str {
        "health-factor-target"
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        if step.part != Part::Share || step.notional_usd <= self.whole_below_usd {
            return Decision::Accept;
        }
        let target_ratio = self.target_health * step.maintenance_ratio;
        let amended = Liquidate {
            part: Part::ToHealth {
                target_ratio,
                cost_ratio: self.cost_ratio,
                mean: health_fraction(step.equity_ratio, target_ratio, self.cost_ratio),
            },
            keeps_margin: true,
            ..step.clone()
        };
        Decision::Amend(amended, "just enough to bring margin back to its target".into())
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::step::Step;

    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    fn closed(rule: &HealthFactorTarget, equity_ratio: f64, maintenance_ratio: f64) -> f64 {
        let broken = Liquidate {
            equity_ratio,
            maintenance_ratio,
            ..step()
        };
        amended(rule.liquidate(&broken, &at(0))).value()
    }

    /// Source: Certora/aave-v4-pub, `LiquidationLogic.DebtToTargetHealthFactor.t.sol`: collateral of 16,000 at a factor of 0.5 against
    /// 10,000, a bonus of 1.5, repays 9,000 for 13,500 to come to a health of 1.25, which is equity of 0.6 of collateral: 1.2 times
    /// the 0.5 that a health of 1 asks.
    #[test]
    fn what_is_closed_is_what_aave_has_repaid() {
        let rule = HealthFactorTarget {
            target_health: 1.2,
            cost_ratio: 1.0 - 1.0 / 1.5,
            whole_below_usd: 0.0,
        };
        assert!((closed(&rule, 0.375, 0.5) - 13_500.0 / 16_000.0).abs() < 1e-12);
    }

    const RULE: HealthFactorTarget = HealthFactorTarget {
        target_health: 2.0,
        cost_ratio: 0.001,
        whole_below_usd: 1_000.0,
    };

    /// By hand: a target of 1 % less 0.4 % over 1 % less 0.1 % is two thirds; equity of no more than the cost helps nobody.
    #[test]
    fn two_thirds_restore_what_is_a_fifth_short() {
        assert!((closed(&RULE, 0.004, 0.005) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(closed(&RULE, 0.001, 0.005), 1.0);
        assert_eq!(closed(&RULE, -0.02, 0.005), 1.0);
    }

    #[test]
    fn little_goes_whole_and_a_rule_before_it_stands() {
        let little = Liquidate {
            notional_usd: 1_000.0,
            ..step()
        };
        assert_eq!(RULE.liquidate(&little, &at(0)), Decision::Accept);
        let capped = Liquidate {
            fraction: 0.2,
            pause_s: 5.0,
            equity_ratio: 0.004,
            ..step()
        };
        let left = amended(RULE.liquidate(&capped, &at(0)));
        assert_eq!((left.fraction, left.pause_s, left.value()), (0.2, 5.0, 0.2));
        assert!(left.keeps_margin && left.breach().is_none());
        assert_eq!(RULE.liquidate(&left, &at(0)), Decision::Accept);
    }
}
