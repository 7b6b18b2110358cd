//! Synthetix perps v2: the test cases of SIP-279, and a liquidation price by date.

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_protocol::pool::synthetix::{Market, SkewFunding};
use aftershock_protocol::venue::contract::Holding;
use aftershock_rules::record::Protocol;

use super::at;
use super::table::{Kind, Table};

const SIP: &str = "SIP-279, test cases";

fn ether(day: &str) -> Market {
    match at("synthetix-perps-v2", "sETHPERP", day) {
        Protocol::Synthetix(market) => *market,
        other => panic!("{other:?} is not of Synthetix"),
    }
}

/// Scale and velocity are the file's of the launch, which are those of the SIP.
#[test]
fn premium_and_funding() {
    let mut table = Table::default();
    let ether = ether("2023-01-01T00:00:00Z");
    let (oracle, hundred) = (Price::from_f64(2_000.0), Coin::from_f64(100.0));
    let fill = ether.skew.fill_price(oracle, hundred, hundred);
    table.near(
        "V-SNX1",
        Kind::Official,
        SIP,
        "100 bought at 2,000 onto a skew of 100",
        2_000.3,
        fill.to_f64(),
        0.05,
    );
    let start = Timestamp::from_seconds(1_672_531_200);
    let mut funding = SkewFunding::new(start);
    funding.advance(&ether.skew, hundred, oracle, start.plus_seconds(86_400.0));
    table.near(
        "V-SNX2",
        Kind::Official,
        SIP,
        "rate a day after 24 hours at a skew of 100, %",
        0.03,
        100.0 * funding.rate,
        0.005,
    );
    table.near(
        "V-SNX2",
        Kind::Official,
        SIP,
        "paid by 100 ETH, sUSD",
        30.0,
        -funding.received(hundred, 0.0).to_f64(),
        0.5,
    );
    table.finish();
}

/// By hand, 100 ETH opened at 2,000 with 10,000. In January 2023 a value N needs 1 % of it, 0.01 % for size, 0.35 % for
/// flagging (between 2 and 1,000) and 2: N = 190,002 / 0.9864. In July 2023 0.75 %, 0.015625 %, 0.02 % (up to 100) and 2:
/// N = 190,002 / 0.99214375.
#[test]
fn liquidation_price() {
    let mut table = Table::default();
    let held = Holding {
        side: Side::Long,
        quantity: Coin::from_f64(100.0),
        opening_value: Cash::from_f64(200_000.0),
        margin: Cash::from_f64(10_000.0),
    };
    for (day, expected) in [
        ("2023-01-01T00:00:00Z", 1_926.216_5),
        ("2023-07-01T00:00:00Z", 1_915.065_2),
    ] {
        let ours = at("synthetix-perps-v2", "sETHPERP", day).liquidation_price(&held);
        table.near(
            "by date",
            Kind::Derived,
            "PerpsV2MarketBase, by hand; SCCP-293, 297, 2014",
            &format!("100 ETH long at 2,000 with 10,000, on {}", &day[..10]),
            expected,
            ours.map_or(f64::NAN, Price::to_f64),
            0.000_05,
        );
    }
    table.finish();
}
