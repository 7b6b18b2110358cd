use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "margin-speed-limit",
    what: "margin changes by so much an hour and no more",
    changes: "What the rules before ask comes into force no faster than by a share an hour of what is in force, compounding; \
              downwards likewise, by a share of its own. It goes last, and is the one rule of its family that may ask less \
              than the rules before it, though never less than history: what is in force never was. Alone it does nothing: its journal is then that of the rules of record. The \
              first assessment is free.",
    helps: "Holders have time to add margin or to leave; a fall does not close them by margin at once.",
    costs: "Margin is below what the model holds right just when it matters, and losses beyond margin are others'.",
    parameters: &[
        Parameter {
            name: "rise_per_h",
            default: 0.25,
            allowed: [0.0, 1_000.0],
            meaning: "highest growth an hour, ratio (0.25 is 25 percent)",
        },
        Parameter {
            name: "fall_per_h",
            default: 0.25,
            allowed: [0.0, 1_000.0],
            meaning: "highest fall an hour, ratio: down to one over 1 + this",
        },
    ],
    example: "4 % in force, a model at 20 %, 0.25 an hour: 5 % after an hour, 6.25 % after two.",
    sources: &[
        "Commission Delegated Regulation (EU) 153/2013, Article 28(1): no disruptive or big step changes of margin",
        "Murphy, Vasios and Vause, Bank of England Staff Working Paper 597 (2016): tools against procyclical margin",
        "a limit an hour, and parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<MarginSpeedLimit>(table)?)),
};

/// Margin changes by so much an hour and no more.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginSpeedLimit {
    /// Highest growth an hour.
    pub rise_per_h: f64,
    /// Highest fall an hour: down to one over one and this.
    pub fall_per_h: f64,
}

impl ProtocolRule for MarginSpeedLimit {
    fn name(&self) -> &str {
        "margin-speed-limit"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        if step.elapsed_s <= 0.0 {
            return Decision::Accept;
        }
        // Compounding, so that a limit is the same on fine and on coarse records. Both ratios move within the same factors of
        // what is in force, so they stay in order, and neither falls below history's.
        let factor = |per_h: f64| libm::exp(libm::log1p(per_h) * step.elapsed_s / 3_600.0);
        let (rise, fall) = (factor(self.rise_per_h), factor(self.fall_per_h));
        let limited = |asked: f64, in_force: f64| asked.min(in_force * rise).max(in_force / fall);
        let amended = AssessMargin {
            initial_ratio: limited(step.initial_ratio, step.in_force_initial_ratio),
            maintenance_ratio: limited(step.maintenance_ratio, step.in_force_maintenance_ratio),
            ..step.clone()
        };
        if amended == *step {
            return Decision::Accept;
        }
        Decision::Amend(amended, "margin may not change faster".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near, step, view};

    const RULE: MarginSpeedLimit = MarginSpeedLimit {
        rise_per_h: 0.21,
        fall_per_h: 0.44,
    };

    fn asked(initial_ratio: f64, maintenance_ratio: f64, elapsed_s: f64) -> Asked {
        let step = AssessMargin {
            initial_ratio,
            maintenance_ratio,
            in_force_initial_ratio: 0.1,
            in_force_maintenance_ratio: 0.03,
            elapsed_s,
            ..step()
        };
        Asked::on(RULE, step, &view(&NO_PAST))
    }

    /// By hand, 10 % and 3 % in force: half an hour lets them rise by √1.21 = 1.1 and fall by √1.44 = 1.2, two by 1.4641.
    /// Within that what is asked comes at once.
    #[test]
    fn by_hand() {
        for (initial, maintenance, elapsed_s, expected) in [
            (0.4, 0.2, 1_800.0, [0.11, 0.033]),
            (0.4, 0.2, 7_200.0, [0.14641, 0.043923]),
            (0.105, 0.2, 1_800.0, [0.105, 0.033]),
            (0.02, 0.01, 1_800.0, [0.1 / 1.2, 0.025]),
            (0.09, 0.029, 1_800.0, [0.09, 0.029]),
            (0.4, 0.2, 0.0, [0.4, 0.2]),
        ] {
            let found = asked(initial, maintenance, elapsed_s);
            near(found.initial, expected[0]);
            near(found.maintenance, expected[1]);
        }
    }

    /// By hand: a limit of nothing leaves what is in force, both ways.
    #[test]
    fn a_limit_of_nothing_holds_all() {
        let still = MarginSpeedLimit {
            rise_per_h: 0.0,
            fall_per_h: 0.0,
        };
        for initial_ratio in [0.02, 0.4] {
            let step = AssessMargin {
                initial_ratio,
                in_force_initial_ratio: 0.1,
                in_force_maintenance_ratio: 0.03,
                elapsed_s: 60.0,
                ..step()
            };
            let found = Asked::on(still.clone(), step, &view(&NO_PAST));
            assert_eq!((found.initial, found.maintenance), (0.1, 0.03));
        }
    }
}
