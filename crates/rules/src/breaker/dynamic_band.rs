use aftershock_protocol::{Decision, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{halting, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "dynamic-band",
    what: "a band from the extremes of a short and a long lookback; beyond it trading and forced flow halt",
    changes: "No trade above the lowest mark of a lookback by more than its deviation, nor below the highest by more; of two \
              lookbacks the narrower counts. They begin anew at a reopening. Not modelled: the auction by which Eurex goes \
              on (trading resumes continuously), and that an order beyond the edge is kept from the book there.",
    helps: "A fast move and a slow one have limits of their own, and a rebound after a fall is measured from the low.",
    costs: "Short halts are frequent in wild hours; who must sell waits with the others.",
    parameters: &[
        Parameter {
            name: "short_s",
            default: 300.0,
            allowed: [60.0, 3_600.0],
            meaning: "short lookback, s",
        },
        Parameter {
            name: "short_pct",
            default: 3.0,
            allowed: [0.2, 50.0],
            meaning: "deviation from an extreme of the short lookback, percent of it",
        },
        Parameter {
            name: "long_s",
            default: 3_600.0,
            allowed: [60.0, 3_600.0],
            meaning: "long lookback, s",
        },
        Parameter {
            name: "long_pct",
            default: 8.0,
            allowed: [0.2, 50.0],
            meaning: "deviation from an extreme of the long lookback, percent of it",
        },
        Parameter {
            name: "halt_s",
            default: 300.0,
            allowed: [60.0, 86_400.0],
            meaning: "length of a halt, s",
        },
    ],
    example: "Highest mark 40,000 in the hour and 38,000 in five minutes: the edge is max(40,000 · 0.92, 38,000 · 0.97) = 36,860.",
    sources: &[
        "Eurex volatility interruption: deviation from the lowest and the highest reference price of a short and a long lookback",
        "lookbacks, deviations and length: declared, since Eurex keeps its own unpublished",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<DynamicBand>(table)?;
        if rule.long_s <= rule.short_s {
            return Err(format!(
                "long_s: is {}, allowed is above {} (the short lookback)",
                rule.long_s, rule.short_s
            ));
        }
        Ok(Box::new(rule))
    },
};

/// A band from the extremes of two lookbacks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DynamicBand {
    /// Short lookback, s.
    pub short_s: f64,
    /// Deviation from its extremes, percent.
    pub short_pct: f64,
    /// Long lookback, s.
    pub long_s: f64,
    /// Deviation from its extremes, percent.
    pub long_pct: f64,
    /// Length of a halt, s.
    pub halt_s: f64,
}

impl ProtocolRule for DynamicBand {
    fn name(&self) -> &str {
        "dynamic-band"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.halt_s.min(self.short_s))
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let mut edges = [0.0_f64, f64::INFINITY];
        for (seconds, pct) in [(self.short_s, self.short_pct), (self.long_s, self.long_pct)] {
            let high = view.past.high_usd(view.now, seconds).unwrap_or(view.mark_usd);
            let low = view.past.low_usd(view.now, seconds).unwrap_or(view.mark_usd);
            edges[0] = edges[0].max(high * (1.0 - pct / 100.0));
            edges[1] = edges[1].min(low * (1.0 + pct / 100.0));
        }
        Decision::Amend(
            narrowed(step, view, halting(edges, self.halt_s, KIND.name)),
            "trade too far from an extreme of a lookback".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::{NO_PAST, Past};

    use super::super::tests::{at, band, near, view};
    use super::*;

    const RULE: DynamicBand = DynamicBand {
        short_s: 300.0,
        short_pct: 3.0,
        long_s: 3_600.0,
        long_pct: 8.0,
        halt_s: 300.0,
    };

    /// By hand, the example of the kind: lower edges 36,800 of the hour and 36,860 of the five minutes; upper edges
    /// 37,500 · 1.08 = 40,500 and 37,500 · 1.03 = 38,625.
    #[test]
    fn the_narrower_of_two_lookbacks_counts() {
        let mut past = Past::new();
        for (second, usd) in [(0, 40_000.0_f64), (3_000, 38_000.0), (3_060, 37_500.0)] {
            past.mark(at(second), usd.ln());
        }
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 3_060, 37_500.0)));
        near(found.lower.usd, 36_860.0);
        near(found.upper.usd, 38_625.0);
        assert_eq!(found.lower.halt_s, 300.0);
        // Six minutes later the short lookback holds the present mark alone: 37,500 · 0.97 = 36,375 is below 36,800.
        past.mark(at(3_420), 37_500.0_f64.ln());
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 3_420, 37_500.0)));
        near(found.lower.usd, 36_800.0);
    }

    #[test]
    fn at_the_start_the_mark_is_the_only_extreme() {
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&NO_PAST, 0, 100.0)));
        near(found.lower.usd, 97.0);
        near(found.upper.usd, 103.0);
    }

    #[test]
    fn the_long_lookback_is_the_longer() {
        let table = "short_s = 600\nshort_pct = 3\nlong_s = 600\nlong_pct = 8\nhalt_s = 300";
        let table: toml::Table = table.parse().expect("toml");
        let refused = (KIND.build)(table).expect_err("equal lookbacks");
        assert_eq!(
            refused,
            "long_s: is 600, allowed is above 600 (the short lookback)"
        );
    }
}
