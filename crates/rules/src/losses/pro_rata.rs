use aftershock_protocol::{Decision, Deleverage, ProtocolRule, Shared, View};
use serde::Deserialize;

use super::{SHARE, lay};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "deleverage-pro-rata",
    what: "auto-deleveraging pro rata: every position of the other side gives the same share of itself",
    changes: "Of positions whose loss is beyond all margins and all funds of the market together, the part that funds cannot bear is \
              not sold: it is closed against the other side at its bankruptcy price. All positions of the other side give the same share of their size, those without profit too.",
    helps: "Nobody is singled out, and a hedge is thinned instead of lost.",
    costs: "Every hedge on that side is thinned, and holders without a gain are closed too. What one pool lacks while another has enough is still bad debt. Named accounts are not closed, and nobody \
            who is closed hedges again.",
    parameters: &[SHARE],
    example: "Bankrupt longs of 10, no fund, shorts of 6 and 14: 3 and 7 are closed.",
    sources: &[
        "Chitra et al., arXiv 2512.01112: pro-rata policies",
        "share: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<DeleverageProRata>(table)?)),
};

/// Winners are closed in proportion to what they hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleverageProRata {
    /// Share of what cannot be borne that is closed against winners, 0 to 1.
    pub share: f64,
}

impl ProtocolRule for DeleverageProRata {
    fn name(&self) -> &str {
        "deleverage-pro-rata"
    }

    fn deleverage(&self, step: &Deleverage, _: &View<'_>) -> Decision<Deleverage> {
        lay(step, self.share, Shared::ProRata)
    }
}
