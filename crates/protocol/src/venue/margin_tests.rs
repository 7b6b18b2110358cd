use super::vectors::{NO_INTEREST, bitcoin, flat, held, near, terms};
use super::*;
use crate::venue::maintenance::RateTier;

use MaintenanceOn::{EntryValue, MarkValue};

/// Source: Binance announcement of 2021-03-18: 125x up to 50,000, 100x up to 250,000.
#[test]
fn leverage_is_the_brackets() {
    let (price, terms) = (Price::from_f64(1.0), bitcoin());
    let margin = |usd: f64, leverage| {
        terms.initial_margin(Contract::COIN, Coin::from_f64(usd), price, leverage, NO_INTEREST)
    };
    assert_eq!(margin(50e3, Some(125.0)), Ok(Cash::from_f64(400.0)));
    assert_eq!(margin(50e3, None), Ok(Cash::from_f64(400.0)));
    assert_eq!(
        margin(50_000.000_000_01, Some(125.0)),
        Err(MarginError::LeverageTooHigh {
            asked: 125.0,
            allowed: 100.0
        })
    );
    assert_eq!(margin(50_000.000_000_01, Some(100.0)), Ok(Cash(50_000_000_001)));
    // A dust position, of which 125x and 126x are the same unit of margin.
    assert!(margin(0.000_000_5, Some(126.0)).is_err());
    assert_eq!(margin(0.000_000_5, Some(125.0)), Ok(Cash(1)));
    assert_eq!(margin(300.0, Some(0.5)), Ok(Cash::from_f64(600.0)));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(margin(300.0, Some(wrong)).is_err());
    }
    assert_eq!(
        margin(300.0, Some(0.0)).expect_err("no leverage").to_string(),
        "leverage is 0, should be above 0"
    );
}

/// Caps and leverages are stated inputs.
#[test]
fn leverage_by_tiers_of_contracts() {
    let tier = |cap, max_leverage| LeverageTier { cap, max_leverage };
    let initial = |tiers| InitialTerms::ByTier {
        by: SizeBy::Contracts,
        tiers,
    };
    let schedule = flat(0.005, EntryValue, 0.0).maintenance;
    let new = |tiers| MarginTerms::new(initial(tiers), schedule.clone(), EntryValue, 0.0);
    let terms = new(vec![tier(1_000.0, 100.0), tier(2_000.0, 50.0)]).expect("falling leverage");
    let margin = |units| {
        let price = Price::from_f64(10.0);
        terms.initial_margin(Contract::COIN, Coin(units), price, None, NO_INTEREST)
    };
    assert_eq!(margin(100_000_000_000), Ok(Cash::from_f64(100.0)));
    // One unit more is in the second tier, as is everything above it.
    assert_eq!(margin(100_000_000_001), Ok(Cash(20_000_000_001)));
    assert_eq!(margin(900_000_000_000), Ok(Cash::from_f64(1_800.0)));
    assert!(new(vec![]).is_err());
    assert!(new(vec![tier(2.0, 50.0), tier(2.0, 40.0)]).is_err());
    assert!(new(vec![tier(1.0, 50.0), tier(2.0, 51.0)]).is_err());
    assert!(new(vec![tier(1.0, 50.0), tier(2.0, 50.0)]).is_ok());
    assert!(new(vec![tier(1.0, 0.0)]).is_err());
}

/// Source: BitMEX, "Risk limits": base 200 XBT at 1 % initial, each 100 XBT more adds a step to it; the step of 0.5 % is
/// a stated input.
#[test]
fn initial_margin_of_risk_limits() {
    let initial = InitialTerms::risk_limits(200.0, 100.0, 0.01, 0.005, 3);
    let schedule = MarginSchedule::risk_limits(200.0, 100.0, 0.005, 0.005, 3).expect("rising limits");
    let terms = MarginTerms::new(initial, schedule, EntryValue, 0.0).expect("one crossing");
    let least = |dollars| {
        let price = Price::from_f64(10_000.0);
        terms.initial_margin(
            Contract::DOLLAR,
            Coin::from_f64(dollars),
            price,
            None,
            NO_INTEREST,
        )
    };
    assert_eq!(least(2e6), Ok(Cash::from_f64(2.0)));
    assert_eq!(least(4e6), Ok(Cash::from_f64(8.0)));
    // 1.5 % of 300 coins; two thirds of a hundred times leverage has eight digits.
    let middle = least(3e6).map_or(0, |margin| margin.0);
    assert!((middle - 450_000_000).abs() <= 1, "{middle}");
}

/// 100x of a tier that keeps 1 % and sets 0.05 % aside would be unsound at once; 1 / 1.05 % is 95.238.
#[test]
fn a_leverage_that_maintenance_does_not_bear_is_refused() {
    let terms = flat(0.01, MarkValue, 0.000_5);
    let margin = |leverage| {
        let (coin, price) = (Coin::from_f64(1.0), Price::from_f64(10_000.0));
        terms.initial_margin(Contract::COIN, coin, price, leverage, NO_INTEREST)
    };
    assert_eq!(margin(None), Ok(Cash::from_f64(105.0)));
    assert_eq!(margin(Some(80.0)), Ok(Cash::from_f64(125.0)));
    assert_eq!(
        margin(Some(100.0)),
        Err(MarginError::LeverageTooHigh {
            asked: 100.0,
            allowed: 10_000.0 / 105.0
        })
    );
}

#[test]
fn terms_without_one_crossing_are_refused() {
    let tier = |cap, maintenance_ratio| RateTier {
        cap,
        maintenance_ratio,
    };
    let by =
        |by| MarginSchedule::whole_rate(by, vec![tier(1.0, 0.01), tier(2.0, 0.02)]).expect("rising tiers");
    let initial = || InitialTerms::ByLeverage { max_leverage: 50.0 };
    let new = |schedule, on, fee| MarginTerms::new(initial(), schedule, on, fee);
    assert_eq!(
        new(by(SizeBy::Value), MarkValue, 0.0),
        Err(MarginError::JumpsWithMark)
    );
    assert!(new(by(SizeBy::Value), EntryValue, 0.0).is_ok());
    assert!(new(by(SizeBy::Contracts), MarkValue, 0.0).is_ok());
    // With one tier there is no edge to jump at.
    let one = MarginSchedule::whole_rate(SizeBy::Value, vec![tier(1.0, 0.01)]).expect("one tier");
    assert!(new(one.clone(), MarkValue, 0.0).is_ok());
    assert_eq!(
        new(one.clone(), MarkValue, -0.1)
            .expect_err("a negative fee")
            .to_string(),
        "closing fee is -0.1, should be at least 0"
    );
    assert!(new(one.clone(), MarkValue, 0.989).is_ok());
    assert!(new(one.clone(), MarkValue, 0.99).is_err());
    assert!(new(one.clone(), MarkValue, f64::NAN).is_err());
    let growing = |base, per_unit| MarginSchedule::SizeLinear(SizeLinear { base, per_unit });
    assert!(new(growing(0.0, 0.0), MarkValue, 0.0).is_ok());
    for (base, per_unit) in [(-0.1, 0.0), (1.0, 0.0), (0.1, -0.1), (0.1, 1.0)] {
        assert!(new(growing(base, per_unit), EntryValue, 0.0).is_err());
    }
    let leverage = |max_leverage| {
        MarginTerms::new(
            InitialTerms::ByLeverage { max_leverage },
            one.clone(),
            EntryValue,
            0.0,
        )
    };
    assert!(leverage(0.0).is_err() && leverage(f64::INFINITY).is_err() && leverage(0.5).is_ok());
    let scaled = |base_ratio, lower_cap_usd, upper_cap_usd| {
        let initial = InitialTerms::OpenInterestScaled {
            base_ratio,
            lower_cap_usd,
            upper_cap_usd,
        };
        MarginTerms::new(initial, one.clone(), EntryValue, 0.0)
    };
    assert!(scaled(1.0, 0.0, 1.0).is_ok());
    for (base, lower, upper) in [
        (0.0, 0.0, 1.0),
        (1.1, 0.0, 1.0),
        (0.1, -1.0, 1.0),
        (0.1, 1.0, 1.0),
        (0.1, 1.0, 2e14),
    ] {
        assert!(scaled(base, lower, upper).is_err());
    }
}

/// A margin that jumps with the mark is refused because of this: a long of 1,000 coins opened at 1,000 with 50,000
/// behind it, 1 % up to a value of a million and 6 % above. Equity is 50,000 - 1,000 (1,000 - P).
#[test]
fn why_a_jump_is_refused() {
    let sound = |price: f64| {
        let (value, equity) = (1_000.0 * price, 50_000.0 - 1_000.0 * (1_000.0 - price));
        equity >= value * if value <= 1e6 { 0.01 } else { 0.06 }
    };
    assert_eq!(
        [1_020.0, 1_001.0, 1_000.0, 950.0].map(sound),
        [true, false, true, false]
    );
}

/// Each reason for there being no price.
#[test]
fn no_price() {
    let terms = flat(0.005, MarkValue, 0.0);
    let both = |contract, held: &Holding| {
        (
            terms.liquidation_price(contract, held),
            terms.bankruptcy_price(contract, held),
        )
    };
    // A position paid for in full loses no more than was paid.
    for margin in [1_000.0, 1_500.0] {
        let long = held(Contract::COIN, Side::Long, 10.0, 100.0, margin);
        assert_eq!(both(Contract::COIN, &long), (None, None));
        let short = held(Contract::DOLLAR, Side::Short, 1_000.0, 100.0, margin);
        assert_eq!(both(Contract::DOLLAR, &short), (None, None));
    }
    // One unit less than paid in full ends at the first prices of the grid.
    let mut long = held(Contract::COIN, Side::Long, 10.0, 100.0, 1_000.0);
    long.margin -= Cash(1);
    assert_eq!(terms.bankruptcy_price(Contract::COIN, &long), None);
    long.margin -= Cash(10);
    assert_eq!(terms.bankruptcy_price(Contract::COIN, &long), Some(Price(2)));
    // Nothing held; and nothing that could ever be sound.
    let nothing = held(Contract::COIN, Side::Long, 0.0, 100.0, 1_000.0);
    assert_eq!(both(Contract::COIN, &nothing), (None, None));
    let lost = held(Contract::COIN, Side::Short, 10.0, 100.0, -2_000.0);
    assert_eq!(both(Contract::COIN, &lost), (None, None));
    // A short whose price would be above the grid.
    let rich = held(Contract::COIN, Side::Short, 0.001, 100.0, 1e9);
    assert_eq!(both(Contract::COIN, &rich), (None, None));
}

/// At 99 times 1 % and more a unit of value asks for more than it brings. A short of 5,000 coins in dollars: above
/// the peak of 9,900 coins it grows unsound again (below some price), which is not what liquidates it.
#[test]
fn a_growing_ratio_liquidates_where_value_is_lost() {
    let schedule = MarginSchedule::SizeLinear(SizeLinear::DERIBIT_BTC_MAINTENANCE);
    let terms = terms(schedule, MarkValue, 0.0);
    let short = held(Contract::DOLLAR, Side::Short, 5e7, 10_000.0, 2_500.0);
    let sound = |usd: f64| terms.is_sound(Contract::DOLLAR, &short, Price::from_f64(usd));
    assert_eq!(
        [20_000.0, 15_000.0, 10_000.0, 5_000.0, 2_500.0].map(sound),
        [false, true, true, true, false]
    );
    // 0.99 V - 0.00005 V^2 = 2,500 has its lower root at V = 2,971.075119 coins; in Python.
    near(
        terms.liquidation_price(Contract::DOLLAR, &short),
        16_828.924_881,
        1e-6,
    );
    // However wrong the candidate, on either side of the peak.
    let long = held(Contract::DOLLAR, Side::Long, 5e7, 10_000.0, 2_500.0);
    for held in [short, long] {
        let expected = terms.liquidation_price(Contract::DOLLAR, &held);
        assert!(expected.is_some());
        for candidate in [
            None,
            Some(1e-6),
            Some(1.0),
            Some(2_000.0),
            Some(5_051.0),
            Some(1e4),
            Some(1e9),
        ] {
            assert_eq!(
                terms.settle(Contract::DOLLAR, &held, candidate),
                expected,
                "{candidate:?}"
            );
        }
    }
    let small = SizeLinear {
        base: 0.01,
        per_unit: 0.0,
    };
    assert_eq!(small.peak(0), None);
    assert_eq!(
        SizeLinear::DERIBIT_BTC_MAINTENANCE.peak(0),
        Some(Cash::from_f64(9_900.0))
    );
    // With a fee of 0.05 % besides: (1 - 0.0105) / 0.0001.
    assert_eq!(
        SizeLinear::DERIBIT_BTC_MAINTENANCE.peak(parts(0.000_5)),
        Some(Cash::from_f64(9_895.0))
    );
}

/// Rounding is against the holder, by one unit and once.
#[test]
fn roundings() {
    let terms = flat(0.005, MarkValue, 0.000_6);
    let mut held = held(Contract::COIN, Side::Long, 1.0, 100.0, 0.0);
    held.quantity = Coin(150);
    // 150 units at 1 are worth 150, of which 0.5 % are 0.75, 0.06 % are 0.09: one unit alone, one together.
    let price = Price::from_f64(1.0);
    assert_eq!(terms.maintenance_margin(Contract::COIN, &held, price), Cash(1));
    assert_eq!(terms.required(Contract::COIN, &held, price), Cash(1));
    // Maintenance on the entry value is rounded by itself.
    let on_entry = flat(0.005, EntryValue, 0.000_6);
    held.opening_value = Cash(150);
    assert_eq!(on_entry.required(Contract::COIN, &held, price), Cash(2));
    held.margin = Cash(2);
    assert!(on_entry.is_sound(Contract::COIN, &held, price));
    held.margin = Cash(1);
    assert!(!on_entry.is_sound(Contract::COIN, &held, price));
}

/// By hand: a coin bought at 100 with 10, under half a percent of maintenance and as much of a fee, both at the mark:
/// `P - 90 = 0.01 P`; on the entry value `P - 90 = 0.5 + 0.005 P`. A short: `110 - P`.
#[test]
fn the_closing_fee_stands_beside_maintenance() {
    let at = |side, on| {
        let held = held(Contract::COIN, side, 1.0, 100.0, 10.0);
        flat(0.005, on, 0.005).liquidation_usd(Contract::COIN, &held)
    };
    for (side, on, expected) in [
        (Side::Long, MarkValue, 90.0 / 0.99),
        (Side::Short, MarkValue, 110.0 / 1.01),
        (Side::Long, EntryValue, 90.5 / 0.995),
        (Side::Short, EntryValue, 109.5 / 1.005),
    ] {
        let price = at(side, on).unwrap_or(f64::NAN);
        assert!((price - expected).abs() < 1e-9, "{side:?} {on:?} {price}");
    }
}
