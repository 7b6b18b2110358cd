use aftershock_protocol::{CoverDeficit, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::part;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "default-waterfall",
    what: "a pool whose fund does not reach defaults, and its default costs part of what it and the others put in",
    changes: "A loss within the pool's own fund is paid as in history. A greater one puts the pool in default: alpha of its fund is \
              recovered, then beta of what the others' funds would have to pay of the rest. With alpha = beta = 1 this is \
              shared-default-fund with share 1.",
    helps: "Shows how much of a shared fund is worth when a default itself costs something: paying stops being all or nothing.",
    costs: "What is not recovered stays where it is, so that a later loss of the same pool meets it again: the rule remembers no \
            default, and no money is destroyed. It replaces the draws of rules before it. Default is \
            decided by a pool's own fund alone, and no default brings down another pool but by the money it took: pools that owe \
            one another are clearing-vector's.",
    parameters: &[
        Parameter {
            name: "alpha",
            default: 0.8,
            allowed: [0.0, 1.0],
            meaning: "share of its own fund that a pool in default recovers",
        },
        Parameter {
            name: "beta",
            default: 0.8,
            allowed: [0.0, 1.0],
            meaning: "share of what others owe that a pool in default recovers",
        },
    ],
    example: "A loss of 12,000 on a fund of 5,000 with 20,000 elsewhere, alpha = beta = 0.5: 2,500 and (12,000 - 2,500) / 2 = 4,750 \
              are paid, 4,750 are bad debt.",
    sources: &[
        "Rogers and Veraart 2013: recovery rates alpha (own means) and beta (claims on others) in default",
        "defaults of alpha and beta: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<DefaultWaterfall>(table)?)),
};

/// A pool that cannot pay out of its own fund defaults, and recovers only part of its means.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultWaterfall {
    /// Share of its own fund recovered in default, 0 to 1.
    pub alpha: f64,
    /// Share of what others owe recovered in default, 0 to 1.
    pub beta: f64,
}

impl ProtocolRule for DefaultWaterfall {
    fn name(&self) -> &str {
        "default-waterfall"
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        let owed = step.deficit - step.socialised;
        if owed <= step.own_fund() {
            return Decision::Accept;
        }
        let from_own = part(step.own_fund(), self.alpha);
        let from_others = part(step.other_funds().min(owed - from_own), self.beta);
        if (from_own, from_others) == (step.from_own(), step.from_others()) {
            return Decision::Accept;
        }
        Decision::Amend(
            step.drawing(from_own, from_others),
            "the pool is in default and recovers part of its means".into(),
        )
    }
}
