//! How every response counts time.

use aftershock_market::MICROS_PER_SECOND;

/// Moves `at_us` on to `now_us` and returns the seconds between them.
///
/// # Panics
/// When `now_us` comes first: a response never runs backwards.
#[inline]
pub(super) fn pass(at_us: &mut i64, now_us: i64) -> f64 {
    assert!(now_us >= *at_us, "time went back from {at_us} us to {now_us} us");
    let seconds = (now_us - *at_us) as f64 / MICROS_PER_SECOND as f64;
    *at_us = now_us;
    seconds
}

/// Share of a distance that is left after `seconds`; an infinite half-life keeps all of it, and no time does too.
#[inline]
pub(super) fn kept(half_life_s: f64, seconds: f64) -> f64 {
    if seconds == 0.0 {
        return 1.0;
    }
    libm::exp2(-seconds / half_life_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_edges() {
        assert_eq!(kept(60.0, 60.0), 0.5);
        assert_eq!(kept(f64::INFINITY, 1e9), 1.0);
        assert_eq!(kept(0.0, 0.0), 1.0);
        assert_eq!(kept(0.0, 1e-6), 0.0);
        let mut at_us = -500_000;
        assert_eq!(pass(&mut at_us, 1_000_000), 1.5);
        assert_eq!(at_us, 1_000_000);
    }
}
