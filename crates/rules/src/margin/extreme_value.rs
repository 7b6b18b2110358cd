use aftershock_measure::gpd::GeneralisedPareto;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CAP, CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, both_tails, follow, moves, over};
use crate::{Kind, Parameter, read};

/// Excesses below which no law is put through them.
const FEWEST_EXCESSES: usize = 10;

pub(super) const KIND: Kind = Kind {
    name: "extreme-value-margin",
    what: "margin from the law of the largest moves",
    changes: "A generalised Pareto law is put through what the largest moves so far go beyond the threshold; initial margin \
              becomes its quantile, u + scale / shape · ((tail / share beyond u)^(−shape) − 1), never below history's, at most \
              the cap; maintenance becomes a share of it. Moves as in historical-margin, of both signs. Before ten moves \
              beyond the threshold, and where all go as far beyond it, history stands. Not modelled: clusters of large moves, \
              which a volatility model would take out first.",
    helps: "Margin looks beyond the largest move that has been.",
    costs: "A law of few moves is uncertain, its shape above all: margin may jump, to the cap where tails seem heavy. It never \
            forgets.",
    parameters: &[
        CONFIDENCE,
        HORIZON_H,
        Parameter {
            name: "threshold",
            default: 0.9,
            allowed: [0.5, 0.99],
            meaning: "share of moves below the threshold; at most 2 · confidence − 1",
        },
        MAINTENANCE_SHARE,
        CAP,
    ],
    example: "50 of 1,000 moves beyond 3 %, shape 0.25, scale 1.2 %: one in a hundred goes beyond 3 % + 4.8 % · (0.2^−0.25 − \
              1) = 5.4 %.",
    sources: &[
        "McNeil and Frey, \"Estimation of tail-related risk measures for heteroscedastic financial time series\", Journal of \
         Empirical Finance 7 (2000): the quantile; the 100 largest of 1,000 as threshold",
        "Hosking and Wallis, Technometrics 29 (1987): probability-weighted moments",
        "no filter of volatility, both signs of each move, √time, ten moves, and other parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<ExtremeValueMargin>(table)?;
        let highest = 1.0 - both_tails(rule.confidence);
        // What is equal in decimals need not be in binary.
        if rule.threshold > highest + 1e-9 {
            return Err(format!(
                "threshold: is {}, allowed is 0.5 to {highest:.4} (2 · confidence − 1): margin would lie below it",
                rule.threshold
            ));
        }
        Ok(Box::new(rule))
    },
};

/// Margin from the law of the largest moves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtremeValueMargin {
    /// Share of moves that margin covers.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Share of moves below the threshold.
    pub threshold: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

/// The size that the share `tail` goes beyond, by the law of those above the share `threshold`; absent where there is none.
fn quantile(moves: &[f64], threshold: f64, tail: f64) -> Option<f64> {
    let mut sizes: Vec<f64> = moves.iter().map(|one| one.abs()).collect();
    // A share of a count that should be whole may come out a little below it.
    let beyond = (sizes.len() as f64 * (1.0 - threshold) + 1e-9) as usize;
    if beyond < FEWEST_EXCESSES {
        return None;
    }
    let at = sizes.len().checked_sub(beyond + 1)?;
    let (_, &mut edge, above) = sizes.select_nth_unstable_by(at, f64::total_cmp);
    above.sort_unstable_by(f64::total_cmp);
    let excesses: Vec<f64> = above.iter().map(|size| size - edge).collect();
    let share = beyond as f64 / moves.len() as f64;
    // Where few moves are beyond, their share may be a little less than the threshold's; then the margin is the threshold.
    let law = GeneralisedPareto::of_excesses(&excesses)?;
    Some(edge + law.excess((tail / share).min(1.0)))
}

impl ProtocolRule for ExtremeValueMargin {
    fn name(&self) -> &str {
        "extreme-value-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let found = quantile(&moves(view), self.threshold, both_tails(self.confidence));
        over(self.horizon_h, found.unwrap_or(0.0))
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin covers what the law of the largest moves expects",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{Asked, near, past, refused};

    const RULE: ExtremeValueMargin = ExtremeValueMargin {
        confidence: 0.95,
        horizon_h: 1.0,
        threshold: 0.5,
        maintenance_share: 0.5,
        cap: 1.0,
    };

    /// Ten moves of 1 % and ten that go beyond it by an excess.
    fn returns(excesses: [f64; 10]) -> Vec<f64> {
        let above = excesses.into_iter().enumerate();
        let above = above.map(|(turn, one)| if turn % 2 == 0 { 0.01 + one } else { -0.01 - one });
        (0..10).map(|_| 0.01).chain(above).collect()
    }

    /// Source: shape and scale by L-moments of Python's lmoments3 1.0.8 (see `measure::gpd`), 0.5069508804448564 and
    /// 2.6476737720111214 per thousand, and `0.01 + scipy.stats.genpareto.isf(0.2, shape, scale)`: a tenth of all goes beyond
    /// at 0.95, a fifth of the half above 1 %.
    #[test]
    fn quantile_of_the_law() {
        let per_thousand = [0.1, 25.0, 1.0, 9.9, 2.0, 6.0, 4.2, 1.7, 3.3, 0.5];
        let past = past(3_600, &returns(per_thousand.map(|one| one / 1_000.0)));
        let asked = Asked::of(RULE, &past);
        near(asked.initial, 0.01658704438803934);
        near(asked.maintenance, 0.5 * asked.initial);
        assert_eq!(
            Asked::of(ExtremeValueMargin { cap: 0.011, ..RULE }, &past).initial,
            0.011
        );
        assert_eq!(Asked::after(0.3, RULE, &past).initial, 0.3);
        // Nine moves beyond are too few.
        let nine = ExtremeValueMargin {
            threshold: 0.51,
            ..RULE
        };
        assert_eq!(Asked::of(nine, &past), Asked::HISTORY);
    }

    /// Ten equal excesses have no spread to tell a law by.
    #[test]
    fn history_stands_where_nothing_is_known() {
        for returns in [&[][..], &[0.1], &returns([0.02; 10])] {
            assert_eq!(Asked::of(RULE, &past(3_600, returns)), Asked::HISTORY);
        }
    }

    /// Twice 0.95 less 1 is 0.9.
    #[test]
    fn margin_lies_beyond_the_threshold() {
        let rule = |threshold| {
            format!("kind = \"extreme-value-margin\"\nconfidence = 0.95\nthreshold = {threshold}\n")
        };
        assert_eq!(
            refused(&rule(0.91)),
            "x:8: extreme-value-margin: threshold: is 0.91, allowed is 0.5 to 0.9000 (2 · confidence − 1): margin would lie below it"
        );
        let file = format!(
            "name = \"n\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n[[rule]]\n{}",
            rule(0.9)
        );
        assert!(crate::RuleSetFile::parse("x", &file).is_ok());
    }
}
