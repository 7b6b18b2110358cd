use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{
    CAP, CONFIDENCE, HORIZON_H, LAMBDA, MAINTENANCE_SHARE, Weighted, both_tails, follow, moves, over,
    size_beyond,
};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "filtered-historical-margin",
    what: "margin at the quantile of the moves that were, as large as they would be at present volatility",
    changes: "Each move is divided by the volatility forecast just before it, exponentially weighted, and multiplied by the \
              present one; initial margin becomes the size that no more than the share 1 − confidence of them goes beyond, \
              never below history's, at most the cap; maintenance becomes a share of it. Moves as in historical-margin. The \
              first 1 / (1 − lambda) closes only build volatility up; before two moves beyond them, history stands.",
    helps: "Tails are as fat as they have been, and the level follows the market.",
    costs: "It rises in the fall itself, further than ewma-margin where moves had been larger than forecast, and over-reacts \
            to a sudden step in volatility.",
    parameters: &[CONFIDENCE, HORIZON_H, LAMBDA, MAINTENANCE_SHARE, CAP],
    example: "A move that was 4 volatilities when it came counts 4 · 0.5 % = 2 % at a present volatility of 0.5 % an hour.",
    sources: &[
        "Hull and White, \"Incorporating volatility updating into the historical simulation method for value-at-risk\", \
         Journal of Risk 1 (1998)",
        "Barone-Adesi, Giannopoulos and Vosper, \"VaR without correlations for portfolios of derivative securities\", Journal \
         of Futures Markets 19 (1999): the residuals of a volatility model; no paths are drawn here",
        "Gurrola-Perez and Murphy, Bank of England Working Paper 525 (2015): how it reacts",
        "both signs of each move, √time, the build-up, and all parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<FilteredHistoricalMargin>(table)?)),
};

/// Margin at the quantile of the moves that were, rescaled to present volatility.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilteredHistoricalMargin {
    /// Share of moves that margin covers.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Weight kept from one close to the next.
    pub lambda: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

/// Moves over the volatility forecast just before each, the first `1 / (1 − lambda)` left out, and the present volatility.
///
/// A move before which nothing had moved is left out: it is infinitely many volatilities.
fn filtered(moves: &[f64], lambda: f64) -> (Vec<f64>, f64) {
    let built = (1.0 / (1.0 - lambda)).round() as usize;
    let mut weighted = Weighted::default();
    let mut ratios = Vec::with_capacity(moves.len());
    for (turn, one) in moves.iter().enumerate() {
        let forecast = weighted.volatility();
        if turn >= built && forecast > 0.0 {
            ratios.push(one / forecast);
        }
        weighted.next(lambda, *one);
    }
    (ratios, weighted.volatility())
}

impl ProtocolRule for FilteredHistoricalMargin {
    fn name(&self) -> &str {
        "filtered-historical-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let (ratios, volatility) = filtered(&moves(view), self.lambda);
        if ratios.len() < super::common::FEWEST_RETURNS {
            return 0.0;
        }
        over(
            self.horizon_h,
            volatility * size_beyond(&ratios, both_tails(self.confidence)),
        )
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin covers the moves that were, at present volatility",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{Asked, near, past};

    const RULE: FilteredHistoricalMargin = FilteredHistoricalMargin {
        confidence: 0.9,
        horizon_h: 1.0,
        lambda: 0.5,
        maintenance_share: 0.5,
        cap: 1.0,
    };

    /// By hand, lambda 0.5, in percent of an hour: squares 1, 1 build up a mean of 1, so 2 is 2 volatilities. The mean is then
    /// (1·1 + 2·1 + 4·4)/7 = 19/7 and 1 is √(7/19) of one. With the last square it is (1 + 2 + 16 + 8)/15 = 27/15: margin is
    /// 2·√1.8 %.
    #[test]
    fn by_hand() {
        let returns = [0.01, -0.01, 0.02, -0.01];
        let (ratios, volatility) = filtered(&returns, 0.5);
        near(ratios[0], 2.0);
        near(ratios[1], -(7.0_f64 / 19.0).sqrt());
        assert_eq!(ratios.len(), 2);
        near(volatility, 0.01 * 1.8_f64.sqrt());
        let asked = Asked::of(RULE, &past(3_600, &returns));
        near(asked.initial, 0.02 * 1.8_f64.sqrt());
        near(asked.maintenance, 0.01 * 1.8_f64.sqrt());
        assert_eq!(Asked::after(0.3, RULE, &past(3_600, &returns)).initial, 0.3);
        let capped = FilteredHistoricalMargin { cap: 0.02, ..RULE };
        assert_eq!(Asked::of(capped, &past(3_600, &returns)).initial, 0.02);
    }

    /// A flat build-up has no volatility to divide by: the move after it is left out, and the one after that alone is too few.
    #[test]
    fn history_stands_where_nothing_is_known() {
        for returns in [&[][..], &[0.1], &[0.01, 0.01, 0.01], &[0.0, 0.0, 0.05, 0.01]] {
            assert_eq!(Asked::of(RULE, &past(60, returns)), Asked::HISTORY);
        }
        assert!(Asked::of(RULE, &past(60, &[0.0, 0.0, 0.05, 0.01, 0.0])).initial > 0.01);
    }
}
