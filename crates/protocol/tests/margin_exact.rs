//! Margins, liquidation and bankruptcy prices against an algebra of its own (see [`oracle`]), for both kinds of
//! contract, both sides, each form of schedule, on and beside every edge, at leverages from 1 to 150.

mod oracle;

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::{Contract, Holding, MaintenanceOn};
use aftershock_protocol::venue::maintenance::{
    MarginSchedule, RateTier, SizeBy, SizeLinear, hyperliquid_brackets,
};
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};
use aftershock_protocol::{Brackets, Tier};
use oracle::{UNIT, check, holding};
use proptest::prelude::*;

/// A schedule with the values and the contracts at which something of it changes.
struct Form {
    terms: MarginTerms,
    value_edges: Vec<f64>,
    contract_edges: Vec<f64>,
}

/// Source: Binance announcement of 2021-03-18, BTCUSDT leverage and margin tiers.
fn binance() -> MarginSchedule {
    let rows = [
        (0.0, 50e3, 0.004, 125.0, 0.0),
        (50e3, 250e3, 0.005, 100.0, 50.0),
        (250e3, 1e6, 0.01, 50.0, 1_300.0),
        (1e6, 10e6, 0.025, 20.0, 16_300.0),
        (10e6, 20e6, 0.05, 10.0, 266_300.0),
        (20e6, f64::INFINITY, 0.1, 5.0, 1_266_300.0),
    ];
    let tier = |(floor_usd, cap_usd, maintenance_ratio, max_leverage, maintenance_amount_usd)| Tier {
        floor_usd,
        cap_usd,
        maintenance_ratio,
        max_leverage,
        maintenance_amount_usd,
    };
    MarginSchedule::Brackets(Brackets::new(rows.map(tier).into()).expect("the venue's table"))
}

/// Caps and ratios are stated inputs.
fn whole_rate(by: SizeBy) -> MarginSchedule {
    let rows = [(200.0, 0.005), (1_000.0, 0.01), (300_000.0, 0.013), (5e7, 0.02)];
    let tier = |(cap, maintenance_ratio)| RateTier {
        cap,
        maintenance_ratio,
    };
    MarginSchedule::whole_rate(by, rows.map(tier).into()).expect("rising tiers")
}

fn form(index: usize, fee: f64) -> Form {
    use MaintenanceOn::{EntryValue, MarkValue};
    let binance_edges = vec![50e3, 250e3, 1e6, 10e6, 20e6];
    let tier_edges = vec![200.0, 1_000.0, 300_000.0, 5e7];
    let hyperliquid = hyperliquid_brackets(&[(0.0, 40.0), (150e6, 20.0)]).expect("the venue's table");
    let deribit = MarginSchedule::SizeLinear(SizeLinear {
        base: 0.01,
        per_unit: 0.000_05,
    });
    let plain = vec![1.0, 100.0, 4_000.0];
    let (maintenance, on, value_edges, contract_edges) = match index {
        0 => (binance(), MarkValue, binance_edges, vec![]),
        1 => (binance(), EntryValue, binance_edges, vec![]),
        2 => (
            MarginSchedule::Brackets(hyperliquid),
            MarkValue,
            vec![150e6],
            vec![],
        ),
        3 => (whole_rate(SizeBy::Contracts), MarkValue, vec![], tier_edges),
        4 => (whole_rate(SizeBy::Contracts), EntryValue, vec![], tier_edges),
        5 => (whole_rate(SizeBy::Value), EntryValue, tier_edges, vec![]),
        6 => (deribit, MarkValue, plain, vec![]),
        _ => (deribit, EntryValue, plain, vec![]),
    };
    let initial = InitialTerms::ByLeverage { max_leverage: 150.0 };
    Form {
        terms: MarginTerms::new(initial, maintenance, on, fee).expect("one crossing"),
        value_edges,
        contract_edges,
    }
}

const FORMS: usize = 8;

fn contracts() -> [Contract; 5] {
    [
        Contract::COIN,
        Contract::Linear {
            multiplier: Coin(100_000),
        },
        Contract::Linear {
            multiplier: Coin(100_000_000_000),
        },
        Contract::DOLLAR,
        Contract::Inverse {
            usd: Cash(100 * UNIT),
        },
    ]
}

/// Both sides, five contracts, eight forms, on, below and above every edge (at the entry), every whole leverage.
#[test]
fn every_edge_and_every_leverage() {
    let (mut checked, mut opened) = (0_usize, 0_usize);
    for index in 0..FORMS {
        let form = form(index, if index % 2 == 0 { 0.0 } else { 0.000_6 });
        for contract in contracts() {
            let beside = |edge: f64| [-1, 0, 1].map(|off| (edge * UNIT as f64) as i128 + off);
            let by_value = form.value_edges.iter().flat_map(|edge| beside(*edge));
            let by_value = by_value.map(|opening| (Coin(3_700_000_000), Cash(opening)));
            let by_contracts = form.contract_edges.iter().flat_map(|edge| beside(*edge));
            let by_contracts = by_contracts.map(|units| (Coin(units as i64), Cash(123_456 * UNIT)));
            for (quantity, opening) in by_value.chain(by_contracts) {
                for side in Side::BOTH {
                    for leverage in 1..=150 {
                        let (held, price) = holding(contract, side, quantity, opening, f64::from(leverage));
                        let oracle = check(contract, &held, &form.terms, price);
                        opened += usize::from(oracle.sound(price.0));
                        checked += 1;
                    }
                }
            }
        }
    }
    println!("{checked} accounts, {opened} of them sound when opened");
    assert!(opened * 2 > checked, "{opened} of {checked}");
    assert_eq!(checked, 2 * 5 * 150 * 3 * (5 + 5 + 1 + 4 + 4 + 4 + 3 + 3));
}

/// Margins chosen so that equity meets its need where the value at the mark is an edge of the brackets, and one unit
/// to either side of it.
#[test]
fn liquidation_on_an_edge() {
    for index in [0, 2] {
        let form = form(index, 0.0);
        for contract in contracts() {
            for side in Side::BOTH {
                for edge in &form.value_edges {
                    let quantity = Coin(500_000_000);
                    for off in [-1, 0, 1] {
                        let opening = Cash((*edge * UNIT as f64) as i128 * 11 / 10);
                        let (mut held, price) = holding(contract, side, quantity, opening, 1.0);
                        let at_edge = Cash((*edge * UNIT as f64) as i128);
                        let paid = matches!(contract, Contract::Linear { .. }) == (side == Side::Long);
                        let moved = if paid {
                            at_edge - held.opening_value
                        } else {
                            held.opening_value - at_edge
                        };
                        let MarginSchedule::Brackets(table) = form.terms.maintenance() else {
                            panic!("a form of brackets");
                        };
                        let needed = Cash::from_f64(table.maintenance_usd(*edge));
                        held.margin = needed - moved + Cash(off);
                        let oracle = check(contract, &held, &form.terms, price);
                        let ours = form.terms.liquidation_price(contract, &held).map(|price| price.0);
                        assert_eq!(ours, oracle.liquidation_price(), "{contract:?} {held:?}");
                    }
                }
            }
        }
    }
}

fn any_case() -> impl Strategy<Value = (usize, f64, Contract, Side, Holding, Price)> {
    let size = prop_oneof![
        3 => (0..8_usize, -1..=1_i128).prop_map(Ok),
        2 => (-1.0..8.6_f64).prop_map(Err),
    ];
    let leverage = prop_oneof![(1..=150_u32).prop_map(f64::from), 1.0..150.0_f64,];
    let fee = prop_oneof![Just(0.0), Just(0.000_6), Just(0.000_75), 0.0..0.002_f64];
    (
        0..FORMS,
        0..5_usize,
        any::<bool>(),
        size,
        4.0..16.0_f64,
        leverage,
        fee,
    )
        .prop_map(|(index, contract, long, size, units, leverage, fee)| {
            let (form, contract) = (form(index, fee), contracts()[contract]);
            let side = if long { Side::Long } else { Side::Short };
            let most = if index >= 6 { 3.6 } else { 8.6 };
            let (mut quantity, mut opening) = (Coin(10_f64.powf(units) as i64), Cash(123_456 * UNIT));
            let near =
                |edges: &[f64], at: usize, off: i128| (edges[at % edges.len()] * UNIT as f64) as i128 + off;
            match size {
                Ok((at, off)) if form.contract_edges.is_empty() => {
                    opening = Cash(near(&form.value_edges, at, off));
                }
                Ok((at, off)) => quantity = Coin(near(&form.contract_edges, at, off) as i64),
                Err(digits) => opening = Cash::from_f64(10_f64.powf(digits.min(most))),
            }
            let (held, price) = holding(contract, side, quantity, opening, leverage);
            (index, fee, contract, side, held, price)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Both prices are those of a bisection over every price of the grid, and the closed form is near them.
    #[test]
    fn prices_are_those_of_brute_force((index, fee, contract, side, held, price) in any_case()) {
        let terms = form(index, fee).terms;
        let oracle = check(contract, &held, &terms, price);
        let liquidated = terms.liquidation_price(contract, &held);
        prop_assert_eq!(liquidated.map(|price| price.0), oracle.liquidation_price());
        let bankrupt = terms.bankruptcy_price(contract, &held);
        prop_assert_eq!(bankrupt.map(|price| price.0), oracle.bankruptcy_price());
        // A value known to a unit or two fixes no more digits of a price than it has itself.
        let digits = |at: Price| {
            let value = contract.closing_value(side, held.quantity, at).0.max(1) as f64;
            1e-9 + 8.0 / value + 2.0 / at.0 as f64 + 1e-14 * held.opening_value.0 as f64 / value
        };
        let closed = [
            (liquidated, terms.liquidation_usd(contract, &held)),
            (bankrupt, contract.bankruptcy_price(&held, fee)),
        ];
        for (exact, closed) in closed {
            if let Some(at) = exact {
                let closed = closed.unwrap_or(0.0);
                prop_assert!((closed / at.to_f64() - 1.0).abs() <= digits(at), "{} {:?}", closed, at);
            }
        }
    }
}
