//! How fast two replays part that differ by one lot, one tick or one order: the finite-size Lyapunov exponent.

use crate::not_measurable::{NotMeasurable, require_finite};

/// Growth of separations of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// The size `δ`, in the unit of the separations.
    pub size: f64,
    /// Twins whose separation reached it.
    pub reached: usize,
    /// Those of them that then grew by the ratio before their record ended.
    pub grew: usize,
    /// `λ(δ)`, per second, over those that grew; `None` where none did.
    pub per_s: Option<f64>,
}

/// Growth rates `λ(δ)` of twin replays at several sizes of separation.
///
/// Each element of `separations` is `|p' − p|` of a pair of twins at every step from the perturbation on, log units.
/// From the step at which a separation first reaches `δ` it is watched until it has grown by `ratio` (customarily √2),
/// and `λ = ⟨ln growth⟩/⟨time⟩` over the twins that did. On a path fine enough that the growth is `ratio` itself this
/// is `ln r/⟨T_r⟩`; on a coarse one the growth overshoots and is counted as it was, so that a map that doubles each
/// step gives `ln 2` a step.
///
/// A threshold system jumps, which no exponent for infinitely small separations can see; hence one for each size. A
/// rate above zero at small sizes where few twins grow at large ones is local sensitivity without macroscopic chaos:
/// twins that never grow enter `reached` alone, so the rate is read together with `grew`, and bounds from above where
/// that is the lesser. It is meaningless unless replays are deterministic to the bit.
///
/// Source: Aurell, Boffetta, Crisanti, Paladin and Vulpiani (1997).
///
/// # Errors
/// Without twins, or where a separation is not finite; the index is that of the twin.
///
/// # Panics
/// When the step or a size is not above zero or the ratio not above 1.
///
/// ```
/// use aftershock_measure::twins::finite_size_lyapunov;
/// let doubling: Vec<f64> = (0..20).map(|i| 1e-9 * f64::from(1 << i)).collect();
/// let growth = finite_size_lyapunov(&[doubling], 1.0, 2.0_f64.sqrt(), &[1e-8, 1.0]).unwrap();
/// assert!((growth[0].per_s.unwrap() - core::f64::consts::LN_2).abs() < 1e-12);
/// assert_eq!((growth[1].reached, growth[1].per_s), (0, None));
/// ```
pub fn finite_size_lyapunov(
    separations: &[Vec<f64>],
    step_s: f64,
    ratio: f64,
    sizes: &[f64],
) -> Result<Vec<Growth>, NotMeasurable> {
    assert!(step_s > 0.0, "a step takes time, not {step_s} s");
    assert!(ratio > 1.0, "growth by {ratio} is none");
    assert!(sizes.iter().all(|size| *size > 0.0), "sizes must be above zero");
    if separations.is_empty() {
        return Err(NotMeasurable::TooFew { found: 0, needed: 1 });
    }
    if let Some(index) = separations
        .iter()
        .position(|twin| require_finite(twin, 0).is_err())
    {
        return Err(NotMeasurable::NotFinite { index });
    }
    let growth = |&size: &f64| {
        let (mut reached, mut grew, mut ln_growth, mut steps) = (0, 0, 0.0, 0.0);
        for twin in separations {
            let Some(start) = twin.iter().position(|separation| *separation >= size) else {
                continue;
            };
            reached += 1;
            let goal = ratio * twin[start];
            if let Some(after) = twin[start..].iter().position(|separation| *separation >= goal) {
                grew += 1;
                ln_growth += libm::log(twin[start + after] / twin[start]);
                steps += after as f64;
            }
        }
        Growth {
            size,
            reached,
            grew,
            per_s: (grew > 0).then(|| ln_growth / (steps * step_s)),
        }
    };
    Ok(sizes.iter().map(growth).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    /// Source: the logistic map `x ← 4x(1−x)` has Lyapunov exponent ln 2.
    #[test]
    fn the_logistic_map() {
        let mut draws = Draws(1);
        let mut twin = || {
            let mut x = 0.05 + 0.9 * draws.next();
            let mut y = x + 1e-12;
            let mut next = || {
                (x, y) = (4.0 * x * (1.0 - x), 4.0 * y * (1.0 - y));
                (x - y).abs()
            };
            (0..40).map(|_| next()).collect::<Vec<_>>()
        };
        let twins: Vec<_> = (0..4000).map(|_| twin()).collect();
        let growth = finite_size_lyapunov(&twins, 1.0, 16.0, &[1e-10, 1e-9, 1e-8]).unwrap();
        for at in growth {
            assert_eq!((at.reached, at.grew), (4000, 4000));
            let rate = at.per_s.unwrap();
            assert!((rate / core::f64::consts::LN_2 - 1.0).abs() < 0.05, "{rate}");
        }
    }

    /// Source: by hand: `e^{0.3t}` on a step of 10 ms grows by √2 in 1.16 s, 116 steps of which the last overshoots.
    #[test]
    fn steady_growth_that_saturates() {
        let twin: Vec<f64> = (0..4000)
            .map(|i| (1e-6 * libm::exp(0.003 * f64::from(i))).min(1e-3))
            .collect();
        let sizes = [1e-6, 1e-5, 1e-4, 9e-4, 2e-3];
        let growth = finite_size_lyapunov(&[twin], 0.01, 2.0_f64.sqrt(), &sizes).unwrap();
        for at in &growth[..3] {
            assert_close(at.per_s.unwrap(), 0.3);
        }
        assert_eq!((growth[3].reached, growth[3].grew, growth[3].per_s), (1, 0, None));
        assert_eq!(growth[4].reached, 0);
    }

    #[test]
    fn twins_that_meet_again_do_not_grow() {
        let fading: Vec<f64> = (0..50).map(|i| 1e-3 / f64::from(1 + i)).collect();
        let growing: Vec<f64> = (0..50).map(|i| 1e-3 * f64::from(1 + i)).collect();
        let growth = finite_size_lyapunov(&[fading, growing], 1.0, 1.5, &[1e-3]).unwrap();
        assert_eq!((growth[0].reached, growth[0].grew), (2, 1));
        assert_close(growth[0].per_s.unwrap(), core::f64::consts::LN_2);
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            finite_size_lyapunov(&[], 1.0, 2.0, &[1.0]),
            Err(NotMeasurable::TooFew { found: 0, needed: 1 })
        );
        assert_eq!(
            finite_size_lyapunov(&[vec![], vec![f64::NAN]], 1.0, 2.0, &[1.0]),
            Err(NotMeasurable::NotFinite { index: 1 })
        );
    }
}
