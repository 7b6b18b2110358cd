use aftershock_protocol::{Decision, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{halting, midnight, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "static-band",
    what: "a band around the close of the UTC day before; beyond it trading and forced flow halt",
    changes: "The band stands all day where the day before closed, and after a halt around the price of the reopening. Not \
              modelled: an auction as the close (a market that never shuts has none, so the last mark at midnight UTC is \
              taken), and days that begin before the record: until its first midnight there is no band.",
    helps: "The reference does not follow a slow slide, so a fall spread over hours is stopped too.",
    costs: "Nobody can leave during the halt, and a day that began far from value halts for good reasons as well.",
    parameters: &[
        Parameter {
            name: "band_pct",
            default: 10.0,
            allowed: [0.5, 50.0],
            meaning: "half width, percent of the reference",
        },
        Parameter {
            name: "halt_s",
            default: 900.0,
            allowed: [60.0, 86_400.0],
            meaning: "length of a halt, s",
        },
    ],
    example: "10 % around a close of 40,000: a trade below 36,000 or above 44,000 halts trading for 15 minutes.",
    sources: &[
        "Xetra volatility interruption: the static range stands around the last auction price",
        "Eurex T7 12.1 (2024-07-08): a static volatility interruption with a reference of the whole day",
        "width and length: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<StaticBand>(table)?)),
};

/// A band around the close of the UTC day before, or around the last reopening of the day.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticBand {
    /// Half width, percent of the reference.
    pub band_pct: f64,
    /// Length of a halt, s.
    pub halt_s: f64,
}

impl ProtocolRule for StaticBand {
    fn name(&self) -> &str {
        "static-band"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.halt_s)
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let today = midnight(view.now);
        let reopened = view.past.halts().last().filter(|halt| halt.until_at >= today);
        let reference = reopened
            .map(|halt| halt.reopening_usd)
            .or_else(|| view.past.close_usd(today));
        let Some(reference) = reference else {
            return Decision::Accept;
        };
        let width = reference * self.band_pct / 100.0;
        Decision::Amend(
            narrowed(
                step,
                view,
                halting([reference - width, reference + width], self.halt_s, KIND.name),
            ),
            "trade beyond the band around the day's reference".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::{NO_PAST, Past, PastHalt};

    use super::super::tests::{at, band, near, view};
    use super::*;

    fn rule(band_pct: f64) -> StaticBand {
        StaticBand {
            band_pct,
            halt_s: 900.0,
        }
    }

    /// Source: V-CB2, 7, 13 and 20 % of a settlement of 100,000. The close of midnight is the reference, one before or after is not.
    #[test]
    fn the_band_stands_around_the_close_of_the_day_before() {
        let mut past = Past::new();
        past.close(at(-60), 90_000.0_f64.ln());
        past.close(at(0), 100_000.0_f64.ln());
        past.close(at(60), 110_000.0_f64.ln());
        for (pct, lower, upper) in [(7.0, 93e3, 107e3), (13.0, 87e3, 113e3), (20.0, 80e3, 120e3)] {
            let found = band(rule(pct).set_band(&SetBand::OPEN, &view(&past, 60, 100e3)));
            near(found.lower.usd, lower);
            near(found.upper.usd, upper);
            assert_eq!(found.lower.halt_s, 900.0);
        }
    }

    #[test]
    fn without_a_close_there_is_no_band() {
        let decision = rule(10.0).set_band(&SetBand::OPEN, &view(&NO_PAST, 60, 100.0));
        assert_eq!(decision, Decision::Accept);
    }

    /// By hand: 10 % around a reopening at 85, until the day ends.
    #[test]
    fn a_reopening_is_the_reference_for_the_rest_of_its_day() {
        let mut past = Past::new();
        past.close(at(0), 100.0_f64.ln());
        past.halt(PastHalt {
            from_at: at(60),
            until_at: at(960),
            edge_usd: 90.0,
            reopening_usd: 85.0,
            level: 0,
            by: "static-band",
        });
        let found = band(rule(10.0).set_band(&SetBand::OPEN, &view(&past, 960, 85.0)));
        near(found.lower.usd, 76.5);
        near(found.upper.usd, 93.5);
        past.close(at(86_400), 84.0_f64.ln());
        let found = band(rule(10.0).set_band(&SetBand::OPEN, &view(&past, 86_400, 84.0)));
        near(found.lower.usd, 75.6);
    }
}
