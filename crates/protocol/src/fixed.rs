//! Whole numbers as contracts count them: 256 bits, a fixed number of decimal places, an error where a product does
//! not fit.
//!
//! A wad has 18 places, a ray 27, a rad 45. One hundred million DAI in rad already take 177 bits, and the
//! contracts multiply such numbers by a wad before they divide, so 128 bits do not do; [`U256`] is `ruint`'s,
//! which the reader of event logs stands on as well. Division drops the rest unless a name says `nearest`.

pub use ruint::aliases::U256;

/// 10^18.
pub const WAD: U256 = U256::from_limbs([0xde0_b6b3_a764_0000, 0, 0, 0]);
/// 10^27.
pub const RAY: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x33b_2e3c, 0, 0]);
/// 10^45.
pub const RAD: U256 = U256::from_limbs([0xb22_a000_0000_0000, 0xe086_b93c_e2f7_68a0, 0x2c_d76f, 0]);

/// Why a number cannot be computed; a contract reverts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A sum or product of more than 256 bits.
    #[error("a number does not fit 256 bits")]
    Overflow,
    /// More is taken away than is there.
    #[error("more is taken away than is there")]
    Negative,
    /// A division by zero.
    #[error("a division by zero")]
    ByZero,
}

/// `a + b`.
pub fn add(a: U256, b: U256) -> Result<U256, Unfit> {
    a.checked_add(b).ok_or(Unfit::Overflow)
}

/// `a - b`.
pub fn sub(a: U256, b: U256) -> Result<U256, Unfit> {
    a.checked_sub(b).ok_or(Unfit::Negative)
}

/// `a b`.
pub fn mul(a: U256, b: U256) -> Result<U256, Unfit> {
    a.checked_mul(b).ok_or(Unfit::Overflow)
}

/// `a / b`.
pub fn div(a: U256, b: U256) -> Result<U256, Unfit> {
    a.checked_div(b).ok_or(Unfit::ByZero)
}

/// `a b / c`; the product must fit 256 bits, as in the contracts.
pub fn mul_div(a: U256, b: U256, c: U256) -> Result<U256, Unfit> {
    div(mul(a, b)?, c)
}

/// `a b / c` to the nearest, halves up.
pub fn mul_div_nearest(a: U256, b: U256, c: U256) -> Result<U256, Unfit> {
    div(add(mul(a, b)?, c >> 1)?, c)
}

/// A product of which one factor is a wad.
pub fn wmul(a: U256, b: U256) -> Result<U256, Unfit> {
    mul_div(a, b, WAD)
}

/// A product of which one factor is a ray.
pub fn rmul(a: U256, b: U256) -> Result<U256, Unfit> {
    mul_div(a, b, RAY)
}

/// A quotient in ray.
pub fn rdiv(a: U256, b: U256) -> Result<U256, Unfit> {
    mul_div(a, RAY, b)
}

/// `base` to the power of `exponent`, in ray: square and multiply, each product to the nearest, halves up.
///
/// Source: makerdao/dss, `src/abaci.sol` @c8d4c806, `rpow`.
pub fn rpow(base: U256, exponent: u64) -> Result<U256, Unfit> {
    let (mut square, mut left) = (base, exponent);
    let mut power = if left % 2 == 1 { base } else { RAY };
    while left > 1 {
        left /= 2;
        square = mul_div_nearest(square, square, RAY)?;
        if left % 2 == 1 {
            power = mul_div_nearest(power, square, RAY)?;
        }
    }
    Ok(power)
}

/// The decimal number that `value` prints as, with `places` decimal places; `None` where it is negative, not
/// finite, has more places, or does not fit.
///
/// ```
/// use aftershock_protocol::fixed::{self, RAY, U256};
/// assert_eq!(fixed::decimal(0.99, 27), Some(RAY / U256::from(100) * U256::from(99)));
/// ```
pub fn decimal(value: f64, places: usize) -> Option<U256> {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    (part.len() <= places).then_some(())?;
    U256::from_str_radix(&format!("{whole}{part:0<places$}"), 10).ok()
}

/// The nearest `f64` of a number with `places` decimal places.
pub fn to_f64(value: U256, places: usize) -> f64 {
    let digits = format!("{value:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    format!("{whole}.{part}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_are_powers_of_ten() {
        let ten = |places: u64| U256::from(10).pow(U256::from(places));
        assert_eq!((WAD, RAY, RAD), (ten(18), ten(27), ten(45)));
    }

    /// Source: 0.99^n in Python's `decimal` at 60 digits, rounded to 27 places.
    #[test]
    fn powers_of_a_ray() {
        let cut = decimal(0.99, 27).unwrap_or_default();
        let expected = [
            (0, "1000000000000000000000000000"),
            (1, "990000000000000000000000000"),
            (2, "980100000000000000000000000"),
            (10, "904382075008804490010000000"),
            (20, "817906937597230870889198661"),
            (92, "396677806422025438749065577"),
        ];
        for (exponent, power) in expected {
            assert_eq!(
                rpow(cut, exponent).map(|power| power.to_string()),
                Ok(power.into())
            );
        }
        assert_eq!(rpow(U256::ZERO, 3), Ok(U256::ZERO));
        assert_eq!(rpow(U256::ZERO, 0), Ok(RAY));
    }

    #[test]
    fn what_cannot_be_written_is_none() {
        assert_eq!(decimal(-1.0, 18), None);
        assert_eq!(decimal(f64::NAN, 18), None);
        assert_eq!(decimal(f64::INFINITY, 18), None);
        assert_eq!(decimal(0.123, 2), None);
        assert_eq!(decimal(300.0, 45), Some(U256::from(300) * RAD));
        assert_eq!(mul(RAD, RAD), Err(Unfit::Overflow));
        assert_eq!(div(RAD, U256::ZERO), Err(Unfit::ByZero));
        assert_eq!(sub(WAD, RAY), Err(Unfit::Negative));
    }

    proptest! {
        #[test]
        fn decimals_come_back(value in 0.0..1e9_f64) {
            let written = decimal(value, 27).map(|fixed| to_f64(fixed, 27));
            prop_assert!(written.is_none() || written == Some(value));
        }
    }
}
