//! Maker: auctions through the venue's file, and the protocol's own tests.

use aftershock_market::Timestamp;
use aftershock_protocol::auction::cat::{Cat, Chunk};
use aftershock_protocol::auction::clip::{Clip, ClipTerms};
use aftershock_protocol::auction::dog::Dog;
use aftershock_protocol::auction::flip::{Flip, FlipTerms};
use aftershock_protocol::auction::price::Curve;
use aftershock_protocol::auction::{Auctions, Ilk, Limit, Module, Vault};
use aftershock_protocol::fixed::{U256, decimal, to_f64};
use aftershock_rules::record::Protocol;

use crate::table::{Kind, Table};

const TESTS: &str = "makerdao/dss, src/test/clip.t.sol";

fn auctions(day: &str) -> Auctions {
    match crate::at("maker", "ETH-A", day) {
        Protocol::Auctions(auctions) => *auctions,
        other => panic!("{other:?} are no auctions"),
    }
}

fn english(day: &str) -> (Cat, FlipTerms) {
    match auctions(day).module {
        Module::English { cat, flip } => (cat, flip),
        other => panic!("{other:?} is not English"),
    }
}

fn dutch(day: &str) -> (Dog, ClipTerms) {
    match auctions(day).module {
        Module::Dutch { dog, clip } => (dog, *clip),
        other => panic!("{other:?} is not Dutch"),
    }
}

fn places(value: f64, places: usize) -> U256 {
    decimal(value, places).unwrap_or_else(|| panic!("{value} has more than {places} places"))
}

fn wad(value: f64) -> U256 {
    places(value, 18)
}

fn ray(value: f64) -> U256 {
    places(value, 27)
}

fn rad(value: f64) -> U256 {
    places(value, 45)
}

/// The set-up of the protocol's tests on the code that ETH-A had in 2021: oracle 4, start at 1.25, penalty 10 %.
fn gold(curve: Curve, cusp: f64) -> (Dog, Clip, Vault, Ilk) {
    let (mut dog, mut terms) = dutch("2021-05-19");
    (dog.chop, dog.all, dog.own) = (wad(1.1), Limit::new(rad(1e3)), Limit::new(rad(1e3)));
    (terms.buf, terms.curve, terms.cusp) = (ray(1.25), curve, ray(cusp));
    (terms.tail_s, terms.tip, terms.chip, terms.chost) = (3_600, U256::ZERO, U256::ZERO, rad(22.0));
    let vault = Vault {
        collateral: wad(40.0),
        debt: wad(100.0),
    };
    let ilk = Ilk {
        rate: ray(1.0),
        spot: ray(2.0),
        dust: rad(20.0),
    };
    (dog, Clip::new(terms), vault, ilk)
}

#[test]
fn dutch_auctions() {
    let mut table = Table::default();
    let stairs = Curve::Stairstep {
        step_s: 1,
        cut: ray(0.99),
    };
    let (mut dog, mut clip, mut vault, ilk) = gold(stairs, 0.3);
    let seized = dog.bark(&ilk, &mut vault).expect("an unsafe vault");
    let started = clip
        .kick(seized.tab, seized.lot, ray(4.0), 0)
        .expect("an auction");
    table.same(
        "V-MK1",
        Kind::Test,
        TESTS,
        "price to start at",
        ray(5.0),
        started.top,
    );
    table.same("V-MK1", Kind::Test, TESTS, "DAI to raise", rad(110.0), seized.tab);
    table.same(
        "V-MK1",
        Kind::Test,
        TESTS,
        "collateral to sell",
        wad(40.0),
        seized.lot,
    );
    let taken = clip
        .take(&mut dog, started.id, wad(25.0), ray(5.0), 0)
        .expect("a purchase");
    table.same(
        "V-MK2",
        Kind::Test,
        TESTS,
        "paid for 25 at 5",
        rad(110.0),
        taken.paid,
    );
    table.same("V-MK2", Kind::Test, TESTS, "received", wad(22.0), taken.bought);
    table.same(
        "V-MK2",
        Kind::Test,
        TESTS,
        "to the owner",
        wad(18.0),
        taken.returned,
    );
    table.same(
        "V-MK2",
        Kind::Test,
        TESTS,
        "the auction is over",
        None,
        clip.get(started.id),
    );

    for (id, tau_s, cusp, last_s) in [("V-MK3", 36_000, 0.0, 3_600), ("V-MK4", 3_600, 0.5, 1_800)] {
        let (_, mut clip, ..) = gold(Curve::Linear { tau_s }, cusp);
        let started = clip.kick(rad(110.0), wad(40.0), ray(4.0), 0).expect("an auction");
        let early = clip.redo(started.id, ray(3.0), last_s).is_ok();
        let late = clip.redo(started.id, ray(3.0), last_s + 1).map(|again| again.top);
        table.same(id, Kind::Test, TESTS, "reset at the last second", false, early);
        table.same(
            id,
            Kind::Test,
            TESTS,
            "reset a second later, at",
            Ok(ray(3.75)),
            late,
        );
    }

    for (kind, chip, paid) in [(Kind::Test, 0.0, 100.0), (Kind::Derived, 0.02, 102.2)] {
        let (_, mut clip, ..) = gold(stairs, 0.3);
        (clip.terms.tip, clip.terms.chip) = (rad(100.0), wad(chip));
        let started = clip.kick(rad(110.0), wad(40.0), ray(4.0), 0).expect("an auction");
        table.same(
            "V-MK5",
            kind,
            TESTS,
            "paid for starting",
            rad(paid),
            started.incentive,
        );
    }

    let at = |elapsed| {
        stairs
            .price(ray(5.0), elapsed)
            .map_or(f64::NAN, |price| to_f64(price, 27))
    };
    let formula = "5 * 0.99^n in Python";
    table.near(
        "V-MK6",
        Kind::Derived,
        formula,
        "price after 10 s",
        4.521_91,
        at(10),
        5e-6,
    );
    let first = (0..200).find(|elapsed| at(*elapsed) < 1.5);
    table.same(
        "V-MK6",
        Kind::Derived,
        formula,
        "first below 0.3 of 5",
        Some(120),
        first,
    );

    let (_, terms) = dutch("2021-05-19");
    let clip = Clip::new(terms);
    let mut eth = clip.clone();
    let started = eth
        .kick(rad(1e5), wad(50.0), ray(2_000.0), 0)
        .expect("an auction");
    let sale = eth.get(started.id).copied().expect("it runs");
    let ratio = |elapsed| {
        let price = terms.curve.price(sale.top, elapsed).unwrap_or_default();
        to_f64(price, 27) / to_f64(sale.top, 27)
    };
    let formula = "0.99^20 and 0.99^92 in Python; ETH-A on 2021-05-19";
    table.near(
        "V-MK7",
        Kind::Derived,
        formula,
        "price at 1,800 s over top",
        0.817_91,
        ratio(1_800),
        5e-6,
    );
    let needs = |at| eth.status(&sale, at).map(|(needs, _)| needs);
    table.same(
        "V-MK7",
        Kind::Derived,
        formula,
        "reset at 8,279 s",
        Ok(false),
        needs(8_279),
    );
    table.same(
        "V-MK7",
        Kind::Derived,
        formula,
        "reset at 8,280 s",
        Ok(true),
        needs(8_280),
    );
    table.finish();
}

#[test]
fn a_bid_of_almost_nothing_on_black_thursday() {
    let mut table = Table::default();
    let executive = "executive of 2020-03-12: existing ttl 10 minutes, lump 50 ETH";
    let (cat, terms) = english("2020-03-12");
    let Chunk::Collateral { lump } = cat.chunk else {
        panic!("{:?} is not by collateral", cat.chunk)
    };
    table.same("zero bid", Kind::Derived, executive, "lot", wad(50.0), lump);
    let mut flip = Flip::new(terms);
    let id = flip.kick(rad(4_000.0), lump, 0);
    let least = U256::from(1);
    flip.tend(id, 1, lump, least, 60).expect("the least bid");
    let early = flip.deal(id, 60 + 600).is_ok();
    table.same(
        "zero bid",
        Kind::Derived,
        executive,
        "wins within 600 s",
        false,
        early,
    );
    let won = flip.deal(id, 60 + 601).map(|won| (won.lot, won.bid));
    table.same(
        "zero bid",
        Kind::Derived,
        executive,
        "wins after, for",
        Ok((wad(50.0), least)),
        won,
    );
    let (_, later) = english("2020-03-15");
    table.same(
        "zero bid",
        Kind::Derived,
        executive,
        "bid lifetime from then on, s",
        21_600,
        later.ttl_s,
    );
    table.finish();
}

/// Every date of the file builds, also those before Dutch auctions, and says which system ran.
#[test]
fn every_date_of_the_file_builds() {
    let venue = crate::venue("maker");
    let launch: Timestamp = "2019-11-18".parse().expect("a day");
    let dates = venue.file.rules.iter().map(|rule| rule.valid_from);
    for at in dates.filter(|at| *at >= launch) {
        let built = venue.at("ETH-A", at).unwrap_or_else(|error| panic!("{error}"));
        let Protocol::Auctions(auctions) = built else {
            panic!("{built:?} are no auctions")
        };
        let day = at.to_string();
        let is_dutch = matches!(auctions.module, Module::Dutch { .. });
        assert_eq!(is_dutch, day.as_str() >= "2021-04-30", "{day}");
    }
    let limits = |day| match auctions(day).module {
        Module::English { cat, .. } => match cat.chunk {
            Chunk::Debt { limit, .. } => limit.most,
            Chunk::Collateral { .. } => U256::ZERO,
        },
        Module::Dutch { dog, .. } => dog.own.most,
    };
    let expected = [
        ("2020-08-30", 0.0),
        ("2020-08-31", 30e6),
        ("2020-11-26", 15e6),
        ("2021-04-18", 20e6),
        ("2021-05-19", 22e6),
        ("2021-09-07", 30e6),
        ("2021-12-04", 65e6),
        ("2022-11-08", 40e6),
    ];
    for (day, most) in expected {
        assert_eq!(limits(day), rad(most), "{day}");
    }
    assert_eq!(dutch("2021-12-04").1.chost, rad(16_950.0));
}
