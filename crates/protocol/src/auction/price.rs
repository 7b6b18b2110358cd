//! The falling price of a Dutch auction.

use crate::fixed::{self, RAY, U256, Unfit};

/// How a price falls from where it started.
///
/// Source: makerdao/dss, `src/abaci.sol` @c8d4c806.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// In proportion to time, to zero.
    Linear {
        /// Time to zero, s.
        tau_s: u64,
    },
    /// By a factor at each step.
    Stairstep {
        /// From one step to the next, s.
        step_s: u64,
        /// The factor, ray.
        cut: U256,
    },
    /// By a factor each second.
    Exponential {
        /// The factor, ray.
        cut: U256,
    },
}

impl Curve {
    /// The price after `elapsed_s` seconds, ray.
    ///
    /// # Errors
    /// A product of more than 256 bits, or a step of zero seconds.
    pub fn price(&self, top: U256, elapsed_s: u64) -> Result<U256, Unfit> {
        match *self {
            Self::Linear { tau_s } if elapsed_s >= tau_s => Ok(U256::ZERO),
            Self::Linear { tau_s } => {
                let left = fixed::mul_div(U256::from(tau_s - elapsed_s), RAY, U256::from(tau_s))?;
                fixed::rmul(top, left)
            }
            Self::Stairstep { step_s, cut } => {
                let steps = elapsed_s.checked_div(step_s).ok_or(Unfit::ByZero)?;
                fixed::rmul(top, fixed::rpow(cut, steps)?)
            }
            Self::Exponential { cut } => fixed::rmul(top, fixed::rpow(cut, elapsed_s)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::{decimal, to_f64};
    use proptest::prelude::*;

    fn ray(value: f64) -> U256 {
        decimal(value, 27).unwrap_or_else(|| panic!("{value} is no ray"))
    }

    /// V-MK6. Source: the formula, 5 * 0.99^n, evaluated in Python.
    #[test]
    fn one_percent_a_second_from_five() {
        let curve = Curve::Stairstep {
            step_s: 1,
            cut: ray(0.99),
        };
        let at = |elapsed| curve.price(ray(5.0), elapsed).map(|price| to_f64(price, 27));
        let price = at(10).unwrap_or(f64::NAN);
        assert!((price - 4.521_910).abs() < 5e-7, "{price}");
        let first_below = (0..200).find(|elapsed| at(*elapsed).is_ok_and(|price| price < 0.3 * 5.0));
        assert_eq!(first_below, Some(120));
    }

    /// V-MK7. Source: the formula, 0.99^20 and the least n with 0.99^n < 0.4, evaluated in Python: 92 steps of 90 s.
    #[test]
    fn one_percent_every_ninety_seconds() {
        let curve = Curve::Stairstep {
            step_s: 90,
            cut: ray(0.99),
        };
        let ratio = |elapsed| {
            curve
                .price(RAY, elapsed)
                .map_or(f64::NAN, |price| to_f64(price, 27))
        };
        assert!((ratio(1_800) - 0.817_906_9).abs() < 5e-8);
        assert!(ratio(8_279) >= 0.4 && ratio(8_280) < 0.4);
    }

    /// Source: makerdao/dss, `src/test/clip.t.sol`, price 5 halves in half of ten hours.
    #[test]
    fn in_proportion_to_time() {
        let curve = Curve::Linear { tau_s: 36_000 };
        assert_eq!(curve.price(ray(5.0), 0), Ok(ray(5.0)));
        assert_eq!(curve.price(ray(5.0), 18_000), Ok(ray(2.5)));
        assert_eq!(curve.price(ray(5.0), 36_000), Ok(U256::ZERO));
        assert_eq!(curve.price(ray(5.0), 36_001), Ok(U256::ZERO));
    }

    #[test]
    fn an_exponential_is_a_stairstep_of_one_second() {
        let cut = ray(0.999);
        let stairs = Curve::Stairstep { step_s: 1, cut };
        for elapsed in 0..500 {
            assert_eq!(
                Curve::Exponential { cut }.price(ray(7.5), elapsed),
                stairs.price(ray(7.5), elapsed)
            );
        }
        assert_eq!(
            Curve::Stairstep { step_s: 0, cut }.price(RAY, 1),
            Err(Unfit::ByZero)
        );
    }

    proptest! {
        /// Save for the last places: powers are rounded to the nearest at each multiplication.
        #[test]
        fn no_price_rises(
            top in 0.001..1e6_f64,
            cut in 0.5..=1.0_f64,
            step_s in 1_u64..600,
            tau_s in 1_u64..100_000,
            early in 0_u64..20_000,
            later in 0_u64..20_000,
        ) {
            let cut = ray(cut);
            let curves = [
                Curve::Linear { tau_s },
                Curve::Stairstep { step_s, cut },
                Curve::Exponential { cut },
            ];
            for curve in curves {
                let first = curve.price(ray(top), early)?;
                let second = curve.price(ray(top), early + later)?;
                prop_assert!(second <= first + U256::from(64) * (ray(top) / RAY + U256::from(1)));
            }
        }
    }
}
