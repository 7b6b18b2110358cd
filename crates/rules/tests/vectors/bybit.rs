//! V-BY1 to 4: BTCUSDT and BTCUSD in November 2024, and what the text of 2026 changes.

use aftershock_market::{Coin, Price, Side};
use aftershock_protocol::venue::contract::{MaintenanceOn, Requirement};
use aftershock_protocol::venue::insurance::surplus;

use super::order_book::{holding, need, perpetual};
use super::table::{Kind, Table};

const LINEAR: &str = "Bybit, liquidation price (USDT contract)";
const INVERSE: &str = "Bybit, liquidation price under isolated mode, 2024: Q / [V - (IM - MM)]";
const CROSS: &str =
    "Bybit help 360039261334; its printed 5,739.50 does not solve its own equation, 5,739.08 does";
const FUND: &str = "Bybit help, insurance fund";

#[test]
fn vectors() {
    let mut table = Table::default();
    let linear = perpetual("bybit", "BTCUSDT", "2024-11-01");
    let contract = linear.contract;
    let initial = 20_000.0 / 50.0;
    let maintenance = linear.margin.maintenance.maintenance(1.0, 20_000.0);
    table.near(
        "V-BY1",
        Kind::Official,
        LINEAR,
        "initial margin, 1 BTC at 20,000, 50x",
        400.0,
        initial,
        0.5,
    );
    table.near(
        "V-BY1",
        Kind::Official,
        LINEAR,
        "maintenance margin",
        100.0,
        maintenance,
        0.5,
    );
    let held = holding(contract, Side::Long, 1.0, 20_000.0, initial);
    let price = contract.liquidation_price(&held, &need(maintenance / 20_000.0, 0.0, linear.margin.on));
    table.near(
        "V-BY1",
        Kind::Official,
        LINEAR,
        "liquidation price",
        19_700.0,
        price.unwrap_or(0.0),
        0.5,
    );

    let inverse = perpetual("bybit", "BTCUSD", "2024-11-01");
    let contract = inverse.contract;
    let held = holding(contract, Side::Short, 60_000.0, 50_000.0, 0.12);
    let value = held.opening_value.to_f64();
    let maintenance = inverse.margin.maintenance.maintenance(60_000.0, 1.0 / 50_000.0);
    table.near(
        "V-BY2",
        Kind::Official,
        INVERSE,
        "value of 60,000 USD at 50,000, BTC",
        1.2,
        value,
        0.05,
    );
    table.near(
        "V-BY2",
        Kind::Official,
        INVERSE,
        "maintenance margin, BTC",
        0.006,
        maintenance,
        5e-4,
    );
    let short = need(maintenance / value, 0.0, inverse.margin.on);
    let price = contract.liquidation_price(&held, &short).unwrap_or(0.0);
    table.near(
        "V-BY2",
        Kind::Derived,
        INVERSE,
        "liquidation price of the short",
        55_248.62,
        price,
        5e-3,
    );

    let held = holding(contract, Side::Long, 10_000.0, 8_000.0, 0.5);
    let fee = 0.000_75;
    let bankrupt = contract.bankruptcy_price(&held, fee).unwrap_or(0.0);
    table.near(
        "V-BY3",
        Kind::Official,
        CROSS,
        "bankruptcy price",
        5_718.57,
        bankrupt,
        5e-3,
    );
    let with_fee = Requirement {
        closing_fee: fee,
        ..need(0.005, 0.0, inverse.margin.on)
    };
    let price = contract.liquidation_price(&held, &with_fee).unwrap_or(0.0);
    table.near(
        "V-BY3",
        Kind::Derived,
        CROSS,
        "liquidation price",
        5_739.08,
        price,
        0.5,
    );

    for (fill, gains) in [(6_980.0, true), (6_930.0, false)] {
        let bankruptcy = Price::from_f64(6_950.0);
        let won = surplus(
            linear.contract,
            Side::Long,
            Coin::from_f64(1.0),
            bankruptcy,
            Price::from_f64(fill),
        );
        let what = format!("bankrupt at 6,950, filled at {fill}: the fund gains");
        table.same("V-BY4", Kind::Official, FUND, &what, gains, won.0 > 0);
    }
    later(&mut table);
    table.finish();
}

/// The text of 2026-05-27: `Q (MMR + 1) / (Q / P0 + Q / P0 / L)` of an inverse long, evaluated in Python at 60,000 USD,
/// 50,000, 10x, 0.5 %: 60,300 / 1.32.
fn later(table: &mut Table) {
    let inverse = perpetual("bybit", "BTCUSD", "2026-06-01");
    let held = holding(inverse.contract, Side::Long, 60_000.0, 50_000.0, 0.12);
    let price = inverse
        .contract
        .liquidation_price(&held, &need(0.005, 0.0, inverse.margin.on));
    let source = "Bybit, liquidation price under isolated mode, text of 2026-05-27";
    table.same(
        "V-BY2b",
        Kind::Official,
        source,
        "value that maintenance is charged on",
        MaintenanceOn::MarkValue,
        inverse.margin.on,
    );
    table.near(
        "V-BY2b",
        Kind::Derived,
        source,
        "liquidation price of a long",
        45_681.818,
        price.unwrap_or(0.0),
        5e-4,
    );
}
