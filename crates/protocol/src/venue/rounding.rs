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

    /// `amount * rate`, exact before its one rounding. The product fits while the amount stays below 1.7e23
    /// units and the rate at or below one.
    #[inline]
    pub fn part_of(self, amount: Cash, rate: f64) -> Cash {
        let parts = (rate * RATE_PARTS as f64).round() as i128;
        Cash(self.divide(amount.0 * parts, RATE_PARTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_percent_of_twenty_coins() {
        let part = Rounding::Up.part_of(Cash::from_f64(20.0), 0.0025);
        assert_eq!(part, Cash::from_f64(0.05));
    }

    #[test]
    fn rounding_is_towards_the_infinity_it_names() {
        assert_eq!(Rounding::Down.part_of(Cash(-1), 0.5), Cash(-1));
        assert_eq!(Rounding::Up.part_of(Cash(-1), 0.5), Cash(0));
        assert_eq!(Rounding::Up.part_of(Cash(1), 0.5), Cash(1));
    }
}
