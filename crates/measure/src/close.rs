//! What the tests share: how they compare floating-point numbers, and numbers to feed them that Python can repeat.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::normal::normal_quantile;

/// Fails unless `actual` is within a relative 1e-9 of `expected` (absolute 1e-12 around zero).
#[track_caller]
pub(crate) fn assert_close(actual: f64, expected: f64) {
    let tolerance = (1e-9 * expected.abs()).max(1e-12 * f64::from(expected == 0.0));
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}

/// Fails unless both slices have one length and agree element by element, as in [`assert_close`].
#[track_caller]
pub(crate) fn assert_all_close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        assert_close(*a, *e);
    }
}

/// Uniform numbers in [0, 1) from a linear congruential generator, `s ← 6364136223846793005·s + 1442695040888963407`
/// modulo 2^64, of which the upper 31 bits over 2^31 are given out.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }

    /// A standard normal number.
    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.next().max(1e-12)).unwrap_or(f64::NAN)
    }
}

/// A log price with a slow swing and noise on every tick: `0.02·sin(i/40) + 0.0004·(((31i² + 17i) mod 97)/96 − ½)`
/// for `i` from 0 to 399.
pub(crate) fn noisy_log_prices() -> Vec<f64> {
    let noise = |i: u32| 0.0004 * (f64::from((31 * i * i + 17 * i) % 97) / 96.0 - 0.5);
    (0..400)
        .map(|i| 0.02 * libm::sin(f64::from(i) / 40.0) + noise(i))
        .collect()
}

/// Days of 23,400 ticks: each a random walk of variance 4e-4 under independent noise of 2 basis points on every price.
pub(crate) fn noisy_days(count: u64, seed: u64) -> impl Iterator<Item = Vec<f64>> {
    let ticks = 23_400;
    let step = (4e-4 / f64::from(ticks)).sqrt();
    (0..count).map(move |day| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(day);
        let mut normal = || normal_quantile(rng.random::<f64>().max(1e-12)).unwrap_or(f64::NAN);
        let mut walk = 0.0;
        let mut tick = |i: i32| {
            walk += if i == 0 { 0.0 } else { step * normal() };
            walk + 2e-4 * normal()
        };
        (0..=ticks).map(&mut tick).collect()
    })
}
