//! A fraction of integers that is never rounded before its last step.

use crate::venue::rounding::Rounding;

/// A fraction in lowest terms, not below zero, its denominator above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    pub(super) const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// `numerator / denominator`; neither is negative and the denominator is not zero.
    pub(super) fn of(numerator: i128, denominator: i128) -> Self {
        let common = common_divisor(numerator, denominator);
        Self {
            numerator: numerator / common,
            denominator: denominator / common,
        }
    }

    /// The product with `numerator / denominator`; `None` beyond 128 bits.
    pub(super) fn times(self, numerator: i128, denominator: i128) -> Option<Self> {
        let across = Self::of(numerator, self.denominator);
        let other = Self::of(self.numerator, denominator);
        Some(Self {
            numerator: across.numerator.checked_mul(other.numerator)?,
            denominator: across.denominator.checked_mul(other.denominator)?,
        })
    }

    pub(super) fn exceeds_one(self) -> bool {
        self.numerator > self.denominator
    }

    /// `whole + self`, rounded once; `None` beyond 128 bits.
    pub(super) fn added_to(self, whole: i128, rounding: Rounding) -> Option<i128> {
        let sum = whole.checked_mul(self.denominator)?.checked_add(self.numerator)?;
        Some(rounding.divide(sum, self.denominator))
    }

    /// `whole - self`, rounded once; `None` beyond 128 bits.
    pub(super) fn taken_from(self, whole: i128, rounding: Rounding) -> Option<i128> {
        let rest = whole.checked_mul(self.denominator)?.checked_sub(self.numerator)?;
        Some(rounding.divide(rest, self.denominator))
    }
}

fn common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_in_lowest_terms_and_rounded_once() {
        let third = Ratio::of(2, 6);
        assert_eq!(third.times(3, 4), Some(Ratio::of(1, 4)));
        assert_eq!(third.taken_from(10, Rounding::Up), Some(10));
        assert_eq!(third.taken_from(10, Rounding::Down), Some(9));
        assert_eq!(third.added_to(10, Rounding::Up), Some(11));
        assert_eq!(Ratio::of(0, 5).added_to(10, Rounding::Up), Some(10));
        assert_eq!(Ratio::of(i128::MAX, 2).times(3, 1), None);
    }
}
