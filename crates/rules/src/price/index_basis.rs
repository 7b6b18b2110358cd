use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::{ChooseMark, Decision, Mark, Need, ProtocolRule};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "index-basis-mark",
    what: "margin is counted at the index plus a fading mean of the market's distance from it",
    changes: "The mark is the index plus the mean of price less index, each weighed by the time it stood and by exp(-age / tau), held \
              within a band of the index, made every second. It replaces the venue's mark, or that of a rule before it. The mean \
              begins with the tape. Orders still fill at the price.",
    helps: "A move of one market alone liquidates nobody there at once, and never further than the band; a move of all markets is \
            followed without delay.",
    costs: "Where the market leads and the index follows, positions are closed late; where the index is wrong, sound positions are \
            closed.",
    parameters: &[
        Parameter {
            name: "tau_s",
            default: 30.0,
            allowed: [1.0, 3_600.0],
            meaning: "time constant of the mean, s",
        },
        Parameter {
            name: "band_pct",
            default: 5.0,
            allowed: [0.01, 50.0],
            meaning: "largest distance of the mark from the index, percent of the index",
        },
    ],
    example: "Index 40,000, the market falls to 36,000 alone and stays: with tau = 30 s and a wide band the mark is 40,000 - 4,000 · (1 - 1/e) = 37,471.52 after 30 s; \
              with a band of 5 % it never goes below 38,000.",
    sources: &[
        "Deribit: a mean of 30 s with a bandwidth, second-hand",
        "Hyperliquid, Robust price indices: the fading mean of the basis",
        "the width of the band: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<IndexBasisMark>(table)?)),
};

/// Mark by the index and a fading mean of the basis.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexBasisMark {
    /// Time constant of the mean, s.
    pub tau_s: f64,
    /// Largest distance of the mark from the index, percent of the index.
    pub band_pct: f64,
}

impl ProtocolRule for IndexBasisMark {
    fn name(&self) -> &str {
        "index-basis-mark"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Index, Need::Marks]
    }

    fn choose_mark(&self, _: &ChooseMark) -> Decision<ChooseMark> {
        let mark = Mark::Rule {
            rule: MarkRule::FadingBasis {
                tau_s: self.tau_s,
                bandwidth: self.band_pct / 100.0,
            },
            every_s: 1.0,
        };
        Decision::Amend(
            ChooseMark { mark },
            "the index plus a fading mean of the basis".into(),
        )
    }
}
