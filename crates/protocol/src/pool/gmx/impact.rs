//! Price impact: what a trade pays, or is paid, for the imbalance that it makes or takes away.

use aftershock_market::{Cash, UNITS_PER_ONE};

use super::OpenInterest;

/// Price impact of a market: `factor * imbalance ^ exponent`, before less after.
///
/// Source: gmx-io/gmx-synthetics, `contracts/pricing/PricingUtils.sol` and `PositionPricingUtils.sol`. The README and
/// the comment in the code write `factor / 2`; the worked example beside it, and the code since the launch, do not halve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImpactTerms {
    /// Of trades that take imbalance away; counts no more than the other one.
    pub positive_factor: f64,
    /// Of trades that make it.
    pub negative_factor: f64,
    /// Exponent of the imbalance.
    pub exponent: f64,
}

impl ImpactTerms {
    /// What the trader receives, USD, rounded down; negative where the trader pays.
    ///
    /// Where the larger side stays the larger, one factor holds for both imbalances: the positive one where it shrinks.
    /// Where the trade turns it over, what it takes away counts by the positive factor and what it makes by the other.
    pub fn impact(&self, before: OpenInterest, after: OpenInterest) -> Cash {
        let positive = self.positive_factor.min(self.negative_factor);
        let (first, next) = (before.imbalance(), after.imbalance());
        let short_heavy = |open: OpenInterest| open.long <= open.short;
        let usd = if short_heavy(before) == short_heavy(after) {
            let factor = if next < first {
                positive
            } else {
                self.negative_factor
            };
            self.applied(first, factor) - self.applied(next, factor)
        } else {
            self.applied(first, positive) - self.applied(next, self.negative_factor)
        };
        Cash((usd * UNITS_PER_ONE as f64).floor() as i128)
    }

    /// Below one dollar the contracts' power is zero.
    fn applied(&self, imbalance: Cash, factor: f64) -> f64 {
        if imbalance.0 < UNITS_PER_ONE as i128 {
            return 0.0;
        }
        factor * libm::pow(imbalance.to_f64(), self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_market::Side;
    use proptest::prelude::*;

    fn open(long: f64, short: f64) -> OpenInterest {
        OpenInterest {
            long: Cash::from_f64(long),
            short: Cash::from_f64(short),
        }
    }

    /// V-GMX1. Source: gmx-io/gmx-synthetics, README, "Price impact": exponent 2 and factor 0.01 / 50,000: an imbalance
    /// made from 0 to 50,000 costs 500, one that falls to 25,000 earns 375.
    #[test]
    fn the_example_of_the_readme() {
        let terms = ImpactTerms {
            positive_factor: 0.01 / 50_000.0,
            negative_factor: 0.01 / 50_000.0,
            exponent: 2.0,
        };
        let made = terms.impact(open(50_000.0, 50_000.0), open(100_000.0, 50_000.0));
        assert!((made.to_f64() + 500.0).abs() < 0.5, "{made:?}");
        let taken = terms.impact(open(100_000.0, 50_000.0), open(75_000.0, 50_000.0));
        assert!((taken.to_f64() - 375.0).abs() < 0.5, "{taken:?}");
    }

    /// Source: the contracts' crossover by hand: from 2,000 long to 1,000 short with factors 1e-6 and 2e-6: 4e6 * 1e-6 -
    /// 1e6 * 2e-6 = 2. A factor for what improves that is larger than the other counts no more than it.
    #[test]
    fn a_trade_that_turns_the_imbalance_over() {
        let terms = ImpactTerms {
            positive_factor: 1e-6,
            negative_factor: 2e-6,
            exponent: 2.0,
        };
        let (before, after) = (open(3_000.0, 1_000.0), open(0.0, 1_000.0));
        assert!((terms.impact(before, after).to_f64() - 2.0).abs() < 1e-7);
        // On one side: from 2,000 to 1,000 earns 3e6 * 1e-6, and back costs 3e6 * 2e-6.
        let (wide, narrow) = (open(3_000.0, 1_000.0), open(2_000.0, 1_000.0));
        assert!((terms.impact(wide, narrow).to_f64() - 3.0).abs() < 1e-7);
        assert!((terms.impact(narrow, wide).to_f64() + 6.0).abs() < 1e-7);
        let generous = ImpactTerms {
            positive_factor: 9.0,
            ..terms
        };
        assert!((generous.impact(before, after).to_f64() - 6.0).abs() < 1e-7);
        let small = terms.impact(open(0.0, 0.0), open(0.5, 0.0));
        assert_eq!(small, Cash::ZERO);
    }

    proptest! {
        #[test]
        fn a_round_trip_does_not_profit(
            long in 0.0..1e8_f64,
            short in 0.0..1e8_f64,
            usd in 1.0..1e8_f64,
            on_long in any::<bool>(),
            exponent in 1.0..2.4_f64,
            negative in 0.0..1e-9_f64,
            share in 0.0..2.0_f64,
        ) {
            let terms = ImpactTerms { positive_factor: negative * share, negative_factor: negative, exponent };
            let side = if on_long { Side::Long } else { Side::Short };
            let before = open(long, short);
            let after = before.after(side, Cash::from_f64(usd)).expect("it grows");
            let won = terms.impact(before, after) + terms.impact(after, before);
            prop_assert!(won <= Cash::ZERO, "{won:?}");
        }
    }
}
