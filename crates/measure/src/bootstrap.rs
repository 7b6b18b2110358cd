//! How much a measure of one path could have differed: the stationary bootstrap.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::not_measurable::NotMeasurable;

/// The measure on `replications` resamples of `n` values that keep their memory, sorted ascending.
///
/// A resample is `n` indices: blocks of neighbours, each beginning anywhere and of a length that is geometric with
/// mean `mean_block`, wrapping around at the end. `measure` gets the indices, so that a pair of paths is drawn
/// together: for a ratio of two replays of the same news the pairing is essential. Take quantiles of the answer with
/// [`crate::quantile::quantile`]; `mean_block` from [`crate::block_length::automatic_block_length`] or declared.
///
/// The same seed gives the same resamples on every machine; each resample has a stream of its own, so the first
/// hundred of a thousand are those of a run of a hundred. It answers only how a path of the same law could have come
/// out, never what is not known about positions or impact.
///
/// Source: Politis and Romano (1994).
///
/// ```
/// use aftershock_measure::bootstrap::stationary_bootstrap;
/// let (factual, null) = ([0.02, -0.06, 0.04, 0.02], [0.01, -0.03, 0.02, 0.01]);
/// let ratios = stationary_bootstrap(4, 2.0, 99, 1, |indices| {
///     let variance = |r: &[f64]| indices.iter().map(|&i| r[i] * r[i]).sum::<f64>();
///     Ok(variance(&factual) / variance(&null))
/// });
/// // Drawn in pairs, the ratio does not vary at all.
/// assert!(ratios.unwrap().iter().all(|ratio| (ratio - 4.0).abs() < 1e-12));
/// ```
///
/// # Errors
/// Without a value, and the first error of `measure`; a measure that is not a number is
/// [`NotMeasurable::NotFinite`] at its replication.
///
/// # Panics
/// When the mean block is shorter than 1.
pub fn stationary_bootstrap(
    n: usize,
    mean_block: f64,
    replications: usize,
    seed: u64,
    mut measure: impl FnMut(&[usize]) -> Result<f64, NotMeasurable>,
) -> Result<Vec<f64>, NotMeasurable> {
    assert!(
        mean_block >= 1.0 && mean_block.is_finite(),
        "a mean block of {mean_block} is shorter than one value"
    );
    if n == 0 {
        return Err(NotMeasurable::TooFew { found: 0, needed: 1 });
    }
    let mut indices = vec![0; n];
    let mut measured = Vec::with_capacity(replications);
    for index in 0..replications {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(index as u64);
        resample(&mut indices, mean_block, &mut rng);
        let value = measure(&indices)?;
        if !value.is_finite() {
            return Err(NotMeasurable::NotFinite { index });
        }
        measured.push(value);
    }
    measured.sort_by(f64::total_cmp);
    Ok(measured)
}

fn resample(indices: &mut [usize], mean_block: f64, rng: &mut impl Rng) {
    let n = indices.len();
    let mut at = rng.random_range(0..n);
    for index in indices {
        *index = at;
        let ends = rng.random::<f64>() * mean_block < 1.0;
        at = if ends {
            rng.random_range(0..n)
        } else {
            (at + 1) % n
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moments::sample_std;
    use crate::quantile::quantile;

    fn mean_of(values: &[f64]) -> impl Fn(&[usize]) -> Result<f64, NotMeasurable> {
        move |indices| Ok(indices.iter().map(|&i| values[i]).sum::<f64>() / indices.len() as f64)
    }

    #[test]
    fn the_seed_decides_and_more_replications_begin_alike() {
        let draw = |replications, seed| {
            let mut all = Vec::new();
            stationary_bootstrap(50, 5.0, replications, seed, |indices| {
                all.push(indices.to_vec());
                Ok(0.0)
            })
            .unwrap();
            all
        };
        assert_eq!(draw(10, 7), draw(20, 7)[..10]);
        assert_ne!(draw(10, 7), draw(10, 8));
    }

    #[test]
    fn blocks_have_the_mean_length_and_begin_anywhere() {
        let n = 1000;
        let (mut breaks, mut counts) = (0.0, vec![0.0; n]);
        stationary_bootstrap(n, 8.0, 200, 3, |indices| {
            breaks += indices.windows(2).filter(|w| w[1] != (w[0] + 1) % n).count() as f64;
            indices.iter().for_each(|&i| counts[i] += 1.0);
            Ok(0.0)
        })
        .unwrap();
        // One in n restarts continues by chance; 25,000 breaks have a standard error of 0.6 %.
        let mean_block = 200.0 * 999.0 / breaks;
        assert!((mean_block / 8.0 - 1.0).abs() < 0.03, "{mean_block}");
        assert!(counts.iter().all(|c| *c > 100.0 && *c < 300.0));
    }

    /// Source: for independent values the standard error of the mean is σ/√n, and blocks of 1 are the plain bootstrap.
    #[test]
    fn the_error_of_a_mean() {
        let mut draws = crate::close::Draws(5);
        let values: Vec<f64> = (0..400).map(|_| draws.normal()).collect();
        let expected = sample_std(&values).unwrap() / 20.0;
        for block in [1.0, 4.0] {
            let means = stationary_bootstrap(400, block, 1999, 1, mean_of(&values)).unwrap();
            let error = sample_std(&means).unwrap();
            assert!((error / expected - 1.0).abs() < 0.15, "{error} is not {expected}");
            assert!(quantile(&means, 0.05) < quantile(&means, 0.95));
        }
    }

    /// Source: Politis and Romano (1994): the variance over resamples of the mean, times n, is
    /// `γ₀ + 2Σ_{k<n} [(1−k/n)(1−1/b)^k + (k/n)(1−1/b)^{n−k}]γ_k`, exactly.
    #[test]
    fn the_variance_of_a_mean_with_memory() {
        let (mut draws, mut x) = (crate::close::Draws(6), 0.0);
        let mut next = || {
            x = 0.7 * x + draws.normal();
            x
        };
        let values: Vec<f64> = (0..300).map(|_| next()).collect();
        let (n, keep) = (300.0, 1.0 - 1.0 / 6.0);
        let mean = values.iter().sum::<f64>() / n;
        let gamma = |k: usize| {
            let later = values.iter().skip(k);
            later
                .zip(&values)
                .map(|(b, a)| (b - mean) * (a - mean))
                .sum::<f64>()
                / n
        };
        let weight = |k: f64| (1.0 - k / n) * libm::pow(keep, k) + k / n * libm::pow(keep, n - k);
        let lags: f64 = (1..300).map(|k| weight(k as f64) * gamma(k)).sum();
        let expected = (gamma(0) + 2.0 * lags) / n;
        let means = stationary_bootstrap(300, 6.0, 4000, 2, mean_of(&values)).unwrap();
        let variance = sample_std(&means).unwrap() * sample_std(&means).unwrap();
        // A variance of 4,000 draws is known to √(2/4000) = 2.2 %.
        assert!(
            (variance / expected - 1.0).abs() < 0.07,
            "{variance} is not {expected}"
        );
    }

    #[test]
    fn what_the_measure_lacks_is_said() {
        let none = stationary_bootstrap(0, 1.0, 1, 1, |_| Ok(1.0));
        assert_eq!(none, Err(NotMeasurable::TooFew { found: 0, needed: 1 }));
        let nan = stationary_bootstrap(3, 1.0, 5, 1, |_| Ok(f64::NAN));
        assert_eq!(nan, Err(NotMeasurable::NotFinite { index: 0 }));
        let passed_on = stationary_bootstrap(3, 1.0, 5, 1, |_| Err(NotMeasurable::NoVariation));
        assert_eq!(passed_on, Err(NotMeasurable::NoVariation));
    }
}
