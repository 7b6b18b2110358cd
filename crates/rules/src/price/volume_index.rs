use aftershock_protocol::venue::index::IndexRule;
use aftershock_protocol::{ChooseIndex, Decision, Need, ProtocolRule};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "volume-index",
    what: "the index is the mean price of all markets of the asset, weighed by daily volume",
    changes: "The index looks at every market of the asset in place of its own sources, perpetuals among them, as a made-up crash has \
              one spot market only; markets that are down or halted drop out. A source further than the guard from the median \
              has no weight, and where more than one is, the index is the median. Volumes are those of a normal day and do not change. \
              It is made every second. Marks by index, funding and rules that look at an index follow it; arbitrage does not.",
    helps: "The index stands where most is traded, and to move it costs most.",
    costs: "One large venue is the index: what goes wrong there, within the guard, goes wrong everywhere.",
    parameters: &[Parameter {
        name: "guard_pct",
        default: 5.0,
        allowed: [0.1, 100.0],
        meaning: "distance from the median beyond which a source has no weight, percent of the median",
    }],
    example: "38,000 with three parts of the volume, 40,000 with one: 38,500.",
    sources: &[
        "Binance, Price index: weighted mean, 5 % from the median, and the median where more than one source is off",
        "daily volume as the weight, and perpetuals among the sources: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<VolumeIndex>(table)?)),
};

/// Index by the volume-weighted mean of all markets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeIndex {
    /// Distance from the median beyond which a source has no weight, percent of the median.
    pub guard_pct: f64,
}

impl ProtocolRule for VolumeIndex {
    fn name(&self) -> &str {
        "volume-index"
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
                index: IndexRule::WeightedMean {
                    guard: self.guard_pct / 100.0,
                },
                everywhere: true,
                ..step.clone()
            },
            "volume-weighted mean of all markets".into(),
        )
    }
}
