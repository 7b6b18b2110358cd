use aftershock_protocol::{AssessMargin, CoverDeficit, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::{draw, net};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "cross-protocol-clearing",
    what: "offsetting positions at two venues are netted, their funds are one default fund",
    changes: "A position that its holder offsets at the other venue is margined on what is left after netting; a loss beyond \
              margin draws on its own pool's fund first, then on a share of the others'.",
    helps: "A hedged holder is not sold out of one leg while the other gains.",
    costs: "Members of one pool pay for losses of the other; a holder whose offset was only apparent would have been closed under \
            history and is not here.",
    parameters: &[
        Parameter {
            name: "netting",
            default: 1.0,
            allowed: [0.0, 1.0],
            meaning: "share of an offset that is netted",
        },
        Parameter {
            name: "shared_fund",
            default: 1.0,
            allowed: [0.0, 1.0],
            meaning: "share of the other pools' funds behind a loss",
        },
    ],
    example: "Fully netted, a long here and a short there need no margin, whatever the price.",
    sources: &[
        "Duffie and Zhu 2011: netting across classes and venues",
        "overlap of holders: declared; no record of it exists",
    ],
    overlap: Some(0.5),
    build: |table| Ok(Box::new(read::<CrossProtocolClearing>(table)?)),
};

/// Venues clear together: offsetting positions of one holder are netted, and the insurance funds are one default fund.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossProtocolClearing {
    /// Share of an offset position that is netted, 0 to 1.
    pub netting: f64,
    /// Share of the other pools' funds that stands behind a loss, 0 to 1.
    pub shared_fund: f64,
}

impl ProtocolRule for CrossProtocolClearing {
    fn name(&self) -> &str {
        "cross-protocol-clearing"
    }

    fn assess_margin(&self, step: &AssessMargin, _: &View<'_>) -> Decision<AssessMargin> {
        net(step, self.netting, "netted against the other venue")
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        draw(step, self.shared_fund, "drawn on the shared default fund")
    }
}
