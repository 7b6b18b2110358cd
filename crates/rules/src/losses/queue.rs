use aftershock_protocol::{Decision, Deleverage, ProtocolRule, Shared, View};
use serde::Deserialize;

use super::{SHARE, lay};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "deleverage-queue",
    what: "auto-deleveraging by queue: the highest ranked winner is closed whole, then the next",
    changes: "Of positions whose loss is beyond all margins and all funds of the market together, the part that funds cannot bear is \
              not sold: it is closed against the other side at its bankruptcy price. They are taken in the venue's ranking, where the record names none in BitMEX's: profit times effective leverage, highest first. Where the venue does so anyway it changes nothing.",
    helps: "There is no bad debt as long as winners stand, and no forced order for that part.",
    costs: "Few holders bear all of it, those with most leverage and profit; hedges are torn apart. What one pool lacks while another has enough is still bad debt. Named accounts are not closed, and nobody \
            who is closed hedges again.",
    parameters: &[SHARE],
    example: "Bankrupt longs of 10, no fund, shorts of 6 at leverage 20 and 14 at leverage 3: the 6 are closed whole, then 4 of the 14.",
    sources: &[
        "BitMEX support, Auto-deleveraging: profit and effective leverage",
        "share: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<DeleverageQueue>(table)?)),
};

/// Winners are closed one after the other.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleverageQueue {
    /// Share of what cannot be borne that is closed against winners, 0 to 1.
    pub share: f64,
}

impl ProtocolRule for DeleverageQueue {
    fn name(&self) -> &str {
        "deleverage-queue"
    }

    fn deleverage(&self, step: &Deleverage, _: &View<'_>) -> Decision<Deleverage> {
        lay(step, self.share, Shared::Queue)
    }
}
