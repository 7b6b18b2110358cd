use aftershock_market::Cash;
use aftershock_protocol::{CoverDeficit, Decision, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "bilateral-clearing",
    what: "nobody stands behind a loss: the counterparty bears it",
    changes: "No fund pays for a loss beyond margin, neither the pool's own nor another: all of it is left with those on the other \
              side, and is told as bad debt.",
    helps: "Shows what the funds were worth.",
    costs: "Winners are not paid in full. Who of them bears how much is not modelled, nor that they would have asked for more \
            margin from one another.",
    parameters: &[],
    example: "A position is closed 1,000 beyond its margin: the fund keeps what it has, and 1,000 are bad debt.",
    sources: &["Duffie and Zhu 2011: bilateral exposures as the case without a clearing house"],
    overlap: None,
    build: |table| Ok(Box::new(read::<BilateralClearing>(table)?)),
};

/// No default fund at all.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BilateralClearing {}

impl ProtocolRule for BilateralClearing {
    fn name(&self) -> &str {
        "bilateral-clearing"
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        if step.draws.iter().all(|draw| *draw == Cash::ZERO) {
            return Decision::Accept;
        }
        Decision::Amend(
            step.drawing(Cash::ZERO, Cash::ZERO),
            "nobody stands behind the loss".into(),
        )
    }
}
