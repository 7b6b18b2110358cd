use super::market::{Filled, Order, Stepped};
use super::*;
use crate::synth::Coverage;

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
            if !sold.is_some_and(|sold| sold.coins > 0.99 * self.coins) {
                println!("unfilled {step} {sold:?} {}", self.coins);
            }
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

#[test]
fn quick_look() {
    println!(
        "5 M {:?}",
        mean_response(5e6, 1, 301)
            .iter()
            .step_by(30)
            .map(|x| (x * 1e6).round() / 100.0)
            .collect::<Vec<_>>()
    );
    println!(
        "100 M {:?}",
        mean_response(1e8, 60, 601)
            .iter()
            .step_by(60)
            .map(|x| (x * 1e6).round() / 100.0)
            .collect::<Vec<_>>()
    );
    println!(
        "20 M {:?}",
        mean_response(2e7, 60, 601)
            .iter()
            .step_by(60)
            .map(|x| (x * 1e6).round() / 100.0)
            .collect::<Vec<_>>()
    );
    for kind in [Kind::Propagator, Kind::OrderBook] {
        for seed in 0..20 {
            let declared = Declared::drawn(kind, seed);
            let began = std::time::Instant::now();
            match generate(&declared) {
                Ok(made) => {
                    let truth = &made.truth;
                    let p = &made.observed.trades;
                    let volume: f64 = p.quantity.iter().zip(&p.price_usd).map(|(q, p)| q * p).sum();
                    let depth = |b: f64| {
                        let mut v: Vec<f64> = made
                            .observed
                            .depth
                            .notional_usd
                            .iter()
                            .zip(&made.observed.depth_band_pct)
                            .filter(|(_, x)| **x == b)
                            .map(|(d, _)| d / 1e6)
                            .collect();
                        v.sort_by(f64::total_cmp);
                        (v[v.len() / 20].round(), v[v.len() / 2].round())
                    };
                    println!(
                        "{kind:?} {seed} {:.2}s {:?} {:.3} A {:?} {:?} oi {:.3} x{:.3} n {} dd {:.3}/{:.3} liq {:?} stop {:?} rules {:?} vol {:.0} var1d {:.4} depth {:?} {:?}",
                        began.elapsed().as_secs_f64(),
                        declared.ramp.shape,
                        declared.ramp.size,
                        truth
                            .amplification
                            .iter()
                            .map(|one| one.value.map_or(0.0, |v| (v * 1e3).round() / 1e3))
                            .collect::<Vec<_>>(),
                        declared.amplification,
                        declared.positions.open_interest_ratio,
                        truth.open_interest_scale,
                        truth.search.len(),
                        truth.record.drawdown_log,
                        truth.off_book.drawdown_log,
                        truth.record.liquidated_usd.map(|x| (x / 1e6).round()),
                        truth.record.stopped_usd.map(|x| (x / 1e6).round()),
                        truth
                            .rules
                            .iter()
                            .map(|one| one.effect_log[2].value.map_or(0.0, |v| (v * 1e3).round() / 1e3))
                            .collect::<Vec<_>>(),
                        volume / 7200.0 / 2e10 * 86400.0 * 100.0,
                        (truth.off_book.variance[0].value.unwrap_or(0.0) * 12.0).sqrt(),
                        depth(-0.2),
                        depth(-1.0),
                    );
                }
                Err(error) => println!(
                    "{kind:?} {seed} {:?} psi {} {}",
                    declared.ramp,
                    declared.propagator.psi,
                    error.to_string().chars().take(120).collect::<String>()
                ),
            }
        }
    }
    let _ = Coverage::Complete;
}
