//! V-BN1 to 9: BTCUSDT and ETHUSDT under the tables of 2021, funding before and after September 2025. V-BN10 to 12 are
//! ours: what changed by date.

use aftershock_market::Side;
use aftershock_protocol::venue::funding::{Cap, FundingRule};
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::venue::perpetual::Perpetual;
use aftershock_protocol::{Brackets, Tier};

use super::order_book::{holding, liquidated_at, need, perpetual};
use super::table::{Kind, Table};

const LEVERAGE: &str = "Binance, leverage and margin of USD-M futures (announcement of 2021-03-18)";
const CROSS: &str =
    "Binance, how to calculate liquidation price of USD-M futures (example in freqtrade's tests)";
const FREQTRADE: &str = "freqtrade @c9ae5e1e, tests of the liquidation price";
const FUNDING: &str = "Binance announcement of September 2025, P + clamp(I - P, 0.05 %)";

const WALLET: f64 = 1_535_443.01;

fn brackets(perpetual: &Perpetual) -> &Brackets {
    match perpetual.margin.maintenance() {
        MarginSchedule::Brackets(brackets) => brackets,
        other => panic!("Binance has brackets, not {other:?}"),
    }
}

/// A leg of the venue's cross-margin example.
struct Leg {
    perpetual: Perpetual,
    coins: f64,
    entry_usd: f64,
    mark_usd: f64,
}

impl Leg {
    fn maintenance(&self) -> f64 {
        self.perpetual
            .margin
            .maintenance()
            .maintenance(self.coins, self.mark_usd)
    }

    fn unrealised(&self) -> f64 {
        self.coins * (self.mark_usd - self.entry_usd)
    }

    fn liquidated_at(&self, margin_usd: f64) -> f64 {
        let contract = self.perpetual.contract;
        let held = holding(contract, Side::Long, self.coins, self.entry_usd, margin_usd);
        liquidated_at(&self.perpetual.margin, contract, &held)
    }
}

#[test]
fn vectors() {
    let mut table = Table::default();
    let btc = perpetual("binance-usdm", "BTCUSDT", "2021-04-01");
    let tiers = brackets(&btc);
    let ratio = tiers.tiers()[tiers.index_of(264_000.0)].maintenance_ratio;
    table.near(
        "V-BN1",
        Kind::Official,
        LEVERAGE,
        "maintenance ratio of 264,000",
        0.01,
        ratio,
        5e-5,
    );
    let amount = tiers.tiers()[tiers.index_of(500_000.0)].maintenance_amount_usd;
    table.near(
        "V-BN2",
        Kind::Official,
        LEVERAGE,
        "amount of 500,000",
        1_300.0,
        amount,
        0.5,
    );
    let maintenance = tiers.maintenance_usd(500_000.0);
    table.near(
        "V-BN2",
        Kind::Derived,
        LEVERAGE,
        "maintenance of 500,000",
        3_700.0,
        maintenance,
        0.5,
    );
    coin_margined(&mut table);
    let legs = [
        Leg {
            perpetual: perpetual("binance-usdm", "ETHUSDT", "2021-04-01"),
            coins: 3_683.979,
            entry_usd: 1_456.84,
            mark_usd: 1_335.18,
        },
        Leg {
            perpetual: btc,
            coins: 109.488,
            entry_usd: 32_481.98,
            mark_usd: 31_967.27,
        },
    ];
    let [eth, btc] = &legs;
    let expected = [
        (eth, btc, "ETH", 1_153.26, 356_512.51, -448_192.89, 1_114.78),
        (btc, eth, "BTC", 26_316.89, 71_200.81, -56_354.57, 18_778.73),
    ];
    for (leg, other, name, cross, maintenance, unrealised, isolated) in expected {
        let margin = WALLET - other.maintenance() + other.unrealised();
        let what = format!("cross liquidation price of the {name} long");
        table.near(
            "V-BN4",
            Kind::Official,
            CROSS,
            &what,
            cross,
            leg.liquidated_at(margin),
            5e-3,
        );
        let what = format!("maintenance margin of {name}");
        table.near(
            "V-BN5",
            Kind::Derived,
            CROSS,
            &what,
            maintenance,
            leg.maintenance(),
            5e-3,
        );
        let what = format!("unrealised result of {name}");
        table.near(
            "V-BN5",
            Kind::Derived,
            CROSS,
            &what,
            unrealised,
            leg.unrealised(),
            5e-3,
        );
        let what = format!("the {name} long isolated");
        table.near(
            "V-BN6",
            Kind::Test,
            FREQTRADE,
            &what,
            isolated,
            leg.liquidated_at(WALLET),
            5e-3,
        );
    }
    let contract = btc.perpetual.contract;
    for (side, expected) in [(Side::Long, 8.070_707), (Side::Short, 11.891_089)] {
        let held = holding(contract, side, 1.0, 10.0, 2.0);
        let price = contract.liquidation_price(&held, &need(0.01, 0.01, btc.perpetual.margin.on()));
        let what = format!("1 % less 0.01, {side:?}");
        table.near(
            "V-BN7",
            Kind::Test,
            FREQTRADE,
            &what,
            expected,
            price.unwrap_or(0.0),
            5e-7,
        );
    }
    funding(&mut table);
    by_date(&mut table);
    table.finish();
}

/// V-BN3: the amount that makes the margin of a coin-margined table continuous at its fifth floor.
fn coin_margined(table: &mut Table) {
    let tier = |floor_usd, cap_usd, maintenance_ratio, maintenance_amount_usd| Tier {
        floor_usd,
        cap_usd,
        maintenance_ratio,
        max_leverage: 1.0,
        maintenance_amount_usd,
    };
    // Of the four brackets below it only the amount of the fourth, 0.56, is given: one edge that has it stands for them.
    let edge = 0.56 / (0.025 - 0.01);
    let below = vec![tier(0.0, edge, 0.01, 0.0), tier(edge, 50.0, 0.025, 0.56)];
    let upper = |amount| {
        let rows = below
            .iter()
            .copied()
            .chain([tier(50.0, f64::INFINITY, 0.05, amount)]);
        Brackets::new(rows.collect())
    };
    let at_floor = Brackets::new(below.clone()).map_or(0.0, |brackets| brackets.maintenance_usd(50.0));
    table.near(
        "V-BN3",
        Kind::Official,
        "Binance, leverage and margin of COIN-M futures (faq ceccfcfb)",
        "amount of level 5 from 50 BTC, BTC",
        1.81,
        50.0 * 0.05 - at_floor,
        5e-3,
    );
    table.same(
        "V-BN3",
        Kind::Derived,
        "continuity of the table",
        "1.81 is taken, 1.86 refused",
        (true, false),
        (upper(1.81).is_ok(), upper(1.86).is_ok()),
    );
}

/// V-BN8 and 9, without the cap, which both pass.
fn funding(table: &mut Table) {
    let before = perpetual("binance-usdm", "BTCUSDT", "2025-09-01").funding.rule;
    let after = perpetual("binance-usdm", "BTCUSDT", "2025-10-10").funding.rule;
    for rule in [before, after] {
        let uncapped = FundingRule {
            cap: Cap::NONE,
            ..rule
        };
        for (premium, expected) in [
            (-1.0, -0.95),
            (-0.06, -0.01),
            (-0.04, 0.01),
            (0.0, 0.01),
            (0.03, 0.01),
            (0.06, 0.01),
            (0.10, 0.05),
            (1.0, 0.95),
        ] {
            let rate = 100.0 * uncapped.rate(premium / 100.0, None);
            let what = format!("rate of eight hours at a premium of {premium} %, %");
            table.near("V-BN8", Kind::Derived, FUNDING, &what, expected, rate, 5e-4);
        }
    }
    let four_hours = FundingRule {
        divisor: 8.0 / 4.0,
        cap: Cap::NONE,
        ..after
    };
    let rate = 100.0 * four_hours.rate(0.001, None);
    table.near(
        "V-BN9",
        Kind::Derived,
        "Binance announcement of September 2025, PUMPUSDT \"/2\"",
        "rate of four hours at a premium of 0.10 %, %",
        0.025,
        rate,
        5e-5,
    );
}

/// V-BN10: the cut of leverage of November 2022, and the mark's window of September 2025.
fn by_date(table: &mut Table) {
    let files = "bracket files of freqtrade 2022.10, 2022.11, 2023.2; domain record";
    for (instrument, day, third, fourth) in [
        ("BTCUSDT", "2022-11-09", 50.0, 20.0),
        ("BTCUSDT", "2022-11-26", 25.0, 15.0),
        ("BTCUSDT", "2023-03-01", 50.0, 20.0),
        ("ETHUSDT", "2022-11-09", 50.0, 25.0),
        ("ETHUSDT", "2022-11-26", 25.0, 15.0),
        ("ETHUSDT", "2023-03-01", 50.0, 20.0),
    ] {
        let perpetual = perpetual("binance-usdm", instrument, day);
        let tiers = brackets(&perpetual).tiers();
        let what = format!("largest leverage of tiers 3 and 4 of {instrument}, {day}");
        let ours = (tiers[2].max_leverage, tiers[3].max_leverage);
        table.same("V-BN10", Kind::Test, files, &what, (third, fourth), ours);
    }
    for (instant, points) in [("2025-09-18T08:00:59Z", 60), ("2025-09-18T08:01:00Z", 30)] {
        let mark = perpetual("binance-usdm", "BTCUSDT", instant).mark;
        let expected = MarkRule::MedianOfThree {
            interval_s: 28_800.0,
            points,
            spacing_s: 1.0,
        };
        let what = format!("mark at {instant}");
        table.same(
            "V-BN11",
            Kind::Official,
            "Binance announcement of September 2025",
            &what,
            expected,
            mark,
        );
    }
    let cap = perpetual("binance-usdm", "BTCUSDT", "2024-01-01")
        .funding
        .rule
        .cap
        .rate;
    let source = "Binance announcements of 2023-08: 0.75 of the maintenance ratio";
    table.near(
        "V-BN12",
        Kind::Derived,
        source,
        "largest rate of eight hours, BTCUSDT",
        0.003,
        cap,
        5e-5,
    );
    let size = perpetual("binance-usdm", "BTCUSDT", "2024-01-01")
        .funding
        .impact_notional_usd;
    let source = "Binance, funding rates: 200 USDT over the initial margin ratio at the largest leverage";
    table.near(
        "V-BN12",
        Kind::Derived,
        source,
        "impact notional at 125x, USD",
        25_000.0,
        size,
        0.5,
    );
}
