//! Events a second of a world of three venues on one core: ten million ticks of a generated crash over two hundred thousand
//! levels, with accounts, funding, arbitrage, carry, depth and the journal in memory.
//!
//! `core` has the same ticks, levels and impact and nothing that answers: no arbitrage, carry or funding, and no journal row
//! but the first. `linear` runs tapes of a tenth and a third of the length: time an event should not grow.

use std::hint::black_box;

use aftershock_calibrate::synth::{Declared, START, entries, news, spec, tape};
use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::RuleSet;
use aftershock_replay::world::{
    Account, Channels, Drive, Holding, Owner, World, WorldRun, WorldSpec, WorldTape, seed,
};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

/// Three venues at forty ticks a second each are ten million ticks in 83,334 seconds.
const DECLARED: &str = r#"
amplification = "as-declared"
[ramp]
size = 0.05
start_s = 10000.0
length_s = 600.0
[[venues]]
name = "alpha"
contract = "linear"
volume_daily_usd = 2e10
[[venues]]
name = "beta"
contract = "inverse"
volume_daily_usd = 1e10
[[venues]]
name = "gamma"
contract = "spot"
volume_daily_usd = 1e10
"#;
const LEVELS: usize = 200_000;
const ACCOUNTS: u32 = 100;

struct Stage {
    spec: WorldSpec,
    tape: WorldTape,
    entries: Vec<(f64, f64)>,
    price_usd: f64,
}

impl Stage {
    fn new() -> Self {
        let mut declared = Declared::parse("bench", DECLARED).expect("a declaration");
        // Longer than a declaration may be.
        (declared.duration_s, declared.ticks_per_s) = (83_334, 40.0);
        let mut spec = spec(&declared, 1.0);
        spec.clock_s = 60.0;
        // As many entries as make so many levels of both sides in two perpetuals.
        let classes = declared.venues[0].leverage.len();
        let count = LEVELS / (2 * 2 * classes);
        let coarse = entries(&declared);
        let entries = (0..count)
            .map(|k| {
                let (distance, share) = coarse[k % coarse.len()];
                (distance + 1e-6 * k as f64, share)
            })
            .collect();
        Self {
            tape: tape(&declared, &news(&declared)),
            price_usd: declared.assets[0].price_usd,
            spec,
            entries,
        }
    }

    fn world<'a>(&'a self, spec: &'a WorldSpec, rules: &'a RuleSet, channels: Channels) -> World<'a> {
        let prices = vec![libm::log(self.price_usd); spec.instruments.len()];
        let mut world =
            seed(spec, rules, channels, START, &prices, &self.entries).expect("the parts fit together");
        for number in 0..ACCOUNTS {
            let mut account = Account::new(format!("{number}"), Owner(number), 0, Cash::from_f64(9_000.0));
            account.holdings.push(Holding {
                market: 0,
                side: if number % 2 == 0 { Side::Long } else { Side::Short },
                quantity: Coin::from_f64(1.0),
                entry_value: Cash::from_f64(self.price_usd),
                under_way: Coin::ZERO,
            });
            world
                .add_account(account, START)
                .expect("an account of this venue");
        }
        world
    }

    fn run(&self, spec: &WorldSpec, channels: Channels, tape: &WorldTape) -> WorldRun {
        let rules = RuleSet::default();
        self.world(spec, &rules, channels)
            .run(tape, Drive::News)
            .expect("a tape that can be run")
    }
}

fn world(criterion: &mut Criterion) {
    let stage = Stage::new();
    let mut bare = stage.spec.clone();
    (bare.arbitrage_s, bare.clock_s) = (1e9, 1e9);
    for one in &mut bare.instruments {
        (one.funding, one.arbitrage, one.carry) = (None, None, None);
    }
    let mut group = criterion.benchmark_group("world");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let shown = stage.run(&stage.spec, Channels::ALL, &stage.tape);
    println!(
        "{} events, {} things in between, {} forced orders, {} levels at most",
        shown.events,
        shown.actions,
        shown.journal.orders.len(),
        LEVELS
    );
    group.throughput(Throughput::Elements(stage.tape.len() as u64));
    group.bench_function("whole", |bencher| {
        bencher.iter(|| black_box(stage.run(&stage.spec, Channels::ALL, &stage.tape)));
    });
    group.bench_function("core", |bencher| {
        bencher.iter(|| black_box(stage.run(&bare, Channels::from_mask(0), &stage.tape)));
    });
    for part in [10, 3] {
        let last = stage.tape.span().expect("ticks").1;
        let end = Timestamp(START.0 + (last.0 - START.0) / part);
        let cut = stage.tape.until(end);
        group.throughput(Throughput::Elements(cut.len() as u64));
        group.bench_with_input(
            BenchmarkId::new("linear", format!("1/{part}")),
            &cut,
            |bencher, cut| {
                bencher.iter(|| black_box(stage.run(&stage.spec, Channels::ALL, cut)));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, world);
criterion_main!(benches);
