//! GMX v2: impact, funding and its adaptive rate by the examples of the README, and a liquidation price.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::pool::gmx::funding::Payment;
use aftershock_protocol::pool::gmx::{FundingState, FundingTerms, ImpactTerms, Market, OpenInterest};
use aftershock_protocol::venue::contract::Holding;
use aftershock_rules::record::Protocol;

use super::at;
use super::table::{Kind, Table};

const README: &str = "gmx-io/gmx-synthetics, README";

fn market(day: &str) -> Market {
    match at("gmx-v2", "ETH-USD", day) {
        Protocol::Gmx(market) => *market,
        other => panic!("{other:?} is not of GMX"),
    }
}

fn open(long: f64, short: f64) -> OpenInterest {
    OpenInterest {
        long: Cash::from_f64(long),
        short: Cash::from_f64(short),
    }
}

/// The README's factor in place of the file's; the exponent is the file's.
#[test]
fn price_impact() {
    let mut table = Table::default();
    let terms = ImpactTerms {
        positive_factor: 0.01 / 50_000.0,
        negative_factor: 0.01 / 50_000.0,
        ..market("2023-09-01T00:00:00Z").impact
    };
    for (what, before, after, expected) in [
        ("imbalance from 0 to 50,000", 50_000.0, 100_000.0, -500.0),
        ("imbalance from 50,000 to 25,000", 100_000.0, 75_000.0, 375.0),
    ] {
        let ours = terms.impact(open(before, 50_000.0), open(after, 50_000.0));
        table.near(
            "V-GMX1",
            Kind::Official,
            README,
            what,
            expected,
            ours.to_f64(),
            0.5,
        );
    }
    // The file's own note: 0.3 % for 25,000,000 USD of imbalance at 12e-11.
    let launch = market("2023-09-01T00:00:00Z").impact;
    let cost = launch.impact(open(0.0, 0.0), open(25e6, 0.0)).to_f64() / 25e6;
    table.near(
        "launch",
        Kind::Official,
        "config/markets.ts, note beside the factor",
        "impact of 25M of imbalance, %",
        -0.3,
        100.0 * cost,
        0.05,
    );
    table.finish();
}

/// The README's factors and thresholds in place of the file's; the exponent is the file's.
#[test]
fn funding() {
    let mut table = Table::default();
    let launch = market("2023-09-01T00:00:00Z").funding;
    let fixed = FundingTerms {
        factor: 1.0 / 50_000.0,
        ..launch
    };
    let both = open(150_000.0, 50_000.0);
    let rate = fixed.rate(&mut FundingState::default(), both, 1.0);
    let payment = Payment::over(rate, both, 1.0);
    assert_eq!(payment.from, Side::Long);
    let percent = |of: Cash| 100.0 * payment.amount.to_f64() / of.to_f64();
    table.near(
        "V-GMX2",
        Kind::Official,
        README,
        "longs of 150,000 pay a second, %",
        0.001,
        percent(both.long),
        0.000_5,
    );
    table.near(
        "V-GMX2",
        Kind::Official,
        "the same; older copies print 0.0015 % and 0.0045 % against their own formula",
        "shorts of 50,000 are paid a second, %",
        0.003,
        percent(both.short),
        0.000_5,
    );
    let adaptive = FundingTerms {
        increase_a_second: 0.000_001,
        decrease_a_second: 0.000_000_02,
        stable_threshold: 0.05,
        decrease_threshold: 0.03,
        ..launch
    };
    for (what, skew, expected) in [
        ("imbalance of 6 % for 600 s, %", 0.06, 0.003_6),
        ("imbalance of 4 %, %", 0.04, 0.0),
        ("imbalance of 2 %, %", 0.02, -0.001_2),
        ("imbalance of 1 % on the other side, %", -0.01, -0.000_6),
    ] {
        let mut state = FundingState { rate: 0.000_1 };
        adaptive.rate(&mut state, open(1e6 * (1.0 + skew), 1e6 * (1.0 - skew)), 600.0);
        let ours = 100.0 * (state.rate - 0.000_1);
        table.near("V-GMX3", Kind::Official, README, what, expected, ours, 0.000_05);
    }
    // The configuration's own notes: 75 % a year, reached in 3 hours at an imbalance of all.
    let late = market("2026-03-13T00:00:00Z").funding;
    let mut state = FundingState::default();
    let year_s = 365.0 * 86_400.0;
    let after = 100.0 * year_s * late.rate(&mut state, open(1e6, 0.0), 10_800.0);
    table.near(
        "2026",
        Kind::Official,
        "config/markets.ts, note beside the rates",
        "rate a year after 3 hours at an imbalance of all, %",
        75.0,
        after,
        0.5,
    );
    table.finish();
}

/// By hand: one coin at 2,000 with 100 at launch needs 1 % (20) and a fee of 0.05 % (1): it may lose 79. From 2026 it needs
/// 0.5 % (10) and 0.06 % (1.20): 88.80.
#[test]
fn liquidation_price() {
    let mut table = Table::default();
    for (day, expected) in [
        ("2023-09-01T00:00:00Z", 1_921.0),
        ("2026-03-13T00:00:00Z", 1_911.2),
    ] {
        let held = Holding {
            side: Side::Long,
            quantity: Coin::from_f64(1.0),
            opening_value: Cash::from_f64(2_000.0),
            margin: Cash::from_f64(100.0),
        };
        let price = at("gmx-v2", "ETH-USD", day).liquidation_price(&held);
        table.near(
            "by date",
            Kind::Derived,
            "PositionUtils, by hand",
            &format!("one coin long at 2,000 with 100, on {}", &day[..10]),
            expected,
            price.map_or(f64::NAN, Price::to_f64),
            0.000_000_5,
        );
    }
    table.finish();
}
