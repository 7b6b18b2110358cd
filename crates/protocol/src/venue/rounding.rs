//! Integer division with its rounding in the call.

use aftershock_market::Cash;

/// Parts of one in which a rate is applied to money: a rate counts to the nearest 1e-15.
pub const RATE_PARTS: i128 = 1_000_000_000_000_000;

/// Where a quotient that is no integer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Towards minus infinity.
    Down,
    /// Towards plus infinity.
    Up,
}

impl Rounding {
    /// `numerator / denominator`; the denominator is positive.
    ///
    /// ```
    /// use aftershock_protocol::venue::rounding::Rounding::{Down, Up};
    /// assert_eq!((Down.divide(-7, 2), Up.divide(-7, 2)), (-4, -3));
    /// ```
    #[inline]
    pub fn divide(self, numerator: i128, denominator: i128) -> i128 {
        assert!(denominator > 0, "a quotient needs a positive denominator");
        match self {
            Rounding::Down => numerator.div_euclid(denominator),
            Rounding::Up => -(-numerator).div_euclid(denominator),
        }
    }

    /// `amount * numerator / denominator`, exact before its one rounding whatever the size of the product; the
    /// denominator is positive. A quotient beyond an `i128` is the end of its range.
    ///
    /// ```
    /// use aftershock_protocol::venue::rounding::Rounding::{Down, Up};
    /// let most = i128::MAX;
    /// assert_eq!((Down.scale(most, 10, 20), Up.scale(most, 10, 20)), (most / 2, most / 2 + 1));
    /// ```
    #[inline]
    pub fn scale(self, amount: i128, numerator: i128, denominator: i128) -> i128 {
        match amount.checked_mul(numerator) {
            Some(product) => self.divide(product, denominator),
            None => self.scale_wide(amount, numerator, denominator),
        }
    }

    /// [`Rounding::scale`] one binary digit of the numerator at a time, so that no product is ever formed.
    #[cold]
    fn scale_wide(self, amount: i128, numerator: i128, denominator: i128) -> i128 {
        assert!(denominator > 0, "a quotient needs a positive denominator");
        let (whole, divisor) = (amount.unsigned_abs(), denominator.unsigned_abs());
        let (mut quotient, mut rest) = (0_u128, 0_u128);
        for digit in (0..u128::BITS).rev() {
            let set = numerator.unsigned_abs() >> digit & 1;
            let doubled = (quotient, rest);
            let added = (set * (whole / divisor), set * (whole % divisor));
            for (more, left) in [doubled, added] {
                rest += left;
                let carry = u128::from(rest >= divisor);
                rest -= carry * divisor;
                quotient = quotient.saturating_add(more).saturating_add(carry);
            }
        }
        let negative = (amount < 0) != (numerator < 0);
        let away = (self == Rounding::Up) != negative && rest > 0;
        let size = quotient.saturating_add(u128::from(away));
        let size = i128::try_from(size).unwrap_or(i128::MAX);
        if negative { -size } else { size }
    }

    /// `amount * rate`, exact before its one rounding.
    #[inline]
    pub fn part_of(self, amount: Cash, rate: f64) -> Cash {
        Cash(self.scale(amount.0, parts(rate), RATE_PARTS))
    }
}

/// A rate in units of one over [`RATE_PARTS`], the nearest.
#[inline]
pub fn parts(rate: f64) -> i128 {
    (rate * RATE_PARTS as f64).round() as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_percent_of_twenty_coins() {
        let part = Rounding::Up.part_of(Cash::from_f64(20.0), 0.0025);
        assert_eq!(part, Cash::from_f64(0.05));
    }

    /// Source: Python integers; each product needs more than 127 bits.
    #[test]
    fn a_product_of_any_size_is_exact() {
        let rows: [(i128, i128, i128, i128, i128); 7] = [
            (
                1_000_000_000_000_000_000_000_000_000_001,
                100_000_000_000_000_000_000_007,
                10_000_000_000_000_000,
                10_000_000_000_000_000_000_000_700_000_010_000_000,
                10_000_000_000_000_000_000_000_700_000_010_000_001,
            ),
            (
                -1_000_000_000_000_000_000_000_000_000_001,
                100_000_000_000_000_000_000_007,
                10_000_000_000_000_001,
                -9_999_999_999_999_999_000_000_700_000_010_100_000,
                -9_999_999_999_999_999_000_000_700_000_010_099_999,
            ),
            (
                1_000_000_000_000_000_000_000_000_000_001,
                -100_000_000_000_000_000_000_007,
                100_000_000_000_000_000_003,
                -999_999_999_999_999_999_970_070_000_001_001,
                -999_999_999_999_999_999_970_070_000_001_000,
            ),
            (
                -85_070_591_730_234_615_865_843_651_857_942_052_869,
                -1_329_227_995_784_915_872_903_807_060_280_344_577,
                2_658_455_991_569_831_745_807_614_120_560_689_161,
                42_535_295_865_117_307_932_921_825_928_971_026_322,
                42_535_295_865_117_307_932_921_825_928_971_026_323,
            ),
            (
                170_141_183_460_469_231_731_687_303_715_884_105_727,
                170_141_183_460_469_231_731_687_303_715_884_105_727,
                170_141_183_460_469_231_731_687_303_715_884_105_727,
                170_141_183_460_469_231_731_687_303_715_884_105_727,
                170_141_183_460_469_231_731_687_303_715_884_105_727,
            ),
            (
                170_141_183_460_469_231_731_687_303_715_884_105_727,
                1_000_000_000_000_000,
                1_000_000_000_000_001,
                170_141_183_460_469_061_590_503_843_246_822_515_223,
                170_141_183_460_469_061_590_503_843_246_822_515_224,
            ),
            (
                30_000_000_000_000_000_000_000_000_000_000_000_000,
                1_000_000_000,
                1_000_000_000,
                30_000_000_000_000_000_000_000_000_000_000_000_000,
                30_000_000_000_000_000_000_000_000_000_000_000_000,
            ),
        ];
        for (amount, numerator, denominator, down, up) in rows {
            assert_eq!(Rounding::Down.scale(amount, numerator, denominator), down);
            assert_eq!(Rounding::Up.scale(amount, numerator, denominator), up);
            assert_eq!(Rounding::Up.scale(-amount, numerator, denominator), -down);
        }
        assert_eq!(Rounding::Down.scale(i128::MAX, 3, 2), i128::MAX);
        assert_eq!(Rounding::Up.scale(i128::MAX, -3, 2), -i128::MAX);
    }

    /// The slow way and the fast one are the same where both can be taken.
    #[test]
    fn digit_by_digit_is_the_same_division() {
        for rounding in [Rounding::Down, Rounding::Up] {
            for amount in -40..=40 {
                for numerator in -9..=9 {
                    for denominator in 1..=12 {
                        let quick = rounding.divide(amount * numerator, denominator);
                        assert_eq!(rounding.scale_wide(amount, numerator, denominator), quick);
                    }
                }
            }
        }
    }

    #[test]
    fn rounding_is_towards_the_infinity_it_names() {
        assert_eq!(Rounding::Down.part_of(Cash(-1), 0.5), Cash(-1));
        assert_eq!(Rounding::Up.part_of(Cash(-1), 0.5), Cash(0));
        assert_eq!(Rounding::Up.part_of(Cash(1), 0.5), Cash(1));
    }
}
