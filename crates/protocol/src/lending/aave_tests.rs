use super::*;
use crate::fixed::{decimal, to_f64};
use proptest::prelude::*;

fn whole(value: u64) -> U256 {
    U256::from(value)
}

fn dollars(value: f64) -> U256 {
    decimal(value, 8).unwrap_or_else(|| panic!("{value} has more than eight places"))
}

fn eighteen(value: f64) -> U256 {
    decimal(value, 18).unwrap_or_else(|| panic!("{value} has more than eighteen places"))
}

fn v3() -> CloseRule {
    CloseRule::ShareAbove {
        share_bp: 5_000,
        health: eighteen(0.95),
    }
}

fn v3_3() -> CloseRule {
    CloseRule::WholeUnlessLarge {
        share_bp: 5_000,
        health: eighteen(0.95),
        large: dollars(2_000.0),
    }
}

const V2: CloseRule = CloseRule::Share { share_bp: 5_000 };

fn asset(decimals: u64, threshold_bp: u32, bonus_bp: u32) -> Asset {
    Asset {
        unit: whole(10).pow(whole(decimals)),
        threshold_bp,
        bonus_bp,
        fee_bp: 0,
    }
}

fn held(collateral: f64, debt: f64) -> Balance {
    Balance {
        collateral: eighteen(collateral),
        debt: eighteen(debt),
    }
}

fn factor(market: &Market, account: &[Balance], prices: &[U256]) -> f64 {
    let health = market
        .health(account, prices)
        .unwrap_or_else(|error| panic!("{error}"));
    health.factor.map_or(f64::INFINITY, |factor| to_f64(factor, 18))
}

#[track_caller]
fn close(actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}

const ALL: U256 = U256::MAX;

fn call(cover: U256) -> Call {
    Call {
        collateral: 0,
        debt: 1,
        cover,
    }
}

/// V-AV1. Source: Aave help, health factor: 10,000 of ETH at 80 % against 6,000.
#[test]
fn what_is_well_carried() {
    let market = Market::new(v3(), vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
    let account = [held(10_000.0, 0.0), held(0.0, 6_000.0)];
    close(factor(&market, &account, &[dollars(1.0); 2]), 1.333, 5e-4);
    let free = [held(1.0, 0.0), held(0.0, 0.0)];
    assert_eq!(factor(&market, &free, &[dollars(1.0); 2]), f64::INFINITY);
}

/// Source: aave/aave-v3-core @e0bfed13, `GenericLogic.sol`: an asset without a threshold is no collateral. By hand: 8,000 over
/// 6,000, whatever else is held.
#[test]
fn what_has_no_threshold_carries_nothing() {
    let market = Market::new(v3(), vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
    let account = [held(10_000.0, 0.0), held(5_000.0, 6_000.0)];
    let expected = Health {
        collateral: dollars(10_000.0),
        debt: dollars(6_000.0),
        factor: Some(U256::from(1_333_333_333_333_333_333_u64)),
    };
    assert_eq!(market.health(&account, &[dollars(1.0); 2]), Ok(expected));
}

/// V-AV2. Source: the formulas of aave/aave-v3-core, `LiquidationLogic.sol`, evaluated in Python.
#[test]
fn half_of_a_debt_with_a_bonus() {
    let mut market = Market::new(v3(), vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
    let mut account = [held(10_000.0, 0.0), held(0.0, 8_200.0)];
    let prices = [dollars(1.0); 2];
    close(factor(&market, &account, &prices), 0.975_61, 5e-6);
    let moved = market.liquidate(&mut account, &prices, call(ALL));
    assert_eq!(
        moved.map(|moved| (moved.repaid, moved.seized)),
        Ok((eighteen(4_100.0), eighteen(4_305.0)))
    );
    close(factor(&market, &account, &prices), 1.111_22, 5e-6);
    assert_eq!(
        market.liquidate(&mut account, &prices, call(ALL)),
        Err(Refused::Sound)
    );
}

/// V-AV3. Source: aave/aave-v3-core, `test-suites/liquidation-underlying.spec.ts`: WETH at 80 % and 82.5 %, 95 % of
/// what may be borrowed in DAI, which then rises by 18 %; by hand 0.825 / (0.95 * 0.8 * 1.18) = 0.91994.
#[test]
fn a_dearer_debt_falls_short() {
    let market = Market::new(v3(), vec![asset(18, 8_250, 10_500), asset(18, 0, 0)]);
    let account = [held(1.0, 0.0), held(0.0, 0.95 * 0.8 * 2_000.0)];
    let before = factor(&market, &account, &[dollars(2_000.0), dollars(1.0)]);
    close(before, 1.085_53, 5e-6);
    let after = factor(&market, &account, &[dollars(2_000.0), dollars(1.18)]);
    close(after, 0.919_94, 5e-6);
    assert!(after < 1.0);
}

/// Two collaterals, two debts, four scales of decimals: 2 WETH at 1,500, 0.1 WBTC at 20,000, 2,000 USDC, 1,000 DAI.
/// By hand: (3,000 * 82.5 % + 2,000 * 75 %) = 3,975 over 3,000 of debt; the average threshold is 79.5 %.
#[test]
fn several_collaterals_and_debts() {
    let market = Market::new(
        V2,
        vec![
            asset(18, 8_250, 10_500),
            asset(8, 7_500, 11_000),
            asset(6, 8_500, 10_500),
            asset(18, 8_000, 10_500),
        ],
    );
    let account = [
        held(2.0, 0.0),
        Balance {
            collateral: whole(10_000_000),
            debt: U256::ZERO,
        },
        Balance {
            collateral: U256::ZERO,
            debt: whole(2_000_000_000),
        },
        held(0.0, 1_000.0),
    ];
    let prices = [dollars(1_500.0), dollars(20_000.0), dollars(1.0), dollars(1.0)];
    let health = market.health(&account, &prices);
    let expected = Health {
        collateral: dollars(5_000.0),
        debt: dollars(3_000.0),
        factor: Some(eighteen(1.325)),
    };
    assert_eq!(health, Ok(expected));
}

/// Below 0.95 all of a debt may be repaid under v3 and half under v2. By hand: debt 8,500 against 10,000 at 80 % is
/// 0.941; 8,500 with 5 % seizes 8,925.
#[test]
fn a_bad_debt_may_be_repaid_whole() {
    for (rule, repaid, seized) in [
        (V2, 4_250.0, 4_462.5),
        (v3(), 8_500.0, 8_925.0),
        (v3_3(), 8_500.0, 8_925.0),
    ] {
        let mut market = Market::new(rule, vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
        let mut account = [held(10_000.0, 0.0), held(0.0, 8_500.0)];
        let moved = market.liquidate(&mut account, &[dollars(1.0); 2], call(ALL));
        assert_eq!(
            moved.map(|moved| (moved.repaid, moved.seized)),
            Ok((eighteen(repaid), eighteen(seized)))
        );
    }
}

/// Source: aave/aave-v3-core @e0bfed13, `LiquidationLogic.sol` and `ValidationLogic.sol`: half of a debt where the health
/// factor is above 0.95, none from 1. By hand: 9,500 at 80 % is 7,600, of 8,000 exactly 0.95, and 8,000 with 5 % is 8,400.
#[test]
fn a_health_factor_on_its_edge() {
    let mut market = Market::new(v3(), vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
    let prices = [dollars(1.0); 2];
    for (collateral, moved) in [(9_500.0, (8_000.0, 8_400.0)), (9_501.0, (4_000.0, 4_200.0))] {
        let mut account = [held(collateral, 0.0), held(0.0, 8_000.0)];
        assert_eq!(
            market
                .liquidate(&mut account, &prices, call(ALL))
                .map(|moved| (moved.repaid, moved.seized)),
            Ok((eighteen(moved.0), eighteen(moved.1)))
        );
    }
    let mut account = [held(10_000.0, 0.0), held(0.0, 8_000.0)];
    assert_eq!(
        market.liquidate(&mut account, &prices, call(ALL)),
        Err(Refused::Sound)
    );
}

/// Source: aave-dao/aave-v3-origin @027aaed7: above 0.95 a debt of at most half of all debts goes whole, a larger one
/// up to half of all, a small one whole. By hand: 0.97561 as in V-AV2.
#[test]
fn the_cap_of_3_3_is_on_all_debts() {
    let assets = vec![asset(18, 8_000, 10_500), asset(18, 0, 0), asset(18, 0, 0)];
    let prices = [dollars(1.0); 3];
    for (one, other, repaid) in [(4_000.0, 4_200.0, 4_000.0), (6_000.0, 2_200.0, 4_100.0)] {
        let mut market = Market::new(v3_3(), assets.clone());
        let mut account = [held(10_000.0, 0.0), held(0.0, one), held(0.0, other)];
        let moved = market.liquidate(&mut account, &prices, call(ALL));
        assert_eq!(moved.map(|moved| moved.repaid), Ok(eighteen(repaid)));
    }
    // A debt of just half of all goes to its last unit, which its value in dollars does not show.
    let half = eighteen(4_100.0) + whole(1);
    let mut even = [held(10_000.0, 0.0), held(0.0, 0.0), held(0.0, 4_100.0)];
    even[1].debt = half;
    let mut market = Market::new(v3_3(), assets.clone());
    let moved = market.liquidate(&mut even, &prices, call(ALL));
    assert_eq!(moved.map(|moved| moved.repaid), Ok(half));
    let mut market = Market::new(v3_3(), assets);
    let mut between = [held(10_000.0, 0.0), held(0.0, 5_000.0), held(0.0, 3_200.0)];
    let moved = market.liquidate(&mut between, &prices, call(ALL));
    assert_eq!(moved, Err(Refused::LeavesDust), "the cap of 4,100 leaves 900");
    let mut small = [held(1_999.0, 0.0), held(0.0, 1_639.0), held(0.0, 0.0)];
    let moved = market.liquidate(&mut small, &prices, call(ALL));
    assert_eq!(moved.map(|moved| moved.repaid), Ok(eighteen(1_639.0)));
}

/// Source: aave-dao/aave-v3-origin @027aaed7, at least 1,000 USD of debt and of collateral stay, or nothing of one.
#[test]
fn nothing_small_is_left() {
    let mut market = Market::new(v3_3(), vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
    let account = [held(2_400.0, 0.0), held(0.0, 2_100.0)];
    let prices = [dollars(1.0); 2];
    let mut try_to = |cover| market.liquidate(&mut account.clone(), &prices, call(eighteen(cover)));
    assert_eq!(try_to(1_101.0), Err(Refused::LeavesDust));
    assert!(try_to(1_000.0).is_ok());
    assert!(try_to(2_100.0).is_ok());
    assert!(try_to(1_100.0).is_ok(), "1,000 of debt stay");
    // By hand: 1,000 seizes 1,050 and leaves 1,000 of collateral.
    let even = [held(2_050.0, 0.0), held(0.0, 2_050.0)];
    let mut try_to = |cover| market.liquidate(&mut even.clone(), &prices, call(eighteen(cover)));
    assert!(try_to(1_000.0).is_ok());
    assert_eq!(try_to(1_001.0), Err(Refused::LeavesDust));
}

/// Source: aave-dao/aave-v3-origin @027aaed7; by hand 1,000 of collateral over 1.05 repays 952.38 of 1,200, and the
/// 247.62 left are the protocol's, with another debt.
#[test]
fn what_no_collateral_is_left_for_is_a_deficit() {
    let assets = vec![asset(18, 8_000, 10_500), asset(18, 0, 0), asset(18, 0, 0)];
    let account = [held(1_000.0, 0.0), held(0.0, 1_200.0), held(0.0, 50.0)];
    let prices = [dollars(1.0); 3];
    for (rule, written_off) in [(v3(), false), (v3_3(), true)] {
        let mut market = Market::new(rule, assets.clone());
        let mut account = account;
        let moved = market.liquidate(&mut account, &prices, call(ALL));
        let repaid: U256 = "952380952380952380952".parse().unwrap_or_default();
        let expected = Liquidated {
            repaid,
            seized: eighteen(1_000.0),
            fee: U256::ZERO,
            written_off,
        };
        assert_eq!(moved, Ok(expected));
        let rest = eighteen(1_200.0) - repaid;
        let (owed, lost) = ([rest, eighteen(50.0)], [U256::ZERO; 2]);
        let (owed, lost) = if written_off { (lost, owed) } else { (owed, lost) };
        assert_eq!([account[1].debt, account[2].debt], owed);
        assert_eq!(market.deficit[1..], lost);
    }
}

/// A tenth of the bonus goes to the protocol. By hand: of 4,305 the bonus is 205 and the fee 20.5.
///
/// Source: aave/aave-v3-core @e0bfed13, `LiquidationLogic.sol`.
#[test]
fn the_fee_is_a_share_of_the_bonus() {
    let with_fee = Asset {
        fee_bp: 1_000,
        ..asset(18, 8_000, 10_500)
    };
    let mut market = Market::new(v3(), vec![with_fee, asset(18, 0, 0)]);
    let mut account = [held(10_000.0, 0.0), held(0.0, 8_200.0)];
    let moved = market.liquidate(&mut account, &[dollars(1.0); 2], call(ALL));
    assert_eq!(
        moved.map(|moved| (moved.seized, moved.fee)),
        Ok((eighteen(4_284.5), eighteen(20.5)))
    );
}

#[test]
fn what_is_not_there_is_refused() {
    let mut market = Market::new(v3(), vec![asset(18, 8_000, 10_500), asset(18, 0, 0)]);
    let mut account = [held(10_000.0, 0.0), held(0.0, 8_200.0)];
    let prices = [dollars(1.0); 2];
    let mut at = |collateral, debt| {
        let call = Call {
            collateral,
            debt,
            cover: ALL,
        };
        market.liquidate(&mut account, &prices, call)
    };
    assert_eq!(at(1, 1), Err(Refused::NoCollateral));
    assert_eq!(at(0, 0), Err(Refused::NoDebt));
    assert_eq!(at(7, 1), Err(Refused::NoAsset(7)));
}

proptest! {
    /// While the debt, with the bonus, is less than the collateral, a liquidation does not lower the health factor:
    /// with one collateral, from below a debt of 1/(1 + bonus) of it. Nothing is lost on the way.
    #[test]
    fn health_rises_and_nothing_is_lost(
        rule in prop_oneof![Just(V2), Just(v3()), Just(v3_3())],
        collateral in 1_000_000_u64..100_000_000,
        loan_bp in 4_000_u64..13_000,
        bonus_bp in 10_000_u32..11_500,
        fee_bp in 0_u32..2_000,
        cover_bp in 1_u64..12_000,
        price in 10_000_u64..10_000_000,
    ) {
        let threshold_bp = 8_000;
        let security = Asset { fee_bp, ..asset(8, threshold_bp, bonus_bp) };
        let mut market = Market::new(rule, vec![security, asset(18, 0, 0)]);
        let price = dollars(0.01) * whole(price);
        let value = whole(collateral) * price / security.unit;
        let debt = value * whole(10).pow(whole(10)) * whole(loan_bp) / whole(10_000);
        let before = [
            Balance { collateral: whole(collateral), debt: U256::ZERO },
            Balance { collateral: U256::ZERO, debt },
        ];
        let mut after = before;
        let prices = [price, dollars(1.0)];
        let cover = debt * whole(cover_bp) / whole(10_000);
        let was = factor(&market, &before, &prices);
        match market.liquidate(&mut after, &prices, call(cover)) {
            Ok(moved) => {
                prop_assert!(was < 1.0 && moved.repaid <= cover);
                prop_assert_eq!(after[0].collateral + moved.seized + moved.fee, before[0].collateral);
                prop_assert_eq!(after[1].debt + moved.repaid + market.deficit[1], before[1].debt);
                let safe = loan_bp * u64::from(bonus_bp) < 99_000_000;
                if safe {
                    prop_assert!(factor(&market, &after, &prices) >= was - 1e-5);
                }
            }
            Err(refused) => {
                prop_assert_eq!(after, before);
                prop_assert!(refused == Refused::LeavesDust || was >= 1.0, "{refused}");
            }
        }
    }
}
