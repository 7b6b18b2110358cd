//! Hurwitz's zeta function, the normalisation of a power law over whole numbers.

/// `B_{2j}/(2j)!` for j = 1 to 8.
const BERNOULLI: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30_240.0,
    -1.0 / 1_209_600.0,
    1.0 / 47_900_160.0,
    -691.0 / 1_307_674_368_000.0,
    1.0 / 74_724_249_600.0,
    -3_617.0 / 10_670_622_842_880_000.0,
];

/// `ζ(s, q) = Σ_{k>=0} (q+k)^{−s}` and minus its derivative in `s`, `Σ ln(q+k)·(q+k)^{−s}`, for `s > 1` and `q > 0`.
///
/// The first terms are added up and the rest is Euler and Maclaurin's formula; relative accuracy about 1e-14.
pub(crate) fn hurwitz(s: f64, q: f64) -> (f64, f64) {
    const TERMS: u32 = 12;
    let (mut zeta, mut minus_slope) = (0.0, 0.0);
    for k in 0..TERMS {
        let ln = libm::log(q + f64::from(k));
        let term = libm::exp(-s * ln);
        zeta += term;
        minus_slope += ln * term;
    }
    let a = q + f64::from(TERMS);
    let ln = libm::log(a);
    let power = libm::exp(-s * ln);
    let integral = power * a / (s - 1.0);
    zeta += integral + 0.5 * power;
    minus_slope += integral * (ln + 1.0 / (s - 1.0)) + 0.5 * power * ln;
    // s(s+1)…(s+2j−2)·a^{−s−2j+1}, and the sum of 1/s … 1/(s+2j−2) that its derivative brings.
    let (mut rising, mut reciprocals) = (s * power / a, 1.0 / s);
    for (j, bernoulli) in (1..).zip(BERNOULLI) {
        zeta += bernoulli * rising;
        minus_slope += bernoulli * rising * (ln - reciprocals);
        let (next, after) = (s + f64::from(2 * j - 1), s + f64::from(2 * j));
        rising *= next * after / (a * a);
        reciprocals += 1.0 / next + 1.0 / after;
    }
    (zeta, minus_slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently with `mpmath.zeta(s, q)` and its derivative at 30 digits.
    #[test]
    fn known_values() {
        for (s, q, zeta, slope) in [
            (2.5, 1.0, 1.341487257250917, -0.38734195032621),
            (1.2, 3.0, 4.15630715952969, -24.6274504225871),
            (3.0, 17.0, 0.001834864436979481, -0.006062619248886575),
        ] {
            let (found, minus_slope) = hurwitz(s, q);
            assert_close(found, zeta);
            assert_close(minus_slope, -slope);
        }
        let pi = std::f64::consts::PI;
        assert_close(hurwitz(2.0, 1.0).0, pi * pi / 6.0);
    }

    #[test]
    fn one_term_at_a_time() {
        for (s, q) in [(1.01, 1.0), (2.2, 5.0), (6.0, 2.0), (30.0, 3.0)] {
            let (all, rest) = (hurwitz(s, q).0, hurwitz(s, q + 1.0).0);
            assert_close(all, libm::pow(q, -s) + rest);
        }
    }
}
