use aftershock_protocol::{Decision, Edge, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{halting, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "limit-up-limit-down",
    what: "at the edge of 5 % around the mean of five minutes trading stands 15 s, then pauses 5 minutes or longer",
    changes: "For 15 seconds the price may not pass the edge: who would push it further waits, who trades the other way fills at \
              the edge, and trading goes on freely where the price comes back. Else it pauses, and the pause grows by 5 \
              minutes as long as the price would reopen more than 5 % beyond the edge, 10 % after one extension, and so on. \
              A reopening is the next reference. Reference and edges are set anew at each decision, of marks each counted \
              once. Not modelled: edges twice as wide at the start and the end of a session and wider ones for prices up to \
              3 USD, a reference that moves only by a percent or more, the limit at the opposite edge for a reopening, and \
              the auction of the reopening: what waited goes to the book one after the other.",
    helps: "A gap in the book that fills within seconds halts nobody, and a halt does not end in a far price.",
    costs: "Who must sell waits, in a fall that goes on for one pause after the other; losses beyond margin may be larger.",
    parameters: &[
        Parameter {
            name: "band_pct",
            default: 5.0,
            allowed: [0.5, 50.0],
            meaning: "half width, percent of the reference",
        },
        Parameter {
            name: "reference_s",
            default: 300.0,
            allowed: [15.0, 3_600.0],
            meaning: "time over which marks are averaged, s",
        },
        Parameter {
            name: "limit_s",
            default: 15.0,
            allowed: [1.0, 3_600.0],
            meaning: "how long a price may stand at an edge before trading pauses, s",
        },
        Parameter {
            name: "halt_s",
            default: 300.0,
            allowed: [60.0, 86_400.0],
            meaning: "length of a pause and of each extension, s",
        },
        Parameter {
            name: "collar_pct",
            default: 5.0,
            allowed: [0.5, 50.0],
            meaning: "how far beyond the edge a reopening may lie, percent of the edge; so much more with each extension",
        },
    ],
    example: "A mean of 100 gives 95 and 105. A reopening at 90.25 or above ends a pause at 95 (95 · 0.95), 85.5 (95 · 0.9) after \
              an extension.",
    sources: &[
        "National Market System plan against extraordinary volatility (luldplan.com): mean of five minutes, 5 % in tier 1, \
         15 s limit state, pause of 5 minutes",
        "the same, twelfth amendment (2016): no reopening outside a collar, which widens with each extension of 5 minutes",
        "the collar's width and its growth, and who trades in a limit state: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<LimitUpLimitDown>(table)?)),
};

/// A band around the mean of some minutes, at whose edges trading stands before it pauses.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitUpLimitDown {
    /// Half width, percent of the reference.
    pub band_pct: f64,
    /// Time over which marks are averaged, s.
    pub reference_s: f64,
    /// How long a price may stand at an edge, s.
    pub limit_s: f64,
    /// Length of a pause and of each extension, s.
    pub halt_s: f64,
    /// How far beyond the edge a reopening may lie, percent of the edge.
    pub collar_pct: f64,
}

impl ProtocolRule for LimitUpLimitDown {
    fn name(&self) -> &str {
        "limit-up-limit-down"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.limit_s)
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let mean = view.past.mean_usd(view.now, self.reference_s);
        let (reference, width) = (mean.unwrap_or(view.mark_usd), self.band_pct / 100.0);
        let edges = [reference * (1.0 - width), reference * (1.0 + width)];
        let edges = halting(edges, self.halt_s, KIND.name).map(|edge| Edge {
            limit_s: self.limit_s,
            collar_ratio: self.collar_pct / 100.0,
            extend_s: self.halt_s,
            ..edge
        });
        Decision::Amend(
            narrowed(step, view, edges),
            "price at the limit around the mean of the last minutes".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::{NO_PAST, Past};

    use super::super::tests::{at, band, near, view};
    use super::*;

    const RULE: LimitUpLimitDown = LimitUpLimitDown {
        band_pct: 5.0,
        reference_s: 300.0,
        limit_s: 15.0,
        halt_s: 300.0,
        collar_pct: 5.0,
    };

    /// Source: V-CB1, V-CB3: a reference of 100 and 5 % give 95 and 105. 15 s at the edge, then five minutes and five more.
    #[test]
    fn five_percent_of_a_hundred() {
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&NO_PAST, 0, 100.0)));
        near(found.lower.usd, 95.0);
        near(found.upper.usd, 105.0);
        for edge in [found.lower, found.upper] {
            assert_eq!((edge.limit_s, edge.halt_s, edge.extend_s), (15.0, 300.0, 300.0));
            assert_eq!(edge.collar_ratio, 0.05);
        }
    }

    /// By hand: of marks 125 and 80 within five minutes the mean is 100; one six minutes old no longer counts.
    #[test]
    fn the_reference_is_the_mean_of_five_minutes() {
        let mut past = Past::new();
        for (second, usd) in [(0, 10.0_f64), (60, 125.0), (360, 80.0)] {
            past.mark(at(second), usd.ln());
        }
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 360, 100.0)));
        near(found.lower.usd, 95.0);
        near(found.upper.usd, 105.0);
    }
}
