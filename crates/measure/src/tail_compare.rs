//! Which of two laws the sizes of a tail speak for: Vuong's test of likelihoods.

use crate::borel::Borel;
use crate::log_normal_tail::LogNormalTail;
use crate::not_measurable::{NotMeasurable, require_finite, require_positive};
use crate::power_law::{FEWEST_IN_TAIL, PowerLaw, Sizes};

/// Probability below which a comparison has decided, after Clauset, Shalizi and Newman (2009).
pub const DECIDED_BELOW: f64 = 0.1;

/// Two laws compared on the same sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Log likelihood under the first law less that under the second: above zero speaks for the first.
    pub log_ratio: f64,
    /// The same in standard errors, `Σd/(σ_d·√n)`.
    pub normalised: f64,
    /// Probability of a ratio this far from zero if both laws are equally far from the truth.
    pub p_value: f64,
}

impl Comparison {
    /// `Some(true)` for the first law, `Some(false)` for the second, `None` where the sizes do not decide.
    pub fn first_is_better(&self) -> Option<bool> {
        (self.p_value < DECIDED_BELOW).then_some(self.log_ratio > 0.0)
    }
}

/// Vuong's test from the log likelihood of each value under two laws, neither of which holds the other.
///
/// `d` are the differences, `σ_d` their standard deviation with divisor `n`; `p = erfc(|Σd|/(σ_d·√(2n)))`. It rests on
/// many independent values, and says which law is nearer, never that the nearer one is right.
///
/// Source: Vuong (1989), as used by Clauset, Shalizi and Newman (2009).
///
/// # Errors
/// Below ten values, where one is not finite, and [`NotMeasurable::SameLaw`] where the differences do not vary.
///
/// # Panics
/// When the slices differ in length.
pub fn vuong(first: &[f64], second: &[f64]) -> Result<Comparison, NotMeasurable> {
    assert_eq!(first.len(), second.len(), "both laws need the same values");
    require_finite(first, FEWEST_IN_TAIL)?;
    require_finite(second, FEWEST_IN_TAIL)?;
    let n = first.len() as f64;
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let log_ratio: f64 = differences.iter().sum();
    let mean = log_ratio / n;
    let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / n;
    // Equal likelihoods leave no more than their own rounding.
    let largest = first.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if variance.sqrt() <= 1e-14 * largest {
        return Err(NotMeasurable::SameLaw);
    }
    let normalised = log_ratio / (variance * n).sqrt();
    Ok(Comparison {
        log_ratio,
        normalised,
        p_value: libm::erfc(normalised.abs() * std::f64::consts::FRAC_1_SQRT_2),
    })
}

/// The power law against the most likely exponential law from the same `x_min` on (geometric, for counts).
///
/// `sizes` may hold more than the tail.
///
/// # Errors
/// Those of [`vuong`], where a size is not above zero, and where the tail does not vary.
pub fn against_exponential(law: &PowerLaw, sizes: &[f64]) -> Result<Comparison, NotMeasurable> {
    let tail = tail_of(law, sizes)?;
    let excess = tail.iter().map(|x| x - law.x_min).sum::<f64>() / tail.len() as f64;
    if excess == 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    let (rate, ln_scale) = match law.sizes {
        Sizes::Continuous => (1.0 / excess, -libm::log(excess)),
        Sizes::Counts => {
            let rate = libm::log1p(1.0 / excess);
            (rate, libm::log(-libm::expm1(-rate)))
        }
    };
    compare(law, &tail, |x| ln_scale - rate * (x - law.x_min))
}

/// The power law against the most likely log-normal law cut off at the same `x_min`, for continuous sizes.
///
/// The power law is the limit of such laws, so the ratio is never above zero: it asks whether the bend of the
/// log-normal is more than chance.
///
/// # Errors
/// Those of [`vuong`] and [`LogNormalTail::fit`].
///
/// # Panics
/// When the law is one of counts: compare their volumes.
pub fn against_log_normal(law: &PowerLaw, sizes: &[f64]) -> Result<Comparison, NotMeasurable> {
    assert_eq!(
        law.sizes,
        Sizes::Continuous,
        "a log-normal law is one of continuous sizes"
    );
    let tail = tail_of(law, sizes)?;
    let other = LogNormalTail::fit(&tail, law.x_min)?;
    compare(law, &tail, |x| other.ln_density(x))
}

/// The power law of counts against the sizes of avalanches at a branching ratio, given that they are at least `x_min`.
///
/// Near a ratio of 1 both agree up to a cutoff of the order of `(1 − R)^{−2}`, and no record with fewer avalanches than
/// that tells them apart.
///
/// # Errors
/// Those of [`vuong`], where a size is not above zero, and where the law of avalanches has nothing from `x_min` on.
///
/// # Panics
/// When the law is one of continuous sizes.
pub fn against_borel(law: &PowerLaw, sizes: &[f64], other: &Borel) -> Result<Comparison, NotMeasurable> {
    assert_eq!(law.sizes, Sizes::Counts, "avalanches are counted");
    let tail = tail_of(law, sizes)?;
    let ln_tail = libm::log(other.survival(law.x_min as u64));
    compare(law, &tail, |x| other.ln_probability(x as u64) - ln_tail)
}

fn tail_of(law: &PowerLaw, sizes: &[f64]) -> Result<Vec<f64>, NotMeasurable> {
    require_positive(sizes, 1)?;
    Ok(sizes.iter().copied().filter(|x| *x >= law.x_min).collect())
}

fn compare(law: &PowerLaw, tail: &[f64], other: impl Fn(f64) -> f64) -> Result<Comparison, NotMeasurable> {
    let first: Vec<f64> = tail.iter().map(|x| law.ln_density(*x)).collect();
    let second: Vec<f64> = tail.iter().map(|x| other(*x)).collect();
    vuong(&first, &second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;
    use crate::log_normal_tail::tests::log_normal_sizes;
    use crate::power_law::tests::{counts, sizes};
    use crate::power_law::{fit, fit_above};

    #[track_caller]
    fn assert_compared(found: Comparison, expected: (f64, f64, f64), tolerance: f64) {
        for (a, e) in [
            (found.log_ratio, expected.0),
            (found.normalised, expected.1),
            (found.p_value, expected.2),
        ] {
            assert!((a / e - 1.0).abs() < tolerance, "{a} is not {e}");
        }
    }

    /// Source: computed independently in Python: exponential by its formula, log-normal with `scipy.optimize.minimize`,
    /// `d = l1 - l2; d.sum(), d.sum()/(d.std()*sqrt(n)), erfc(|d.sum()|/(d.std()*sqrt(2*n)))`.
    #[test]
    fn a_tail_that_decides_little() {
        let law = fit(&sizes(), Sizes::Continuous).unwrap().law;
        let found = against_exponential(&law, &sizes()).unwrap();
        assert_compared(
            found,
            (8.709848212008863, 1.2252570598948973, 0.22047838169963196),
            1e-9,
        );
        assert_eq!(found.first_is_better(), None);
        let found = against_log_normal(&law, &sizes()).unwrap();
        assert_compared(
            found,
            (-0.07505732176108415, -0.20486711393471485, 0.8376759495147887),
            1e-5,
        );
    }

    /// Source: as above, for sizes drawn from a log-normal law.
    #[test]
    fn a_log_normal_tail_is_told_from_a_power_law() {
        let tail = log_normal_sizes();
        let law = fit_above(&tail, Sizes::Continuous, 1.0).unwrap().law;
        assert_close(law.exponent, 2.409922949204469);
        let found = against_log_normal(&law, &tail).unwrap();
        assert_compared(
            found,
            (-24.45788783827502, -4.446360369501647, 8.73373900044362e-06),
            1e-5,
        );
        assert_eq!(found.first_is_better(), Some(false));
        let found = against_exponential(&law, &tail).unwrap();
        assert_compared(
            found,
            (-24.253140059068137, -4.659900026252402, 3.163630026673746e-06),
            1e-9,
        );
    }

    /// Source: computed independently in Python with `mpmath.zeta` at 30 digits and the Borel law from `math.lgamma`.
    #[test]
    fn counts_against_avalanches_and_chance() {
        let borel = Borel::fit(&counts()).unwrap();
        assert_close(borel.ratio(), 0.7393162393162394);
        for (x_min, avalanches, geometric) in [
            (
                1.0,
                (-1.265704558325202, -0.38795208489217153, 0.6980514925925492),
                (38.12042249877334, 1.6831196767874559, 0.0923519260624201),
            ),
            (
                2.0,
                (1.1981241287934634, 0.4707706463207456, 0.6378045285550964),
                (19.334237140271007, 1.5872643582996573, 0.11245278295153911),
            ),
        ] {
            let law = fit_above(&counts(), Sizes::Counts, x_min).unwrap().law;
            assert_compared(against_borel(&law, &counts(), &borel).unwrap(), avalanches, 1e-8);
            assert_compared(against_exponential(&law, &counts()).unwrap(), geometric, 1e-8);
        }
        let law = fit_above(&counts(), Sizes::Counts, 1.0).unwrap().law;
        let found = against_exponential(&law, &counts()).unwrap();
        assert_eq!(found.first_is_better(), Some(true));
    }

    #[test]
    fn turned_around_it_turns_its_sign() {
        let a: Vec<f64> = (0..12_i32).map(|i| -f64::from(i * i % 7)).collect();
        let b: Vec<f64> = (0..12_i32).map(|i| -f64::from(i % 5)).collect();
        let (ab, ba) = (vuong(&a, &b).unwrap(), vuong(&b, &a).unwrap());
        assert_close(ab.normalised, -ba.normalised);
        assert_eq!(ab.p_value, ba.p_value);
    }

    #[test]
    fn nothing_to_measure() {
        let same = [-1.0; 20];
        assert_eq!(vuong(&same, &same), Err(NotMeasurable::SameLaw));
        assert_eq!(
            vuong(&same[..9], &same[..9]),
            Err(NotMeasurable::TooFew { found: 9, needed: 10 })
        );
        let law = PowerLaw {
            sizes: Sizes::Counts,
            exponent: 2.0,
            x_min: 1.0,
        };
        assert_eq!(
            against_exponential(&law, &[1.0; 20]),
            Err(NotMeasurable::NoVariation)
        );
        // With a ratio of 0 no avalanche has a second member.
        let alone = Borel::new(0.0).unwrap();
        assert!(matches!(
            against_borel(&law, &counts(), &alone),
            Err(NotMeasurable::NotFinite { .. })
        ));
        assert!(against_borel(&law, &[f64::NAN; 20], &alone).is_err());
    }
}
