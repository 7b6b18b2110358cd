//! The margin algebra of every perpetual venue: each file, instrument and date, both sides, on and beside every edge of
//! its tables, along a ladder of leverages, against an algebra of its own.
//!
//! A venue that is added is covered without a change here. `cargo test -p aftershock-rules --test margin_algebra --
//! --nocapture` says how many cases ran.

#[path = "../../protocol/tests/oracle/mod.rs"]
mod oracle;

use std::fs;
use std::path::Path;

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::{Contract, Holding};
use aftershock_protocol::venue::maintenance::{MarginSchedule, SizeBy};
use aftershock_protocol::venue::margin::{InitialTerms, MarginError, MarginTerms};
use aftershock_rules::record::{Protocol, Venue, names};
use num_bigint::BigInt;
use oracle::{UNIT, check, holding};

/// Tried at each edge, with the largest that is allowed.
const LEVERAGES: [f64; 9] = [1.0, 2.0, 3.0, 5.0, 12.5, 25.0, 50.0, 100.0, 150.0];

/// Prices at which positions are opened, USD: those of a token and of a bitcoin.
const PRICES_USD: [f64; 2] = [0.25, 60_000.0];

/// Sizes tried where a venue has no edges, settlement asset.
const SIZES: [f64; 3] = [1.0, 100.0, 2_000.0];

fn venue(name: &str) -> Venue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/venues");
    let path = folder.join(format!("{name}.toml"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Venue::parse(name, &text).unwrap_or_else(|error| panic!("{error}"))
}

/// Sizes at which something changes, and what they are counted in.
fn edges(terms: &MarginTerms) -> Vec<(SizeBy, f64)> {
    let mut found: Vec<(SizeBy, f64)> = SIZES.map(|size| (SizeBy::Value, size)).into();
    match terms.maintenance() {
        MarginSchedule::Brackets(table) => {
            found.extend(table.tiers().iter().map(|tier| (SizeBy::Value, tier.cap_usd)));
        }
        MarginSchedule::WholeRate { by, tiers } => found.extend(tiers.iter().map(|tier| (*by, tier.cap))),
        MarginSchedule::SizeLinear(_) => {}
    }
    if let InitialTerms::ByTier { by, tiers } = terms.initial() {
        found.extend(tiers.iter().map(|tier| (*by, tier.cap)));
    }
    found.retain(|(_, size)| size.is_finite());
    found
}

/// A position on an edge, `off` units beside it.
fn beside(contract: Contract, side: Side, edge: (SizeBy, f64), off: i128, usd: f64) -> (Holding, Price) {
    let (by, size) = edge;
    let units = (size * UNIT as f64).round() as i128 + off;
    match by {
        SizeBy::Value => {
            let quantity = Coin::from_f64(size / contract.unit_value(usd));
            holding(contract, side, quantity, Cash(units), 1.0)
        }
        SizeBy::Contracts => {
            let quantity = Coin(units as i64);
            let opening = contract.opening_value(side, quantity, Price::from_f64(usd));
            holding(contract, side, quantity, opening, 1.0)
        }
    }
}

/// Margin of the leverages that are allowed; one above the largest must be refused and name it.
fn margins(contract: Contract, terms: &MarginTerms, held: &Holding, price: Price) -> Vec<Cash> {
    let margin = |leverage| terms.initial_margin(contract, held.quantity, price, leverage, Cash::ZERO);
    let least = margin(None).expect("the least margin is always allowed");
    let mut found = vec![least];
    for leverage in LEVERAGES {
        match margin(Some(leverage)) {
            Ok(margin) => {
                assert!(
                    margin >= least,
                    "{leverage} asks {margin:?}, less than {least:?}: {terms:?}"
                );
                found.push(margin);
            }
            Err(MarginError::LeverageTooHigh { asked, allowed }) => {
                assert!(
                    asked == leverage && allowed < asked,
                    "{allowed} of {asked}: {terms:?}"
                );
            }
            Err(error) => panic!("{error}: {terms:?}"),
        }
    }
    found
}

#[test]
fn every_venue_date_instrument_side_edge_and_leverage() {
    let mut unsound = Vec::new();
    for name in names() {
        let (mut dates, mut cases, mut inexact) = (0, 0_usize, 0_usize);
        let venue = venue(name);
        for instrument in venue.file.instruments() {
            for &at in venue.dates(&instrument) {
                let built = venue
                    .at(&instrument, at)
                    .unwrap_or_else(|error| panic!("{error}"));
                let Some((contract, terms)) = built.margin() else {
                    continue;
                };
                dates += 1;
                for edge in edges(terms) {
                    for (side, usd) in Side::BOTH
                        .into_iter()
                        .flat_map(|side| PRICES_USD.map(|usd| (side, usd)))
                    {
                        for off in [-1, 0, 1] {
                            let (mut held, price) = beside(contract, side, edge, off, usd);
                            if held.quantity <= Coin::ZERO {
                                continue;
                            }
                            // Beside an edge no price may give the very value; initial margin goes by the price.
                            let at_price =
                                contract.opening_value(side, held.quantity, price) == held.opening_value;
                            let place = || format!("{name} {instrument} {at} {edge:?} {off} {side:?} {usd}");
                            for (rung, margin) in
                                margins(contract, terms, &held, price).into_iter().enumerate()
                            {
                                held.margin = margin;
                                let oracle = check(contract, &held, terms, price);
                                cases += 1;
                                inexact += usize::from(oracle.off_by > BigInt::ZERO);
                                // Opening and closing value are a unit or two apart.
                                let equity = contract.equity(&held, price) + Cash(4);
                                let required = terms.required(contract, &held, price);
                                if at_price && equity < required {
                                    unsound.push(place());
                                }
                                if rung == 0 && oracle.off_by == BigInt::ZERO {
                                    let ours = terms.liquidation_price(contract, &held).map(|price| price.0);
                                    assert_eq!(ours, oracle.liquidation_price(), "{}", place());
                                    let ours = terms.bankruptcy_price(contract, &held).map(|price| price.0);
                                    assert_eq!(ours, oracle.bankruptcy_price(), "{}", place());
                                }
                            }
                        }
                    }
                }
            }
        }
        if dates == 0 {
            continue;
        }
        println!(
            "{name}: {dates} dates of instruments, {cases} cases, {inexact} of them with amounts off by part of a cent"
        );
        assert!(cases > 0, "{name} has a perpetual and no case");
    }
    assert!(
        unsound.is_empty(),
        "{} accounts are unsound when opened, first {}",
        unsound.len(),
        unsound[0]
    );
}

/// What a market against a pool asks of a position, USD, written from the contracts' conditions: GMX's share of the size at
/// entry and fee of closing; Synthetix's buffer and premium on the value, and the fees of those who close.
fn asked_by_pool(protocol: &Protocol, coins: f64, entry_usd: f64, price_usd: f64) -> Option<f64> {
    let value = coins * price_usd;
    match protocol {
        Protocol::Gmx(market) => {
            let (terms, size) = (&market.liquidation, coins * entry_usd);
            let collateral = (terms.min_collateral_ratio * size).max(terms.min_collateral.to_f64());
            Some(collateral + terms.worsening_fee_ratio * size)
        }
        Protocol::Synthetix(market) => {
            let terms = &market.liquidation;
            let premium = terms.premium_multiplier * coins / terms.scale.to_f64();
            let fee = (terms.fee_ratio * value).clamp(terms.fee_min.to_f64(), terms.fee_max.to_f64());
            Some(value * (terms.buffer_ratio + premium) + fee + terms.keeper_fee.to_f64())
        }
        _ => None,
    }
}

/// Against pools prices are floating point; equity crosses what is asked where a bisection finds it.
#[test]
fn every_market_against_a_pool() {
    const SIZES_USD: [f64; 6] = [150.0, 1e3, 2e4, 3e5, 4e6, 2e7];
    const ENTRY_USD: f64 = 2_000.0;
    let mut cases = 0;
    for name in names() {
        let venue = venue(name);
        for instrument in venue.file.instruments() {
            for &at in venue.dates(&instrument) {
                let built = venue
                    .at(&instrument, at)
                    .unwrap_or_else(|error| panic!("{error}"));
                for (side, size) in Side::BOTH
                    .into_iter()
                    .flat_map(|side| SIZES_USD.map(|size| (side, size)))
                {
                    let coins = size / ENTRY_USD;
                    for leverage in [1.5, 2.0, 5.0, 10.0, 25.0] {
                        let margin = size / leverage;
                        let surplus = |price: f64| {
                            let asked = asked_by_pool(&built, coins, ENTRY_USD, price)?;
                            Some(margin + side.sign() * coins * (price - ENTRY_USD) - asked)
                        };
                        let (mut sound, mut broken) = match side {
                            Side::Long => (ENTRY_USD, 1e-9),
                            Side::Short => (ENTRY_USD, 3.0 * ENTRY_USD),
                        };
                        if surplus(sound).is_none_or(|left| left < 0.0) {
                            continue;
                        }
                        for _ in 0..200 {
                            let middle = (sound + broken) / 2.0;
                            if surplus(middle) >= Some(0.0) {
                                sound = middle
                            } else {
                                broken = middle
                            }
                        }
                        let held = Holding {
                            side,
                            quantity: Coin::from_f64(coins),
                            opening_value: Cash::from_f64(size),
                            margin: Cash::from_f64(margin),
                        };
                        let ours = built.liquidation_price(&held).unwrap_or(Price::ZERO).to_f64();
                        let near = (ours - sound).abs() <= 1e-6;
                        assert!(
                            near,
                            "{name} {instrument} {at} {side:?} {size} {leverage}: {ours}, not {sound}"
                        );
                        cases += 1;
                    }
                }
            }
        }
    }
    println!("markets against pools: {cases} cases");
    assert!(cases > 0);
}
