//! Breakers of the catalogue on ticks.

use aftershock_market::{Cash, Coin, Timestamp};
use aftershock_protocol::{ProtocolRule, RuleSet};
use aftershock_rules::breaker;

use super::halt_tests::{halts, quiet, run, tape};
use super::testing::{PRICE, START, crash, three};
use super::*;

fn rules(rule: impl ProtocolRule + 'static) -> RuleSet {
    RuleSet::new(vec![Box::new(rule)])
}

fn second(at: Timestamp) -> i64 {
    (at.0 - START) / 1_000_000
}

/// By hand: 7 % below 10,000 is 9,300. It reopens at 9,250, which is all the mean knows of from then on, and 7 % below that
/// is 8,602.5; at 8,603 nothing happens, at 8,602 it halts.
#[test]
fn a_price_band_begins_anew_at_a_reopening() {
    let rules = rules(breaker::PriceBand {
        band_pct: 7.0,
        halt_s: 60.0,
    });
    let falls = [(100, 9_250.0), (200, 8_603.0), (201, 8_602.0), (202, 9_000.0)];
    let (run, _) = run(
        &quiet(),
        &rules,
        Channels::from_mask(0),
        &tape(300, 3, &falls, &[]),
    );
    assert_eq!(
        halts(&run),
        [(0, 100, 160, 9_300.0, 9_250.0), (0, 201, 261, 8_602.5, 9_000.0)]
    );
}

/// By hand: 10 % below the close of midnight, second 36,800, is 9,000; below the reopening at 8,950 it is 8,055.
#[test]
fn a_static_band_stands_all_day() {
    let rules = rules(breaker::StaticBand {
        band_pct: 10.0,
        halt_s: 60.0,
    });
    let falls = [
        (36_700, 8_000.0),
        (36_790, PRICE),
        (36_900, 8_950.0),
        (37_100, 8_050.0),
    ];
    let (run, _) = run(
        &quiet(),
        &rules,
        Channels::from_mask(0),
        &tape(37_200, 3, &falls, &[]),
    );
    assert_eq!(
        halts(&run),
        [
            (0, 36_900, 36_960, 9_000.0, 8_950.0),
            (0, 37_100, 37_160, 8_055.0, 8_050.0)
        ]
    );
}

/// However far forced orders push, the mark stands at the edge while trading is halted, and nothing fills then.
#[test]
fn while_halted_the_mark_is_the_edge() {
    let rules = rules(breaker::PriceBand {
        band_pct: 3.0,
        halt_s: 120.0,
    });
    let spec = three();
    let (run, _) = run(&spec, &rules, Channels::ALL, &crash(0.12, 3_600));
    assert!(run.journal.halts.len() > 3, "{}", run.journal.halts.len());
    for halt in &run.journal.halts {
        let within = |at: Timestamp| at > halt.from_at && at < halt.until_at;
        let rows = run.journal.prices.iter().filter(|row| row.market == halt.market);
        for row in rows.filter(|row| within(row.at)) {
            assert!(row.closed && row.log_mark == halt.log_edge, "{row:?} {halt:?}");
        }
        let mut orders = run.journal.orders.iter().filter(|row| row.market == halt.market);
        assert!(!orders.any(|row| within(row.executed_at)));
    }
}

/// In a fall by steps every 20 s orders come with each; under the rule the first wave is alone for the minute of the pause.
#[test]
fn a_rate_breaker_leaves_a_pause() {
    let spec = quiet();
    let steps: Vec<(i64, f64)> = (0..5)
        .map(|k| (100 + 20 * k, 9_800.0 - 50.0 * k as f64))
        .collect();
    let tape = tape(300, 3, &steps, &[]);
    let triggers = |rules: &RuleSet| -> Vec<i64> {
        let (run, _) = run(&spec, rules, Channels::from_mask(0), &tape);
        let rows = run.journal.orders.iter().filter(|row| row.market == 0);
        let mut seconds: Vec<i64> = rows.map(|row| second(row.triggered_at)).collect();
        seconds.dedup();
        seconds
    };
    let rule = breaker::LiquidationRateBreaker {
        window_s: 60.0,
        rate_pct: 0.01,
        pause_s: 60.0,
    };
    assert_eq!(triggers(&RuleSet::default()), [100, 120, 140, 160, 180]);
    // Looked at again at 120 s after the first break: put off from 120 to 180, when what filled at 100 is out of the window.
    assert_eq!(triggers(&rules(rule)), [100, 180]);
}

/// Alone 11 % below its index a market closes nobody; where all fall together, the index is there too.
#[test]
fn a_guard_waits_while_a_market_is_alone() {
    let mut spec = three();
    for one in &mut spec.instruments {
        (one.arbitrage, one.carry) = (None, None);
        one.parameters.pools[0].fund_ratio = 1.0;
    }
    let rule = || breaker::OracleDeviationGuard {
        deviation_pct: 10.0,
        pause_s: 30.0,
    };
    let orders = |rules: &RuleSet, others: &[(i64, f64)]| {
        let tape = tape(400, 3, &[(100, 8_900.0)], others);
        let (run, _) = run(&spec, rules, Channels::from_mask(0), &tape);
        run.journal.orders.iter().filter(|row| row.market == 0).count()
    };
    assert!(orders(&RuleSet::default(), &[]) > 0);
    assert_eq!(orders(&rules(rule()), &[]), 0);
    assert!(orders(&rules(rule()), &[(100, 8_900.0)]) > 0);
}

/// By hand: 40 % of 1.5 and of 0.8 billion is there at the start, and openings keep to it in USD.
#[test]
fn a_cap_leaves_its_share_at_the_start() {
    let spec = three();
    let open = |cap_pct: f64| {
        let rules = rules(breaker::OpenInterestCap { cap_pct });
        let (run, told) = run(&spec, &rules, Channels::ALL, &crash(0.06, 3_600));
        assert_eq!(told.0, []);
        let first = |market: usize| {
            let row = run.journal.prices.iter().find(|row| row.market == market);
            row.expect("rows").open_interest.to_f64()
        };
        let orders = run.journal.orders.iter().map(|row| row.notional_usd).sum::<f64>();
        ([first(0) * PRICE, first(1)], orders)
    };
    let (whole, sold) = open(100.0);
    let (part, sold_of_part) = open(40.0);
    for (found, history) in [(whole, 1.0), (part, 0.4)] {
        assert!((found[0] / (1.5e9 * history) - 1.0).abs() < 1e-6, "{found:?}");
        assert!((found[1] / (0.8e9 * history) - 1.0).abs() < 1e-6, "{found:?}");
    }
    assert!(sold_of_part < 0.5 * sold, "{sold_of_part} {sold}");
}

/// By hand: the same where a lead-in seeds the replay: 40 % of 1.5 billion at 10,000 are 60,000 coins.
#[test]
fn a_lead_in_leaves_the_cap_s_share() {
    let spec = three();
    let mut path = crate::Path {
        first: 90,
        ..crate::Path::default()
    };
    for minute in 0..=90 {
        path.at.push(Timestamp(START + minute * 60_000_000));
        // It moves, so that there is a variance to measure depth by.
        let turn = if minute % 2 == 0 { 0.0 } else { 1e-4 };
        path.log_price
            .push(libm::log(PRICE) + if minute == 89 { 0.0 } else { turn });
        path.volume_usd.push(1e6);
        path.ordinary_usd.push(0.0);
        path.recorded.push(true);
        path.bar_close.push(true);
    }
    for (cap_pct, coins) in [(40.0, 60_000.0), (100.0, 150_000.0), (200.0, 150_000.0)] {
        let rules = rules(breaker::OpenInterestCap { cap_pct });
        let replay = crate::Replay {
            path: &path,
            parameters: &spec.instruments[0].parameters,
            table: &spec.table,
            rules: &rules,
        };
        let start = crate::lead_in(&replay, &mut crate::Silent).expect("positions survive");
        assert!(
            (start.open_interest.to_f64() / coins - 1.0).abs() < 1e-9,
            "{cap_pct}"
        );
        assert_eq!(start.cap_usd, 1.5e9 * cap_pct / 100.0);
    }
}

/// By hand: 95 % of 150,000 coins at 10,000 are 142,500, at the cap of 1.425 billion. After a rise of 3 % `q` are closed at
/// `P`: `142,500 - q` are left, and as many open anew as bring that to `1.425 billion / P`, fewer than the half that would.
#[test]
fn nobody_opens_beyond_the_cap() {
    let spec = quiet();
    let tape = tape(200, 3, &[(100, 10_300.0)], &[]);
    let opened = |rules: &RuleSet| {
        let (run, _) = run(&spec, rules, Channels::from_mask(0), &tape);
        let mut orders = run.journal.orders.iter().filter(|row| row.market == 0);
        let order = orders.next().expect("shorts break").clone();
        assert_eq!(orders.next(), None);
        let opens = run
            .journal
            .entries
            .iter()
            .filter(|row| row.order == Some(order.id) && row.kind == EntryKind::Open);
        let opens: f64 = opens.map(|row| row.quantity.to_f64()).sum();
        (opens, order.quantity.to_f64(), libm::exp(order.log_fill))
    };
    let (opens, closed, _) = opened(&RuleSet::default());
    assert!((opens / closed - 0.5).abs() < 1e-6, "{opens} {closed}");
    let (opens, closed, price) = opened(&rules(breaker::OpenInterestCap { cap_pct: 95.0 }));
    let expected = 1.425e9 / price - (142_500.0 - closed);
    assert!((opens / expected - 1.0).abs() < 1e-6, "{opens} {expected}");
    assert!(opens < 0.48 * closed);
}

/// Breakers together, in falls of all sizes: money and contracts are conserved (a build with debug assertions audits each
/// run), and who waits is not forgotten.
#[test]
fn breakers_together_conserve_money_and_orders() {
    let spec = three();
    for fall in [0.02, 0.06, 0.12, 0.2] {
        let rules = RuleSet::new(vec![
            Box::new(breaker::LimitUpLimitDown {
                band_pct: 2.0,
                reference_s: 300.0,
                limit_s: 15.0,
                halt_s: 60.0,
                collar_pct: 1.0,
            }),
            Box::new(breaker::VolatilityInterruption {
                dynamic_pct: 1.0,
                static_pct: 5.0,
                auction_s: 45.0,
            }),
            Box::new(breaker::OpenInterestCap { cap_pct: 90.0 }),
        ]);
        let (run, _) = run(&spec, &rules, Channels::ALL, &crash(fall, 3_600));
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO), "{fall}");
        let last = |market: usize| run.journal.prices.iter().rfind(|row| row.market == market);
        for market in 0..2 {
            let row = last(market).expect("rows");
            assert!(row.closed || row.backlog_usd < 1e8, "{fall} {row:?}");
        }
    }
}
