//! Sizes of avalanches whose every member brings about a Poisson number of others: the Borel law.

use crate::not_measurable::{NotMeasurable, require_positive};

/// The Borel law of a branching ratio below 1: `P(n) = e^{−nR}(nR)^{n−1}/n!` for sizes `n = 1, 2, …`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Borel {
    ratio: f64,
}

impl Borel {
    /// The law of a branching ratio.
    ///
    /// # Errors
    /// Unless `0 <= ratio < 1`: at 1 and above an avalanche may never end.
    pub fn new(ratio: f64) -> Result<Self, NotMeasurable> {
        if ratio >= 1.0 {
            return Err(NotMeasurable::Unstable { ratio });
        }
        if ratio.is_nan() || ratio < 0.0 {
            return Err(NotMeasurable::OutOfRange {
                index: 0,
                value: ratio,
                wanted: "a ratio of at least zero",
            });
        }
        Ok(Self { ratio })
    }

    /// The law most likely to have given these sizes, `R̂ = 1 − 1/mean`.
    ///
    /// # Errors
    /// Without a size, and where one is below 1 or not finite.
    pub fn fit(sizes: &[f64]) -> Result<Self, NotMeasurable> {
        require_positive(sizes, 1)?;
        if let Some(index) = sizes.iter().position(|s| *s < 1.0) {
            return Err(NotMeasurable::OutOfRange {
                index,
                value: sizes[index],
                wanted: "a size of at least 1",
            });
        }
        Self::new(1.0 - sizes.len() as f64 / sizes.iter().sum::<f64>())
    }

    /// The branching ratio.
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Mean size, `1/(1−R)`.
    pub fn mean(&self) -> f64 {
        1.0 / (1.0 - self.ratio)
    }

    /// Variance of the size, `R/(1−R)³`.
    pub fn variance(&self) -> f64 {
        self.ratio * self.mean() * self.mean() * self.mean()
    }

    /// `ln P(n)` of a size of at least 1; minus infinity where it cannot happen.
    pub fn ln_probability(&self, size: u64) -> f64 {
        let n = size as f64;
        match size {
            0 => f64::NEG_INFINITY,
            1 => -self.ratio,
            _ => -n * self.ratio + (n - 1.0) * libm::log(n * self.ratio) - libm::lgamma(n + 1.0),
        }
    }

    /// `P(size >= n)`, from the sum below it: exact to about 1e-16, so useless where the answer itself is that small.
    pub fn survival(&self, size: u64) -> f64 {
        let below: f64 = (1..size).map(|n| libm::exp(self.ln_probability(n))).sum();
        (1.0 - below).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently in Python (`Borel`, `math.lgamma`): ratio, mean, variance, P(1), P(2), P(5).
    #[test]
    fn known_laws() {
        let expected = [
            (
                0.032,
                1.0330578512396695,
                0.03527962062836109,
                0.9685065820791976,
                0.03001615998498335,
                4.65384127947413e-06,
            ),
            (
                0.14,
                1.1627906976744187,
                0.2201064057252821,
                0.8693582353988059,
                0.10580972380380162,
                0.0009935844286693117,
            ),
            (
                0.195,
                1.2422360248447206,
                0.37380660444384173,
                0.8228346580560184,
                0.1320260905271422,
                0.002840534686261402,
            ),
            (
                0.5,
                2.0,
                4.0,
                0.6065306597126334,
                0.18393972058572122,
                0.026720377156217043,
            ),
            (
                0.8,
                5.000000000000001,
                100.00000000000007,
                0.44932896411722156,
                0.1615172143957244,
                0.039073362962632883,
            ),
            (
                0.95,
                19.999999999999982,
                7599.99999999998,
                0.38674102345450123,
                0.14209018826150338,
                0.03670239487519153,
            ),
        ];
        for (ratio, mean, variance, p1, p2, p5) in expected {
            let law = Borel::new(ratio).unwrap();
            assert_close(law.mean(), mean);
            assert_close(law.variance(), variance);
            for (size, p) in [(1, p1), (2, p2), (5, p5)] {
                assert_close(libm::exp(law.ln_probability(size)), p);
            }
        }
    }

    /// Source: computed independently in Python, one less the sum of the probabilities below.
    #[test]
    fn tails() {
        let law = Borel::new(0.195).unwrap();
        assert_close(law.survival(1), 1.0);
        assert_close(law.survival(2), 0.1771653419439816);
        assert_close(law.survival(5), 0.004299263762189365);
        assert_close(Borel::new(0.8).unwrap().survival(20), 0.05167491727516793);
    }

    #[test]
    fn the_most_likely_ratio_gives_the_mean_back() {
        let law = Borel::fit(&[1.0, 1.0, 3.0, 1.0, 4.0]).unwrap();
        assert_close(law.ratio(), 0.5);
        assert_close(law.mean(), 2.0);
        assert_eq!(Borel::fit(&[1.0, 1.0]).unwrap().survival(2), 0.0);
    }

    #[test]
    fn no_law() {
        assert_eq!(Borel::new(1.0), Err(NotMeasurable::Unstable { ratio: 1.0 }));
        assert!(Borel::new(-0.1).is_err());
        assert!(Borel::new(f64::NAN).is_err());
        assert!(Borel::fit(&[]).is_err());
        assert!(Borel::fit(&[0.5]).is_err());
        assert_eq!(Borel::new(0.0).unwrap().ln_probability(2), f64::NEG_INFINITY);
        assert_eq!(Borel::new(0.5).unwrap().ln_probability(0), f64::NEG_INFINITY);
    }
}
