//! How far what goes beyond a high threshold goes: the generalised Pareto law of peaks over it.

/// A generalised Pareto law of excesses: `P(X > x) = (1 + shape·x/scale)^(−1/shape)`, exponential at shape 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralisedPareto {
    /// Tail index ξ; above zero the tail is a power law, below it there is a largest value.
    pub shape: f64,
    /// Scale β, in the unit of the excesses.
    pub scale: f64,
}

/// Shapes nearer to zero than this are taken as zero: the power's limit is then exact to rounding.
const EXPONENTIAL: f64 = 1e-9;

impl GeneralisedPareto {
    /// The law of excesses sorted ascending, by probability-weighted moments, unbiased ones: with `a0` their mean and `a1` that
    /// of `x·(1 − F(x))`, shape is `2 − a0/(a0 − 2a1)` and scale `2·a0·a1/(a0 − 2a1)`.
    ///
    /// `None` below two excesses, for excesses that are not finite or below zero, and where all are equal. The estimate is poor
    /// for a shape above 1/2. Source: Hosking and Wallis, "Parameter and Quantile Estimation for the Generalized Pareto
    /// Distribution", Technometrics 29 (1987), whose k is minus the shape.
    pub fn of_excesses(sorted: &[f64]) -> Option<Self> {
        let n = sorted.len();
        let sound = n >= 2 && sorted.iter().all(|x| x.is_finite() && *x >= 0.0);
        if !sound {
            return None;
        }
        let mean = sorted.iter().sum::<f64>() / n as f64;
        let above = |i: usize| (n - 1 - i) as f64 / (n - 1) as f64;
        let weighted = sorted.iter().enumerate().map(|(i, x)| above(i) * x).sum::<f64>() / n as f64;
        let spread = mean - 2.0 * weighted;
        (spread > mean * f64::EPSILON * n as f64).then(|| Self {
            shape: 2.0 - mean / spread,
            scale: 2.0 * mean * weighted / spread,
        })
    }

    /// The excess that the share `beyond` of excesses goes beyond, `beyond` within (0, 1].
    pub fn excess(&self, beyond: f64) -> f64 {
        let log = -libm::log(beyond);
        if self.shape.abs() < EXPONENTIAL {
            return self.scale * log;
        }
        self.scale * libm::expm1(self.shape * log) / self.shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// McNeil and Frey's quantile with u = 0.03, n = 1000, 50 excesses, at 0.99: the excess that a fifth of excesses goes
    /// beyond. Source: `0.03 + 0.012/0.25·(0.2^−0.25 − 1)` in Python, equal to `scipy.stats.genpareto.isf(0.2, 0.25,
    /// scale=0.012)` and 0.0537767.
    #[test]
    fn quantile() {
        let law = GeneralisedPareto {
            shape: 0.25,
            scale: 0.012,
        };
        assert!((0.03 + law.excess(0.2) - 0.0537767).abs() < 5e-8);
        assert_eq!(law.excess(1.0), 0.0);
        // -ln(0.2) = 1.6094379.
        let exponential = |shape| GeneralisedPareto { shape, scale: 2.0 }.excess(0.2);
        for shape in [0.0, 1e-10, -1e-10, 1e-8, -1e-8] {
            assert!((exponential(shape) - 3.2188758).abs() < 1e-6);
        }
        // Below zero there is an end, scale / |shape|: 2 / 0.5 · (1 − 0.2^0.5).
        assert_close(exponential(-0.5), 4.0 * (1.0 - 0.2_f64.sqrt()));
    }

    /// By hand: (1, 2, 6) has mean 3 and weighted (1·1 + 2·1/2 + 6·0)/3 = 2/3, so spread 5/3, shape 2 − 9/5, scale 4/(5/3).
    /// (1, 2) has mean 3/2, weighted 1/2, spread 1/2: shape −1, scale 3.
    #[test]
    fn by_hand() {
        for (excesses, shape, scale) in [(&[1.0, 2.0, 6.0][..], 0.2, 2.4), (&[1.0, 2.0][..], -1.0, 3.0)] {
            let law = GeneralisedPareto::of_excesses(excesses).expect("measurable");
            assert_close(law.shape, shape);
            assert_close(law.scale, scale);
        }
    }

    /// Source: L-moments 5.37 and 3.59666667 of Python's lmoments3 1.0.8 and from them `2 − l1/l2`, `(l1/l2 − 1)·l1`.
    #[test]
    fn by_linear_moments() {
        let sorted = [0.1, 0.5, 1.0, 1.7, 2.0, 3.3, 4.2, 6.0, 9.9, 25.0];
        let law = GeneralisedPareto::of_excesses(&sorted).expect("measurable");
        assert_close(law.shape, 0.5069508804448564);
        assert_close(law.scale, 2.6476737720111214);
    }

    #[test]
    fn not_measurable() {
        for excesses in [
            &[][..],
            &[1.0],
            &[1.0, 1.0, 1.0],
            &[0.0, 0.0],
            &[-1.0, 2.0],
            &[1.0, f64::NAN],
        ] {
            assert_eq!(GeneralisedPareto::of_excesses(excesses), None, "{excesses:?}");
        }
    }
}
