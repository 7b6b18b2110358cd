//! The standard normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Standard normal distribution function, `P(Z <= x)`.
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Standard normal density at `x`.
pub(crate) fn normal_density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / TAU.sqrt()
}

/// Standard normal quantile: the `z` below which the share `p` lies. `None` unless `0 < p < 1`.
///
/// Source: M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37
/// (1988), 477-484, routine PPND16, relative accuracy about 1e-16; coefficients as in CPython's `statistics` module.
///
/// ```
/// let z = aftershock_measure::tail::normal_quantile(0.99).unwrap();
/// assert!((z - 2.3263478740408408).abs() < 1e-14);
/// ```
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let from_centre = p - 0.5;
    if from_centre.abs() <= 0.425 {
        return Some(from_centre * rational(&CENTRE, 0.180625 - from_centre * from_centre));
    }
    let tail = p.min(1.0 - p);
    let r = (-libm::log(tail)).sqrt();
    let z = if r <= 5.0 {
        rational(&TAIL, r - 1.6)
    } else {
        rational(&FAR_TAIL, r - 5.0)
    };
    Some(z.copysign(from_centre))
}

/// The quotient of two polynomials in `x`, coefficients from the highest power down.
fn rational([numerator, denominator]: &[[f64; 8]; 2], x: f64) -> f64 {
    let horner = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    horner(numerator) / horner(denominator)
}

const CENTRE: [[f64; 8]; 2] = [
    [
        2509.0809287301227,
        33430.57558358813,
        67265.7709270087,
        45921.95393154987,
        13731.69376550946,
        1971.5909503065513,
        133.14166789178438,
        3.3871328727963665,
    ],
    [
        5226.495278852854,
        28729.085735721943,
        39307.89580009271,
        21213.794301586597,
        5394.196021424751,
        687.1870074920579,
        42.31333070160091,
        1.0,
    ],
];
const TAIL: [[f64; 8]; 2] = [
    [
        0.0007745450142783414,
        0.022723844989269184,
        0.2417807251774506,
        1.2704582524523684,
        3.6478483247632045,
        5.769497221460691,
        4.630337846156546,
        1.4234371107496835,
    ],
    [
        1.0507500716444169e-09,
        0.0005475938084995345,
        0.015198666563616457,
        0.14810397642748008,
        0.6897673349851,
        1.6763848301838038,
        2.053191626637759,
        1.0,
    ],
];
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        2.0103343992922881e-07,
        2.7115555687434876e-05,
        0.0012426609473880784,
        0.026532189526576124,
        0.29656057182850487,
        1.7848265399172913,
        5.463784911164114,
        6.657904643501103,
    ],
    [
        2.0442631033899397e-15,
        1.421511758316446e-07,
        1.8463183175100548e-05,
        0.0007868691311456133,
        0.014875361290850615,
        0.1369298809227358,
        0.599832206555888,
        1.0,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently in Python with `mpmath.ncdf` and `mpmath.npdf`.
    #[test]
    fn distribution_and_density() {
        assert_close(normal_cdf(-8.0), 6.220960574271784e-16);
        assert_close(normal_cdf(-1.0), 0.15865525393145705);
        assert_close(normal_cdf(0.0), 0.5);
        assert_close(normal_cdf(0.5), 0.6914624612740131);
        assert_close(normal_cdf(1.959963984540054), 0.975);
        assert_close(normal_density(0.0), 0.3989422804014327);
        assert_close(normal_density(-1.0), 0.24197072451914334);
        assert_close(normal_density(3.5), 0.00087268269504576);
    }

    /// Source: computed independently in Python as the root of `mpmath.ncdf` at 40 digits.
    #[test]
    fn quantiles_in_all_three_ranges() {
        let expected = [
            (0.01, -2.326347874040841),
            (0.05, -1.6448536269514726),
            (0.075, -1.439531470938456),
            (0.25, -0.6744897501960817),
            (0.6, 0.2533471031357997),
            (0.925, 1.4395314709384561),
            (0.975, 1.9599639845400538),
            (0.99, 2.3263478740408408),
            (0.995, 2.5758293035489004),
            (1e-10, -6.361340902404057),
            (1e-12, -7.034483825301132),
            (1e-100, -21.273453560965326),
            (1e-300, -37.0470962993612),
        ];
        for (p, z) in expected {
            assert_close(normal_quantile(p).unwrap_or(f64::NAN), z);
        }
        assert_eq!(normal_quantile(0.5), Some(0.0));
    }

    /// Source: the check sums printed with the algorithm guard against a mistyped coefficient.
    #[test]
    fn coefficient_check_sums() {
        let digits = |table: &[[f64; 8]; 2]| -> f64 {
            // Each coefficient enters with its exponent removed; the final 1 of the denominator is not counted.
            let mantissa = |c: &f64| c / libm::pow(10.0, libm::log10(*c).floor());
            table[0].iter().chain(&table[1][..7]).map(mantissa).sum()
        };
        assert_close(digits(&CENTRE), 55.8831928806149);
        assert_close(digits(&TAIL), 49.3320650330161);
        assert_close(digits(&FAR_TAIL), 47.5258331754929);
    }

    #[test]
    fn inverse_of_the_distribution_function() {
        for i in 1..200 {
            let p = f64::from(i) / 200.0;
            assert_close(normal_cdf(normal_quantile(p).unwrap_or(f64::NAN)), p);
        }
    }

    #[test]
    fn outside() {
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(normal_quantile(p), None);
        }
    }
}
