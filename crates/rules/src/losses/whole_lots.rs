use aftershock_market::Coin;
use aftershock_protocol::{Decision, Deleverage, ProtocolRule, Shared, View};
use serde::Deserialize;

use super::{SHARE, lay};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "deleverage-whole-lots",
    what: "auto-deleveraging pro rata in whole lots",
    changes: "Of positions whose loss is beyond all margins and all funds of the market together, the part that funds cannot bear is \
              not sold: it is closed against the other side at its bankruptcy price. All positions of the other side give the same share of their size in whole lots; lots left over go to the largest remainders, and what is less than a lot to the queue.",
    helps: "As pro rata, in quantities that a venue can trade.",
    costs: "With lots as small as the default it closes what deleverage-pro-rata does, to a lot. Holders of less than a lot are spared, and the last lots fall on a few. What one pool lacks while another has enough is still bad debt. Named accounts are not closed, and nobody \
            who is closed hedges again.",
    parameters: &[
        SHARE,
        Parameter {
            name: "lot_btc",
            default: 0.001,
            allowed: [0.000_001, 1000.0],
            meaning: "size of a lot, BTC",
        },
    ],
    example: "With lots of 1, 2 lots are laid on holdings of 3, 3 and 1 (2 · 3 / 7 = 0.86, 0.86, 0.29): 1, 1 and 0.",
    sources: &[
        "Chitra, arXiv 2602.15182: integer pro-rata",
        "lot_btc: declared",
        "share: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<DeleverageWholeLots>(table)?)),
};

/// Winners are closed in whole lots in proportion to what they hold.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleverageWholeLots {
    /// Share of what cannot be borne that is closed against winners, 0 to 1.
    pub share: f64,
    /// Size of a lot, BTC.
    pub lot_btc: f64,
}

impl ProtocolRule for DeleverageWholeLots {
    fn name(&self) -> &str {
        "deleverage-whole-lots"
    }

    fn deleverage(&self, step: &Deleverage, _: &View<'_>) -> Decision<Deleverage> {
        lay(
            step,
            self.share,
            Shared::WholeLots {
                lot: Coin::from_f64(self.lot_btc),
            },
        )
    }
}
