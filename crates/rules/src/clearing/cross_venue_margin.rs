use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::net;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "cross-venue-margin",
    what: "offsetting positions at two venues are margined together; funds stay apart",
    changes: "A position that its holder offsets at the other venue is margined on what is left after netting. Who bears a loss stays \
              history's: it is cross-protocol-clearing with a shared_fund of 0.",
    helps: "A hedged holder is not sold out of one leg while the other gains.",
    costs: "What is netted is margin alone: where such a position is closed after all, its whole loss is booked here, \
            and the gain of its other leg at the other venue is not counted.",
    parameters: &[Parameter {
        name: "netting",
        default: 1.0,
        allowed: [0.0, 1.0],
        meaning: "share of an offset that is netted",
    }],
    example: "Fully netted, a long here and a short there need no margin, whatever the price; netted by half, a long at leverage 10 stands a fall of 20 %.",
    sources: &[
        "Duffie and Zhu 2011: netting across classes and venues",
        "overlap of holders: declared; no record of it exists",
    ],
    overlap: Some(0.5),
    build: |table| Ok(Box::new(read::<CrossVenueMargin>(table)?)),
};

/// Margin is asked for what is left of positions after netting across venues.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossVenueMargin {
    /// Share of an offset position that is netted, 0 to 1.
    pub netting: f64,
}

impl ProtocolRule for CrossVenueMargin {
    fn name(&self) -> &str {
        "cross-venue-margin"
    }

    fn assess_margin(&self, step: &AssessMargin, _: &View<'_>) -> Decision<AssessMargin> {
        net(step, self.netting, "margined together with the other venue")
    }
}
