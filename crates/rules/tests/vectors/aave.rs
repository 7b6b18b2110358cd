//! Aave: health and liquidation through the venues' files.

use aftershock_protocol::fixed::{U256, decimal, to_f64};
use aftershock_protocol::lending::Lending;
use aftershock_protocol::lending::aave::{Asset, Balance, Call, CloseRule, Market};
use aftershock_rules::record::Protocol;

use crate::table::{Kind, Table};

fn terms(venue: &str, asset: &str, day: &str) -> (CloseRule, Asset) {
    let Protocol::Lending(lending) = crate::at(venue, asset, day) else {
        panic!("{asset} of {venue} is no asset")
    };
    match *lending {
        Lending::Aave { close, asset } => (close, asset),
        other => panic!("{other:?} is not Aave's"),
    }
}

fn dollars(value: f64) -> U256 {
    decimal(value, 8).unwrap_or_else(|| panic!("{value} has more than eight places"))
}

fn eighteen(value: f64) -> U256 {
    decimal(value, 18).unwrap_or_else(|| panic!("{value} has more than eighteen places"))
}

fn account(collateral: f64, debt: f64) -> [Balance; 2] {
    let none = U256::ZERO;
    [(eighteen(collateral), none), (none, eighteen(debt))]
        .map(|(collateral, debt)| Balance { collateral, debt })
}

fn factor(market: &Market, account: &[Balance], prices: &[U256]) -> f64 {
    let health = market
        .health(account, prices)
        .unwrap_or_else(|error| panic!("{error}"));
    health.factor.map_or(f64::INFINITY, |factor| to_f64(factor, 18))
}

#[test]
fn health_and_liquidation() {
    let mut table = Table::default();
    let day = "2024-08-05";
    let (close, mut weth) = terms("aave-v3", "WETH", day);
    let (_, dai) = terms("aave-v3", "DAI", day);
    let prices = [dollars(2_000.0), dollars(1.18)];
    let market = Market::new(close, vec![weth, dai]);
    let tests =
        "aave/aave-v3-core, liquidation tests: WETH 105 % and 82.5 %, 95 % of what 80 % allows, DAI up 18 %";
    let borrowed = account(1.0, 0.95 * 0.8 * 2_000.0);
    let health = factor(&market, &borrowed, &prices);
    table.near(
        "V-AV3",
        Kind::Test,
        tests,
        "health factor",
        0.919_94,
        health,
        5e-6,
    );
    table.same("V-AV3", Kind::Test, tests, "below 1", true, health < 1.0);

    weth.threshold_bp = 8_000;
    let mut market = Market::new(close, vec![weth, dai]);
    let par = [dollars(1.0); 2];
    let help = "Aave help, health factor";
    let health = factor(&market, &account(10_000.0, 6_000.0), &par);
    table.near(
        "V-AV1",
        Kind::Official,
        help,
        "health factor",
        1.333,
        health,
        5e-4,
    );

    let formula = "formulas of aave-v3-core in Python; the bonus of WETH";
    let mut account = account(10_000.0, 8_200.0);
    let health = factor(&market, &account, &par);
    table.near(
        "V-AV2",
        Kind::Derived,
        formula,
        "health factor",
        0.975_61,
        health,
        5e-6,
    );
    let call = Call {
        collateral: 0,
        debt: 1,
        cover: U256::MAX,
    };
    let moved = market.liquidate(&mut account, &par, call).expect("a liquidation");
    table.same(
        "V-AV2",
        Kind::Derived,
        formula,
        "repaid",
        eighteen(4_100.0),
        moved.repaid,
    );
    let gone = moved.seized + moved.fee;
    table.same(
        "V-AV2",
        Kind::Derived,
        formula,
        "seized, with the fee",
        eighteen(4_305.0),
        gone,
    );
    let health = factor(&market, &account, &par);
    table.near(
        "V-AV2",
        Kind::Derived,
        formula,
        "health factor after",
        1.111_22,
        health,
        5e-6,
    );
    table.finish();
}

#[test]
fn three_close_rules_by_date() {
    let mut table = Table::default();
    let source = "LiquidationLogic.sol of each version; by hand";
    let rows = [
        ("aave-v2", "WETH", "2021-05-19", 4_250.0),
        ("aave-v3", "WETH", "2024-08-05", 8_500.0),
        ("aave-v3", "WETH", "2025-04-07", 8_500.0),
    ];
    for (venue, asset, day, repaid) in rows {
        let (close, mut security) = terms(venue, asset, day);
        security.threshold_bp = 8_000;
        let (_, dai) = terms(venue, "DAI", day);
        let mut market = Market::new(close, vec![security, dai]);
        let call = Call {
            collateral: 0,
            debt: 1,
            cover: U256::MAX,
        };
        let moved = market.liquidate(&mut account(10_000.0, 8_500.0), &[dollars(1.0); 2], call);
        let what = format!("repaid of 8,500 at 0.94, {venue} on {day}");
        table.same(
            "close factor",
            Kind::Derived,
            source,
            &what,
            Ok(eighteen(repaid)),
            moved.map(|moved| moved.repaid),
        );
    }
    let large = |day| match terms("aave-v3", "USDC", day).0 {
        CloseRule::WholeUnlessLarge { large, .. } => Some(large),
        _ => None,
    };
    let proposal = "Aave proposal 252; LiquidationLogic.sol";
    table.same(
        "3.3",
        Kind::Derived,
        proposal,
        "bound before",
        None,
        large("2025-02-23"),
    );
    table.same(
        "3.3",
        Kind::Derived,
        proposal,
        "bound after",
        Some(dollars(2_000.0)),
        large("2025-02-24"),
    );
    table.finish();
}
