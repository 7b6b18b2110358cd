//! What is printed is a record like any other.

use aftershock_market::{Side, Timestamp};
use aftershock_protocol::RuleSet;
use aftershock_replay::world::{Channels, Drive, WorldEvent, WorldTape, audit, seed};

use super::news::{tick_at, ticks};
use super::run::Stage;
use super::tests::hour;
use super::{Declared, START, Target};

/// The ticks that are printed, driven as a record through the same positions, give back the news that made them; and a
/// second ledger agrees with the books.
#[test]
fn what_is_printed_is_a_record() {
    let declared = Declared {
        amplification: Target::AsDeclared,
        ..hour()
    };
    let stage = Stage::new(&declared);
    let (spec, run, _) = stage.factual().expect("it runs");
    let reserves: Vec<_> = spec
        .instruments
        .iter()
        .map(|one| {
            let fund_usd = one.parameters.pools[0].fund_ratio * one.parameters.open_interest_usd;
            let fund = if one.inverse {
                fund_usd / 40_000.0
            } else {
                fund_usd
            };
            [
                aftershock_market::Cash::from_f64(fund),
                aftershock_market::Cash::ZERO,
            ]
        })
        .collect();
    audit(&run, &reserves).expect("both ledgers agree");

    let (printed, _) = stage.printed(&run);
    let mut record = WorldTape::default();
    let nothing = WorldEvent::Depth {
        market: 0,
        side: Side::Long,
        log_residual: 0.0,
    };
    record.push(START, nothing);
    for tick in 0..ticks(&declared) {
        let at = tick_at(&declared, tick);
        for (place, market) in printed.markets.iter().enumerate() {
            let row = market.trades.at.partition_point(|other| *other < at);
            let price_usd = market.trades.price_usd[row];
            let sign = if market.trades.buys[row] { 1.0 } else { -1.0 };
            let usd = match market.quantity_unit {
                "quote" => market.trades.quantity[row],
                _ => market.trades.quantity[row] * price_usd,
            };
            record.push(
                at,
                WorldEvent::Tick {
                    market: place as u16,
                    log_price: libm::log(price_usd),
                    ordinary_usd: sign * usd,
                },
            );
        }
    }
    record.push(Timestamp(START.0 + 3_600_000_000), nothing);
    let rules = RuleSet::default();
    let world = seed(
        &spec,
        &rules,
        Channels::ALL,
        START,
        &[libm::log(40_000.0); 3],
        &stage.entries,
    )
    .expect("it fits");
    let again = world.run(&record, Drive::Record).expect("it runs");
    let (found, _) = again.exogenous.expect("the record drove");
    let (truth, _) = run.exogenous.expect("news drove");
    let largest = found
        .iter()
        .zip(&truth)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(largest < 1e-9, "{largest}");
    assert_eq!(run.journal.orders.len(), again.journal.orders.len());
}
