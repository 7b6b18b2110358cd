//! V-DER1 and 2: funding and standard margin; V-DER3: the worked response of portfolio margin.

use aftershock_protocol::venue::margin::InitialTerms;
use aftershock_protocol::venue::portfolio::Exposure;
use aftershock_rules::record::Protocol;

use super::order_book::perpetual;
use super::table::{Kind, Table};

const FUNDING: &str = "Deribit support, funding specifications: max(0.025 %, P) + min(-0.025 %, P)";
const CHANGE: &str = "Deribit support, 11 January 2022";
const SIMULATE: &str = "Deribit API documents, private/simulate, example response of 2024-06-17";

#[test]
fn vectors() {
    let mut table = Table::default();
    let btc = perpetual("deribit", "BTC-PERPETUAL", "2022-06-01");
    for (premium, expected) in [
        (-0.10, -0.075),
        (-0.02, 0.0),
        (0.0, 0.0),
        (0.02, 0.0),
        (0.025, 0.0),
        (0.05, 0.025),
        (0.10, 0.075),
    ] {
        // What is paid in a step, times the steps of eight hours.
        let rule = btc.funding.rule;
        let steps = 28_800.0 / btc.funding.schedule.interval_s();
        let rate = 100.0 * rule.rate(premium / 100.0, None) * steps;
        let what = format!("rate of eight hours at a premium of {premium} %, %");
        table.near("V-DER1", Kind::Derived, FUNDING, &what, expected, rate, 5e-4);
    }
    let rows = [
        ("2022-06-01", "BTC-PERPETUAL", 100.0, 0.025, 0.015),
        ("2021-06-01", "BTC-PERPETUAL", 100.0, 0.015, 0.010_25),
        ("2022-06-01", "ETH-PERPETUAL", 1_000.0, 0.024, 0.014),
        ("2021-06-01", "ETH-PERPETUAL", 1_000.0, 0.022, 0.012),
    ];
    for (day, instrument, coins, initial, maintenance) in rows {
        let terms = perpetual("deribit", instrument, day).margin;
        let InitialTerms::SizeLinear(of_initial) = *terms.initial() else {
            panic!("a ratio that grows with the position");
        };
        let what = format!("initial margin of {coins} coins of {instrument}, {day}");
        table.near(
            "V-DER2",
            Kind::Derived,
            CHANGE,
            &what,
            initial,
            of_initial.ratio(coins),
            5e-7,
        );
        let ratio = terms.maintenance().maintenance(coins, 1.0) / coins;
        let what = format!("maintenance margin of {coins} coins of {instrument}, {day}");
        table.near("V-DER2", Kind::Derived, CHANGE, &what, maintenance, ratio, 5e-7);
    }
    portfolio(&mut table);
    table.finish();
}

/// 0.314538364 BTC of the perpetual and -0.001187534 of a future with 10.9 days to go.
fn portfolio(table: &mut Table) {
    let Protocol::Portfolio(terms) = super::at("deribit-portfolio", "BTC", "2024-06-18") else {
        panic!("portfolio margin");
    };
    let (perpetual, future) = (0.314_538_364, -0.001_187_534);
    let exposure = Exposure {
        deltas: &[(0.0, perpetual), (10.9, future)],
        ..Exposure::default()
    };
    let required = terms.require(&exposure, |shock| {
        (perpetual + future) * (1.0 - 1.0 / (1.0 + shock.price_move))
    });
    let rows = [
        ("worst case, BTC", 0.059_685_872_38, required.worst_loss, 5e-12),
        ("roll shock, BTC", 0.003_157_258_98, required.contingency, 5e-12),
        // Printed from a worst case cut to nine digits.
        (
            "risk matrix margin, BTC",
            0.062_843_130_98,
            required.initial,
            5e-10,
        ),
        (
            "maintenance margin, BTC",
            0.050_274_504_784,
            required.maintenance,
            5e-10,
        ),
    ];
    for (what, expected, ours, tolerance) in rows {
        table.near(
            "V-DER3",
            Kind::Official,
            SIMULATE,
            what,
            expected,
            ours,
            tolerance,
        );
    }
}
