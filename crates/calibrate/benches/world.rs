//! A world of three venues on one core: ten million ticks of a generated crash over two hundred thousand levels, with
//! accounts, funding, arbitrage, carry, depth and the journal in memory.
//!
//! * `whole` is all of it, `returned` the same with what is exogenous kept an event (two doubles).
//! * `core` has the same ticks, levels, impact and breaking levels and nothing that answers by a clock: no arbitrage, carry
//!   or funding, and no rows of the clock.
//! * `linear`: parts of the tape, and time an event of each over that of the whole.
//! * `sweep`: four rule sets and 32 draws of the impact coefficient. One draw of each rule set is timed and multiplied;
//!   with `AFTERSHOCK_BENCH_FULL=1` all 128 runs are made. The sample is the middle draw: where a larger impact makes many
//!   more orders, as when positions are closed by fifths, the mean of all draws is slower.
//! * `memory`: peak resident memory after runs of 1, 10 and 40 million ticks that come in blocks.
//!
//! Times are medians. A loaded machine, or one whose two processors are threads of one core, shows less than an idle one.
//!
//! Where time goes, by samples of `perf` in a run of six million ticks: of `core` nine tenths are the loop of ticks, and in
//! it about half is waited for three divisions, a root and a division in a row (impact, then variance); six hundredths check
//! the tape. A tick that touches nobody compares its mark with the next level on each side and notes how far the null has
//! come, which taken out saves a twentieth: extremes of blocks could save no more, because the price of every tick enters
//! the variance. Of `whole` 45 % are ticks, 41 % the search by halves for what arbitrage has to trade, each second and
//! market, 8 % the rest of what goes by the clock, 3 % orders and 3 % the check.

use std::hint::black_box;
use std::time::Instant;

use aftershock_calibrate::synth::{Declared, START, entries, news, spec, tape};
use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::RuleSet;
use aftershock_replay::world::{
    Account, Channels, Drive, EntryKind, Holding, Owner, World, WorldEvent, WorldRun, WorldSpec, WorldTape,
    seed,
};
use aftershock_rules::RuleSetFile;
use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

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
const DRAWS: usize = 32;
const RULE_SETS: [(&str, &str); 4] = [
    ("record", include_str!("../../../data/rule-sets/record.toml")),
    (
        "price-band",
        include_str!("../../../data/rule-sets/price-band.toml"),
    ),
    (
        "volatility-margin",
        include_str!("../../../data/rule-sets/volatility-margin.toml"),
    ),
    (
        "partial-liquidation",
        include_str!("../../../data/rule-sets/partial-liquidation.toml"),
    ),
];

struct Stage {
    spec: WorldSpec,
    tape: WorldTape,
    entries: Vec<(f64, f64)>,
    price_usd: f64,
}

impl Stage {
    fn new() -> Self {
        Self::of(83_334)
    }

    fn of(seconds: u32) -> Self {
        let mut declared = Declared::parse("bench", DECLARED).expect("a declaration");
        // Longer than a declaration may be.
        (declared.duration_s, declared.ticks_per_s) = (seconds, 40.0);
        let mut spec = spec(&declared, 1.0);
        spec.clock_s = 60.0;
        // Of both sides of two perpetuals; about a fifth of all would be broken at the start and is left out.
        let classes = declared.venues[0].leverage.len();
        let count = LEVELS * 13 / 10 / (2 * 2 * classes);
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

    /// A run that keeps nothing an event.
    fn run(&self, spec: &WorldSpec, rules: &RuleSet, channels: Channels, tape: &WorldTape) -> WorldRun {
        self.world(spec, rules, channels)
            .without_exogenous()
            .run(tape, Drive::News)
            .expect("a tape that can be run")
    }

    /// Seconds of a run, its seeding aside: the median of so many.
    fn seconds(&self, spec: &WorldSpec, rules: &RuleSet, tape: &WorldTape, runs: usize) -> f64 {
        let mut seconds: Vec<f64> = (0..runs)
            .map(|_| {
                let world = self.world(spec, rules, Channels::ALL).without_exogenous();
                let since = Instant::now();
                black_box(world.run(tape, Drive::News).expect("a tape that can be run"));
                since.elapsed().as_secs_f64()
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        seconds[runs / 2]
    }
}

/// Nothing but ticks: no arbitrage, carry or funding, no decisions, no rows.
fn bare(spec: &WorldSpec) -> WorldSpec {
    let mut bare = spec.clone();
    (bare.arbitrage_s, bare.clock_s) = (1e9, 1e9);
    for one in &mut bare.instruments {
        (one.funding, one.arbitrage, one.carry) = (None, None, None);
    }
    bare
}

fn world(criterion: &mut Criterion) {
    let stage = Stage::new();
    let (bare, none) = (bare(&stage.spec), RuleSet::default());
    let shown = stage.run(&stage.spec, &none, Channels::ALL, &stage.tape);
    let is_level = |kind: EntryKind| kind == EntryKind::Endow;
    println!(
        "{} events, {} things in between, {} forced orders, {} levels at the start",
        shown.events,
        shown.actions,
        shown.journal.orders.len(),
        shown
            .journal
            .entries
            .iter()
            .filter(|entry| is_level(entry.kind))
            .count()
    );
    let mut group = criterion.benchmark_group("world");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(stage.tape.len() as u64));
    let nothing = Channels::from_mask(0);
    for (name, spec, channels, returned) in [
        ("whole", &stage.spec, Channels::ALL, false),
        ("returned", &stage.spec, Channels::ALL, true),
        ("core", &bare, nothing, false),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || match stage.world(spec, &none, channels) {
                    world if returned => world,
                    world => world.without_exogenous(),
                },
                |world| {
                    world
                        .run(&stage.tape, Drive::News)
                        .expect("a tape that can be run")
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    linear(&stage);
    sweep(&stage);
}

/// Time an event on parts of the tape, over that on the whole.
fn linear(stage: &Stage) {
    let none = RuleSet::default();
    let an_event = |tape: &WorldTape| stage.seconds(&stage.spec, &none, tape, 5) / tape.len() as f64;
    let whole = an_event(&stage.tape);
    println!(
        "linear: {} events, {:.1} ns an event",
        stage.tape.len(),
        whole * 1e9
    );
    let (start, last) = stage.tape.span().expect("ticks");
    for part in [2, 4, 10] {
        let cut = stage.tape.until(Timestamp(start.0 + (last.0 - start.0) / part));
        let ratio = an_event(&cut) / whole;
        println!("linear: {} events, {ratio:.2} of that", cut.len());
    }
}

/// Four rule sets under draws of the impact coefficient.
fn sweep(stage: &Stage) {
    let full = std::env::var_os("AFTERSHOCK_BENCH_FULL").is_some();
    let draws = if full { DRAWS } else { 1 };
    let mut all = 0.0;
    for (name, text) in RULE_SETS {
        let rules = RuleSetFile::parse(name, text).expect("a rule set").rules;
        let mut sum = 0.0;
        for draw in 0..draws {
            let mut spec = stage.spec.clone();
            for one in &mut spec.instruments {
                one.parameters.impact.y *= 0.8 + 0.4 * (draw as f64 + 0.5) / draws as f64;
            }
            let since = Instant::now();
            black_box(stage.run(&spec, &rules, Channels::ALL, &stage.tape));
            sum += since.elapsed().as_secs_f64();
        }
        println!("sweep: {name}, {:.2} s a draw", sum / draws as f64);
        all += sum * (DRAWS / draws) as f64;
    }
    let how = if full {
        "run in full"
    } else {
        "one draw of each, multiplied"
    };
    println!(
        "sweep: 4 rule sets and {DRAWS} draws of {} events: {all:.0} s on one core ({how})",
        stage.tape.len()
    );
}

/// Peak resident memory of this process so far, MiB; absent where the system does not tell.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Ticks of three markets a fortieth of a second apart, in blocks: a slow wave of 3 %, without any random number.
fn blocks(ticks: usize, log_price: f64) -> impl Iterator<Item = WorldTape> {
    const BLOCK: usize = 30_000;
    (0..ticks / BLOCK).map(move |block| {
        let mut tape = WorldTape::with_capacity(BLOCK);
        for k in block * BLOCK..(block + 1) * BLOCK {
            let step = (k / 3) as i64;
            let wave = libm::sin(step as f64 * 1e-5);
            let tick = WorldEvent::Tick {
                market: (k % 3) as u16,
                log_price: log_price + 0.03 * wave,
                ordinary_usd: 1e4 * libm::sin(step as f64 * 0.7),
            };
            tape.push(Timestamp(START.0 + 25_000 * step), tick);
        }
        tape
    })
}

/// Before all else, since a peak never falls: what grows with a tape that comes in blocks is the journal alone.
fn memory(_: &mut Criterion) {
    let stage = Stage::of(60);
    let none = RuleSet::default();
    for millions in [1, 10, 40] {
        let world = stage.world(&stage.spec, &none, Channels::ALL).without_exogenous();
        let tape = blocks(millions * 1_000_000, libm::log(stage.price_usd));
        let since = Instant::now();
        let run = world.run_blocks(tape, true).expect("blocks that can be run");
        println!(
            "memory: {} events, {} orders, {} book entries, {} rows, peak {:.0} MiB, {:.1} s",
            run.events,
            run.journal.orders.len(),
            run.journal.entries.len(),
            run.journal.prices.len(),
            peak_mib().unwrap_or(f64::NAN),
            since.elapsed().as_secs_f64()
        );
    }
}

criterion_group!(benches, memory, world);
criterion_main!(benches);
