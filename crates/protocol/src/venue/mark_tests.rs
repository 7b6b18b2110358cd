use super::*;
use proptest::prelude::*;

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_seconds(1_600_000_000).plus_seconds(seconds)
}

fn inputs(index: f64, last: f64, mid: f64) -> MarkInputs<'static> {
    MarkInputs {
        index,
        last,
        bid: Some(mid - 1.0),
        ask: Some(mid + 1.0),
        funding_rate: 0.0,
        funding_at: at(0.0),
        others: &[],
    }
}

fn state(rule: MarkRule, every_s: f64) -> MarkState {
    MarkState::new(rule, every_s).expect("the times are positive")
}

#[track_caller]
fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-6, "{actual} is not {expected}");
}

#[test]
fn between_samples_the_mark_is_held() {
    let mut mark = state(MarkRule::LastPrice, 1.0);
    assert!(mark.mark_usd().is_nan());
    assert_eq!(mark.update(at(0.3), &inputs(100.0, 101.0, 100.0)), 101.0);
    assert_eq!(mark.update(at(0.9), &inputs(100.0, 90.0, 100.0)), 101.0);
    assert_eq!(mark.next_at(), at(1.0));
    assert_eq!(mark.update(at(1.0), &inputs(100.0, 90.0, 100.0)), 90.0);
    let mut always = state(MarkRule::LastPrice, 0.0);
    assert_eq!(always.update(at(0.3), &inputs(100.0, 101.0, 100.0)), 101.0);
    assert_eq!(always.update(at(0.3), &inputs(100.0, 90.0, 100.0)), 90.0);
}

/// Source: the form of Binance's first price, `index (1 + F hours / 8)`, by hand: 10,000 with 0.05 % and 4
/// hours to go, then at the payment.
#[test]
fn funding_still_to_be_paid_moves_the_index() {
    let rule = MarkRule::FundingBasis { interval_s: 28_800.0 };
    let mut mark = state(rule, 1.0);
    let with = MarkInputs {
        funding_rate: 0.000_5,
        funding_at: at(14_400.0),
        ..inputs(10_000.0, 9_000.0, 9_500.0)
    };
    close(mark.update(at(0.0), &with), 10_002.5);
    close(mark.update(at(14_400.0), &with), 10_000.0);
    close(mark.update(at(14_500.0), &with), 10_000.0);
}

/// Source: Binance's three prices by hand. A spike of the book counts for one second in sixty, or in thirty.
#[test]
fn a_spike_counts_for_one_second() {
    for (rule, second) in [
        (MarkRule::binance(60), 10_000.0 - 600.0 / 60.0),
        (MarkRule::binance(30), 10_000.0 - 600.0 / 30.0),
    ] {
        let mut mark = state(rule, 1.0);
        for second in 0..120 {
            close(
                mark.update(at(second.into()), &inputs(10_000.0, 10_000.0, 10_000.0)),
                10_000.0,
            );
        }
        // First price 10,000, last price 9,400: the median is the second price.
        close(
            mark.update(at(120.0), &inputs(10_000.0, 9_400.0, 9_400.0)),
            second,
        );
        // A last price between the two others is the median itself.
        close(
            mark.update(at(121.0), &inputs(10_000.0, 9_999.0, 10_000.0)),
            9_999.0,
        );
    }
}

/// Source: the recurrences in Python. Mid minus oracle is +10, -20, -20, -20 every 3 s, tau 150 s: -10.199 at
/// the third, -12.723 at the fourth. The book's median is 10,010, 9,980, 9,979, 9,979, tau 30 s: 9,985.865 at
/// the fourth, between 9,979 and 9,987.277.
#[test]
fn oracle_and_book_and_others() {
    let others = [
        Source {
            price_usd: Some(9_985.0),
            weight: 3.0,
        },
        Source {
            price_usd: Some(9_995.0),
            weight: 2.0,
        },
    ];
    let mut mark = state(MarkRule::HYPERLIQUID, 3.0);
    mark.update(at(2.0), &inputs(10_000.0, 10_010.0, 10_010.0));
    mark.update(at(5.0), &inputs(10_000.0, 9_980.0, 9_980.0));
    let now = MarkInputs {
        others: &others,
        ..inputs(10_000.0, 9_970.0, 9_980.0)
    };
    // The book says 9,979, the others 9,985, the oracle 9,989.8.
    close(mark.update(at(8.0), &now), 9_985.0);
    // Without the others the book's own mean joins.
    let alone = MarkInputs { others: &[], ..now };
    close(mark.update(at(11.0), &alone), 9_985.865_312_6);
    // With no book and no others the oracle keeps its last basis.
    let bare = MarkInputs {
        bid: None,
        others: &[],
        ..now
    };
    let mut fresh = state(MarkRule::HYPERLIQUID, 3.0);
    close(fresh.update(at(0.0), &bare), 10_000.0);
}

#[test]
fn a_band_limits_the_basis() {
    let rule = MarkRule::FadingBasis {
        tau_s: 30.0,
        bandwidth: 0.005,
    };
    let mut mark = state(rule, 1.0);
    close(
        mark.update(at(0.0), &inputs(10_000.0, 9_000.0, 10_030.0)),
        10_030.0,
    );
    for second in 1..300 {
        mark.update(at(second.into()), &inputs(10_000.0, 9_000.0, 9_000.0));
    }
    close(mark.mark_usd(), 9_950.0);
}

#[test]
fn a_mark_that_cannot_be_says_why() {
    let said = |rule, every_s| MarkState::new(rule, every_s).map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        said(MarkRule::LastPrice, -1.0),
        "time between marks of -1 s should be zero or more"
    );
    let rule = MarkRule::FundingBasis { interval_s: 0.0 };
    assert_eq!(said(rule, 1.0), "funding interval of 0 s should be positive");
    let rule = MarkRule::MedianOfThree {
        interval_s: 1.0,
        points: 0,
        spacing_s: 1.0,
    };
    assert_eq!(said(rule, 1.0), "a mean of 0 points should have at least one");
    let rule = MarkRule::FadingBasis {
        tau_s: 30.0,
        bandwidth: 0.0,
    };
    assert_eq!(said(rule, 1.0), "bandwidth 0 should be positive");
}

proptest! {
    /// Wherever the last price goes, a median of three stays between its two other prices.
    #[test]
    fn the_last_price_alone_cannot_move_the_mark(last in 1.0..1e6_f64, mid in 9_900.0..10_100.0_f64) {
        let mut mark = state(MarkRule::binance(60), 1.0);
        let got = mark.update(at(0.0), &inputs(10_000.0, last, mid));
        let (low, high) = (mid.min(10_000.0), mid.max(10_000.0));
        prop_assert!(low - 1e-9 <= got && got <= high + 1e-9);
    }
}

#[test]
fn the_oracle_price_itself() {
    let mut mark = state(MarkRule::Index, 0.0);
    assert_eq!(mark.update(at(0.0), &inputs(100.0, 90.0, 95.0)), 100.0);
}
