//! A price band with a halt.

use aftershock_protocol::{Decision, ProtocolRule, SetBand, View};
use serde::Deserialize;

/// A band around the mean mark of the last hour; a trade beyond it halts trading and forced flow for a while.
///
/// *What it changes.* Beyond the band nothing trades: the mark stands at the edge, forced orders wait, and what is
/// exogenous goes on. At the end of the halt the market reopens where news and what is left of impact put it.
/// *Why it might help.* Standing impact decays and makers return before the next forced order arrives.
/// *What it costs.* Nobody can leave during the halt; the reopening is one jump, and losses beyond margin may be larger.
/// *Example.* 7 % for an hour: a fall from 40,000 to 37,200 within the hour halts trading at 37,200.
/// *Sources.* CME price limits and dynamic circuit breakers; the US market-wide breaker at 7 %.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBand {
    /// Half width, percent of the reference, 0.5 to 50.
    pub band_pct: f64,
    /// Length of a halt, s, 60 to 86,400.
    pub halt_s: f64,
}

impl ProtocolRule for PriceBand {
    fn name(&self) -> &str {
        "price-band"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.halt_s)
    }

    fn set_band(&self, step: &SetBand, view: &View) -> Decision<SetBand> {
        let width = self.band_pct / 100.0;
        let lower_usd = step.lower_usd.max(view.mean_mark_1h_usd * (1.0 - width));
        let upper_usd = step.upper_usd.min(view.mean_mark_1h_usd * (1.0 + width));
        let halt_s = step.halt_s.max(self.halt_s);
        Decision::Amend(
            SetBand {
                lower_usd,
                upper_usd,
                halt_s,
            },
            "trade beyond the band around the last hour".into(),
        )
    }
}
