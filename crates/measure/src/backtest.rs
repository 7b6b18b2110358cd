//! Whether a margin model was broken as often as it said: coverage tests of value at risk.
//!
//! A hit is a period whose loss was beyond the model's; `p` is the share of hits that the model promised.

use std::f64::consts::FRAC_1_SQRT_2;

/// A likelihood ratio and the probability of one at least as large where the model is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LikelihoodRatio {
    /// Twice the log likelihood ratio, no unit.
    pub statistic: f64,
    /// Its chi-square p value.
    pub p_value: f64,
}

/// Kupiec's test of unconditional coverage, chi-square with one degree of freedom.
///
/// `None` for no periods, more hits than periods, or `p` not within (0, 1).
/// Source: Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models", Journal of Derivatives 3 (1995).
pub fn kupiec(periods: u64, hits: u64, p: f64) -> Option<LikelihoodRatio> {
    if periods == 0 || hits > periods || !(p > 0.0 && p < 1.0) {
        return None;
    }
    let (n, x) = (periods as f64, hits as f64);
    Some(one_degree(
        2.0 * (log_likelihood(n - x, x, x / n) - log_likelihood(n - x, x, p)),
    ))
}

/// Pairs of neighbouring periods: `[before][after]`, each 0 for no hit and 1 for a hit.
pub fn transitions(hits: &[bool]) -> [[u64; 2]; 2] {
    let mut counts = [[0; 2]; 2];
    for pair in hits.windows(2) {
        counts[usize::from(pair[0])][usize::from(pair[1])] += 1;
    }
    counts
}

/// Christoffersen's test that a hit does not make the next one likelier, chi-square with one degree of freedom.
///
/// `None` below two periods. Source: Christoffersen, "Evaluating Interval Forecasts", International Economic Review 39 (1998).
pub fn christoffersen(hits: &[bool]) -> Option<LikelihoodRatio> {
    if hits.len() < 2 {
        return None;
    }
    let [[n00, n01], [n10, n11]] = transitions(hits).map(|row| row.map(|count| count as f64));
    let share = |none: f64, hit: f64| if none + hit > 0.0 { hit / (none + hit) } else { 0.0 };
    let apart = log_likelihood(n00, n01, share(n00, n01)) + log_likelihood(n10, n11, share(n10, n11));
    let (none, hit) = (n00 + n10, n01 + n11);
    Some(one_degree(
        2.0 * (apart - log_likelihood(none, hit, share(none, hit))),
    ))
}

/// Coverage and independence together, `LR_uc + LR_ind`, chi-square with two degrees of freedom.
pub fn conditional_coverage(hits: &[bool], p: f64) -> Option<LikelihoodRatio> {
    let count = hits.iter().filter(|hit| **hit).count() as u64;
    let statistic = kupiec(hits.len() as u64, count, p)?.statistic + christoffersen(hits)?.statistic;
    Some(LikelihoodRatio {
        statistic,
        p_value: libm::exp(-0.5 * statistic),
    })
}

/// Probability of at most `hits` in `periods`: the Basel traffic light is yellow from 0.95 and red from 0.9999.
///
/// `None` unless `0 < p < 1`.
pub fn binomial_cdf(periods: u64, hits: u64, p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let mut log_term = periods as f64 * libm::log1p(-p);
    let mut sum = libm::exp(log_term);
    for k in 1..=hits.min(periods) {
        log_term += libm::log((periods - k + 1) as f64 / k as f64 * p / (1.0 - p));
        sum += libm::exp(log_term);
    }
    Some(sum.min(1.0))
}

/// `none·ln(1 − p) + hit·ln p`, where nothing times the log of nothing is nothing.
fn log_likelihood(none: f64, hit: f64, p: f64) -> f64 {
    let part = |count: f64, log: f64| if count > 0.0 { count * log } else { 0.0 };
    part(none, libm::log1p(-p)) + part(hit, libm::log(p))
}

fn one_degree(statistic: f64) -> LikelihoodRatio {
    let statistic = statistic.max(0.0);
    LikelihoodRatio {
        statistic,
        p_value: libm::erfc(statistic.sqrt() * FRAC_1_SQRT_2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    /// Source: computed independently in Python from the formula, `-2*log(L(p)/L(N/T))`.
    #[test]
    fn coverage() {
        for (periods, hits, statistic, within) in [
            (250, 3, 0.09494, 5e-6),
            (1_000, 15, 2.189, 5e-4),
            (255, 0, 5.13, 5e-3),
            (250, 6, 3.5554, 5e-5),
        ] {
            let found = kupiec(periods, hits, 0.01).expect("measurable");
            near(found.statistic, statistic, within);
        }
        near(kupiec(250, 3, 0.01).expect("measurable").p_value, 0.7580, 5e-5);
        assert_eq!(kupiec(0, 0, 0.01), None);
        assert_eq!(kupiec(3, 4, 0.01), None);
        assert_eq!(kupiec(3, 1, 1.0), None);
    }

    /// Source: as above; the joint p value is `exp(-(3.5554 + 15.9153)/2)`, 5.92e-5.
    #[test]
    fn hits_that_cluster() {
        let mut hits = [false; 250];
        for at in [20, 21, 22, 150, 151, 240] {
            hits[at] = true;
        }
        assert_eq!(transitions(&hits), [[240, 3], [3, 3]]);
        near(
            christoffersen(&hits).expect("measurable").statistic,
            15.9153,
            5e-5,
        );
        let both = conditional_coverage(&hits, 0.01).expect("measurable");
        near(both.statistic, 19.4707, 2e-4);
        near(both.p_value, 5.92e-5, 1e-7);
        assert_eq!(christoffersen(&[true]), None);
    }

    /// Source: Basel Committee's traffic light of 250 days at 99 %: green to 4, yellow to 9.
    #[test]
    fn traffic_light() {
        near(binomial_cdf(250, 4, 0.01).expect("measurable"), 0.8922, 5e-5);
        near(binomial_cdf(250, 9, 0.01).expect("measurable"), 0.99975, 5e-6);
        near(binomial_cdf(2, 5, 0.5).expect("measurable"), 1.0, 1e-15);
    }
}
