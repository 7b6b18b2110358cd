//! What rounds of auto-deleveraging took from winners beyond what the losses needed.
//!
//! A round is a burst of closings that belong together. What it *needed* is what its bankrupt positions cost beyond
//! their margins: the gap between the price at which winners were closed and the mark, times the contracts, summed over
//! coins. What it *took* is what winners gave up. Rounds in which less was taken than needed may be set against the
//! others or not, and the two answers differ by more than their sum suggests: both are given.
//!
//! Source: arXiv 2602.15182 ("autodeleveraging"), whose record of 10 October 2025 has needs of 15.1 M USD and a signed
//! overshoot of 45.0 M USD.

use crate::not_measurable::{NotMeasurable, require_finite};

/// Contracts of one coin that were closed in a round, and how far from the mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Distance of the closing price from the mark in the winners' disfavour, USD a contract.
    pub per_contract_usd: f64,
    /// Contracts closed.
    pub contracts: f64,
}

/// What a round needed, `Σ gap · contracts`, USD.
///
/// # Errors
/// Where a gap or a number of contracts is not finite, or contracts are below zero; the index is that of the coin.
///
/// ```
/// use aftershock_measure::overshoot::{Gap, needed_usd};
/// let gaps = [(0.5, 10.0), (2.0, 3.0)].map(|(per_contract_usd, contracts)| Gap { per_contract_usd, contracts });
/// assert_eq!(needed_usd(&gaps), Ok(11.0));
/// ```
pub fn needed_usd(gaps: &[Gap]) -> Result<f64, NotMeasurable> {
    for (index, gap) in gaps.iter().enumerate() {
        if !(gap.per_contract_usd.is_finite() && gap.contracts.is_finite()) {
            return Err(NotMeasurable::NotFinite { index });
        }
        if gap.contracts < 0.0 {
            return Err(NotMeasurable::OutOfRange {
                index,
                value: gap.contracts,
                wanted: "at least zero contracts",
            });
        }
    }
    Ok(gaps.iter().map(|gap| gap.per_contract_usd * gap.contracts).sum())
}

/// A round of deleveraging.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// What it needed, USD.
    pub needed_usd: f64,
    /// What it took, USD.
    pub taken_usd: f64,
}

/// What was taken beyond need, USD, over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overshoot {
    /// Rounds that took too little set against those that took too much: `Σ (taken - needed)`.
    pub signed_usd: f64,
    /// Rounds that took too much alone: `Σ max(0, taken - needed)`.
    pub above_usd: f64,
    /// Rounds that took too little alone: `Σ max(0, needed - taken)`.
    pub below_usd: f64,
}

/// What rounds took beyond what they needed.
///
/// # Errors
/// Without a round, and where an amount is not finite; the index is that of the round.
///
/// ```
/// use aftershock_measure::overshoot::{Round, overshoot};
/// let rounds = [(10.0, 40.0), (20.0, 15.0)].map(|(needed_usd, taken_usd)| Round { needed_usd, taken_usd });
/// let found = overshoot(&rounds).unwrap();
/// assert_eq!((found.signed_usd, found.above_usd, found.below_usd), (25.0, 30.0, 5.0));
/// ```
pub fn overshoot(rounds: &[Round]) -> Result<Overshoot, NotMeasurable> {
    let beyond: Vec<f64> = rounds
        .iter()
        .map(|round| round.taken_usd - round.needed_usd)
        .collect();
    require_finite(&beyond, 1)?;
    let sum = |part: fn(f64) -> f64| beyond.iter().map(|one| part(*one)).sum::<f64>();
    Ok(Overshoot {
        signed_usd: sum(|one| one),
        above_usd: sum(|one| one.max(0.0)),
        below_usd: sum(|one| (-one).max(0.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(of: &[(f64, f64)]) -> Vec<Round> {
        let round = |&(needed_usd, taken_usd): &(f64, f64)| Round {
            needed_usd,
            taken_usd,
        };
        of.iter().map(round).collect()
    }

    /// By hand; a gap may lie in the winners' favour, and then needs nothing but lowers the sum.
    #[test]
    fn needs_of_a_round() {
        let gap = |per_contract_usd, contracts| Gap {
            per_contract_usd,
            contracts,
        };
        assert_eq!(needed_usd(&[]), Ok(0.0));
        assert_eq!(
            needed_usd(&[gap(0.25, 8.0), gap(-1.0, 0.5), gap(100.0, 0.0)]),
            Ok(1.5)
        );
        assert_eq!(
            needed_usd(&[gap(1.0, 1.0), gap(f64::NAN, 1.0)]),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
        let below = needed_usd(&[gap(1.0, -1.0)]);
        assert!(matches!(below, Err(NotMeasurable::OutOfRange { index: 0, .. })));
    }

    /// What is above less what is below is what is signed.
    #[test]
    fn above_less_below_is_signed() {
        let found = overshoot(&rounds(&[(0.0, 7.0), (3.0, 1.0), (5.0, 5.0), (1.0, 9.5)])).unwrap();
        assert_eq!((found.above_usd, found.below_usd), (15.5, 2.0));
        assert_eq!(found.signed_usd, 13.5);
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(overshoot(&[]), Err(NotMeasurable::TooFew { found: 0, needed: 1 }));
        let infinite = overshoot(&rounds(&[(1.0, 2.0), (1.0, f64::INFINITY)]));
        assert_eq!(infinite, Err(NotMeasurable::NotFinite { index: 1 }));
    }
}
