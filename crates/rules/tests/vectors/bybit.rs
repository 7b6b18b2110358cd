//! V-BY1 to 4: BTCUSDT and BTCUSD in November 2024, and what the text of 2026 changes.

use aftershock_market::{Coin, Price, Side};
use aftershock_protocol::venue::contract::MaintenanceOn;
use aftershock_protocol::venue::insurance::surplus;
use aftershock_protocol::venue::perpetual::Perpetual;

use super::order_book::{holding, liquidated_at, perpetual, with_fee};
use super::table::{Kind, Table};

const LINEAR: &str = "Bybit, liquidation price (USDT contract)";
const INVERSE: &str = "Bybit, liquidation price under isolated mode, 2024: Q / [V - (IM - MM)]";
const CROSS: &str =
    "Bybit help 360039261334; its printed 5,739.50 does not solve its own equation, 5,739.08 does";
const FUND: &str = "Bybit help, insurance fund";
const LATER: &str = "Bybit, liquidation price under isolated mode, text of 2026-05-27";

#[test]
fn vectors() {
    let mut table = Table::default();
    linear(&mut table);
    inverse(&mut table);
    later(&mut table);
    table.finish();
}

fn linear(table: &mut Table) {
    let Perpetual { contract, margin, .. } = perpetual("bybit", "BTCUSDT", "2024-11-01");
    let held = holding(contract, Side::Long, 1.0, 20_000.0, 20_000.0 / 50.0);
    let initial = held.margin.to_f64();
    table.near(
        "V-BY1",
        Kind::Official,
        LINEAR,
        "initial margin, 1 BTC at 20,000, 50x",
        400.0,
        initial,
        0.5,
    );
    let maintenance = margin
        .maintenance_margin(contract, &held, Price::from_f64(19_700.0))
        .to_f64();
    table.near(
        "V-BY1",
        Kind::Official,
        LINEAR,
        "maintenance margin",
        100.0,
        maintenance,
        0.5,
    );
    let price = liquidated_at(&margin, contract, &held);
    table.near(
        "V-BY1",
        Kind::Official,
        LINEAR,
        "liquidation price",
        19_700.0,
        price,
        0.5,
    );
    for (fill, gains) in [(6_980.0, true), (6_930.0, false)] {
        let bankruptcy = Price::from_f64(6_950.0);
        let won = surplus(
            contract,
            Side::Long,
            Coin::from_f64(1.0),
            bankruptcy,
            Price::from_f64(fill),
        );
        let what = format!("bankrupt at 6,950, filled at {fill}: the fund gains");
        table.same("V-BY4", Kind::Official, FUND, &what, gains, won.0 > 0);
    }
}

fn inverse(table: &mut Table) {
    let Perpetual { contract, margin, .. } = perpetual("bybit", "BTCUSD", "2024-11-01");
    let held = holding(contract, Side::Short, 60_000.0, 50_000.0, 0.12);
    let value = held.opening_value.to_f64();
    table.near(
        "V-BY2",
        Kind::Official,
        INVERSE,
        "value of 60,000 USD at 50,000, BTC",
        1.2,
        value,
        0.05,
    );
    let maintenance = margin
        .maintenance_margin(contract, &held, Price::from_f64(55_000.0))
        .to_f64();
    table.near(
        "V-BY2",
        Kind::Official,
        INVERSE,
        "maintenance margin, BTC",
        0.006,
        maintenance,
        5e-4,
    );
    let price = liquidated_at(&margin, contract, &held);
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
    let terms = with_fee(&margin, 0.000_75);
    let bankrupt = terms.bankruptcy_price(contract, &held).map_or(0.0, Price::to_f64);
    table.near(
        "V-BY3",
        Kind::Official,
        CROSS,
        "bankruptcy price",
        5_718.57,
        bankrupt,
        5e-3,
    );
    let price = liquidated_at(&terms, contract, &held);
    table.near(
        "V-BY3",
        Kind::Derived,
        CROSS,
        "liquidation price",
        5_739.08,
        price,
        0.5,
    );
}

/// The text of 2026-05-27: `Q (MMR + 1) / (Q / P0 + Q / P0 / L)` of an inverse long, evaluated in Python at 60,000 USD,
/// 50,000, 10x, 0.5 %: 60,300 / 1.32.
fn later(table: &mut Table) {
    let Perpetual { contract, margin, .. } = perpetual("bybit", "BTCUSD", "2026-06-01");
    let held = holding(contract, Side::Long, 60_000.0, 50_000.0, 0.12);
    table.same(
        "V-BY2b",
        Kind::Official,
        LATER,
        "value that maintenance is charged on",
        MaintenanceOn::MarkValue,
        margin.on(),
    );
    let price = liquidated_at(&margin, contract, &held);
    table.near(
        "V-BY2b",
        Kind::Derived,
        LATER,
        "liquidation price of a long",
        45_681.818,
        price,
        5e-4,
    );
}
