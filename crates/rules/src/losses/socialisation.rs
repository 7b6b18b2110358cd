use aftershock_protocol::{CoverDeficit, Decision, ProtocolRule, View};
use serde::Deserialize;

use crate::clearing::part;
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "loss-socialisation",
    what: "what no fund pays is charged to those who have gained",
    changes: "Of a loss that neither fund nor vault pays, a share is charged to the holders of the other side in proportion to their \
              gains at the mark, up to what these gains come to and have not been charged before. It is told as socialised and not \
              as bad debt.",
    helps: "The venue stays solvent, nobody's position is closed, and the loss is spread by gain.",
    costs: "Winners are not paid in full, hedged ones too. The charge is kept as one claim on all of them: during the replay it is \
            not taken out of any one's margin, so that nobody is liquidated by it, and it does not follow a holder who leaves: those who close at the fill itself are gone before it is charged.",
    parameters: &[Parameter {
        name: "share",
        default: 1.0,
        allowed: [0.0, 1.0],
        meaning: "share of the unpaid loss that is charged",
    }],
    example: "A loss of 12,000 on a fund of 5,000: 7,000 are charged to winners and none is bad debt.",
    sources: &[
        "OKX and BitMEX of 2014-2018: socialised loss, a pro-rata clawback of the period's profits, there at settlement",
        "charging at the mark and at once: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<LossSocialisation>(table)?)),
};

/// A share of what no fund pays is charged to winners.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossSocialisation {
    /// Share of the unpaid loss that is charged, 0 to 1.
    pub share: f64,
}

impl ProtocolRule for LossSocialisation {
    fn name(&self) -> &str {
        "loss-socialisation"
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        let socialised = part(step.unpaid() + step.socialised, self.share);
        if socialised <= step.socialised {
            return Decision::Accept;
        }
        Decision::Amend(
            CoverDeficit {
                socialised,
                ..step.clone()
            },
            "charged to those who have gained".into(),
        )
    }
}
