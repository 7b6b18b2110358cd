//! Laws of any world: what drives it, what it may see, and that its books add up.

use aftershock_market::{Cash, Coin, Timestamp};
use aftershock_protocol::RuleSet;

use super::testing::{begin, crash, reserves, three};
use super::*;

/// What is abducted from a record gives the record back; and without positions there is nothing to give back.
#[test]
fn what_is_abducted_gives_the_record_back() {
    let (spec, rules) = (three(), RuleSet::default());
    let tape = crash(0.06, 3_600);
    let recorded = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("a tape that can be run");
    let (log_news, depth) = recorded.exogenous.clone().expect("the record drove");
    let closed = begin(&spec, &rules, Channels::ALL)
        .run(
            &tape,
            Drive::Exogenous {
                log_news: &log_news,
                depth: &depth,
            },
        )
        .expect("a tape that can be run");
    assert!(
        recorded.journal.orders.len() > 100,
        "{}",
        recorded.journal.orders.len()
    );
    assert_eq!(recorded.journal.orders.len(), closed.journal.orders.len());
    for (a, b) in recorded.journal.prices.iter().zip(&closed.journal.prices) {
        assert!((a.log_price - b.log_price).abs() < 1e-9, "{a:?} {b:?}");
    }
    for (a, b) in recorded.journal.orders.iter().zip(&closed.journal.orders) {
        assert_eq!(
            (a.id, a.parent, a.executed_at, a.quantity),
            (b.id, b.parent, b.executed_at, b.quantity)
        );
    }
    assert_eq!(recorded.reserves, closed.reserves);
}

/// One market's record is bars of a minute, drawn as waypoints a third of it apart, the others' are ticks.
#[test]
fn bars_and_ticks_may_stand_on_one_tape() {
    let (spec, rules) = (three(), RuleSet::default());
    let ticks = crash(0.06, 3_600);
    let mut tape = WorldTape::default();
    let mut grid = Grid::default();
    for index in 0..ticks.len() {
        let (at, event) = ticks.event(index);
        let bars = matches!(event, WorldEvent::Tick { market: 0, .. });
        let second = (at.0 - 1_000_000_000_000) / 1_000_000;
        let whole = (at.0 - 1_000_000_000_000) % 1_000_000 == 0;
        if bars && !(whole && second % 20 == 0) {
            continue;
        }
        tape.push(at, event);
        grid.recorded.push(true);
        grid.bar_close.push(bars && second % 60 == 0);
    }
    let tape = tape.on_grid(grid);
    let run = |drive: Drive<'_>| {
        begin(&spec, &rules, Channels::ALL)
            .run(&tape, drive)
            .expect("a tape that can be run")
    };
    let recorded = run(Drive::Record);
    let (log_news, depth) = recorded.exogenous.clone().expect("the record drove");
    let closed = run(Drive::Exogenous {
        log_news: &log_news,
        depth: &depth,
    });
    assert!(recorded.journal.orders.len() > 50);
    assert_eq!(recorded.journal.orders.len(), closed.journal.orders.len());
    for (a, b) in recorded.journal.prices.iter().zip(&closed.journal.prices) {
        assert!((a.log_price - b.log_price).abs() < 1e-9, "{a:?} {b:?}");
    }
    // Orders of the market of bars fill at its waypoints.
    for order in recorded.journal.orders.iter().filter(|order| order.market == 0) {
        assert_eq!((order.executed_at.0 - 1_000_000_000_000) % 20_000_000, 0);
    }
}

#[test]
fn money_and_contracts_are_counted_twice() {
    let (spec, rules) = (three(), RuleSet::default());
    for fall in [0.0, 0.03, 0.12] {
        let run = begin(&spec, &rules, Channels::ALL)
            .run(&crash(fall, 3_600), Drive::Record)
            .expect("a tape that can be run");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO), "fall {fall}");
        audit(&run, &reserves(&spec, &rules)).expect("both ledgers agree");
    }
}

/// Without liquidation flow, arbitrage and resale nothing answers: price and null are one.
#[test]
fn without_channels_there_is_only_news() {
    let (spec, rules) = (three(), RuleSet::default());
    let tape = crash(0.06, 3_600);
    let run = begin(&spec, &rules, Channels::from_mask(0))
        .run(&tape, Drive::Record)
        .expect("a tape that can be run");
    assert!(!run.journal.orders.is_empty());
    for row in &run.journal.prices {
        assert_eq!(row.log_price, row.log_null);
    }
    assert_eq!(run.journal.branching_ratio(), Some(0.0));
}

/// What comes later changes nothing before.
#[test]
fn the_future_is_not_seen() {
    let (spec, rules) = (three(), RuleSet::default());
    let tape = crash(0.06, 3_600);
    let cut = Timestamp(1_000_000_000_000 + 1_500_000_000);
    let whole = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let part = begin(&spec, &rules, Channels::ALL)
        .run(&tape.until(cut), Drive::Record)
        .expect("runs");
    let early = |run: &WorldRun| {
        let before = run
            .journal
            .prices
            .iter()
            .filter(|row| row.at.0 < cut.0 - 1_000_000);
        before.cloned().collect::<Vec<_>>()
    };
    assert_eq!(early(&whole), early(&part));
    let (whole, part) = (whole.exogenous.expect("drove"), part.exogenous.expect("drove"));
    assert_eq!(whole.0[..part.0.len()], part.0);
}

/// Every order but the first generation has a parent that was executed before it was triggered.
#[test]
fn parents_come_first() {
    let (spec, rules) = (three(), RuleSet::default());
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&crash(0.12, 3_600), Drive::Record)
        .expect("runs");
    let mut seen = std::collections::BTreeMap::new();
    for row in &run.journal.orders {
        if let Some(parent) = row.parent {
            let (executed_at, generation) = seen[&parent];
            assert!(executed_at <= row.triggered_at, "{row:?}");
            assert_eq!(row.generation, generation + 1_u32);
        } else {
            assert_eq!(row.generation, 0);
        }
        seen.insert(row.id, (row.executed_at, row.generation));
    }
    let ratio = run.journal.branching_ratio().expect("there are orders");
    assert!(ratio > 0.0 && ratio < 1.0, "{ratio}");
}

/// An engine that sends a million dollars a second has a backlog; one without a limit has hardly any.
#[test]
fn a_slow_engine_has_a_backlog() {
    let rules = RuleSet::default();
    let most = |throughput: f64| {
        let mut spec = three();
        if let Some(liquidation) = &mut spec.instruments[1].liquidation {
            liquidation.throughput_usd_per_s = throughput;
        }
        let run = begin(&spec, &rules, Channels::ALL)
            .run(&crash(0.12, 3_600), Drive::Record)
            .expect("runs");
        let rows = run.journal.prices.iter().filter(|row| row.market == 1);
        rows.map(|row| row.backlog_usd).fold(0.0, f64::max)
    };
    let (slow, fast) = (most(1e5), most(f64::INFINITY));
    assert!(slow > 10.0 * fast.max(1.0), "{slow} {fast}");
}

/// While a venue is down no order meets its book and its mark stands still.
#[test]
fn a_venue_that_is_down_does_nothing() {
    let (spec, rules) = (three(), RuleSet::default());
    let full = crash(0.12, 3_600);
    let (down, up) = (1_000_000_000_000 + 800_000_000, 1_000_000_000_000 + 1_000_000_000);
    let mut tape = WorldTape::default();
    for k in 0..full.len() {
        let (at, event) = full.event(k);
        for (when, state) in [(down, true), (up, false)] {
            if k > 0 && full.event(k - 1).0.0 < when && at.0 >= when {
                tape.push(
                    Timestamp(when),
                    WorldEvent::Outage {
                        venue: 1,
                        down: state,
                    },
                );
            }
        }
        let dark = at.0 >= down && at.0 < up && matches!(event, WorldEvent::Tick { market: 1, .. });
        if !dark {
            tape.push(at, event);
        }
    }
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let within = |row: &&OrderRow| row.market == 1 && row.executed_at.0 > down && row.executed_at.0 < up;
    assert_eq!(run.journal.orders.iter().filter(within).count(), 0);
    assert!(
        run.journal
            .orders
            .iter()
            .any(|row| row.market == 1 && row.executed_at.0 >= up)
    );
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
}

/// An order is due at its own instant and not at the next tick: with half a second of latency on ticks a second apart, it
/// fills half a second after its trigger.
#[test]
fn the_grid_of_the_record_does_not_decide() {
    let (spec, rules) = (three(), RuleSet::default());
    let fine = crash(0.06, 3_600);
    let mut coarse = WorldTape::default();
    for k in (0..fine.len()).filter(|k| (k / 3) % 8 == 0) {
        let (at, event) = fine.event(k);
        coarse.push(at, event);
    }
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&coarse, Drive::Record)
        .expect("runs");
    assert!(run.journal.orders.len() > 50);
    for row in &run.journal.orders {
        assert_eq!(row.executed_at.0 - row.triggered_at.0, 500_000);
    }
}

/// A rule that accepts everything is the record.
#[test]
fn an_inert_rule_changes_nothing() {
    #[derive(Debug)]
    struct Inert;
    impl aftershock_protocol::ProtocolRule for Inert {
        fn name(&self) -> &str {
            "inert"
        }
    }
    let (spec, none, inert) = (three(), RuleSet::default(), RuleSet::new(vec![Box::new(Inert)]));
    let tape = crash(0.06, 3_600);
    let (a, b) = (
        begin(&spec, &none, Channels::ALL)
            .run(&tape, Drive::Record)
            .expect("runs"),
        begin(&spec, &inert, Channels::ALL)
            .run(&tape, Drive::Record)
            .expect("runs"),
    );
    assert_eq!(a.journal.orders, b.journal.orders);
    assert_eq!(a.reserves, b.reserves);
}
