//! Circuit breakers of exchanges: bands around a reference.

use aftershock_protocol::band::{Band, CME_BITCOIN_2017, Tier, Width, ladder};

use crate::table::{Kind, Table};

#[test]
fn bands() {
    let mut table = Table::default();
    let mut row = |id: &str, kind: Kind, source: &str, what: &str, band: Band, (lower, upper): (f64, f64)| {
        table.near(
            id,
            kind,
            source,
            &format!("{what}, lower"),
            lower,
            band.lower,
            1e-9,
        );
        table.near(
            id,
            kind,
            source,
            &format!("{what}, upper"),
            upper,
            band.upper,
            1e-9,
        );
    };
    let width = |price, doubled| Width::limit_up_limit_down(Tier::One, price, doubled);
    let plan = "LULD plan, tier 1; by hand";
    row(
        "V-CB1",
        Kind::Derived,
        plan,
        "100",
        width(100.0, false).around(100.0),
        (95.0, 105.0),
    );
    row(
        "V-CB1",
        Kind::Derived,
        plan,
        "100, doubled",
        width(100.0, true).around(100.0),
        (90.0, 110.0),
    );
    row(
        "V-CB1",
        Kind::Derived,
        plan,
        "2.00",
        width(2.0, false).around(2.0),
        (1.6, 2.4),
    );
    row(
        "V-CB1",
        Kind::Derived,
        plan,
        "0.50",
        width(0.5, false).around(0.5),
        (0.35, 0.65),
    );
    let reports = "reports on CME bitcoin futures, 2017; by hand";
    for (paused, expected) in [(93e3, 107e3), (87e3, 113e3), (80e3, 120e3)]
        .into_iter()
        .enumerate()
    {
        let (band, _) = ladder(&CME_BITCOIN_2017, 100e3, paused).expect("a step");
        row(
            "V-CB2",
            Kind::Derived,
            reports,
            &format!("step {} from 100,000", paused + 1),
            band,
            expected,
        );
    }
    let course = "Solomon exam prep, 5.13.3";
    row(
        "V-CB3",
        Kind::Official,
        course,
        "100 at 5 %",
        width(100.0, false).around(100.0),
        (95.0, 105.0),
    );
    let opening = width(3.01, true);
    table.same(
        "V-CB3",
        Kind::Official,
        course,
        "3.01 in the first 15 minutes",
        Width::Ratio(0.1),
        opening,
    );
    table.finish();
}
