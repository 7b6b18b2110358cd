use super::market::{Filled, Order, Stepped};
use super::*;
use crate::observed::Readings;
use crate::synth::{Coverage, START};

/// A market in which somebody sells besides, evenly over some steps.
struct Shocked {
    market: Box<dyn Market>,
    steps: std::ops::RangeInclusive<usize>,
    coins: f64,
}

impl Market for Shocked {
    fn step(&mut self, step: usize, orders: &[Order]) -> Stepped {
        let mut orders = orders.to_vec();
        if self.steps.contains(&step) {
            orders.push(Order {
                at_us: step as i64 * STEP_US,
                position: usize::MAX,
                buys: false,
                coins: self.coins,
                cause: holders::Cause::Stop,
            });
        }
        let mut stepped = self.market.step(step, &orders);
        if self.steps.contains(&step) {
            let sold: Option<Filled> = stepped.filled.pop();
            assert!(sold.is_some_and(|sold| sold.coins > 0.0));
        }
        stepped
    }

    fn log_mid(&self) -> f64 {
        self.market.log_mid()
    }

    fn depth(&self, bands_pct: &[f64]) -> Vec<f64> {
        self.market.depth(bands_pct)
    }
}

fn fresh(stage: &Stage<'_>) -> Box<dyn Market> {
    match &stage.ground {
        Ground::Propagator(_) => panic!("no book"),
        Ground::OrderBook(book) => book.clone(),
    }
}

fn quiet(seed: u64) -> Declared {
    let mut declared = Declared {
        kind: Kind::OrderBook,
        seed,
        duration_s: 3_600,
        ..Declared::default()
    };
    declared.ramp.size = 0.0;
    declared.ramp.start_s = 0.0;
    declared
}

/// Log price that a sale takes away, after each step, in the mean over seeds and beginnings.
fn mean_response(usd: f64, over_s: usize, after: usize) -> Vec<f64> {
    let mut sum = vec![0.0; after];
    let mut count = 0.0;
    for seed in 0..6 {
        let declared = quiet(seed);
        let stage = Stage::new(&declared);
        for start in (300..3_000).step_by(900) {
            let steps = start + after;
            let sell = |coins: f64| {
                let mut market = Shocked {
                    market: fresh(&stage),
                    steps: start..=start + over_s - 1,
                    coins,
                };
                run::run(&mut market, &[], 0.005, 0.0, steps, Rules::RECORD).log_mid
            };
            let (with, without) = (sell(usd / 40_000.0 / over_s as f64), sell(1e-3));
            for (step, sum) in sum.iter_mut().enumerate() {
                *sum += without[start + step] - with[start + step];
            }
            count += 1.0;
        }
    }
    sum.iter().map(|one| one / count).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A crash of each kind in which positions are closed.
fn crashes() -> Vec<(Declared, Foreign)> {
    let crash = |kind, amplification, ratio| {
        let mut declared = Declared {
            kind,
            amplification,
            ..Declared::default()
        };
        declared.positions.open_interest_ratio = ratio;
        let made = generate(&declared).expect("it runs");
        (declared, made)
    };
    vec![
        crash(Kind::Propagator, Target::Ratio(1.25), 0.3),
        crash(Kind::OrderBook, Target::AsDeclared, 0.06),
    ]
}

#[test]
fn the_template_is_the_default() {
    let template = Declared::parse("default.toml", Declared::TEMPLATE).expect("it is one");
    assert_eq!(template, Declared::default());
    let error = Declared::parse_as(Kind::OrderBook, "a.toml", "kind = \"propagator\"").expect_err("another");
    assert!(error.to_string().contains("OrderBook"), "{error}");
    assert!(Declared::parse_as(Kind::OrderBook, "a.toml", "seed = 2").is_ok());
    let error = Declared::parse("a.toml", "positions = { stop_share = 1.5 }").expect_err("no share");
    assert!(
        error.to_string().contains("positions.stop_share is 1.5"),
        "{error}"
    );
    assert!(Declared::parse("a.toml", "sead = 2").is_err());
}

/// By hand: a long of 20 at 40,000 with half a percent is closed at 40,000 * 0.95 / 0.995 = 38,190.9548, a short of 10 at
/// 40,000 * 1.1 / 1.005 = 43,781.0945; under a cap of 10 the long is at 40,000 * 0.9 / 0.995 = 36,180.9045.
#[test]
fn positions_are_closed_where_their_margin_ends() {
    let position = Position {
        long: true,
        share: 1.0,
        entry_log: 40_000.0_f64.ln(),
        leverage: 20.0,
        stop_log: None,
        latency_s: 1.0,
    };
    let short = Position {
        long: false,
        leverage: 10.0,
        ..position
    };
    for (position, cap, price_usd) in [
        (position, f64::INFINITY, 38_190.954_8),
        (position, 10.0, 36_180.904_5),
        (short, f64::INFINITY, 43_781.094_5),
        (short, 20.0, 43_781.094_5),
    ] {
        let (trigger, cause) = position.trigger(0.005, cap);
        assert!((trigger.exp() - price_usd).abs() < 1e-4, "{}", trigger.exp());
        assert_eq!(cause, holders::Cause::Liquidation);
    }
}

#[test]
fn the_venue_prints_what_it_should() {
    for (declared, Foreign { observed, truth }) in crashes() {
        assert_eq!(observed.marks.at.len(), 7_201);
        assert_eq!(observed.open_interest.at.len(), 121);
        assert_eq!(observed.depth.at.len(), 241 * 8);
        assert_eq!(observed.depth_band_pct.len(), observed.depth.at.len());
        assert_eq!(observed.bars.len(), 576);
        assert_eq!(observed.bars.close_at[575], START);
        assert!((observed.bars.close_usd[575] - 40_000.0).abs() < 1e-6);
        assert!((observed.marks.mid_usd[0] / 40_000.0 - 1.0).abs() < 2e-3);
        assert!(observed.trades.at.iter().all(|at| at.0 % STEP_US == 0));
        assert!(observed.trades.quantity.iter().all(|coins| *coins > 0.0));
        let bars = &observed.bars;
        assert!((0..576).all(|bar| bars.low_usd[bar] <= bars.open_usd[bar].min(bars.close_usd[bar])));
        // Every contract that is closed is one less of each side.
        let Readings { quantity, .. } = &observed.open_interest;
        assert!(quantity.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9));
        // With every liquidation printed, what is printed is what was liquidated, and less than what was forced.
        let [longs, shorts] = truth.record.liquidated_usd;
        let stopped: f64 = truth.record.stopped_usd.iter().sum();
        let (count, printed_usd) = truth.printed_liquidations;
        assert_eq!(count, truth.record.orders[0], "{:?}", declared.kind);
        assert!((printed_usd / (longs + shorts) - 1.0).abs() < 1e-9);
        assert!(stopped > 0.05 * printed_usd && longs > shorts);
        let closed: f64 = observed.liquidations.quantity.iter().sum();
        assert!(closed < quantity[0] - quantity[120]);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for ((_, first), (_, again)) in crashes().into_iter().zip(crashes()) {
        assert_eq!(first.truth.to_json(), again.truth.to_json());
        assert!(first.observed == again.observed);
    }
}

#[test]
fn a_cap_that_binds_nobody_does_nothing() {
    for (_, made) in crashes() {
        let [twenty, most] = &made.truth.rules[..] else {
            panic!("two rules");
        };
        assert_eq!((twenty.leverage_cap, most.leverage_cap), (20.0, 125.0));
        assert!(twenty.binds.iter().all(|share| *share > 0.02));
        assert!(twenty.lived.liquidated_usd[0] < made.truth.record.liquidated_usd[0]);
        assert!(twenty.effect_log.iter().any(|one| one.value != Some(0.0)));
        assert_eq!(most.binds, [0.0, 0.0]);
        assert!(most.effect_log.iter().all(|one| one.value == Some(0.0)));
        assert_eq!(most.lived, made.truth.record);
    }
}

#[test]
fn at_target_one_nobody_holds_a_position() {
    for kind in [Kind::Propagator, Kind::OrderBook] {
        let declared = Declared {
            kind,
            amplification: Target::Ratio(1.0),
            ..Declared::default()
        };
        let Foreign { observed, truth } = generate(&declared).expect("it runs");
        assert!(truth.amplification.iter().all(|one| one.value == Some(1.0)));
        assert!(observed.liquidations.is_empty());
        assert!(observed.open_interest.quantity.iter().all(|coins| *coins == 0.0));
        assert_eq!((truth.open_interest_usd, truth.record.orders), (0.0, [0, 0]));
        assert_eq!(truth.record, truth.off_book);
    }
}

#[test]
fn a_target_is_reached() {
    let (declared, made) = crashes().swap_remove(0);
    let found = made.truth.amplification_on(60).expect("it moves");
    assert!(
        (found.ln() - 1.25_f64.ln()).abs() <= declared.amplification_tolerance,
        "{found}"
    );
}

/// Without stop-losses the null has no forced flow at all: it is the path on which nobody holds a position.
#[test]
fn the_null_is_the_path_without_forced_orders() {
    for (mut declared, _) in crashes() {
        declared.positions.stop_share = 0.0;
        let with = generate(&declared).expect("it runs").truth;
        declared.amplification = Target::Ratio(1.0);
        let without = generate(&declared).expect("it runs").truth;
        assert_eq!(with.off_book.log_mid, without.record.log_mid);
        assert_ne!(with.record.log_mid, without.record.log_mid);
        assert!(with.off_book.liquidated_usd[0] > 0.0);
    }
}

#[test]
fn feeds_may_leave_out() {
    let printed = |coverage| {
        let declared = Declared {
            coverage,
            amplification: Target::AsDeclared,
            ..Declared::default()
        };
        let made = generate(&declared).expect("it runs");
        (
            made.observed.coverage,
            made.truth.printed_liquidations.0,
            made.truth.record.orders[0],
        )
    };
    let (word, count, all) = printed(Coverage::Share(0.3));
    let share = count as f64 / all as f64;
    assert!(
        word == "unknown" && (share - 0.3).abs() < 4.0 * (0.21 / all as f64).sqrt(),
        "{share}"
    );
    let (word, count, all) = printed(Coverage::OneASecond);
    assert!(word == "throttled" && count < all);
}

#[test]
fn latencies_are_heterogeneous() {
    let declared = Declared::default();
    let positions = holders::positions(&declared, &exogenous::bars(&declared));
    let logs: Vec<f64> = positions.iter().map(|one| one.latency_s.ln()).collect();
    let count = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / count;
    let spread = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / count).sqrt();
    // Four standard errors of a mean and of a standard deviation.
    assert!((mean - 0.7_f64.ln()).abs() < 4.0 * 0.8 / count.sqrt(), "{mean}");
    assert!(
        (spread - 0.8).abs() < 4.0 * 0.8 / (2.0 * count).sqrt(),
        "{spread}"
    );
    for long in [true, false] {
        let sum: f64 = positions
            .iter()
            .filter(|one| one.long == long)
            .map(|one| one.share)
            .sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}

/// A sale moves the price down, about as much as the law of the square root says with Y of 0.5 to 2, and the price
/// comes back: half a percent of daily volume in a minute moves 0.03 * sqrt(0.005) = 21.2 basis points at Y = 1.
#[test]
fn impact_of_the_book_is_positive_and_decays() {
    let impact = mean_response(1e8, 60, 601);
    let peak = impact[60];
    assert!((0.5 * 0.002_121..2.0 * 0.002_121).contains(&peak), "{peak}");
    assert!(impact[30] > 0.0 && impact[30] < peak);
    assert!(impact[600] > 0.0 && impact[600] < 0.7 * peak, "{}", impact[600]);
    let smaller = mean_response(2e7, 60, 61)[60];
    assert!(smaller > 0.0 && smaller < peak, "{smaller}");
}

/// Depth within 0.2 % leaves where makers withdraw for no reason of the market, and in a crash.
#[test]
fn depth_leaves() {
    let (mut calm, mut bursts) = (Vec::new(), Vec::new());
    for seed in 0..4 {
        let declared = quiet(seed);
        let stage = Stage::new(&declared);
        let Ground::OrderBook(book) = &stage.ground else {
            panic!("no book");
        };
        let mut market = (**book).clone();
        for step in 1..=3_600 {
            market.step(step, &[]);
            let (bid, ask) = (market.book().best_bid(), market.book().best_ask());
            assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask));
            let depth = market.depth(&[-0.2, 0.2]).iter().sum();
            match market.away_share(step) {
                0.0 => calm.push(depth),
                share if share > 0.5 => bursts.push(depth),
                _ => {}
            }
        }
    }
    assert!(bursts.len() > 100);
    let (calm, bursts) = (median(calm), median(bursts));
    assert!(bursts < 0.5 * calm, "{bursts} {calm}");

    let made = crashes().swap_remove(1).1;
    let within = |from_s: i64, to_s: i64| {
        let depth = &made.observed.depth;
        let places = (0..depth.at.len()).filter(|place| {
            let at_s = (depth.at[*place].0 - START.0) / STEP_US;
            made.observed.depth_band_pct[*place].abs() == 0.2 && (from_s..to_s).contains(&at_s)
        });
        median(places.map(|place| depth.quantity[place]).collect())
    };
    let (before, crash) = (within(0, 3_600), within(3_630, 4_230));
    assert!(crash < 0.8 * before, "{crash} {before}");
}

#[test]
fn drawn_crashes_are_declarations() {
    for kind in [Kind::Propagator, Kind::OrderBook] {
        for seed in 0..500 {
            let declared = Declared::drawn(kind, seed);
            assert_eq!(declared.check(), Ok(()));
            assert_eq!(declared, Declared::drawn(kind, seed));
            assert_eq!(declared.amplification == Target::Ratio(1.0), seed % 5 == 0);
        }
    }
}

/// Prints what a batch comes to.
#[test]
#[ignore = "for the eye"]
fn batch() {
    for kind in [Kind::Propagator, Kind::OrderBook] {
        for seed in 0..30 {
            let declared = Declared::drawn(kind, seed);
            let began = std::time::Instant::now();
            let told = generate(&declared).map(|made| {
                let truth = made.truth;
                let effect = truth.rules[0].effect_log[2].value;
                let amplification = CLOCKS_S.map(|clock_s| truth.amplification_on(clock_s));
                (
                    amplification,
                    effect,
                    truth.record.drawdown_log,
                    truth.search.len(),
                )
            });
            println!(
                "{kind:?} {seed} {:.2?} {:?} {told:?}",
                began.elapsed(),
                declared.amplification
            );
        }
    }
}
