use super::*;
use crate::fixed::decimal;
use proptest::prelude::*;

fn wad(value: f64) -> U256 {
    decimal(value, 18).unwrap_or_else(|| panic!("{value} has more than eighteen places"))
}

fn mantissa(text: &str) -> U256 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

fn pool(incentive: f64, reserve_share: f64) -> Pool {
    Pool {
        terms: Terms {
            close_factor: wad(0.5),
            incentive: wad(incentive),
            reserve_share: wad(reserve_share),
        },
        assets: vec![
            Asset {
                collateral_factor: wad(0.75),
            },
            Asset {
                collateral_factor: U256::ZERO,
            },
        ],
    }
}

fn quotes(exchange_rate: U256, prices: [U256; 2]) -> [Quote; 2] {
    [(prices[0], exchange_rate), (prices[1], wad(1.0))]
        .map(|(price, exchange_rate)| Quote { price, exchange_rate })
}

fn account(receipts: U256, borrowed: U256) -> [Balance; 2] {
    let security = Balance {
        receipts,
        borrowed: U256::ZERO,
    };
    let debt = Balance {
        receipts: U256::ZERO,
        borrowed,
    };
    [security, debt]
}

/// Source: rows of compound-finance/compound-protocol, `tests/Comptroller/liquidateCalculateAmountSeizeTest.js`; the
/// contract's sequence of truncations evaluated in Python.
#[test]
fn receipts_for_a_repayment() {
    let rows = [
        (wad(2.0), [wad(1.42), wad(2.0)], wad(2.45), "2242957746478873238"),
        (
            wad(2.789),
            [wad(771.32), mantissa("5230480842000000000")],
            wad(10_002.45),
            "31616096631969328535",
        ),
    ];
    for (exchange_rate, prices, repaid, seized) in rows {
        let mut account = account(wad(1e6), wad(1e9));
        let moved = pool(1.3, 0.0).liquidate(&mut account, &quotes(exchange_rate, prices), (0, 1), repaid);
        assert_eq!(moved.map(|moved| moved.seized.to_string()), Ok(seized.into()));
    }
}

/// 10 ETH at 200 in receipts of 0.02 each, 1,600 DAI: at 75 % the account may borrow 1,500. Half is 800 DAI, which
/// with 8 % seizes 864 USD = 4.32 ETH = 216 receipts, of which 2.8 % go to the reserves. By hand.
#[test]
fn half_of_a_debt_with_an_incentive() {
    let pool = pool(1.08, 0.028);
    let prices = quotes(wad(0.02), [wad(200.0), wad(1.0)]);
    let mut held = account(wad(500.0), wad(1_600.0));
    let liquidity = Liquidity {
        power: wad(1_500.0),
        borrowed: wad(1_600.0),
    };
    assert_eq!(pool.liquidity(&held, &prices), Ok(liquidity));
    let too_much = pool.liquidate(&mut held, &prices, (0, 1), wad(800.1));
    assert_eq!(too_much, Err(Refused::TooMuch));
    for (of, repaid) in [(1, U256::ZERO), (0, wad(1.0))] {
        let nothing = pool.liquidate(&mut held, &prices, (0, of), repaid);
        assert_eq!(nothing, Err(Refused::NoDebt), "{of}");
    }
    let moved = pool.liquidate(&mut held, &prices, (0, 1), wad(800.0));
    let expected = Liquidated {
        repaid: wad(800.0),
        seized: wad(209.952),
        to_reserves: wad(6.048),
    };
    assert_eq!(moved, Ok(expected));
    assert_eq!(held, account(wad(284.0), wad(800.0)));
    let again = pool.liquidate(&mut held, &prices, (0, 1), wad(1.0));
    assert_eq!(again, Err(Refused::Sound));
    let mut bare = account(wad(10.0), wad(1_600.0));
    let short = pool.liquidate(&mut bare, &prices, (0, 1), wad(800.0));
    assert_eq!(short, Err(Refused::CollateralShort));
}

proptest! {
    /// While the debt, with the incentive, is less than the collateral, a liquidation does not lower power over debt;
    /// receipts and debt are kept.
    #[test]
    fn health_rises_and_nothing_is_lost(
        receipts in 1_000_u64..1_000_000,
        loan_bp in 4_000_u64..12_000,
        part_bp in 1_u64..5_500,
        incentive in 0_u64..150,
    ) {
        let mut pool = pool(1.08, 0.028);
        pool.terms.incentive = wad(1.0) + wad(0.001) * U256::from(incentive);
        let prices = quotes(wad(0.02), [wad(200.0), wad(1.0)]);
        let receipts = wad(1.0) * U256::from(receipts);
        let debt = receipts * U256::from(4 * loan_bp) / U256::from(10_000);
        let before = account(receipts, debt);
        let mut after = before;
        let repaid = debt * U256::from(part_bp) / U256::from(10_000);
        let was = pool.liquidity(&before, &prices)?;
        match pool.liquidate(&mut after, &prices, (0, 1), repaid) {
            Ok(moved) => {
                prop_assert_eq!(after[0].receipts + moved.seized + moved.to_reserves, receipts);
                prop_assert_eq!(after[1].borrowed + moved.repaid, debt);
                let now = pool.liquidity(&after, &prices)?;
                if loan_bp * (1_000 + incentive) < 9_990_000 {
                    prop_assert!(now.power * (was.borrowed / U256::from(1_000_000_000))
                        >= was.power * (now.borrowed / U256::from(1_000_000_000)));
                }
            }
            Err(refused) => {
                prop_assert_eq!(after, before);
                let sound = refused == Refused::Sound && loan_bp <= 7_500;
                let too_much = refused == Refused::TooMuch && part_bp > 5_000;
                prop_assert!(sound || too_much || refused == Refused::CollateralShort);
            }
        }
    }
}
