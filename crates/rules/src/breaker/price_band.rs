use aftershock_protocol::{Decision, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{halting, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "price-band",
    what: "a band around the last hour's mean; beyond it trading and forced flow halt",
    changes: "Beyond the band nothing trades: the mark stands at the edge, forced orders wait, and what is exogenous goes on. At \
              the end of the halt the market reopens where news and what is left of impact put it.",
    helps: "Standing impact decays and makers return before the next forced order arrives.",
    costs: "Nobody can leave during the halt; the reopening is one jump, and losses beyond margin may be larger.",
    parameters: &[
        Parameter {
            name: "band_pct",
            default: 7.0,
            allowed: [0.5, 50.0],
            meaning: "half width, percent of the reference",
        },
        Parameter {
            name: "halt_s",
            default: 3_600.0,
            allowed: [60.0, 86_400.0],
            meaning: "length of a halt, s",
        },
    ],
    example: "7 % for an hour: a fall from 40,000 to 37,200 within the hour halts trading at 37,200.",
    sources: &[
        "US market-wide circuit breaker: first level 7 %",
        "CME price limits: dynamic breakers measured against a trailing hour for equities",
        "the hour's halt: declared, so that 15-minute and hourly records can measure it",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<PriceBand>(table)?)),
};

/// A band around the mean mark of the last hour; a trade beyond it halts trading and forced flow for a while.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBand {
    /// Half width, percent of the reference.
    pub band_pct: f64,
    /// Length of a halt, s.
    pub halt_s: f64,
}

impl ProtocolRule for PriceBand {
    fn name(&self) -> &str {
        "price-band"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.halt_s)
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let (mean, width) = (view.mean_mark_1h_usd, self.band_pct / 100.0);
        let edges = [mean * (1.0 - width), mean * (1.0 + width)];
        Decision::Amend(
            narrowed(step, view, halting(edges, self.halt_s, KIND.name)),
            "trade beyond the band around the last hour".into(),
        )
    }
}
