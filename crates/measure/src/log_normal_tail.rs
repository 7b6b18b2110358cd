//! A log-normal law above a threshold, fitted by its likelihood.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use crate::not_measurable::{NotMeasurable, require_positive};

/// A log-normal law cut off below `x_min`: `ln X` is normal with mean `mu` and standard deviation `sigma`, given that
/// `X >= x_min`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormalTail {
    /// Mean of `ln X` before the cut.
    pub mu: f64,
    /// Standard deviation of `ln X` before the cut.
    pub sigma: f64,
    /// Where the law is cut off.
    pub x_min: f64,
}

impl LogNormalTail {
    /// The most likely law for a tail of sizes of at least `x_min`.
    ///
    /// With `z = ln(x/x_min)` and the cut at `h` standard deviations, the likelihood's equations are those of the first
    /// two moments of a normal law cut off at `h`; the ratio `⟨z²⟩/⟨z⟩²` depends on `h` alone, runs from 1 to 2, and is
    /// solved for. A ratio of 2 is that of the power law, which is the limit of these laws: at 2 and above the best of
    /// them is the power law itself.
    ///
    /// # Errors
    /// Below three sizes, where one is not above zero or below `x_min`, where all equal it, and
    /// [`NotMeasurable::SameLaw`] where the power law is the best of them.
    pub fn fit(tail: &[f64], x_min: f64) -> Result<Self, NotMeasurable> {
        require_positive(&[x_min], 1)?;
        require_positive(tail, 3)?;
        if let Some(index) = tail.iter().position(|x| *x < x_min) {
            return Err(NotMeasurable::OutOfRange {
                index,
                value: tail[index],
                wanted: "a size of the tail",
            });
        }
        let n = tail.len() as f64;
        let logs: Vec<f64> = tail.iter().map(|x| libm::log(x / x_min)).collect();
        let mean = logs.iter().sum::<f64>() / n;
        let square = logs.iter().map(|z| z * z).sum::<f64>() / n;
        let ratio = square / (mean * mean);
        let (mut low, mut high) = (-1e6, 1e4);
        if mean == 0.0 || ratio <= Cut(low).moment_ratio() {
            return Err(NotMeasurable::NoVariation);
        }
        if ratio >= Cut(high).moment_ratio() {
            return Err(NotMeasurable::SameLaw);
        }
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            *(if Cut(middle).moment_ratio() < ratio {
                &mut low
            } else {
                &mut high
            }) = middle;
        }
        let h = 0.5 * (low + high);
        let sigma = mean / Cut(h).mean_above();
        Ok(Self {
            mu: libm::log(x_min) - h * sigma,
            sigma,
            x_min,
        })
    }

    /// `ln` of the density at a size of at least `x_min`.
    pub fn ln_density(&self, x: f64) -> f64 {
        let h = (libm::log(self.x_min) - self.mu) / self.sigma;
        // Distance from the cut in standard deviations; the square of the whole would lose what is common to all.
        let above = libm::log(x / self.x_min) / self.sigma;
        Cut(h).ln_hazard() - above * (0.5 * above + h) - libm::log(x * self.sigma)
    }
}

/// A standard normal law cut off below a point.
struct Cut(f64);

impl Cut {
    /// Above this point the continued fraction is used, below it the error function.
    const FAR: f64 = 3.0;

    /// `e = 2/(h + 3/(h + 4/(h + …)))`; the mean above the cut is `1/(h + e)` for `h > 0`.
    fn fraction(&self) -> f64 {
        2.0 / (3..=400)
            .rev()
            .fold(self.0, |rest, k| self.0 + f64::from(k) / rest)
    }

    fn tail(&self) -> f64 {
        0.5 * libm::erfc(self.0 * FRAC_1_SQRT_2)
    }

    /// `ln` of the density over the tail's probability at the cut.
    fn ln_hazard(&self) -> f64 {
        if self.0 > Self::FAR {
            libm::log(self.0 + self.mean_above())
        } else {
            -0.5 * self.0 * self.0 - 0.5 * libm::log(TAU) - libm::log(self.tail())
        }
    }

    /// Mean of what lies above the cut, from the cut.
    fn mean_above(&self) -> f64 {
        if self.0 > Self::FAR {
            1.0 / (self.0 + self.fraction())
        } else {
            libm::exp(self.ln_hazard()) - self.0
        }
    }

    /// Mean square over squared mean of what lies above the cut, from the cut.
    fn moment_ratio(&self) -> f64 {
        if self.0 > Self::FAR {
            let e = self.fraction();
            e * (self.0 + e)
        } else {
            let mean = self.mean_above();
            (1.0 - self.0 * mean) / (mean * mean)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    /// The sizes of at least 1 among 300 of `exp(0.5 + 0.6·z)`, `z` normal from seed 12.
    pub(crate) fn log_normal_sizes() -> Vec<f64> {
        let mut draws = Draws(12);
        let sizes = (0..300).map(|_| libm::exp(0.5 + 0.6 * draws.normal()));
        sizes.filter(|x| *x >= 1.0).collect()
    }

    /// Source: computed independently with `scipy.optimize.minimize` (Nelder–Mead, tolerance 1e-12) on
    /// `norm.logpdf(ln x) - ln x - norm.logsf(ln x_min)`.
    #[test]
    fn most_likely() {
        let tail = log_normal_sizes();
        assert_eq!(tail.len(), 236);
        let law = LogNormalTail::fit(&tail, 1.0).unwrap();
        assert!((law.mu - 0.42940246647034497).abs() < 1e-6, "{law:?}");
        assert!((law.sigma - 0.6503200078093397).abs() < 1e-6, "{law:?}");
        let ll: f64 = tail.iter().map(|x| law.ln_density(*x)).sum();
        assert_close(ll, -297.852872162965);
    }

    #[test]
    fn both_ways_of_computing_meet() {
        let near = Cut(Cut::FAR);
        let beyond = Cut(Cut::FAR + 1e-13);
        assert_close(beyond.moment_ratio(), near.moment_ratio());
        assert_close(beyond.mean_above(), near.mean_above());
        assert_close(beyond.ln_hazard(), near.ln_hazard());
    }

    #[test]
    fn the_density_adds_up_to_one() {
        for (mu, sigma) in [(0.3, 0.5), (-4.0, 1.2)] {
            let law = LogNormalTail {
                mu,
                sigma,
                x_min: 1.5,
            };
            // Over y = ln x, where the density is that of x times x.
            let step = 1e-3;
            let at = |i: i32| {
                let x = 1.5 * libm::exp(step * (f64::from(i) + 0.5));
                libm::exp(law.ln_density(x)) * x * step
            };
            let total: f64 = (0..12_000).map(at).sum();
            assert!((total - 1.0).abs() < 1e-6, "{total}");
        }
    }

    #[test]
    fn a_heavy_tail_is_the_power_law_itself() {
        // Two sizes far out make ⟨z²⟩ larger than twice ⟨z⟩².
        let mut tail = vec![1.1; 20];
        tail.extend([1e6, 1e9]);
        assert_eq!(LogNormalTail::fit(&tail, 1.0), Err(NotMeasurable::SameLaw));
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            LogNormalTail::fit(&[2.0; 5], 2.0),
            Err(NotMeasurable::NoVariation)
        );
        assert!(LogNormalTail::fit(&[2.0, 3.0], 1.0).is_err());
        assert!(LogNormalTail::fit(&[2.0, 3.0, 0.5], 1.0).is_err());
        assert!(LogNormalTail::fit(&[2.0, 3.0, f64::NAN], 1.0).is_err());
        assert!(LogNormalTail::fit(&[2.0, 3.0, 4.0], 0.0).is_err());
    }
}
