use aftershock_protocol::venue::index::IndexRule;
use aftershock_protocol::{ChooseIndex, Decision, Need, ProtocolRule};
use serde::Deserialize;

use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "median-index",
    what: "the index is the median price of all markets of the asset, each counted once",
    changes: "The index looks at every market of the asset in place of its own sources, perpetuals among them, as a made-up crash has \
              one spot market only; markets that are down or halted drop out. It is made every second. Marks by index, funding and \
              rules that look at an index follow it; arbitrage does not.",
    helps: "One market that is thin, faulty or pushed cannot move the index further than its neighbours stand.",
    costs: "A small market counts as much as a large one. With perpetuals in it the index follows those who are liquidated, \
            and funding loses part of its hold.",
    parameters: &[],
    example: "36,000, 39,000 and 40,000: the index is 39,000 whatever they trade.",
    sources: &[
        "Binance, Price index: the median is what is left where more than one source is off",
        "perpetuals among the sources: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<MedianIndex>(table)?)),
};

/// Index by the median of all markets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedianIndex {}

impl ProtocolRule for MedianIndex {
    fn name(&self) -> &str {
        "median-index"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Markets]
    }

    fn choose_index(&self, step: &ChooseIndex) -> Decision<ChooseIndex> {
        if step.markets < 2 {
            return Decision::Accept;
        }
        Decision::Amend(
            ChooseIndex {
                index: IndexRule::Median,
                everywhere: true,
                ..step.clone()
            },
            "median of all markets".into(),
        )
    }
}
