//! Hyperliquid: tiers, liquidation price, funding by the hour, orders of a liquidation.

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_protocol::venue::contract::Holding;
use aftershock_protocol::venue::deleveraging::ClosedAt;
use aftershock_protocol::venue::liquidation::{Account, Action, Forced, LiquidationRule, Proposal};
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::perpetual::Perpetual;
use aftershock_rules::record::Protocol;

use super::at;
use super::table::{Kind, Table};

const TIERS: &str = "Hyperliquid docs, 'Margin tiers'";
const FUNDING: &str = "the documented formula over 8 hours, an eighth of it";

fn perpetual(instrument: &str, day: &str) -> Perpetual {
    match at("hyperliquid", instrument, day) {
        Protocol::Perpetual(perpetual) => *perpetual,
        other => panic!("{other:?} is no perpetual"),
    }
}

fn bitcoin() -> Perpetual {
    perpetual("BTC", "2025-10-10T21:00:00Z")
}

#[test]
fn margin() {
    let mut table = Table::default();
    let bitcoin = bitcoin();
    let MarginSchedule::Brackets(brackets) = bitcoin.margin.maintenance() else {
        panic!("tiers are brackets");
    };
    let second = brackets.tiers()[1];
    table.near(
        "V-HL1",
        Kind::Official,
        TIERS,
        "maintenance at 20x, %",
        2.5,
        100.0 * second.maintenance_ratio,
        0.05,
    );
    assert_eq!(second.max_leverage, 20.0);
    let own = "the page's formula";
    let deduction = second.maintenance_amount_usd;
    table.near(
        "V-HL2",
        Kind::Derived,
        own,
        "deduction above 150M of BTC",
        1_875_000.0,
        deduction,
        0.5,
    );
    let margin = brackets.maintenance_usd(200e6);
    table.near(
        "V-HL2",
        Kind::Derived,
        own,
        "maintenance of 200M of BTC",
        3_125_000.0,
        margin,
        0.5,
    );
    let held = Holding {
        side: Side::Long,
        quantity: Coin::from_f64(1.0),
        opening_value: Cash::from_f64(100_000.0),
        margin: Cash::from_f64(2_500.0),
    };
    let kept = bitcoin
        .margin
        .maintenance_margin(bitcoin.contract, &held, Price::from_f64(100_000.0));
    let what = "one BTC at 100,000 with 2,500 isolated: maintenance";
    table.near("V-HL3", Kind::Derived, own, what, 1_250.0, kept.to_f64(), 0.5);
    let price = bitcoin.margin.liquidation_price(bitcoin.contract, &held);
    let price = price.map_or(f64::NAN, Price::to_f64);
    table.near(
        "V-HL3",
        Kind::Derived,
        "cortex-vigil.com and docs.hyena.trade, liquidation price",
        "its liquidation price",
        98_734.177,
        price,
        0.000_5,
    );
    table.finish();
}

#[test]
fn funding() {
    let mut table = Table::default();
    let rule = bitcoin().funding.rule;
    let premiums = [-0.01, -0.000_6, -0.000_4, 0.0, 0.000_3, 0.000_6, 0.001, 0.01];
    let expected = [
        -0.118_75, -0.001_25, 0.001_25, 0.001_25, 0.001_25, 0.001_25, 0.006_25, 0.118_75,
    ];
    for (premium, percent) in premiums.into_iter().zip(expected) {
        let ours = 100.0 * rule.rate(premium, None);
        let what = format!("rate an hour at a premium of {} %, %", 100.0 * premium);
        table.near("V-HL4", Kind::Derived, FUNDING, &what, percent, ours, 0.000_005);
    }
    table.finish();
}

/// The vector was derived from what third parties say (the rest goes after the pause). The venue says that it goes within
/// it, which is what the file has: both are computed, each by its own rule, from the numbers of the file.
#[test]
fn orders_of_a_liquidation() {
    let mut table = Table::default();
    let bitcoin = bitcoin();
    let LiquidationRule::FractionFirst {
        threshold_usd,
        fraction,
        window_s,
        ..
    } = bitcoin.liquidation
    else {
        panic!("{:?} is no fraction first", bitcoin.liquidation);
    };
    let as_told = LiquidationRule::FractionThenAll {
        threshold_usd,
        fraction,
        cooldown_s: window_s,
    };
    let start = Timestamp::from_seconds(1_760_130_000);
    let account = |quantity, seconds, last| Account {
        contract: bitcoin.contract,
        quantity: Coin::from_f64(quantity),
        mark_usd: 100_000.0,
        equity: Cash::from_f64(1_000.0),
        opening_value: Cash::from_f64(quantity * 102_000.0),
        margins: bitcoin.margin.maintenance(),
        on: bitcoin.margin.on(),
        lot: bitcoin.lot,
        at: start.plus_seconds(seconds),
        last,
    };
    let sent = |action| match action {
        Action::Send(Proposal { quantity, .. }) => 100_000.0 * quantity.to_f64(),
        _ => 0.0,
    };
    let told = "cortex-vigil.com, 'Liquidations'; contradicted by the venue";
    let said = "Hyperliquid Announcements, post 307, by hand";
    for (rule, id, kind, source, later) in [
        (as_told, "V-HL5", Kind::Derived, told, [0.0, 0.0, 400_000.0]),
        (
            bitcoin.liquidation,
            "in force",
            Kind::Official,
            said,
            [400_000.0, 400_000.0, 80_000.0],
        ),
    ] {
        let first = rule.propose(&account(5.0, 0.0, None));
        let what = "a long of 500,000 below maintenance sends, USD";
        table.near(id, kind, source, what, 100_000.0, sent(first), 0.5);
        let Action::Send(Proposal { earliest_next_at, .. }) = first else {
            panic!("{first:?} is no order");
        };
        let last = Some(Forced {
            earliest_next_at,
            filled: true,
        });
        for (seconds, expected) in [1.0, 29.0, 30.0].into_iter().zip(later) {
            let ours = sent(rule.propose(&account(4.0, seconds, last)));
            let what = format!("of the 400,000 left, after {seconds} s, USD");
            table.near(id, kind, source, &what, expected, ours, 0.5);
        }
    }
    table.finish();
}

#[test]
fn what_changed_by_date() {
    let mut table = Table::default();
    let ratio = |instrument, day| {
        perpetual(instrument, day)
            .margin
            .maintenance()
            .marginal_ratio(1.0, 100.0)
    };
    let cut = "reports of 2025-03-12 on the cut of the largest leverage";
    for (instrument, day, percent) in [
        ("BTC", "2025-03-11T00:00:00Z", 1.0),
        ("BTC", "2025-03-13T00:00:00Z", 1.25),
        ("ETH", "2025-03-11T00:00:00Z", 1.0),
        ("ETH", "2025-03-13T00:00:00Z", 2.0),
    ] {
        let what = format!("maintenance of {instrument} on {}, %", &day[..10]);
        table.near(
            "by date",
            Kind::Derived,
            cut,
            &what,
            percent,
            100.0 * ratio(instrument, day),
            0.005,
        );
    }
    let closed_at = |day| perpetual("BTC", day).deleveraging.map(|one| one.closed_at);
    for (day, expected) in [
        ("2025-03-11T00:00:00Z", ClosedAt::PreviousOracle),
        ("2025-10-10T21:16:04Z", ClosedAt::PreviousMark),
    ] {
        table.same(
            "by date",
            Kind::Official,
            "Hyperliquid docs, 'Auto-deleveraging', two copies",
            &format!("price of deleveraging on {}", &day[..10]),
            Some(expected),
            closed_at(day),
        );
    }
    table.finish();
}
