//! What is printed is a record like any other.

use aftershock_market::{Side, Timestamp};
use aftershock_protocol::RuleSet;
use aftershock_replay::world::{Channels, Drive, WorldEvent, WorldTape, audit, seed};

use super::news::{tick_at, ticks};
use super::run::Stage;
use super::tests::hour;
use super::{Declared, START, Target};

/// Prices as they are read at ticks, driven as a record through the same positions, give back the news that made them; and
/// a second ledger agrees with the books.
#[test]
fn what_is_read_is_a_record() {
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

    let mut record = WorldTape::default();
    let nothing = WorldEvent::Depth {
        market: 0,
        side: Side::Long,
        log_residual: 0.0,
    };
    record.push(START, nothing);
    for tick in 0..ticks(&declared) {
        let at = tick_at(&declared, tick);
        for (market, ordinary_usd) in stage.news.ordinary_usd.iter().enumerate() {
            let row = stage
                .rows(&run, market, 1)
                .nth(2 * tick + 1)
                .expect("a tick has a row");
            assert_eq!(row.at, at);
            record.push(
                at,
                WorldEvent::Tick {
                    market: market as u16,
                    log_price: row.log_price,
                    ordinary_usd: ordinary_usd[tick],
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

/// What is printed in a second is what was traded in it: ordinary flow, forced fills, arbitrage and carry.
#[test]
fn no_trade_is_left_out() {
    let declared = Declared {
        amplification: Target::AsDeclared,
        ..hour()
    };
    let stage = Stage::new(&declared);
    let (_, run, _) = stage.factual().expect("it runs");
    let (printed, _) = stage.printed(&run);
    for (place, market) in printed.markets.iter().enumerate() {
        let mut expected = stage.news.ordinary_usd[place].clone();
        for order in run.journal.orders.iter().filter(|order| order.market == place) {
            let second = (order.executed_at.0 - START.0 + 999_999) / 1_000_000 - 1;
            expected[second as usize] -= order.side.sign() * order.notional_usd;
        }
        let rows: Vec<_> = stage.rows(&run, place, 2).collect();
        for (second, pair) in rows.windows(2).enumerate() {
            let so_far = |row: &aftershock_replay::world::PriceRow| row.arbitrage_usd + row.carry_usd;
            expected[second] += so_far(pair[1]) - so_far(pair[0]);
        }
        let mut found = vec![0.0; expected.len()];
        let trades = &market.trades;
        for trade in 0..trades.len() {
            let second = (trades.at[trade].0 - START.0) / 1_000_000 - 1;
            let usd = match market.quantity_unit {
                "quote" => trades.quantity[trade],
                _ => trades.quantity[trade] * trades.price_usd[trade],
            };
            found[second as usize] += if trades.buys[trade] { usd } else { -usd };
        }
        for (second, (found, expected)) in found.iter().zip(&expected).enumerate() {
            // Traders' flow below a dollar at a look is not traded.
            assert!(
                (found - expected).abs() < 2.5 + 1e-6 * expected.abs(),
                "{place} {second}: {found} {expected}"
            );
        }
    }
}
