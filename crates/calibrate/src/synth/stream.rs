//! Randomness by name.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use sha2::{Digest, Sha256};

/// A generator of its own for every name. The key holds the seed alone, so that declarations that differ in anything
/// else, rules and feeds included, share their noise.
pub(crate) fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    let key: [u8; 32] = Sha256::digest(format!("synth\n{seed}").as_bytes()).into();
    let mut rng = ChaCha8Rng::from_seed(key);
    let name: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    rng.set_stream(u64::from_le_bytes(std::array::from_fn(|byte| name[byte])));
    rng
}

/// `count` standard normal numbers.
pub(crate) fn normals(seed: u64, name: &str, count: usize) -> Vec<f64> {
    let mut rng = stream(seed, name);
    (0..count).map(|_| StandardNormal.sample(&mut rng)).collect()
}
