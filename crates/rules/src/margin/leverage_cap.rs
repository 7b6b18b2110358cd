use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{MAINTENANCE_SHARE, raise};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "leverage-cap",
    what: "no position above a leverage",
    changes: "Initial margin is at least one over the highest leverage, in every bracket; maintenance becomes a share of it.",
    helps: "The thinnest cushions are never built up, whatever the market does, and nothing rises in a fall.",
    costs: "Holders of high leverage post more at all times, and are closed further from bankruptcy.",
    parameters: &[
        Parameter {
            name: "max_leverage",
            default: 20.0,
            allowed: [1.0, 125.0],
            meaning: "highest notional over margin",
        },
        MAINTENANCE_SHARE,
    ],
    example: "Leverage 20 asks 5 % to open and, at share 0.5, 2.5 % to hold.",
    sources: &["parameters: declared, not calibrated"],
    overlap: None,
    build: |table| Ok(Box::new(read::<LeverageCap>(table)?)),
};

/// No position above a leverage.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeverageCap {
    /// Highest notional over margin.
    pub max_leverage: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
}

impl ProtocolRule for LeverageCap {
    fn name(&self) -> &str {
        "leverage-cap"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        raise(
            step,
            1.0 / self.max_leverage,
            self.maintenance_share,
            "leverage is capped",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::RuleSet;

    /// By hand: 1/20 is 5 %, half of it 2.5 %; where 10 % is asked already that stays, and half of it is 5 %.
    #[test]
    fn asks_at_least_one_over_the_leverage() {
        for (asked, initial, maintenance) in [(0.008, 0.05, 0.025), (0.05, 0.05, 0.025), (0.1, 0.1, 0.05)] {
            let rule = LeverageCap {
                max_leverage: 20.0,
                maintenance_share: 0.5,
            };
            let step = AssessMargin {
                tier: 1,
                account_usd: 0.0,
                offset_ratio: 0.0,
                initial_ratio: asked,
                maintenance_ratio: 0.005,
                exposure_ratio: 1.0,
                in_force_initial_ratio: asked,
                in_force_maintenance_ratio: 0.005,
                elapsed_s: 0.0,
                model: 0.0,
            };
            let Decision::Amend(found, _) = raise(&step, 1.0 / rule.max_leverage, rule.maintenance_share, "")
            else {
                panic!("amended");
            };
            assert_eq!(
                (found.initial_ratio, found.maintenance_ratio),
                (initial, maintenance)
            );
            assert!(RuleSet::new(vec![Box::new(rule)]).sets_margin());
            assert_eq!(raise(&step, f64::NAN, 0.5, ""), Decision::Accept);
        }
    }
}
