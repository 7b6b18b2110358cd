//! G2: what is abducted from a record gives the record back. It says that the arithmetic is sound, and nothing of
//! whether impact is right: an impact four times too large passes as well.

use std::collections::{BTreeMap, BTreeSet};

use aftershock_market::Timestamp;
use aftershock_replay::world::{Cause, Channels, Drive, WorldEvent, WorldRun, WorldTape};

use super::{CheckError, Crash, Finding, Gate, Verdict};

/// Largest difference of log prices that still counts as identity.
const IDENTITY: f64 = 1e-9;
/// The record is printed in steps of this share of the price at the start, so that it is not the world's own path to the
/// bit.
const PRINTED: f64 = 1e-5;

/// The prices of the crash are taken for a record, what is exogenous is abducted from them, and the world is driven by it.
pub(super) fn gate(crash: &Crash) -> Result<Finding, CheckError> {
    let record = record(crash, &crash.factual()?);
    let recorded = crash.world(Channels::ALL)?.run(&record, Drive::Record)?;
    let (log_news, depth) = recorded
        .exogenous
        .as_ref()
        .expect("a run that a record drove returns what was exogenous");
    let exogenous = Drive::Exogenous { log_news, depth };
    let forward = crash.world(Channels::ALL)?.run(&record, exogenous)?;
    Ok(judge(&record, &recorded, &forward))
}

/// The tape with the price that the market would print at every tick in place of news.
fn record(crash: &Crash, run: &WorldRun) -> WorldTape {
    let (tape, prices) = (&crash.tape, prices(run));
    let mut record = WorldTape::with_capacity(tape.len());
    for place in 0..tape.len() {
        let (at, mut event) = tape.event(place);
        if let WorldEvent::Tick {
            market, log_price, ..
        } = &mut event
            && let Some(found) = prices.get(&(at, usize::from(*market)))
        {
            let asset = crash.spec.instruments[usize::from(*market)].asset;
            let step_usd = PRINTED * crash.declared.assets[asset].price_usd;
            *log_price = libm::log((libm::exp(*found) / step_usd).round() * step_usd);
        }
        record.push(at, event);
    }
    record
}

/// Prices by instant and market.
fn prices(run: &WorldRun) -> BTreeMap<(Timestamp, usize), f64> {
    let rows = run.journal.prices.iter();
    rows.map(|row| ((row.at, row.market), row.log_price)).collect()
}

fn judge(record: &WorldTape, recorded: &WorldRun, forward: &WorldRun) -> Finding {
    let found = prices(forward);
    // A row is written after what is due at its instant; an order that trades then has moved the price since the tick.
    let traded: BTreeSet<Timestamp> = forward.journal.orders.iter().map(|row| row.executed_at).collect();
    let (mut apart, mut ticks, mut outages) = (0.0_f64, 0, 0);
    for place in 0..record.len() {
        match record.event(place) {
            (
                at,
                WorldEvent::Tick {
                    market, log_price, ..
                },
            ) => {
                if let (Some(price), false) = (found.get(&(at, usize::from(market))), traded.contains(&at)) {
                    apart = apart.max((price - log_price).abs());
                    ticks += 1;
                }
            }
            (_, WorldEvent::Outage { down: true, .. }) => outages += 1,
            _ => {}
        }
    }
    for (mine, theirs) in forward.journal.prices.iter().zip(&recorded.journal.prices) {
        apart = apart.max((mine.log_price - theirs.log_price).abs());
    }
    let orders = recorded.journal.orders.len();
    let same_orders = forward.journal.orders.len() == orders
        && forward
            .journal
            .orders
            .iter()
            .zip(&recorded.journal.orders)
            .all(|(mine, theirs)| {
                (mine.id, mine.executed_at, mine.quantity) == (theirs.id, theirs.executed_at, theirs.quantity)
            });
    let called = recorded
        .journal
        .orders
        .iter()
        .filter(|row| row.cause == Cause::MarginCall)
        .count();
    let paid = recorded.funding_paid.iter().filter(|paid| **paid != 0.0).count();
    let figure = format!(
        "{apart:.1e} apart at the most over {ticks} ticks of {} markets, with {orders} forced orders{}, {called} of \
         them for calls on {} accounts, funding on {paid} markets and {outages} outage",
        record_markets(recorded),
        if same_orders {
            " equal one by one"
        } else {
            " that differ"
        },
        recorded.accounts.len(),
    );
    let verdict = if ticks == 0 || orders == 0 {
        Verdict::NotMeasurable("nothing is forced in this crash".to_owned())
    } else {
        Verdict::of(apart <= IDENTITY && same_orders)
    };
    Finding {
        gate: Gate::Identity,
        figure,
        verdict,
    }
}

fn record_markets(run: &WorldRun) -> usize {
    run.open_interest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;

    /// What is exogenous is wrong by 2e-9 in one tick, or wrong depth is met by its ordinary flow.
    #[test]
    fn wrong_exogenous_inputs_fail() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let record = record(&crash, &crash.factual().expect("it runs"));
        let world = || crash.world(Channels::ALL).expect("it fits");
        let recorded = world().run(&record, Drive::Record).expect("it runs");
        let (log_news, depth) = recorded.exogenous.clone().expect("the record drove");
        let verdict = |log_news: &[f64], depth: &[f64]| {
            let forward = world()
                .run(&record, Drive::Exogenous { log_news, depth })
                .expect("it runs");
            judge(&record, &recorded, &forward).verdict
        };
        assert_eq!(verdict(&log_news, &depth), Verdict::Pass);
        let mut off = log_news.clone();
        off[2_000] += 2e-9;
        assert_eq!(verdict(&off, &depth), Verdict::Fail);
        let mut thin = depth.clone();
        thin[2_000] *= 0.99;
        assert_eq!(verdict(&log_news, &thin), Verdict::Fail);
    }

    #[test]
    fn a_crash_without_positions_decides_nothing() {
        let mut quiet = declared(1);
        quiet.amplification = crate::synth::Target::Ratio(1.0);
        let found = gate(&Crash::new(&quiet).expect("it is a crash")).expect("it runs");
        assert!(matches!(found.verdict, Verdict::NotMeasurable(_)), "{found:?}");
    }
}
