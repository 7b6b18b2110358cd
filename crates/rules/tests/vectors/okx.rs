//! V-OKX1: freqtrade's formula for OKX, its ratio and fee being inputs of its test.

use aftershock_market::Side;
use aftershock_protocol::venue::contract::Contract;
use aftershock_protocol::venue::maintenance::{MarginSchedule, RateTier, SizeBy};
use aftershock_protocol::venue::margin::MarginTerms;

use super::order_book::{holding, liquidated_at, perpetual};
use super::table::{Kind, Table};

#[test]
fn vectors() {
    let mut table = Table::default();
    let swap = perpetual("okx", "BTC-USDT-SWAP", "2022-06-01");
    let Contract::Linear { multiplier } = swap.contract else {
        panic!("a linear contract");
    };
    let one_percent = RateTier {
        cap: f64::INFINITY,
        maintenance_ratio: 0.01,
    };
    let schedule = MarginSchedule::whole_rate(SizeBy::Contracts, vec![one_percent]).expect("one tier");
    let initial = swap.margin.initial().clone();
    let terms = MarginTerms::new(initial, schedule, swap.margin.on(), 0.000_6).expect("terms in range");
    for (side, expected) in [(Side::Long, 8.085_708_510), (Side::Short, 11.874_134_178)] {
        let held = holding(swap.contract, side, 1.0 / multiplier.to_f64(), 10.0, 2.0);
        let price = liquidated_at(&terms, swap.contract, &held);
        let what = format!("one coin at 10 with 2 behind it, 1 %, taker 0.06 %, {side:?}");
        // A step of our prices, 1e-8, is coarser than the ten digits printed.
        table.near(
            "V-OKX1",
            Kind::Test,
            "freqtrade @c9ae5e1e, tests of the liquidation price",
            &what,
            expected,
            price,
            1e-8,
        );
    }
    table.finish();
}
