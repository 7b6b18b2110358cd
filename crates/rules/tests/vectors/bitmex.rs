//! V-MEX1 to 6: XBTUSD on 2020-03-12. V-MEX7 and 8 are ours: what changed by date.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::Contract;
use aftershock_protocol::venue::deleveraging::{Allocation, Prices, Ranking, light};
use aftershock_protocol::venue::funding::{interest_of_interval, payment};

use super::order_book::{holding, liquidated_at, perpetual, with_fee};
use super::table::{Kind, Table};

const GUIDE: &str = "BitMEX, perpetual contracts guide, examples";
const ADL: &str = "BitMEX, auto-deleveraging examples";
const STAFF: &str = "BitMEX staff, long P0 / (1 + IM - MM), short P0 / (1 - IM + MM); no fees";
const BANKRUPT: &str = "the same contract: P0 L / (L + 1), P0 L / (L - 1)";

#[test]
fn vectors() {
    let mut table = Table::default();
    let xbtusd = perpetual("bitmex", "XBTUSD", "2020-03-12");
    let contract = xbtusd.contract;
    let long = holding(contract, Side::Long, 15_000.0, 750.0, 0.0);
    table.same(
        "V-MEX1",
        Kind::Official,
        GUIDE,
        "value of 15,000 contracts at 750, XBT",
        Cash::from_f64(20.0),
        long.opening_value,
    );
    let rate = interest_of_interval(0.01, 0.002_5, 3.0);
    table.near(
        "V-MEX2",
        Kind::Official,
        GUIDE,
        "funding at 1.00 % and 0.25 % a day",
        0.002_5,
        rate,
        5e-7,
    );
    let paid = payment(contract, long.quantity, Price::from_f64(750.0), rate);
    table.same(
        "V-MEX2",
        Kind::Official,
        GUIDE,
        "what the long pays, XBT",
        Cash::from_f64(0.05),
        paid,
    );
    let won = contract.equity(&long, Price::from_f64(800.0));
    table.same(
        "V-MEX3",
        Kind::Official,
        GUIDE,
        "result of closing at 800, XBT",
        Cash::from_f64(1.25),
        won,
    );
    table.same(
        "V-MEX3",
        Kind::Official,
        GUIDE,
        "the same less funding, XBT",
        Cash::from_f64(1.20),
        won - paid,
    );
    deleveraging(&mut table, &xbtusd.deleveraging.expect("BitMEX deleverages"));
    let rows = [
        ("V-MEX5", Side::Long, 100.0, 9_900.990, 9_950.249),
        ("V-MEX5", Side::Long, 25.0, 9_615.385, 9_661.836),
        ("V-MEX5", Side::Long, 10.0, 9_090.909, 9_132.420),
        ("V-MEX6", Side::Short, 100.0, 10_101.010, 10_050.251),
        ("V-MEX6", Side::Short, 25.0, 10_416.667, 10_362.694),
        ("V-MEX6", Side::Short, 10.0, 11_111.111, 11_049.724),
    ];
    let no_fees = with_fee(&xbtusd.margin, 0.0);
    for (id, side, leverage, bankrupt, liquidated) in rows {
        let held = holding(contract, side, 10_000.0, 10_000.0, 1.0 / leverage);
        let price = contract.bankruptcy_price(&held, 0.0).unwrap_or(0.0);
        let what = format!("bankruptcy price, {side:?} {leverage}x");
        table.near(id, Kind::Derived, BANKRUPT, &what, bankrupt, price, 5e-4);
        let price = liquidated_at(&no_fees, contract, &held);
        let what = format!("liquidation price, {side:?} {leverage}x");
        table.near(id, Kind::Derived, STAFF, &what, liquidated, price, 5e-4);
    }
    by_date(&mut table);
    table.finish();
}

/// V-MEX4: accounts 1 to 6 by contracts and score; 20 are bankrupt at 650.
fn deleveraging(table: &mut Table, terms: &aftershock_protocol::venue::perpetual::Deleveraging) {
    let holdings = [10, 10, 20, 30, 20, 10].map(|held| Coin::from_f64(f64::from(held)));
    let scores = [3.0, 6.0, 1.0, 4.0, 5.0, 2.0];
    let mut shares = Vec::new();
    let queue = Allocation::Queue(&scores);
    let left = queue.allocate(Coin::from_f64(20.0), &holdings, &mut shares);
    let ten = Coin::from_f64(10.0);
    table.same(
        "V-MEX4",
        Kind::Official,
        ADL,
        "closed of accounts 2 and 5, nothing left",
        (vec![(1, ten), (4, ten)], Coin::ZERO),
        (shares.clone(), left),
    );
    let prices = Prices {
        bankruptcy_usd: 650.0,
        mark_usd: 640.0,
        previous_mark_usd: 641.0,
        previous_oracle_usd: 642.0,
    };
    table.same(
        "V-MEX4",
        Kind::Official,
        ADL,
        "price and ranking",
        (650.0, Ranking::Bitmex),
        (terms.closed_at.price(&prices), terms.ranking),
    );
    let whole = Coin::from_f64(100.0);
    queue.allocate(whole, &holdings, &mut shares);
    let mut through = Coin::ZERO;
    let lights: Vec<(usize, u8)> = shares
        .iter()
        .map(|(at, held)| {
            through += *held;
            (at + 1, 20 * light(through, whole))
        })
        .collect();
    table.same(
        "V-MEX4",
        Kind::Official,
        ADL,
        "percentiles, by account",
        vec![(2, 20), (5, 40), (4, 60), (1, 80), (6, 80), (3, 100)],
        lights,
    );
}

/// V-MEX7: the caps of funding and the liquidation price follow the maintenance ratio of the day. 0.375 % is what the API
/// showed on 2019-01-03 and 2019-01-26, and what was paid on 2020-03-13.
fn by_date(table: &mut Table) {
    let caps = "BitMEX announcement of 2020-04-17: 75 % of IM - MM; of MM for the change";
    for (day, rate, change) in [
        ("2019-01-03", 0.003_75, 0.003_75),
        ("2020-03-12", 0.003_75, 0.003_75),
        ("2020-04-18", 0.004_125, 0.003_375),
        ("2020-06-01", 0.004_5, 0.003),
        ("2020-11-05", 0.004_875, 0.002_625),
    ] {
        let xbtusd = perpetual("bitmex", "XBTUSD", day);
        let cap = xbtusd.funding.rule.cap;
        let what = format!("largest rate of an interval, {day}");
        table.near("V-MEX7", Kind::Derived, caps, &what, rate, cap.rate, 5e-8);
        let what = format!("largest change of it, {day}");
        table.near("V-MEX7", Kind::Derived, caps, &what, change, cap.change, 5e-8);
        let paid = xbtusd.funding.rule.rate(-0.02, None);
        let what = format!("rate at a premium of -2 %, {day}");
        table.near("V-MEX7", Kind::Derived, caps, &what, -rate, paid, 5e-8);
    }
    let limits = "BitMEX, risk limits examples";
    for (day, xbt, maintenance, initial) in [
        ("2020-03-12", 180.0, 0.005, 0.010),
        ("2024-12-01", 180.0, 0.005, 0.010),
        ("2024-12-01", 230.0, 0.010, 0.015),
        ("2024-12-01", 400.0, 0.015, 0.020),
        ("2024-12-01", 600.0, 0.020, 0.025),
    ] {
        let terms = perpetual("bitmex", "XBTUSD", day).margin;
        let ours = terms.maintenance().maintenance(xbt, 1.0) / xbt;
        let what = format!("maintenance ratio of {xbt} XBT, {day}");
        table.near("V-MEX8", Kind::Official, limits, &what, maintenance, ours, 5e-5);
        let contracts = Coin::from_f64(xbt * 10_000.0);
        let price = Price::from_f64(10_000.0);
        let least = terms.initial_margin(Contract::DOLLAR, contracts, price, None, Cash::ZERO);
        let ours = least.map_or(0.0, |margin| margin.to_f64() / xbt);
        let what = format!("initial ratio of {xbt} XBT, {day}");
        table.near("V-MEX8", Kind::Official, limits, &what, initial, ours, 5e-5);
    }
}
