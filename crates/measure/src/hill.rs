//! How heavy a tail is, from its largest values alone.

use crate::not_measurable::{NotMeasurable, require_finite, require_positive};

/// Hill's tail index `α = 1/((1/k)·Σ_{i≤k} ln(x₍ᵢ₎/x₍ₖ₊₁₎))` of the `k` largest values, no unit.
///
/// `P(X > x)` falls like `x^{−α}` in the tail: moments of order `α` and above do not exist, 3 to 5 is common for returns,
/// and a normal law has no index, so that its estimate grows with the sample. Only the `k + 1` largest values count, in
/// any order, and they must be above zero; for the lower tail of returns turn their sign. A power law `P(x) ∝ x^{−a}` as
/// [`crate::power_law`] writes it has `a = α + 1`.
///
/// Source: Hill (1975).
///
/// # Errors
/// Below `k + 1` values, where one is not finite, where the `k + 1` largest are not all above zero or do not differ.
///
/// # Panics
/// When `k` is 0.
pub fn hill_tail_index(values: &[f64], k: usize) -> Result<f64, NotMeasurable> {
    assert!(k > 0, "a tail has at least one value");
    require_finite(values, k + 1)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let tail = &sorted[..=k];
    require_positive(tail, 0)?;
    let threshold = tail[k];
    let mean = tail[..k].iter().map(|x| libm::log(x / threshold)).sum::<f64>() / k as f64;
    if mean <= 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    Ok(1.0 / mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    /// Source: worked by hand. Logs of 8, 4 and 2 over 1 are 3, 2 and 1 times ln 2, their mean 2·ln 2.
    #[test]
    fn three_doublings() {
        let values = [0.5, 8.0, -40.0, 1.0, 2.0, 4.0];
        assert_close(
            hill_tail_index(&values, 3).unwrap(),
            1.0 / (2.0 * std::f64::consts::LN_2),
        );
        assert_close(
            hill_tail_index(&values.map(|x| 1e-6 * x), 3).unwrap(),
            hill_tail_index(&values, 3).unwrap(),
        );
    }

    /// Source: Hill (1975): under a Pareto law the estimate is `α` with standard error `α/√k`.
    #[test]
    fn finds_the_index_of_a_pareto_law() {
        let mut draws = Draws(5);
        let pareto: Vec<f64> = (0..40_000)
            .map(|_| libm::pow(1.0 - draws.next(), -1.0 / 3.0))
            .collect();
        let found = hill_tail_index(&pareto, 4000).unwrap();
        assert!((found - 3.0).abs() < 3.0 * 3.0 / 4000.0_f64.sqrt(), "{found}");
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            hill_tail_index(&[1.0, 2.0], 2),
            Err(NotMeasurable::TooFew { found: 2, needed: 3 })
        );
        assert_eq!(hill_tail_index(&[2.0; 4], 2), Err(NotMeasurable::NoVariation));
        assert!(hill_tail_index(&[3.0, 2.0, -1.0], 2).is_err());
        assert!(hill_tail_index(&[3.0, 2.0, f64::NAN], 1).is_err());
    }
}
