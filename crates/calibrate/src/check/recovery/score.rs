//! Scores of intervals against truths.

use aftershock_measure::quantile::median;

use super::{Answered, Family};
use crate::known::CLOCKS_S;
use crate::recover::{Figures, Interval};

/// Effects from this size on have a sign that counts, log.
const LARGE: f64 = 0.05;
/// Effects below this are none, log.
const NONE: f64 = 1e-6;

/// How well one way of answering does on one figure and clock.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Score {
    /// Whose equations the crashes obey.
    #[serde(serialize_with = "named")]
    pub family: Family,
    /// `amplification` or `effect`.
    pub figure: &'static str,
    /// `calibrated`, `prior-only` or `prior-only on bars`.
    pub by: &'static str,
    /// Clock, s.
    pub clock_s: u32,
    /// Crashes with a truth on it.
    pub crashes: u32,
    /// Of which the interval holds it.
    pub covers: u32,
    /// Median width of the interval, log.
    pub width: f64,
    /// Mean interval score at 90 %, log; less is better.
    pub interval_score: f64,
    /// Median of |median - truth|, log.
    pub median_error: f64,
    /// Median of median - truth, log.
    pub bias: f64,
    /// Truths of at least 0.05 whose sign the median has, and their number.
    pub large: (u32, u32),
    /// Of those, where the interval excludes 0 with the right sign, and where it excludes 0 at all.
    pub claimed: (u32, u32),
    /// Truths of 0 where the interval excludes 0 all the same, and their number.
    pub false_claims: (u32, u32),
}

fn named<S: serde::Serializer>(family: &Family, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(family.name())
}

impl Score {
    /// Share of crashes whose truth the interval holds.
    pub fn covered(&self) -> f64 {
        f64::from(self.covers) / f64::from(self.crashes.max(1))
    }
}

/// Every way of answering, on every figure and clock that any crash has.
pub fn scores(answered: &[Answered]) -> Vec<Score> {
    type By = (&'static str, fn(&Answered) -> &Figures);
    let ways: [By; 3] = [
        ("calibrated", |one| &one.calibrated),
        ("prior-only", |one| &one.prior),
        ("prior-only on bars", |one| &one.bars),
    ];
    let mut rows = Vec::new();
    for family in Family::ALL {
        for (figure, name) in ["amplification", "effect"].into_iter().enumerate() {
            for (by, of) in ways {
                for (clock, clock_s) in CLOCKS_S.into_iter().enumerate() {
                    let pairs: Vec<(f64, Interval)> = answered
                        .iter()
                        .filter(|one| one.family == family)
                        .filter_map(|one| {
                            let figures = of(one);
                            let said = [&figures.log_amplification, &figures.log_effect][figure][clock];
                            Some((one.truth[figure][clock]?, said?))
                        })
                        .collect();
                    if !pairs.is_empty() {
                        rows.push(score(family, name, by, clock_s, &pairs));
                    }
                }
            }
        }
    }
    rows
}

fn score(
    family: Family,
    figure: &'static str,
    by: &'static str,
    clock_s: u32,
    pairs: &[(f64, Interval)],
) -> Score {
    let over = |of: &dyn Fn(&(f64, Interval)) -> f64| {
        let values: Vec<f64> = pairs.iter().map(of).collect();
        median(&values).unwrap_or(f64::NAN)
    };
    let count = |of: &dyn Fn(&(f64, Interval)) -> bool| pairs.iter().filter(|pair| of(pair)).count() as u32;
    let large = |pair: &(f64, Interval)| pair.0.abs() >= LARGE;
    let right = |pair: &(f64, Interval)| pair.0 * pair.1.median > 0.0;
    let none = |pair: &(f64, Interval)| pair.0.abs() < NONE;
    let claims = |pair: &(f64, Interval)| pair.1.claims_a_sign();
    Score {
        family,
        figure,
        by,
        clock_s,
        crashes: pairs.len() as u32,
        covers: count(&|pair| pair.1.covers(pair.0)),
        width: over(&|pair| pair.1.width()),
        interval_score: pairs.iter().map(|pair| pair.1.score(pair.0)).sum::<f64>() / pairs.len() as f64,
        median_error: over(&|pair| (pair.1.median - pair.0).abs()),
        bias: over(&|pair| pair.1.median - pair.0),
        large: (count(&|pair| large(pair) && right(pair)), count(&large)),
        claimed: (
            count(&|pair| large(pair) && claims(pair) && right(pair)),
            count(&|pair| large(pair) && claims(pair)),
        ),
        false_claims: (count(&|pair| none(pair) && claims(pair)), count(&none)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(truth: f64, low: f64, middle: f64, high: f64) -> Answered {
        let interval = Some(Interval {
            low,
            median: middle,
            high,
        });
        let figures = Figures {
            log_amplification: [None, None, interval, None],
            log_effect: [None; 4],
        };
        Answered {
            family: Family::Own,
            about: String::new(),
            truth: [[None, None, Some(truth), None], [None; 4]],
            calibrated: figures,
            prior: figures,
            bars: Figures::default(),
        }
    }

    /// Three crashes by hand: 0.1 inside [0, 0.3]; 0.2 left out by [-0.1, 0.1], at a cost of 20·0.1; 0 in front of
    /// [0.05, 0.15], which claims a sign where there is none.
    #[test]
    fn three_answers_by_hand() {
        let answers = [
            answered(0.1, 0.0, 0.12, 0.3),
            answered(0.2, -0.1, -0.02, 0.1),
            answered(0.0, 0.05, 0.1, 0.15),
        ];
        let rows = scores(&answers);
        assert_eq!(rows.len(), 2, "one way of answering has no figure");
        let row = &rows[0];
        assert_eq!((row.crashes, row.covers), (3, 1));
        assert!((row.width - 0.2).abs() < 1e-12);
        let score = (0.3 + (0.2 + 20.0 * 0.1) + (0.1 + 20.0 * 0.05)) / 3.0;
        assert!((row.interval_score - score).abs() < 1e-12, "{row:?}");
        assert!((row.median_error - 0.1).abs() < 1e-12);
        assert_eq!(
            (row.large, row.claimed, row.false_claims),
            ((1, 2), (0, 0), (1, 1))
        );
    }
}
