use aftershock_protocol::{Decision, Deleverage, ProtocolRule, Shared, View};
use serde::Deserialize;

use super::{SHARE, lay};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "deleverage-by-profit",
    what: "auto-deleveraging by profit: the same share of everybody's gain",
    changes: "Of positions whose loss is beyond all margins and all funds of the market together, the part that funds cannot bear is \
              not sold: it is closed against the other side at its bankruptcy price. Each position of the other side that has gained gives contracts in proportion to its gain at the mark, as far as it has them; only then others do, who have lost least first. At one price for all, the gain given up is then the same share of everybody's.",
    helps: "Those pay who have gained, and by how much they have.",
    costs: "A holder who opened long ago at a good price pays most, whatever the leverage. What one pool lacks while another has enough is still bad debt. Named accounts are not closed, and nobody \
            who is closed hedges again.",
    parameters: &[SHARE],
    example: "Gains of 10, 5 and 1 against a loss of 7.5: each gives 15/32 of the gain and keeps 170/32, 85/32 and 17/32.",
    sources: &[
        "Chitra et al., arXiv 2512.01112, section 2.4: the pro-rata haircut of gains, its example is above",
        "share: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<DeleverageByProfit>(table)?)),
};

/// Winners are closed in proportion to what they have gained.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleverageByProfit {
    /// Share of what cannot be borne that is closed against winners, 0 to 1.
    pub share: f64,
}

impl ProtocolRule for DeleverageByProfit {
    fn name(&self) -> &str {
        "deleverage-by-profit"
    }

    fn deleverage(&self, step: &Deleverage, _: &View<'_>) -> Decision<Deleverage> {
        lay(step, self.share, Shared::ByProfit)
    }
}
