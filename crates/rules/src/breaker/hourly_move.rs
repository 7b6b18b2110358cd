use aftershock_protocol::past::KEPT_S;
use aftershock_protocol::{Decision, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{halting, midnight, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "hourly-move-pause",
    what: "a move of more than 10 % of the day before's close from an extreme of the last hour pauses trading two minutes",
    changes: "The limit is an amount, a share of the last close at midnight UTC (of the mark where the record begins later), \
              above the lowest and below the highest mark of the hour; the hour begins anew at a reopening. Not modelled: \
              the pause of all contracts of a product with its lead month, the pre-opening's order entry, the pause of \
              five seconds in the last minutes of a session.",
    helps: "A pause of two minutes interrupts a chain of stops and liquidations and lets quotes return.",
    costs: "Who must trade waits two minutes, and a fall that goes on is cut into steps.",
    parameters: &[
        Parameter {
            name: "move_pct",
            default: 10.0,
            allowed: [0.5, 50.0],
            meaning: "move from an extreme of the hour, percent of the close of the day before",
        },
        Parameter {
            name: "pause_s",
            default: 120.0,
            allowed: [60.0, 86_400.0],
            meaning: "length of a pause, s",
        },
    ],
    example: "Close 40,000, highest mark of the hour 39,000: trading pauses below 39,000 - 4,000 = 35,000.",
    sources: &[
        "CME Group, Dynamic Circuit Breakers FAQ: a share of the previous settlement, from the extremes of 60 minutes, two minutes",
        "CME price limit tables as Topstep gives them: 10 % for cryptocurrency futures",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<HourlyMovePause>(table)?)),
};

/// A pause after a move from an extreme of the last hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourlyMovePause {
    /// Move from an extreme of the hour, percent of the close of the day before.
    pub move_pct: f64,
    /// Length of a pause, s.
    pub pause_s: f64,
}

impl ProtocolRule for HourlyMovePause {
    fn name(&self) -> &str {
        "hourly-move-pause"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.pause_s)
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let close = view.past.close_usd(midnight(view.now)).unwrap_or(view.mark_usd);
        let width = close * self.move_pct / 100.0;
        let high = view.past.high_usd(view.now, KEPT_S).unwrap_or(view.mark_usd);
        let low = view.past.low_usd(view.now, KEPT_S).unwrap_or(view.mark_usd);
        Decision::Amend(
            narrowed(
                step,
                view,
                halting([high - width, low + width], self.pause_s, KIND.name),
            ),
            "move too far from an extreme of the hour".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::{NO_PAST, Past};

    use super::super::tests::{at, band, near, view};
    use super::*;

    const RULE: HourlyMovePause = HourlyMovePause {
        move_pct: 10.0,
        pause_s: 120.0,
    };

    /// By hand: a tenth of the close of 40,000 below the hour's highest 39,000 and above its lowest 37,000. A mark of an
    /// hour ago still counts, one a second older does not.
    #[test]
    fn the_limit_stands_off_the_extremes_of_the_hour() {
        let mut past = Past::new();
        past.close(at(0), 40_000.0_f64.ln());
        for (second, usd) in [(9_999, 42_000.0_f64), (10_000, 39_000.0), (13_600, 37_000.0)] {
            past.mark(at(second), usd.ln());
        }
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 13_600, 37_000.0)));
        near(found.lower.usd, 35_000.0);
        near(found.upper.usd, 41_000.0);
        assert_eq!(found.lower.halt_s, 120.0);
    }

    #[test]
    fn at_the_start_the_mark_is_all_there_is() {
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&NO_PAST, 0, 100.0)));
        near(found.lower.usd, 90.0);
        near(found.upper.usd, 110.0);
    }
}
