use super::*;
use crate::fixed::decimal;
use proptest::prelude::*;

fn fixed_at(value: f64, places: usize) -> U256 {
    decimal(value, places).unwrap_or_else(|| panic!("{value} has more than {places} places"))
}

fn wad(value: f64) -> U256 {
    fixed_at(value, 18)
}

/// USDC against WETH and WBTC, with the factors of the first market.
///
/// Source: compound-finance/comet, `deployments/mainnet/usdc/configuration.json` @3daf2050.
fn usdc(store_front_factor: f64) -> Market {
    Market::new(
        Terms {
            base_unit: fixed_at(1.0, 6),
            store_front_factor: wad(store_front_factor),
            target_reserves: fixed_at(5_000_000.0, 6),
        },
        vec![
            Asset {
                unit: wad(1.0),
                liquidate_factor: wad(0.9),
                liquidation_factor: wad(0.95),
            },
            Asset {
                unit: fixed_at(1.0, 8),
                liquidate_factor: wad(0.78),
                liquidation_factor: wad(0.95),
            },
        ],
    )
}

fn account(weth: f64, wbtc: f64, borrowed: f64) -> Account {
    Account {
        supplied: U256::ZERO,
        borrowed: fixed_at(borrowed, 6),
        collateral: vec![wad(weth), fixed_at(wbtc, 8)],
    }
}

/// V-CP1. Source: compound-finance/comet, `quoteCollateral`: 1 - 0.6 (1 - 0.95) = 0.97; with the deployed 0.5, 0.975.
#[test]
fn what_was_taken_is_sold_at_a_discount() {
    let price = fixed_at(1_500.0, 8);
    assert_eq!(usdc(0.6).ask(0, price), Ok(fixed_at(1_455.0, 8)));
    assert_eq!(usdc(0.5).ask(0, price), Ok(fixed_at(1_462.5, 8)));
    assert_eq!(usdc(0.5).ask(5, price), Err(Refused::NoAsset(5)));
}

/// 2 WETH at 1,500 and 0.1 WBTC at 20,000 carry 2,700 + 1,560 = 4,260 and are credited with 2,850 + 1,900 = 4,750.
/// By hand.
#[test]
fn an_account_is_taken_over_whole() {
    let mut market = usdc(0.5);
    let prices = [fixed_at(1_500.0, 8), fixed_at(20_000.0, 8)];
    let prices = Prices {
        base: fixed_at(1.0, 8),
        collateral: &prices,
    };
    let mut sound = account(2.0, 0.1, 4_260.0);
    assert_eq!(market.absorb(&mut sound, prices), Err(Refused::Sound));

    let mut held = account(2.0, 0.1, 4_300.0);
    let moved = market.absorb(&mut held, prices);
    let expected = Absorbed {
        credited: fixed_at(4_750.0, 6),
        paid_out: fixed_at(4_750.0, 6),
    };
    assert_eq!(moved, Ok(expected));
    let left = Account {
        supplied: fixed_at(450.0, 6),
        ..account(0.0, 0.0, 0.0)
    };
    assert_eq!(held, left);

    let mut under = account(1.0, 0.0, 2_000.0);
    let moved = market.absorb(&mut under, prices);
    let expected = Absorbed {
        credited: fixed_at(1_425.0, 6),
        paid_out: fixed_at(2_000.0, 6),
    };
    assert_eq!(moved, Ok(expected));
    assert_eq!(under, account(0.0, 0.0, 0.0));
    assert_eq!(market.taken, [wad(3.0), fixed_at(0.1, 8)]);

    let full = Some(fixed_at(5_000_000.0, 6));
    let refused = market.buy(0, fixed_at(1_462.5, 6), full, prices);
    assert_eq!(refused, Err(Refused::NotForSale));
    let sold = market.buy(0, fixed_at(1_462.5, 6), None, prices);
    assert_eq!(sold, Ok(wad(1.0)));
    let short = market.buy(1, fixed_at(100_000.0, 6), Some(U256::ZERO), prices);
    assert_eq!(short, Err(Refused::CollateralShort));
    assert_eq!(market.taken, [wad(2.0), fixed_at(0.1, 8)]);
}

proptest! {
    /// After a take-over nothing is owed and nothing pledged, and what the reserves pay is the debt and what is kept.
    #[test]
    fn nothing_is_lost(weth in 0_u64..100_000, wbtc in 0_u64..100_000, borrowed in 1_u64..400_000_000) {
        let mut market = usdc(0.5);
        let prices = [fixed_at(1_500.0, 8), fixed_at(20_000.0, 8)];
        let prices = Prices { base: fixed_at(1.0, 8), collateral: &prices };
        let mut held = account(0.0, 0.0, 0.0);
        held.collateral = vec![wad(0.001) * U256::from(weth), fixed_at(0.0001, 8) * U256::from(wbtc)];
        held.borrowed = fixed_at(0.01, 6) * U256::from(borrowed);
        let before = held.clone();
        if let Ok(moved) = market.absorb(&mut held, prices) {
            prop_assert_eq!(&market.taken, &before.collateral);
            prop_assert_eq!(held.borrowed, U256::ZERO);
            prop_assert_eq!(moved.paid_out, before.borrowed + held.supplied);
            prop_assert!(held.supplied.is_zero() || held.supplied + before.borrowed == moved.credited);
        } else {
            prop_assert_eq!(held, before);
        }
    }
}
