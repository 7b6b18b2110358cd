use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::{ChooseMark, Decision, Mark, Need, ProtocolRule};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "smoothed-mark",
    what: "margin is counted at a fading mean of the market's own price",
    changes: "The mark is the mean of prices, each weighed by the time it stood and by exp(-age / tau), made every second. It replaces \
              the venue's mark, or that of a rule before it. The mean begins with the tape. Orders still fill at the price. Bars are \
              not measurable: there the mark is the price.",
    helps: "A spike that is over within seconds liquidates nobody.",
    costs: "In a fall that lasts the mark comes late: positions are closed further down, more of them beyond their margin, and \
            somebody else pays for it. It comes late in the recovery as well.",
    parameters: &[Parameter {
        name: "tau_s",
        default: 30.0,
        allowed: [1.0, 3_600.0],
        meaning: "time constant of the mean, s",
    }],
    example: "tau = 30 s, 40,000 for long, then 36,000: after 30 s the mark is 36,000 + 4,000 / e = 37,471.52.",
    sources: &[
        "Hyperliquid, Robust price indices: the fading mean, there of the basis and with 150 s",
        "30 s is Deribit's for its basis, second-hand; smoothing the price itself, without an index: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<SmoothedMark>(table)?)),
};

/// Mark by a fading mean of the price.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmoothedMark {
    /// Time constant of the mean, s.
    pub tau_s: f64,
}

impl ProtocolRule for SmoothedMark {
    fn name(&self) -> &str {
        "smoothed-mark"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.tau_s)
    }

    fn needs(&self) -> &[Need] {
        &[Need::Marks]
    }

    fn choose_mark(&self, _: &ChooseMark) -> Decision<ChooseMark> {
        let mark = Mark::Rule {
            rule: MarkRule::Smoothed { tau_s: self.tau_s },
            every_s: 1.0,
        };
        Decision::Amend(ChooseMark { mark }, "a fading mean of the price".into())
    }
}
