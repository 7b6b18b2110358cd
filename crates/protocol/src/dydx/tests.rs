use super::offset::{Offset, offset};
use super::*;
use proptest::prelude::*;

/// The margin of the chain's tests: 10 % maintenance.
const TEN_PERCENT: TierMargin = TierMargin {
    initial_ppm: 200_000,
    maintenance_fraction_ppm: 500_000,
};

/// The chain's defaults, which its tests run under.
const DEFAULTS: FillablePrice = FillablePrice {
    bankruptcy_adjustment_ppm: MILLION,
    spread_to_maintenance_ppm: 100_000,
};

fn tenth_of_a_bitcoin(side: Side) -> Leg {
    Leg {
        side,
        quantity: Coin::from_f64(0.1),
        oracle: Price::from_f64(50_000.0),
        margin: TEN_PERCENT,
    }
}

/// One position and `usdc` of cash.
fn account(leg: &Leg, usdc: f64) -> Subaccount {
    let value = leg.quantity.value_floor(leg.oracle).to_f64();
    Subaccount {
        collateral: Cash::from_f64(usdc + leg.side.sign() * value),
        maintenance: leg.maintenance(),
    }
}

/// V-DY1. Source: dydxprotocol/v4-chain, tests of the bankruptcy and fillable prices: 0.1 BTC at 50,000 against -4,501
/// USDC.
#[test]
fn a_long_under_the_defaults() {
    let leg = tenth_of_a_bitcoin(Side::Long);
    let account = account(&leg, -4_501.0);
    assert_eq!(account.collateral, Cash::from_f64(499.0));
    assert_eq!(account.maintenance, Cash::from_f64(500.0));
    assert_eq!(
        account.bankruptcy_quote(&leg, leg.quantity),
        Ok(Cash::from_f64(4_501.0))
    );
    assert_eq!(
        account.fillable_price(&leg, &DEFAULTS, Rounding::Up),
        Ok(Price::from_f64(49_999.0))
    );
}

/// V-DY2. Source: as V-DY1, under twice the adjustment or twice the spread.
#[test]
fn a_long_under_twice_as_much() {
    let leg = tenth_of_a_bitcoin(Side::Long);
    let account = account(&leg, -4_501.0);
    for terms in [
        FillablePrice {
            bankruptcy_adjustment_ppm: 2 * MILLION,
            ..DEFAULTS
        },
        FillablePrice {
            spread_to_maintenance_ppm: 200_000,
            ..DEFAULTS
        },
    ] {
        assert_eq!(
            account.fillable_price(&leg, &terms, Rounding::Up),
            Ok(Price::from_f64(49_998.0))
        );
    }
}

/// V-DY3. Source: as V-DY1, short 0.1 BTC with 5,499 USDC.
#[test]
fn a_short_mirrors_it() {
    let leg = tenth_of_a_bitcoin(Side::Short);
    let account = account(&leg, 5_499.0);
    assert_eq!(account.collateral, Cash::from_f64(499.0));
    assert_eq!(
        account.bankruptcy_quote(&leg, leg.quantity),
        Ok(Cash::from_f64(-5_499.0))
    );
    let price = |adjustment| {
        let terms = FillablePrice {
            bankruptcy_adjustment_ppm: adjustment,
            ..DEFAULTS
        };
        account.fillable_price(&leg, &terms, Rounding::Down)
    };
    assert_eq!(price(MILLION), Ok(Price::from_f64(50_001.0)));
    assert_eq!(price(2 * MILLION), Ok(Price::from_f64(50_002.0)));
}

/// V-DY4. Source: as V-DY1, -5,000 USDC: half of it is closed for 2,500.
#[test]
fn a_half_of_a_long_without_collateral() {
    let leg = tenth_of_a_bitcoin(Side::Long);
    let account = account(&leg, -5_000.0);
    assert_eq!(
        account.bankruptcy_quote(&leg, Coin::from_f64(0.05)),
        Ok(Cash::from_f64(2_500.0))
    );
}

/// Source: the formula by hand: an account with twice its maintenance margin is not rated down, one without
/// collateral is rated fully: the spread is a tenth of 500, over 0.1 coins 500.
#[test]
fn a_rating_stays_within_zero_and_one() {
    let leg = tenth_of_a_bitcoin(Side::Long);
    let price = |usdc| account(&leg, usdc).fillable_price(&leg, &DEFAULTS, Rounding::Up);
    assert_eq!(price(-4_000.0), Ok(Price::from_f64(50_000.0)));
    assert_eq!(price(-5_000.0), Ok(Price::from_f64(49_500.0)));
    assert_eq!(price(-7_000.0), Ok(Price::from_f64(49_500.0)));
}

/// Source: by hand: 4,990 received of a bankruptcy quote of 4,900 leaves 90; half a per cent of it is 24.95.
#[test]
fn the_fund_takes_a_fee_and_pays_a_loss() {
    let delta = |filled: f64, bankrupt: f64| {
        insurance_delta(Cash::from_f64(filled), Cash::from_f64(bankrupt), 5_000).to_f64()
    };
    assert_eq!(delta(4_990.0, 4_900.0), 24.95);
    assert_eq!(delta(4_990.0, 4_980.0), 10.0);
    assert_eq!(delta(4_890.0, 4_900.0), -10.0);
    // A short pays 5,010 where it could have paid 5,100.
    assert_eq!(delta(-5_010.0, -5_100.0), 25.05);
}

/// Source: by hand: 500 below zero over 0.1 coins is offset at 55,000, where the account ends with nothing.
#[test]
fn a_bankrupt_long_is_offset_in_order() {
    let mut leg = tenth_of_a_bitcoin(Side::Long);
    let mut bankrupt = account(&leg, -5_500.0);
    let others = [
        Coin::from_f64(0.04),
        Coin::ZERO,
        Coin::from_f64(0.05),
        Coin::from_f64(1.0),
    ];
    let mut offsets = Vec::new();
    let left = offset(
        &mut bankrupt,
        &mut leg,
        Coin::from_f64(0.1),
        &others,
        &mut offsets,
    );
    assert_eq!(left, Ok(Coin::ZERO));
    let part = |account, quantity, quote| Offset {
        account,
        quantity: Coin::from_f64(quantity),
        quote: Cash::from_f64(quote),
    };
    assert_eq!(
        offsets,
        [
            part(0, 0.04, 2_200.0),
            part(2, 0.05, 2_750.0),
            part(3, 0.01, 550.0)
        ]
    );
    assert_eq!((bankrupt.collateral, leg.quantity), (Cash::ZERO, Coin::ZERO));
}

#[test]
fn what_cannot_be_closed_is_refused() {
    let leg = tenth_of_a_bitcoin(Side::Long);
    let account = account(&leg, -4_501.0);
    let refused = account.bankruptcy_quote(&leg, Coin::from_f64(0.2));
    assert!(matches!(refused, Err(CloseError::Quantity { .. })));
    let wide = FillablePrice {
        spread_to_maintenance_ppm: 20 * MILLION,
        ..DEFAULTS
    };
    let low = Subaccount {
        collateral: Cash::ZERO,
        ..account
    };
    assert_eq!(
        low.fillable_price(&leg, &wide, Rounding::Up),
        Err(CloseError::BelowZero)
    );
}

proptest! {
    #[test]
    fn offsets_add_up_and_leave_the_account_as_collateralised(
        usdc in -9_000.0..-4_000.0_f64,
        parts in prop::collection::vec(1_i64..4_000_000, 1..8),
    ) {
        let mut leg = tenth_of_a_bitcoin(Side::Long);
        let before = account(&leg, usdc);
        let mut after = before;
        let others: Vec<Coin> = parts.iter().map(|part| Coin(*part)).collect();
        let mut offsets = Vec::new();
        let close = leg.quantity;
        let left = offset(&mut after, &mut leg, close, &others, &mut offsets).expect("within 128 bits");
        let closed: Coin = offsets.iter().map(|part| part.quantity).sum();
        prop_assert_eq!(closed + left, close);
        prop_assert_eq!(leg.quantity, left);
        // Each part rounds by at most one unit and the maintenance margin of the rest by two.
        if left > Coin::ZERO {
            let ratio = |of: &Subaccount| of.collateral.to_f64() / of.maintenance.to_f64();
            prop_assert!((ratio(&after) - ratio(&before)).abs() < 1e-3, "{} {}", ratio(&after), ratio(&before));
        } else {
            prop_assert!(after.collateral.0.abs() <= 2 * offsets.len() as i128);
        }
    }

    #[test]
    fn a_fillable_price_lies_between_the_oracle_and_the_whole_spread(usdc in -6_000.0..-3_000.0_f64) {
        let leg = tenth_of_a_bitcoin(Side::Long);
        let price = account(&leg, usdc).fillable_price(&leg, &DEFAULTS, Rounding::Up).expect("within 128 bits");
        prop_assert!(price <= leg.oracle && price >= Price::from_f64(49_500.0));
    }
}
