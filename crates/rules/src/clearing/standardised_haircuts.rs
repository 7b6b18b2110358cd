use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::net;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "standardised-haircuts",
    what: "netting across venues is recognised after a fixed haircut",
    changes: "A position that its holder offsets at the other venue is margined on 1 - netting · (1 - haircut) of itself: a fixed part of \
              the benefit is never given. With a haircut of 0 it is cross-venue-margin.",
    helps: "Hedged holders get room, and an offset that turns out to be imperfect still stands on some margin.",
    costs: "What is netted is margin alone: where such a position is closed after all, its whole loss is booked here, \
            and the gain of its other leg at the other venue is not counted.",
    parameters: &[
        Parameter {
            name: "netting",
            default: 1.0,
            allowed: [0.0, 1.0],
            meaning: "share of an offset that is netted",
        },
        Parameter {
            name: "haircut",
            default: 0.4,
            allowed: [0.0, 1.0],
            meaning: "share of the netting benefit that is not given",
        },
    ],
    example: "With a haircut of 0.4 a fully offset position is margined on 40 % of itself: at leverage 10 it stands a fall of 25 %.",
    sources: &[
        "Basel II, Annex 4, current exposure method: net add-on = 0.4 gross + 0.6 · net-to-gross ratio · gross, a haircut of 0.4 on netting",
        "overlap of holders: declared; no record of it exists",
    ],
    overlap: Some(0.5),
    build: |table| Ok(Box::new(read::<StandardisedHaircuts>(table)?)),
};

/// Netting across venues after a fixed haircut.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardisedHaircuts {
    /// Share of an offset position that is netted, 0 to 1.
    pub netting: f64,
    /// Share of the netting benefit that is not given, 0 to 1.
    pub haircut: f64,
}

impl ProtocolRule for StandardisedHaircuts {
    fn name(&self) -> &str {
        "standardised-haircuts"
    }

    fn assess_margin(&self, step: &AssessMargin, _: &View<'_>) -> Decision<AssessMargin> {
        net(
            step,
            self.netting * (1.0 - self.haircut),
            "netted against the other venue, after a haircut",
        )
    }
}
