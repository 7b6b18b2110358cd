//! Drift v2: the program's own tests, and liquidation prices by date.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::drift::bankruptcy::{a_coin, paid};
use aftershock_protocol::drift::liquidation::{InsuranceFee, Liquidation, Shortfall, to_cover};
use aftershock_protocol::drift::size::SizePremium;
use aftershock_protocol::drift::{MILLION, Market};
use aftershock_protocol::venue::contract::Holding;
use aftershock_rules::record::Protocol;

use super::at;
use super::table::{Kind, Table};

const MATH: &str = "drift-labs/protocol-v2, programs/drift/src/math/liquidation/tests.rs @f01db28d";
const LATER: &str = "velocity-exchange/velocity-v1, programs/drift/src/math/liquidation/tests.rs @771d93dd";
const STEPS: &str = "drift-labs/protocol-v2, programs/drift/src/controller/liquidation/tests.rs @49d8db7a";
const FUNDING: &str = "drift-labs/protocol-v2, programs/drift/src/math/funding/tests.rs @b3225694";
const MARGIN: &str = "drift-labs/protocol-v2, programs/drift/src/math/margin/tests.rs @22d3396d";

fn market(instrument: &str, day: &str) -> Market {
    match at("drift-v2", instrument, &format!("{day}T00:00:00Z")) {
        Protocol::Drift(market) => *market,
        other => panic!("{other:?} is not of Drift"),
    }
}

fn solana() -> Market {
    market("SOL-PERP", "2025-01-01")
}

/// The program counts 1e-9 coin; ours end a digit before.
#[test]
fn size_of_a_liquidation() {
    let mut table = Table::default();
    for (id, what, fee, insurance, quote, expected) in [
        ("V-DR1", "10 short at 100, margin 10 %, no fee", 0, 0, 1.0, 1.0),
        ("V-DR2", "the quote at 0.99", 0, 0, 0.99, 1.010_101_010),
        ("V-DR2", "the quote at 1.01", 0, 0, 1.01, 0.990_099_009),
        ("V-DR3", "a fee of 1 %", 10_000, 0, 1.0, 1.111_111_111),
        ("V-DR4", "and 1 % to insurance", 10_000, 10_000, 1.0, 1.25),
    ] {
        let (oracle, quote) = (Price::from_f64(100.0), Price::from_f64(quote));
        let ours = to_cover(Cash::from_f64(10.0), 100_000, fee, insurance, oracle, quote);
        let ours = ours.map_or(f64::NAN, Coin::to_f64);
        table.near(id, Kind::Test, MATH, what, expected, ours, 1e-8);
    }
    let (oracle, quote) = (Price::from_f64(100.0), Price::from_f64(1.0));
    let all = to_cover(Cash::from_f64(10.0), 10_000, 10_000, 0, oracle, quote);
    let source = "the same function: everything where the fee is the margin";
    table.same(
        "V-DR5",
        Kind::Derived,
        source,
        "a fee as large as margin",
        None,
        all,
    );
    table.finish();
}

/// Margin, fees and lot are the test's, the pace and the buffer are the file's.
fn of_the_test() -> Liquidation {
    Liquidation {
        maintenance_ppm: 50_000,
        liquidator_fee_ppm: 10_000,
        insurance_fee: InsuranceFee {
            max_ppm: 10_000,
            ..solana().liquidation.insurance_fee
        },
        ..solana().liquidation
    }
}

fn short_of(held: f64, shortage: f64, freed: f64, slots: u64) -> Shortfall {
    Shortfall {
        held: Coin::from_f64(held),
        lot: Coin::from_f64(0.01),
        shortage: Cash::from_f64(shortage),
        freed: Cash::from_f64(freed),
        slots,
        oracle: Price::from_f64(100.0),
        quote: Price::from_f64(1.0),
    }
}

/// Twenty coins at 100 with 50 dollars, of which an order that is cancelled has freed 70.01. Every coin sold costs 2 dollars
/// of fees, so the shortage of what is held is `7 held - (50 - 2 (20 - held))`; each coin frees 5.
#[test]
fn pace_of_a_liquidation() {
    let mut table = Table::default();
    let terms = of_the_test();
    let (mut held, mut freed) = (20.0, 70.01);
    for (slots, left, what) in [
        (0, 20.0, "in the first slot nothing, 10 % being freed"),
        (75, 14.8, "after 75 slots 60 %"),
        (75, 14.8, "again in that slot nothing"),
        (100, 9.47, "after 100 slots 76 %"),
        (135, 2.0, "after 135 slots the rest"),
    ] {
        let shortage = 7.0 * held - (50.0 - 2.0 * (20.0 - held));
        let sold = terms.quantity(&short_of(held, shortage, freed, slots)).to_f64();
        held -= sold;
        freed += 5.0 * sold;
        table.near(
            "V-DR6",
            Kind::Test,
            STEPS,
            &format!("{what}: coins left"),
            left,
            held,
            5e-9,
        );
    }
    let small = terms.quantity(&short_of(2.0, 9.0, 0.0, 0)).to_f64();
    let what = "2 coins, 9 dollars short, at once: coins left";
    table.near("V-DR7", Kind::Test, STEPS, what, 0.2, 2.0 - small, 5e-9);
    let bankrupt = short_of(1.0, 55.1, 0.0, 0);
    let what = "to insurance of one bought at 150 and now at 100, ppm";
    let fee = terms.insurance_fee_ppm(&bankrupt);
    table.same("V-DR8", Kind::Test, STEPS, what, 0, fee);
    let share = terms.pace.share_bp(Cash::from_f64(49.0), Cash::ZERO, 1);
    let what = "49 dollars short: share at once, of 10,000";
    table.same("V-DR9", Kind::Test, LATER, what, 10_000, share);
    table.finish();
}

#[test]
fn fee_of_a_liquidation() {
    let mut table = Table::default();
    let growth = solana().liquidation.growth;
    for (slots, expected) in [(100_000, 50_000), (10, 20_000), (10_000, 30_000)] {
        let what = format!("2 % up to 5 %, after {slots} slots, ppm");
        let ours = growth.fee_ppm(20_000, 50_000, slots);
        table.same("V-DR10", Kind::Test, LATER, &what, expected, ours);
    }
    let before = market("SOL-PERP", "2024-08-01").liquidation.growth;
    let source = "CHANGELOG.md, 2.93.0 of 2024-08-22";
    let what = "before it grew, ppm";
    table.same(
        "by date",
        Kind::Derived,
        source,
        what,
        20_000,
        before.fee_ppm(20_000, 50_000, 10_000),
    );
    let max = market("BTC-PERP", "2025-01-01").liquidation.max_fee_ppm();
    let source = "three times 0.75 %, below the 3 % of margin, by hand";
    table.same(
        "V-DR11",
        Kind::Derived,
        source,
        "BTC-PERP, largest fee, ppm",
        22_500,
        max,
    );
    table.finish();
}

#[test]
fn a_loss_through_funding() {
    let mut table = Table::default();
    let coins = Coin::from_f64;
    let loss = Cash::from_f64(100.0);
    let rate = a_coin(loss, coins(7.0), coins(4.0));
    let what = "100 over longs of 7 and shorts of 4, USD a coin";
    table.same(
        "V-DR12",
        Kind::Test,
        MATH,
        what,
        Some(Cash::from_f64(9.090_91)),
        rate,
    );
    let nobody = a_coin(loss, Coin::ZERO, Coin::ZERO);
    table.same("V-DR13", Kind::Test, MATH, "over nobody", None, nobody);
    let long = rate.map(|rate| paid(coins(7.0), rate));
    let source = "7 times 9.09091, by hand";
    let expected = Some(Cash::from_f64(63.636_37));
    table.same(
        "V-DR14",
        Kind::Derived,
        source,
        "what the longs of 7 pay, USD",
        expected,
        long,
    );
    table.finish();
}

/// Rates of the program are dollars a coin; the tests have no offset, as the file before 2023-10-26. In V-DR16 the
/// cap binds, which the program rounds to 1e-6 dollars before it divides by 24.
#[test]
fn funding() {
    let mut table = Table::default();
    let rule = market("SOL-PERP", "2023-10-01").funding;
    for (id, mark, oracle, expected, unit) in [
        ("V-DR15", 32.481_415, 32.546_442, -0.002_709_458, 1e-9),
        ("V-DR16", 19_882.611_415, 17_673.432_368, 22.314_939_833, 5e-8),
        ("V-DR17", 50.0, 49.0, 0.041_666_666, 1e-9),
    ] {
        let ours = rule.rate((mark - oracle) / oracle, None) * oracle;
        let what = format!("an hour with averages of {mark} and {oracle}, USD a coin");
        table.near(id, Kind::Test, FUNDING, &what, expected, ours, unit);
    }
    let level = 100.0 * 365.0 * 24.0 * solana().funding.rate(0.0, None);
    let source = "math/constants.rs @72f6a47b, comment";
    table.near(
        "V-DR18",
        Kind::Official,
        source,
        "without premium, % a year",
        7.3,
        level,
        0.05,
    );
    table.finish();
}

/// The function is shared with deposits, from whose tests the rows are.
#[test]
fn premium_for_size() {
    let mut table = Table::default();
    let size = Coin::from_f64(1_000.0);
    for (factor_ppm, base_bp, expected) in [
        (0, 11_000, 11_000),
        (10, 11_000, 11_000),
        (10_000, 11_000, 11_962),
        (100_000, 11_000, 40_422),
        (100_000, 0, 31_622),
    ] {
        let what = format!("1,000 units at a factor of {factor_ppm} ppm, of {base_bp}");
        let ours = SizePremium { factor_ppm }.ratio_bp(size, base_bp);
        table.same("V-DR19", Kind::Test, MARGIN, &what, expected, ours);
    }
    let bitcoin = market("BTC-PERP", "2025-01-01");
    let maintenance_bp = bitcoin.liquidation.maintenance_ppm / (MILLION / 10_000);
    let ratio = bitcoin.size_premium.ratio_bp(Coin::from_f64(4.0), maintenance_bp);
    let source = "0.8 * 3 % + 0.8 % * 2, by hand";
    table.same("V-DR20", Kind::Derived, source, "4 BTC, of 10,000", 400, ratio);
    table.finish();
}

/// By hand: a long opened at 100 with 20 falls short where `20 + P - 100 = m P`, P = 80 / (1 - m); four BTC, whose margin
/// is 4 %, opened at 50,000 with 20,000 where 4 P - 180,000 = 0.04 * 4 P.
#[test]
fn liquidation_price() {
    let mut table = Table::default();
    let long = |coins: f64, opening_usd: f64, margin_usd: f64| Holding {
        side: Side::Long,
        quantity: Coin::from_f64(coins),
        opening_value: Cash::from_f64(opening_usd),
        margin: Cash::from_f64(margin_usd),
    };
    let large = market("BTC-PERP", "2025-01-01").liquidation_price(&long(4.0, 200_000.0, 20_000.0));
    let (source, what) = (
        "with the premium for size, by hand",
        "4 BTC long at 50,000 with 20,000",
    );
    table.near(
        "V-DR21",
        Kind::Derived,
        source,
        what,
        46_875.0,
        large.unwrap_or(f64::NAN),
        1e-6,
    );
    let held = long(1.0, 100.0, 20.0);
    for (day, expected) in [("2024-01-01", 80.0 / 0.95), ("2026-04-01", 80.0 / 0.97)] {
        let ours = at("drift-v2", "SOL-PERP", &format!("{day}T00:00:00Z")).liquidation_price(&held);
        table.near(
            "by date",
            Kind::Derived,
            "margin ratios of the market's account, by hand",
            &format!("1 SOL long at 100 with 20, on {day}"),
            expected,
            ours.map_or(f64::NAN, Price::to_f64),
            1e-7,
        );
    }
    table.finish();
}
