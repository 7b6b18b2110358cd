use aftershock_protocol::{CoverDeficit, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::draw;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "shared-default-fund",
    what: "a loss beyond a pool's own fund draws on a share of the others' funds",
    changes: "A loss beyond margin draws on its own pool's fund first, as in history, then on a share of what is left of the others'. \
              Margins and netting stay history's.",
    helps: "A loss that is large for one venue and small for all of them is paid.",
    costs: "Members of one pool pay for losses of the other, and meet their own with what is left. Nobody replenishes a fund \
            during the replay.",
    parameters: &[Parameter {
        name: "share",
        default: 1.0,
        allowed: [0.0, 1.0],
        meaning: "share of the other pools' funds behind a loss",
    }],
    example: "7,000 are missing beyond a fund; the other fund holds 20,000: with a share of 0.25 it pays 5,000.",
    sources: &[
        "CPMI-IOSCO, Principles for financial market infrastructures 2012, principle 4: prefunded default resources",
        "share: declared; no record of such a fund between these venues exists",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<SharedDefaultFund>(table)?)),
};

/// Each pool's fund stands behind the other pools' losses, after their own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedDefaultFund {
    /// Share of the other pools' funds that stands behind a loss, 0 to 1.
    pub share: f64,
}

impl ProtocolRule for SharedDefaultFund {
    fn name(&self) -> &str {
        "shared-default-fund"
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        draw(step, self.share, "drawn on the other pools' funds")
    }
}
