//! How long the blocks of a bootstrap must be for a series to keep its memory.

use crate::not_measurable::{NotMeasurable, require_finite};

/// Fewest values from which a block length is read.
const FEWEST_VALUES: usize = 16;

/// Mean block length of the stationary bootstrap that is best for the variance of a mean, in values, at least 1.
///
/// `b = (2G²/D·n)^{1/3}` with `G = Σλ(k/M)|k|γ_k` and `D = 2·(Σλ(k/M)γ_k)²` over lags `−M..M`, `γ_k` the
/// autocovariances with divisor `n` and `λ` flat up to one half and falling to 0 at 1. `M` is twice the first lag of
/// the first run of `max(5, ⌊log₁₀ n⌋)` autocorrelations inside `±2√(log₁₀ n/n)`, twice the last lag outside it where
/// no such run is found, and at most `⌈√n⌉` and that run's length. The answer is at most `⌈min(3√n, n/3)⌉`.
///
/// It is set for the mean of one series. For a pair of paths take the longer of both.
///
/// Source: Politis and White (2004) with the correction of Patton, Politis and White (2009), whose `D` this is.
///
/// # Errors
/// Below 16 values, where one is not finite, and where they do not vary.
pub fn automatic_block_length(values: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(values, FEWEST_VALUES)?;
    let count = values.len();
    let n = count as f64;
    let mean = values.iter().sum::<f64>() / n;
    let run = (libm::log10(n).floor() as usize).max(5);
    let most = n.sqrt().ceil() as usize + run;
    let autocovariance = |lag: usize| -> f64 {
        let later = values.iter().skip(lag);
        later
            .zip(values)
            .map(|(b, a)| (b - mean) * (a - mean))
            .sum::<f64>()
            / n
    };
    let gamma: Vec<f64> = (0..=most).map(autocovariance).collect();
    // Equal values leave at most the rounding of their mean.
    let rounding = 1e-14 * mean * mean;
    if gamma[0] <= rounding {
        return Err(NotMeasurable::NoVariation);
    }

    let band = 2.0 * (libm::log10(n) / n).sqrt();
    let inside: Vec<bool> = gamma.iter().map(|g| g.abs() / gamma[0] < band).collect();
    let first_of_run = (1..=most + 1 - run).find(|&lag| inside[lag..lag + run].iter().all(|quiet| *quiet));
    let last_outside = inside.iter().rposition(|quiet| !quiet).unwrap_or(0);
    let lags = (2 * first_of_run.unwrap_or(last_outside).max(1)).min(most);

    let weight = |lag: usize| (2.0 * (1.0 - lag as f64 / lags as f64)).min(1.0);
    let (mut g, mut spectrum) = (0.0, gamma[0]);
    for (lag, gamma) in gamma.iter().enumerate().take(lags + 1).skip(1) {
        g += 2.0 * weight(lag) * lag as f64 * gamma;
        spectrum += 2.0 * weight(lag) * gamma;
    }
    // An estimate of the spectrum at zero that is 0 asks for the longest block allowed.
    let longest = (3.0 * n.sqrt()).min(n / 3.0).ceil();
    let best = libm::cbrt(g * g / (spectrum * spectrum) * n);
    Ok(if best.is_nan() {
        longest
    } else {
        best.clamp(1.0, longest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    /// `x ← φ·x + u − ½` from 0, `u` from the seed.
    fn autoregressive(phi: f64, n: usize, seed: u64) -> Vec<f64> {
        let (mut draws, mut x) = (Draws(seed), 0.0);
        let mut next = || {
            x = phi * x + draws.next() - 0.5;
            x
        };
        (0..n).map(|_| next()).collect()
    }

    /// Source: computed independently with `arch.bootstrap.optimal_block_length` (arch 8.0.0), column `stationary`.
    #[test]
    fn agrees_with_arch() {
        for (phi, n, seed, expected) in [
            (0.6, 500, 1, 10.50637759144225),
            (0.0, 500, 2, 9.350498047573325),
            (-0.5, 300, 3, 7.440742201857902),
            (0.95, 400, 4, 31.922403290035916),
            (0.3, 1000, 5, 6.720591380114881),
        ] {
            assert_close(
                automatic_block_length(&autoregressive(phi, n, seed)).unwrap(),
                expected,
            );
        }
    }

    #[test]
    fn more_memory_asks_for_longer_blocks() {
        let length = |phi| automatic_block_length(&autoregressive(phi, 2000, 8)).unwrap();
        assert!(length(0.9) > length(0.6) && length(0.6) > length(0.2));
        let walk = autoregressive(1.0, 400, 1);
        assert!(automatic_block_length(&walk).unwrap() <= 60.0);
    }

    #[test]
    fn level_and_scale_do_not_matter() {
        let series = autoregressive(0.6, 500, 1);
        let moved: Vec<f64> = series.iter().map(|x| 3.0 - 8.0 * x).collect();
        assert_close(
            automatic_block_length(&moved).unwrap(),
            automatic_block_length(&series).unwrap(),
        );
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            automatic_block_length(&[1.0; 15]),
            Err(NotMeasurable::TooFew {
                found: 15,
                needed: 16
            })
        );
        assert_eq!(
            automatic_block_length(&[0.1; 100]),
            Err(NotMeasurable::NoVariation)
        );
        let mut unknown = [1.0; 20];
        unknown[3] = f64::NAN;
        assert_eq!(
            automatic_block_length(&unknown),
            Err(NotMeasurable::NotFinite { index: 3 })
        );
        let shortest: Vec<f64> = (0..16).map(|i| f64::from(i % 2)).collect();
        assert!(automatic_block_length(&shortest).unwrap() >= 1.0);
    }
}
