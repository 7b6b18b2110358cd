use super::*;
use proptest::prelude::*;

fn open(long: f64, short: f64) -> OpenInterest {
    OpenInterest {
        long: Cash::from_f64(long),
        short: Cash::from_f64(short),
    }
}

/// Adaptive, with the thresholds and speeds of the documentation's example, in fractions.
const EXAMPLE: FundingTerms = FundingTerms {
    factor: 0.0,
    exponent: 1.0,
    increase_a_second: 0.000_001,
    decrease_a_second: 0.000_000_02,
    stable_threshold: 0.05,
    decrease_threshold: 0.03,
    min_rate: 0.0,
    max_rate: 1.0,
};

/// V-GMX2. Source: gmx-io/gmx-synthetics, README, "Funding fees": factor 1 / 50,000, exponent 1, longs 150,000, shorts
/// 50,000: longs pay 0.001 % a second and shorts are paid 0.003 %. (Older copies print 0.0015 % and 0.0045 %, by the long
/// side in place of the imbalance, against their own formula.)
#[test]
fn the_static_rate_of_the_readme() {
    let terms = FundingTerms {
        factor: 1.0 / 50_000.0,
        increase_a_second: 0.0,
        ..EXAMPLE
    };
    let both = open(150_000.0, 50_000.0);
    let rate = terms.rate(&mut FundingState::default(), both, 1.0);
    assert!((rate - 0.000_01).abs() < 5e-9, "{rate}");
    let payment = Payment::over(rate, both, 1.0);
    assert_eq!((payment.from, payment.amount), (Side::Long, Cash::from_f64(1.5)));
    let per_dollar = payment.amount.to_f64() / both.short.to_f64();
    assert!((per_dollar - 0.000_03).abs() < 5e-9, "{per_dollar}");
    let mirrored = terms.rate(&mut FundingState::default(), open(50_000.0, 150_000.0), 1.0);
    assert_eq!(mirrored, -rate);
}

/// V-GMX3. Source: gmx-io/gmx-synthetics, README, "Adaptive funding": thresholds 5 % and 3 %, 0.0001 % up and 0.000002 %
/// down a second, 600 s: an imbalance of 6 % adds 0.0036 %, 4 % nothing, 2 % takes 0.0012 %, and 1 % on the other side
/// takes 0.0006 %.
#[test]
fn the_adaptive_rate_of_the_readme() {
    let moved = |imbalance: f64| {
        let mut state = FundingState { rate: 0.000_1 };
        let both = open(1e6 * (1.0 + imbalance), 1e6 * (1.0 - imbalance));
        EXAMPLE.rate(&mut state, both, 600.0);
        state.rate - 0.000_1
    };
    for (imbalance, expected) in [
        (0.06, 0.000_036),
        (0.04, 0.0),
        (0.02, -0.000_012),
        (-0.01, -0.000_006),
    ] {
        let got = moved(imbalance);
        assert!((got - expected).abs() < 5e-8, "{imbalance}: {got}");
    }
}

/// Source: the contracts by hand: a rate of 1e-8 shrinks to nothing in a second, keeps its sign, and is paid at the least
/// rate; one that grows is held at the largest.
#[test]
fn a_rate_is_held_within_its_bounds() {
    let terms = FundingTerms {
        min_rate: 3e-10,
        max_rate: 1e-8,
        ..EXAMPLE
    };
    let mut state = FundingState { rate: -1e-8 };
    let paid = terms.rate(&mut state, open(990.0, 1_010.0), 1.0);
    assert_eq!((paid, state.rate), (-3e-10, -1e-30));
    let paid = terms.rate(&mut state, open(0.0, 1_000.0), 1e6);
    assert_eq!((paid, state.rate), (-1e-8, -1e-8));
}

proptest! {
    #[test]
    fn funding_sums_to_zero(
        longs in prop::collection::vec(1_i64..1_000_000_000_000, 1..6),
        shorts in prop::collection::vec(1_i64..1_000_000_000_000, 1..6),
        rate in -1e-6..1e-6_f64,
    ) {
        let sum = |held: &[i64]| Cash(held.iter().map(|one| *one as i128).sum());
        let both = OpenInterest { long: sum(&longs), short: sum(&shorts) };
        let payment = Payment::over(rate, both, 3_600.0);
        let parts = |side, held: &[i64]| {
            let mut split = payment.among(both, side);
            held.iter().map(|one| split.part(Coin(*one))).sum::<Cash>()
        };
        let (long, short) = (parts(Side::Long, &longs), parts(Side::Short, &shorts));
        prop_assert_eq!(long + short, Cash::ZERO);
        prop_assert_eq!(short.0.abs(), payment.amount.0);
    }

    #[test]
    fn an_adaptive_rate_never_leaves_its_bounds(
        rate in -1e-8..1e-8_f64,
        long in 1.0..1e8_f64,
        short in 1.0..1e8_f64,
        seconds in 0.0..1e6_f64,
    ) {
        let terms = FundingTerms { min_rate: 3e-10, max_rate: 1e-8, ..EXAMPLE };
        let mut state = FundingState { rate };
        let paid = terms.rate(&mut state, open(long, short), seconds);
        prop_assert!((3e-10..=1e-8).contains(&paid.abs()) && state.rate.abs() <= 1e-8);
    }
}

/// Source: gmx-io/gmx-synthetics, `contracts/market/MarketUtils.sol`: above the one threshold the rate grows, below the
/// other it shrinks; on either (5 % and 3 % of 2,000,000 are 100,000 and 60,000) it stands.
#[test]
fn on_a_threshold_the_rate_stands() {
    for (long, short) in [(1_050_000.0, 950_000.0), (1_030_000.0, 970_000.0)] {
        let mut state = FundingState { rate: 0.000_1 };
        EXAMPLE.rate(&mut state, open(long, short), 600.0);
        assert_eq!(state.rate, 0.000_1, "{long}");
    }
}

#[test]
fn nobody_pays_where_nobody_is_there_to_be_paid() {
    for (long, short) in [(100.0, 0.0), (0.0, 100.0), (0.0, 0.0)] {
        for rate in [1e-6, -1e-6] {
            assert_eq!(Payment::over(rate, open(long, short), 3_600.0).amount, Cash::ZERO);
        }
    }
}

/// Parts are kept in 64 bits of 1e-8 dollars: 92,233,720,368 dollars.
#[test]
#[should_panic(expected = "positive whole")]
fn open_interest_beyond_its_range_is_no_whole() {
    let both = open(93e9, 93e9);
    Payment::over(1e-9, both, 1.0).among(both, Side::Long);
}
