use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{
    CAP, CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, both_tails, follow, moves, over, size_beyond,
};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "historical-margin",
    what: "margin at the quantile of the moves that were",
    changes: "Initial margin becomes the move that no more than the share 1 − confidence of all moves so far went beyond, \
              never below history's, at most the cap; maintenance becomes a share of it. Moves are log returns from close to \
              close, each counted as a fall and as a rise, times √(horizon / their time). Below 1 / (2 − 2·confidence) closes \
              it is the largest move; with fewer than two returns history stands. Not modelled: a lookback that ends, a margin \
              of each side by its own moves.",
    helps: "Tails are as fat as they have been; a quiet hour lowers nothing.",
    costs: "It learns of a fall only from the fall: one large move among few sets the margin at once, among many hardly moves \
            it. It never forgets, so that what was asked after a crash stays.",
    parameters: &[CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, CAP],
    example: "Of 1,000 moves of a minute, ten may lie beyond at 0.995; the eleventh largest is 0.4 %: over one hour that asks \
              0.4 % · √60 = 3.1 %.",
    sources: &[
        "Hendricks, \"Evaluation of Value-at-Risk Models Using Historical Data\", FRBNY Economic Policy Review 2 (1996): \
         historical simulation",
        "both signs of each move, √time, and all parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<HistoricalMargin>(table)?)),
};

/// Margin at the quantile of the moves that were.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoricalMargin {
    /// Share of moves that margin covers.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

impl ProtocolRule for HistoricalMargin {
    fn name(&self) -> &str {
        "historical-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        over(
            self.horizon_h,
            size_beyond(&moves(view), both_tails(self.confidence)),
        )
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin covers the moves that were",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{Asked, near, past};

    const RULE: HistoricalMargin = HistoricalMargin {
        confidence: 0.9,
        horizon_h: 1.0,
        maintenance_share: 0.5,
        cap: 0.5,
    };

    /// By hand: a fifth of ten sizes, two, may lie beyond, so the third largest of 1 % to 10 % counts: 8 %, and over four times
    /// its time 16 %. At 0.95 one may, 9 %. At 0.951 none, 10 %.
    #[test]
    fn by_hand() {
        let past = past(
            900,
            &[0.01, -0.02, 0.03, -0.04, 0.05, 0.06, -0.07, 0.08, 0.09, -0.1],
        );
        for (confidence, initial) in [(0.9, 0.16), (0.95, 0.18), (0.951, 0.2), (0.9999, 0.2)] {
            let asked = Asked::of(HistoricalMargin { confidence, ..RULE }, &past);
            near(asked.initial, initial);
            near(asked.maintenance, 0.5 * initial);
        }
        assert_eq!(
            Asked::of(HistoricalMargin { cap: 0.1, ..RULE }, &past).initial,
            0.1
        );
        assert_eq!(Asked::after(0.3, RULE, &past).initial, 0.3);
    }

    #[test]
    fn history_stands_where_nothing_is_known() {
        for returns in [&[][..], &[0.1], &[0.0, 0.0]] {
            assert_eq!(Asked::of(RULE, &past(60, returns)), Asked::HISTORY);
        }
    }
}
