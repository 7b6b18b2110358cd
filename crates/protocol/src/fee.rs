//! What a pool charges by its own volatility, in whole numbers as its contract computes it.

use crate::fixed::U256;

/// Basis points in one; also what a bin counts in the accumulator.
const WHOLE_BP: u64 = 10_000;

/// Terms of a Liquidity Book pair (v2): a base fee, and one that grows with the square of the bins crossed of late.
///
/// Source: traderjoe-xyz/joe-v2, `src/libraries/PairParameterHelper.sol` @0820111e.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidityBook {
    /// Price step from bin to bin, basis points.
    pub bin_step_bp: u64,
    /// Base fee over the bin step, basis points.
    pub base_factor_bp: u64,
    /// A trade sooner than this after the last counts on from the same reference, s.
    pub filter_s: u64,
    /// A trade later than this starts from nothing, s.
    pub decay_s: u64,
    /// Share of the accumulator kept in between, basis points.
    pub reduction_bp: u64,
    /// Weight of the variable fee.
    pub control: u64,
    /// Largest accumulator, 10,000 a bin.
    pub most: u64,
}

/// The volatility accumulator of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accumulator {
    /// Bins crossed since the reference, and what was carried over, 10,000 a bin.
    pub value: u64,
    /// What was carried over.
    reference: u64,
    reference_bin: u64,
    bin: u64,
    last_at_s: u64,
}

impl Accumulator {
    /// A pair in `bin` that nothing has traded in.
    pub fn new(bin: u64, now_s: u64) -> Self {
        Self {
            value: 0,
            reference: 0,
            reference_bin: bin,
            bin,
            last_at_s: now_s,
        }
    }

    /// A trade begins: after a while the reference moves to the bin the pair stands in.
    pub fn begin(&mut self, terms: &LiquidityBook, now_s: u64) {
        let since = now_s.saturating_sub(self.last_at_s);
        if since >= terms.filter_s {
            self.reference_bin = self.bin;
            self.reference = match since < terms.decay_s {
                true => self.value * terms.reduction_bp / WHOLE_BP,
                false => 0,
            };
        }
        self.last_at_s = now_s;
    }

    /// The trade reaches a bin; what it takes there is charged at [`LiquidityBook::fee`] of the accumulator.
    pub fn reach(&mut self, terms: &LiquidityBook, bin: u64) {
        let crossed = bin.abs_diff(self.reference_bin);
        self.value = crossed
            .saturating_mul(WHOLE_BP)
            .saturating_add(self.reference)
            .min(terms.most);
        self.bin = bin;
    }
}

impl LiquidityBook {
    /// Fee without any volatility, 10^18 for 100 %.
    pub fn base_fee(&self) -> u128 {
        u128::from(self.base_factor_bp) * u128::from(self.bin_step_bp) * 10_000_000_000
    }

    /// Fee on top, 10^18 for 100 %, rounded up.
    pub fn variable_fee(&self, volatility: &Accumulator) -> u128 {
        let product = u128::from(volatility.value) * u128::from(self.bin_step_bp);
        match self.control {
            0 => 0,
            control => (product * product * u128::from(control)).div_ceil(100),
        }
    }

    /// Both.
    pub fn fee(&self, volatility: &Accumulator) -> u128 {
        self.base_fee() + self.variable_fee(volatility)
    }
}

/// One step of an Algebra Integral fee: `height / (1 + e^((middle - v) / width))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sigmoid {
    /// Where it ends, millionths (`alpha`).
    pub height: u16,
    /// Volatility at half of it (`beta`).
    pub middle: u32,
    /// How wide it is (`gamma`), at least 1.
    pub width: u16,
}

/// Terms of an Algebra Integral pool: a base fee and two steps up with its volatility.
///
/// Source: cryptoalgebra/Algebra, `src/plugin/contracts/libraries/AdaptiveFee.sol` @3cf3896f.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algebra {
    /// Fee without any volatility, millionths.
    pub base: u16,
    /// The two steps; base and heights are at most 65,535 together.
    pub steps: [Sigmoid; 2],
}

impl Algebra {
    /// What a pool begins with.
    pub const INITIAL: Self = Self {
        base: 100,
        steps: [
            Sigmoid {
                height: 2_900,
                middle: 360,
                width: 59,
            },
            Sigmoid {
                height: 12_000,
                middle: 60_000,
                width: 8_500,
            },
        ],
    };

    /// The fee, millionths, at the average volatility that the pool's oracle keeps, which the contract divides by
    /// 15 first.
    pub fn fee(&self, volatility: u128) -> u32 {
        let per_quarter_minute = u64::try_from(volatility / 15).unwrap_or(u64::MAX);
        let steps = self.steps.iter().map(|step| step.at(per_quarter_minute));
        u32::from(self.base) + steps.sum::<u32>()
    }
}

impl Sigmoid {
    /// Its value; beyond six widths from the middle it is all or nothing.
    fn at(&self, volatility: u64) -> u32 {
        let (middle, width) = (u64::from(self.middle), u64::from(self.width));
        let above = volatility > middle;
        let away = volatility.abs_diff(middle);
        if away >= 6 * width {
            return if above { u32::from(self.height) } else { 0 };
        }
        let one = U256::from(width).pow(U256::from(4));
        let power = exponential(away, width, one);
        let height = U256::from(self.height);
        let value = match above {
            true => height * power / (one + power),
            false => height * one / (one + power),
        };
        u32::try_from(value).unwrap_or(u32::from(self.height))
    }
}

/// `e^n` for whole n up to 5, times 10^20.
const POWERS_OF_E: [u128; 6] = [
    100_000_000_000_000_000_000,
    271_828_182_845_904_523_536,
    738_905_609_893_065_022_723,
    2_008_553_692_318_766_774_092,
    5_459_815_003_314_423_907_811,
    14_841_315_910_257_660_342_111,
];
const ROOT_OF_E: u128 = 164_872_127_070_012_814_684;
const TABLE_ONE: u128 = 100_000_000_000_000_000_000;

/// `e^(away / width) * width^4` for less than six widths: a power of e to the half below from a table, and four terms
/// of the series for the rest.
fn exponential(away: u64, width: u64, one: U256) -> U256 {
    let whole = usize::try_from(away / width).unwrap_or(5).min(5);
    let mut nearest = U256::from(POWERS_OF_E[whole]);
    let mut rest = away % width;
    if rest >= width / 2 {
        rest -= width / 2;
        nearest = nearest * U256::from(ROOT_OF_E) / U256::from(TABLE_ONE);
    }
    let (x, g) = (U256::from(rest), U256::from(width));
    let (square, cube) = (x * x, x * x * x);
    let last = (cube * g * U256::from(4) + cube * x) / U256::from(24);
    let series = one + x * g * g * g + square * g * g / U256::from(2) + last;
    series * nearest / U256::from(TABLE_ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Source: traderjoe-xyz/joe-v2, defaults of its tests.
    fn pair() -> LiquidityBook {
        LiquidityBook {
            bin_step_bp: 10,
            base_factor_bp: 5_000,
            filter_s: 30,
            decay_s: 600,
            reduction_bp: 5_000,
            control: 40_000,
            most: 350_000,
        }
    }

    /// V-LQ1. Source: the formula of joe-v2, evaluated in Python, in percent.
    #[test]
    fn fee_by_bins_crossed() {
        let terms = pair();
        assert_eq!(terms.base_fee(), 500_000_000_000_000);
        let expected = [
            (0, 0.0),
            (1, 0.0004),
            (5, 0.01),
            (10, 0.04),
            (20, 0.16),
            (35, 0.49),
            (50, 0.49),
        ];
        for (bins, percent) in expected {
            for bin in [8_388_608 + bins, 8_388_608 - bins] {
                let mut state = Accumulator::new(8_388_608, 0);
                state.begin(&terms, 10);
                state.reach(&terms, bin);
                let charged = terms.variable_fee(&state) as f64 / 1e16;
                assert!((charged - percent).abs() < 1e-12, "{bins} bins: {charged}");
                let both = terms.fee(&state) as f64 / 1e16;
                assert!((both - 0.05 - percent).abs() < 1e-12, "{bins} bins: {both}");
            }
        }
    }

    /// Source: joe-v2, `updateReferences`; by hand: 10 bins are 100,000, half of which is kept after the filter.
    #[test]
    fn what_volatility_is_kept() {
        let terms = pair();
        let trade = |state: &mut Accumulator, now_s, bin| {
            state.begin(&terms, now_s);
            state.reach(&terms, bin);
            state.value
        };
        let mut state = Accumulator::new(1_000, 0);
        assert_eq!(trade(&mut state, 100, 1_010), 100_000);
        assert_eq!(
            trade(&mut state, 129, 1_010),
            100_000,
            "within the filter nothing moves"
        );
        assert_eq!(trade(&mut state, 140, 1_000), 0, "back at the reference");
        assert_eq!(trade(&mut state, 150, 1_010), 100_000);
        assert_eq!(
            trade(&mut state, 180, 1_012),
            70_000,
            "half of 100,000 and two bins"
        );
        assert_eq!(
            trade(&mut state, 780, 1_013),
            10_000,
            "after the decay only the bin"
        );
    }

    /// V-LQ2. Source: cryptoalgebra/Algebra, snapshot of the plugin's fee test; volatility there is times 15.
    #[test]
    fn fee_by_volatility() {
        let expected = [
            (0, 100),
            (100, 134),
            (200, 279),
            (360, 1_550),
            (500, 2_752),
            (1_000, 3_000),
            (10_000, 3_033),
            (60_000, 9_000),
            (100_000, 14_892),
        ];
        for (volatility, fee) in expected {
            assert_eq!(Algebra::INITIAL.fee(volatility * 15), fee, "{volatility}");
        }
        assert_eq!(Algebra::INITIAL.fee(u128::MAX), 15_000);
    }

    /// The logistic function itself, in floating point: less than five terms of the series would be seven off.
    #[test]
    fn a_sigmoid_is_within_two_millionths_of_the_logistic_function() {
        let step = Algebra::INITIAL.steps[1];
        for volatility in (9_100..=110_900).step_by(50) {
            let exact = 12_000.0 / (1.0 + libm::exp((60_000.0 - volatility as f64) / 8_500.0));
            let kept = f64::from(step.at(volatility));
            assert!((kept - exact).abs() < 2.0, "{volatility}: {kept} is not {exact}");
        }
    }

    proptest! {
        #[test]
        fn a_sigmoid_stays_within_its_height(
            height in 0_u16..=u16::MAX,
            middle in 0_u32..=u32::MAX,
            width in 1_u16..=u16::MAX,
            volatility in 0_u64..10_000_000_000,
        ) {
            let step = Sigmoid { height, middle, width };
            prop_assert!(step.at(volatility) <= u32::from(height));
        }
    }
}
