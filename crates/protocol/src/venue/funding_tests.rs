use super::*;
use proptest::prelude::*;

const BP: f64 = 1e-4;

/// V-BN8. Premiums, rate of Binance, rate of Hyperliquid an hour; percent. Source: `P + clamp(I - P, ±0.05 %)` with
/// I = 0.01 %.
const CLAMPED: [(f64, f64, f64); 8] = [
    (-1.0, -0.95, -0.118_75),
    (-0.06, -0.01, -0.001_25),
    (-0.04, 0.01, 0.001_25),
    (0.0, 0.01, 0.001_25),
    (0.03, 0.01, 0.001_25),
    (0.06, 0.01, 0.001_25),
    (0.10, 0.05, 0.006_25),
    (1.0, 0.95, 0.118_75),
];

#[track_caller]
fn percent(rate: f64, expected: f64) {
    assert!(
        (rate * 100.0 - expected).abs() < 1e-12,
        "{} % is not {expected} %",
        rate * 100.0
    );
}

#[test]
fn interest_near_and_premium_beyond() {
    for (premium, eight_hours, hour) in CLAMPED {
        percent(
            FundingRule::binance(BP, 8.0, true, Cap::NONE).rate(premium / 100.0, None),
            eight_hours,
        );
        percent(FundingRule::HYPERLIQUID.rate(premium / 100.0, None), hour);
    }
    // Source: the same in basis points, computed in Python beside the methods of this project.
    for (premium, rate) in [
        (-20.0, -15.0),
        (-7.0, -2.0),
        (-4.0, 1.0),
        (0.0, 1.0),
        (4.0, 1.0),
        (6.0, 1.0),
        (7.0, 2.0),
        (20.0, 15.0),
    ] {
        let got = FundingRule::bitmex(BP, Cap::NONE).rate(premium * BP, None);
        assert!((got / BP - rate).abs() < 1e-9, "{premium} {got}");
    }
}

/// V-BN9. Source: derived from the worked PUMPUSDT example ("/2") in Binance's announcement of September 2025.
#[test]
fn four_hours_pay_half() {
    percent(
        FundingRule::binance(BP, 4.0, true, Cap::NONE).rate(0.001, None),
        0.025,
    );
    percent(
        FundingRule::binance(BP, 4.0, false, Cap::NONE).rate(0.001, None),
        0.05,
    );
}

/// V-DER1. Source: Deribit, "Funding rate": `max(0.025 %, P) + min(-0.025 %, P)`.
#[test]
fn nothing_within_the_dead_band() {
    let rule = FundingRule::deribit(Cap::NONE);
    for (premium, rate) in [
        (-0.10, -0.075),
        (-0.02, 0.0),
        (0.0, 0.0),
        (0.02, 0.0),
        (0.025, 0.0),
        (0.05, 0.025),
        (0.10, 0.075),
    ] {
        percent(rule.rate(premium / 100.0, None), rate);
    }
}

/// The cap of 4 % an hour is Hyperliquid's; the others are stated inputs, 0.375 % being what BitMEX showed on
/// 2020-03-13.
#[test]
fn rates_stop_at_their_caps() {
    percent(FundingRule::HYPERLIQUID.rate(-0.5, None), -4.0);
    let cap = Cap {
        rate: 0.003_75,
        change: 0.002,
    };
    let rule = FundingRule::bitmex(BP, cap);
    percent(rule.rate(-0.02, None), -0.375);
    percent(rule.rate(-0.02, Some(0.000_1)), -0.19);
    percent(rule.rate(0.02, Some(0.000_1)), 0.21);
}

/// V-MEX2, V-MEX3. Source: BitMEX, perpetual contracts guide, examples: at 1.00 % and 0.25 % a day funding is 0.25 %; a long
/// of 15,000 at 750 pays 0.05 XBT, and of the 1.25 XBT won at 800 keeps 1.20.
#[test]
fn bitmex_example() {
    percent(interest_of_interval(0.01, 0.002_5, 3.0), 0.25);
    let paid = payment(
        Contract::DOLLAR,
        Coin::from_f64(15_000.0),
        Price::from_f64(750.0),
        interest_of_interval(0.01, 0.002_5, 3.0),
    );
    assert_eq!(paid, Cash::from_f64(0.05));
    assert_eq!(Cash::from_f64(1.25) - paid, Cash::from_f64(1.20));
}

/// By hand: bids of 202 over, asks of 190 under and a book around a reference of 200.
#[test]
fn a_premium_counts_the_book_beyond_the_reference() {
    assert_eq!(premium(202.0, 204.0, 200.0), 0.01);
    assert_eq!(premium(180.0, 190.0, 200.0), -0.05);
    assert_eq!(premium(199.0, 201.0, 200.0), 0.0);
}

#[test]
fn premiums_by_time_and_by_rank() {
    let mut by_time = PremiumMean::new(Averaging::Time);
    let mut by_rank = PremiumMean::new(Averaging::Linear);
    assert_eq!((by_time.mean(), by_rank.mean()), (0.0, 0.0));
    for (premium, stood_s) in [(1.0, 10.0), (2.0, 30.0), (6.0, 10.0)] {
        by_time.push(premium, stood_s);
        by_rank.push(premium, stood_s);
    }
    assert_eq!(by_time.mean(), (10.0 + 60.0 + 60.0) / 50.0);
    assert_eq!(by_rank.take(), (1.0 + 4.0 + 18.0) / 6.0);
    by_rank.push(5.0, 1.0);
    assert_eq!(by_rank.mean(), 5.0);
}

/// Source: 04:00, 12:00, 20:00 UTC of BitMEX; 1,583,978,400 is 2020-03-12T02:00:00Z.
#[test]
fn the_next_payment() {
    let at = Timestamp::from_seconds(1_583_978_400);
    let next = |schedule: Schedule, at| schedule.next_after(at).to_string();
    assert_eq!(next(Schedule::BITMEX, at), "2020-03-12T04:00:00Z");
    let paid = Schedule::BITMEX.next_after(at);
    assert_eq!(next(Schedule::BITMEX, paid), "2020-03-12T12:00:00Z");
    assert_eq!(next(Schedule::EIGHT_HOURS, at), "2020-03-12T08:00:00Z");
    assert_eq!(next(Schedule::HOURLY, at), "2020-03-12T03:00:00Z");
    assert_eq!(
        next(Schedule::BITMEX, Timestamp::from_seconds(-1)),
        "1970-01-01T04:00:00Z"
    );
    assert_eq!(Schedule::new(14_400, 28_800), Ok(Schedule::BITMEX));
    assert_eq!(
        (Schedule::BITMEX.interval_s(), Schedule::HOURLY.interval_s()),
        (28_800.0, 3_600.0)
    );
    assert_eq!(
        Schedule::new(0, 7_000).unwrap_err().to_string(),
        "funding every 7000 s from 0 s after midnight should divide a day of 86400 s and start within one interval"
    );
}

proptest! {
    /// Whoever holds how much, and whichever side pays: longs and shorts together come to zero, and nobody is
    /// further than one unit from their share.
    #[test]
    fn funding_sums_to_zero(
        longs in prop::collection::vec(1..=1_000_000_000_000_i64, 1..20),
        cuts in prop::collection::vec(0.0..1.0_f64, 0..20),
        price in 1..=10_000_000_000_000_i64,
        rate in -0.04..0.04_f64,
        inverse in any::<bool>(),
    ) {
        let whole: i64 = longs.iter().sum();
        let mut edges: Vec<i64> = cuts.iter().map(|cut| (cut * whole as f64) as i64).collect();
        edges.extend([0, whole]);
        edges.sort_unstable();
        let shorts: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let contract = if inverse { Contract::DOLLAR } else { Contract::COIN };
        let amount = payment(contract, Coin(whole), Price(price), rate);
        prop_assert!(amount.0 == 0 || (amount.0 > 0) == (rate > 0.0));
        let mut balance = Cash::ZERO;
        for (holders, sign) in [(&longs, -1), (&shorts, 1)] {
            let mut split = Split::new(amount, Coin(whole));
            for held in holders {
                let part = split.part(Coin(*held));
                let off = part.0 * whole as i128 - amount.0 * *held as i128;
                prop_assert!(off.abs() < whole as i128);
                balance.0 += sign * part.0;
            }
            prop_assert_eq!(split.left(), Cash::ZERO);
        }
        prop_assert_eq!(balance, Cash::ZERO);
    }
}
