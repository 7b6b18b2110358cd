//! Events a second on one core: a generated tape of a million ticks over two hundred thousand resting positions.
//!
//! Beside it stands a bare loop over the same columns (decay of six states, square-root impact, two compares), the
//! least a replay has to do. Criterion prints elements a second for each; compare them within one run.

use std::hint::black_box;

use aftershock_calibrate::synthetic;
use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::{Position, RuleSet, Slot};
use aftershock_replay::{Mechanisms, Mode, Path, Replay, Silent, Start, lead_in};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const EVENTS: usize = 1_000_000;
const LEVELS: usize = 200_000;

/// Ticks 1 to 64 ms apart; the news part falls by one percent on the way.
fn ticks() -> Path {
    let mut path = synthetic::news(7, 720, EVENTS, 0.01, EVENTS / 2);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut at = path.at[719].0;
    for i in 720..path.len() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        at += 1_000 * (1 + (state & 63) as i64);
        path.at[i] = Timestamp(at);
        // A tick moves as far as a tick does: ten seconds' news spread over it.
        path.log_price[i] = path.log_price[i - 1] + ((state >> 32) as f64 / u32::MAX as f64 - 0.50005) * 2e-5;
        path.ordinary_usd[i] /= 300.0;
        path.bar_close[i] = i % 2_000 == 0;
    }
    path
}

/// Half longs, half shorts, liquidated between 0.5 and 40 percent away.
fn positions(entry_usd: f64) -> Vec<(Side, Slot, Position)> {
    let quantity = Coin::from_f64(0.5);
    let entry_value = Cash::from_f64(0.5 * entry_usd);
    let slot = Slot {
        tier: 0,
        linked: false,
    };
    let mut positions = Vec::with_capacity(LEVELS);
    for index in 0..LEVELS / 2 {
        let distance = 0.01 + 0.39 * index as f64 / (LEVELS / 2) as f64;
        let margin = Cash::from_f64(0.5 * entry_usd * distance);
        for side in Side::BOTH {
            let key = Position::key(side, quantity, entry_value, margin, 0.0, 1.0);
            positions.push((
                side,
                slot,
                Position {
                    key,
                    quantity,
                    entry_value,
                    margin,
                },
            ));
        }
    }
    positions
}

fn bare_loop(path: &Path) -> f64 {
    let (mut states, mut sum) = ([0.0_f64; 6], 0.0);
    let decay = [0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999];
    let weights = [0.25, 0.2, 0.2, 0.15, 0.1, 0.1];
    for i in path.first..path.len() {
        let mut standing = 0.0;
        for m in 0..6 {
            states[m] = states[m] * decay[m] + path.ordinary_usd[i];
            standing += weights[m] * states[m];
        }
        let root = (standing.abs() / 2e10 + 1e-4).sqrt();
        let price = path.log_price[i] + 0.03 * (root - 0.01).copysign(standing);
        if !(0.0..=100.0).contains(&price) {
            sum += 1.0;
        }
        sum += price;
    }
    sum
}

fn engine(criterion: &mut Criterion) {
    let path = ticks();
    let parameters = synthetic::parameters(1.0);
    let table = synthetic::decay_table();
    let rules = RuleSet::default();
    let replay = Replay {
        path: &path,
        parameters: &parameters,
        table: &table,
        rules: &rules,
    };
    let entry_usd = path.log_price[719].exp();
    let start: Start = lead_in(&replay, &mut Silent)
        .expect("positions are left")
        .with_positions(positions(entry_usd));
    assert_eq!(start.positions(), LEVELS);
    let abducted = replay
        .run(start.clone(), Mode::ABDUCT, &mut Silent)
        .expect("the tape replays");
    println!(
        "{EVENTS} events, {LEVELS} resting positions, {} forced orders executed",
        abducted.totals.forced_orders
    );
    let exogenous = abducted.exogenous.unwrap_or_default();

    let mut group = criterion.benchmark_group("one core, a million ticks");
    group
        .throughput(Throughput::Elements(EVENTS as u64))
        .sample_size(20);
    group.bench_function("bare loop", |bencher| {
        bencher.iter(|| black_box(bare_loop(black_box(&path))))
    });
    group.bench_function("closed loop", |bencher| {
        bencher.iter_batched(
            || start.clone(),
            |start| replay.run(start, Mode::closed_loop(&exogenous, Mechanisms::ALL), &mut Silent),
            criterion::BatchSize::LargeInput,
        );
    });
    group.bench_function("abduction", |bencher| {
        bencher.iter_batched(
            || start.clone(),
            |start| replay.run(start, Mode::ABDUCT, &mut Silent),
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, engine);
criterion_main!(benches);
