//! Compound: the discount of v3 and the seizure of v2 through the venues' files.

use aftershock_protocol::fixed::{U256, decimal, to_f64};
use aftershock_protocol::lending::Lending;
use aftershock_protocol::lending::comet::Market;
use aftershock_protocol::lending::compound::{Balance, Pool, Quote};
use aftershock_rules::record::Protocol;

use crate::table::{Kind, Table};

fn wad(value: f64) -> U256 {
    decimal(value, 18).unwrap_or_else(|| panic!("{value} has more than eighteen places"))
}

fn lending(venue: &str, asset: &str, day: &str) -> Lending {
    match crate::at(venue, asset, day) {
        Protocol::Lending(lending) => *lending,
        other => panic!("{other:?} is no asset"),
    }
}

#[test]
fn what_is_sold_and_what_is_seized() {
    let mut table = Table::default();
    let Lending::Comet { mut terms, asset } = lending("compound-v3", "WETH", "2022-11-08") else {
        panic!("not a Comet market")
    };
    let code = "compound-finance/comet, quoteCollateral; liquidation factor of WETH";
    let price = decimal(1_000.0, 8).unwrap_or_default();
    let over_oracle = |terms| {
        let ask = Market::new(terms, vec![asset]).ask(0, price);
        ask.map_or(f64::NAN, |ask| to_f64(ask, 8) / 1_000.0)
    };
    let deployed = over_oracle(terms);
    table.near(
        "V-CP1",
        Kind::Derived,
        code,
        "asked over the oracle's, deployed",
        0.975,
        deployed,
        5e-4,
    );
    terms.store_front_factor = wad(0.6);
    let example = over_oracle(terms);
    table.near(
        "V-CP1",
        Kind::Derived,
        code,
        "asked over the oracle's, factor 0.6",
        0.97,
        example,
        5e-3,
    );

    let code = "compound-finance/compound-protocol, Comptroller.sol and CToken.sol; by hand";
    for (day, seized, to_reserves) in [("2020-12-01", 216.0, 0.0), ("2022-06-13", 209.952, 6.048)] {
        let Lending::Compound { terms, mut asset } = lending("compound-v2", "USDC", day) else {
            panic!("not a pool")
        };
        asset.collateral_factor = wad(0.75);
        let pool = Pool {
            terms,
            assets: vec![asset, asset],
        };
        let quotes = [(200.0, 0.02), (1.0, 1.0)].map(|(price, rate)| Quote {
            price: wad(price),
            exchange_rate: wad(rate),
        });
        let mut account = [(500.0, 0.0), (0.0, 1_600.0)].map(|(receipts, borrowed)| Balance {
            receipts: wad(receipts),
            borrowed: wad(borrowed),
        });
        let moved = pool
            .liquidate(&mut account, &quotes, (0, 1), wad(800.0))
            .expect("a liquidation");
        let what = format!("receipts for half of 1,600 on {day}");
        table.same("seizure", Kind::Derived, code, &what, wad(seized), moved.seized);
        let what = format!("receipts to the reserves on {day}");
        table.same(
            "seizure",
            Kind::Derived,
            code,
            &what,
            wad(to_reserves),
            moved.to_reserves,
        );
    }
    table.finish();
}

/// Every date and asset of the files of lending builds, also those before the last parameter came.
#[test]
fn every_date_of_lending_builds() {
    for name in ["aave-v2", "aave-v3", "compound-v3"] {
        let venue = crate::venue(name);
        for asset in venue.file.instruments() {
            for rule in &venue.file.rules {
                let built = venue.at(&asset, rule.valid_from);
                assert!(built.is_ok(), "{name} {asset} {}: {built:?}", rule.valid_from);
            }
        }
    }
}
