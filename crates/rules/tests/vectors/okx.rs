//! V-OKX1: freqtrade's formula for OKX, its ratio and fee being inputs of its test.

use aftershock_market::Side;
use aftershock_protocol::venue::contract::{Contract, Requirement};

use super::order_book::{holding, need, perpetual};
use super::table::{Kind, Table};

#[test]
fn vectors() {
    let mut table = Table::default();
    let swap = perpetual("okx", "BTC-USDT-SWAP", "2022-06-01");
    let Contract::Linear { multiplier } = swap.contract else {
        panic!("a linear contract");
    };
    let contracts = 1.0 / multiplier.to_f64();
    let need = Requirement {
        closing_fee: 0.000_6,
        ..need(0.01, 0.0, swap.margin.on)
    };
    for (side, expected) in [(Side::Long, 8.085_708_510), (Side::Short, 11.874_134_178)] {
        let held = holding(swap.contract, side, contracts, 10.0, 2.0);
        let price = swap.contract.liquidation_price(&held, &need).unwrap_or(0.0);
        let what = format!("one coin at 10 with 2 behind it, 1 %, taker 0.06 %, {side:?}");
        table.near(
            "V-OKX1",
            Kind::Test,
            "freqtrade @c9ae5e1e, tests of the liquidation price",
            &what,
            expected,
            price,
            5e-10,
        );
    }
    table.finish();
}
