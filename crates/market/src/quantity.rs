//! Exact quantities: coin, cash and prices as integers of 1e-8.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Units of 1e-8 in one coin, one dollar, or one dollar a coin.
pub const UNITS_PER_ONE: i64 = 100_000_000;

macro_rules! quantity {
    ($name:ident, $int:ty) => {
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The nearest quantity of 1e-8 units, ties away from zero.
            #[inline]
            pub fn from_f64(value: f64) -> Self {
                Self((value * UNITS_PER_ONE as f64).round() as $int)
            }

            /// The value in whole units (coins or dollars), for display and for impact arithmetic.
            #[inline]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / UNITS_PER_ONE as f64
            }
        }
        impl Add for $name {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            #[inline]
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $name {
            #[inline]
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }
    };
}

/// A quantity of coin in units of 1e-8 (BTC: satoshi).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coin(pub i64);

/// A quantity of the settlement asset in units of 1e-8 USD. Signed: a debt is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cash(pub i128);

/// A price in units of 1e-8 USD a coin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(pub i64);

quantity!(Coin, i64);
quantity!(Cash, i128);
quantity!(Price, i64);

impl Coin {
    /// The value of this quantity at `price`, rounded down to 1e-8 USD (towards minus infinity).
    ///
    /// ```
    /// use aftershock_market::{Cash, Coin, Price};
    /// assert_eq!(Coin::from_f64(0.5).value_floor(Price::from_f64(60_000.0)), Cash::from_f64(30_000.0));
    /// ```
    #[inline]
    pub fn value_floor(self, price: Price) -> Cash {
        Cash((self.0 as i128 * price.0 as i128).div_euclid(UNITS_PER_ONE as i128))
    }

    /// `self * numerator / denominator`, rounded down. Both must be non-negative, the denominator positive.
    #[inline]
    pub fn share_floor(self, numerator: i64, denominator: i64) -> Coin {
        assert!(
            denominator > 0 && numerator >= 0,
            "a share of a quantity needs a positive whole"
        );
        Coin((self.0 as i128 * numerator as i128).div_euclid(denominator as i128) as i64)
    }
}

impl Cash {
    /// `self * numerator / denominator`, rounded down (towards minus infinity).
    #[inline]
    pub fn share_floor(self, numerator: i64, denominator: i64) -> Cash {
        assert!(denominator > 0, "a share of cash needs a positive whole");
        Cash((self.0 * numerator as i128).div_euclid(denominator as i128))
    }
}

/// A quantity and its value, from which parts are taken: each has its share of what is left, rounded down, and the last
/// has all that is left, so that the parts add up to the whole.
///
/// ```
/// use aftershock_market::{Cash, Coin, Rest};
/// let mut rest = Rest::new(Coin(3), Cash(10));
/// assert_eq!([rest.take(Coin(1)), rest.take(Coin(1)), rest.take(Coin(1))], [Cash(3), Cash(3), Cash(4)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    quantity: Coin,
    value: Cash,
}

impl Rest {
    /// All of it is left.
    pub const fn new(quantity: Coin, value: Cash) -> Self {
        Self { quantity, value }
    }

    /// Takes a part and says what it is worth.
    #[inline]
    pub fn take(&mut self, quantity: Coin) -> Cash {
        let value = if quantity == self.quantity {
            self.value
        } else {
            self.value.share_floor(quantity.0, self.quantity.0)
        };
        self.quantity -= quantity;
        self.value -= value;
        value
    }

    /// Value of what is left.
    pub const fn value(&self) -> Cash {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_rounded_down_on_both_sides_of_zero() {
        assert_eq!(Coin(1).value_floor(Price(150_000_000)), Cash(1));
        assert_eq!(Coin(-1).value_floor(Price(150_000_000)), Cash(-2));
    }

    #[test]
    fn the_largest_market_fits() {
        let all = Coin::from_f64(21_000_000.0);
        assert_eq!(
            all.value_floor(Price::from_f64(1_000_000.0)),
            Cash::from_f64(21e12)
        );
    }
}
