//! Eight forms of impact, each fitted by instrument in 24 rows, on a tape of six hours at 1 s.

use std::hint::black_box;

use aftershock_calibrate::clocked::Clocked;
use aftershock_calibrate::fit::impact::known::KnownTruth;
use aftershock_calibrate::fit::impact::{Choice, ImpactForm, Settings, fit_cells, predetermined};
use aftershock_market::Timestamp;
use criterion::{Criterion, criterion_group, criterion_main};

fn cells(c: &mut Criterion) {
    let truth = KnownTruth::default();
    let observed = truth.tape(1);
    let end = Timestamp(21_600_000_000);
    let tape = Clocked::new(&observed, Timestamp(0), end, 1.0).expect("it has prices");
    let forced = predetermined(&observed, &tape, Choice::All);
    let single = |half_life_s| ImpactForm::single("single", half_life_s, KnownTruth::SHAPE);
    let mut forms: Vec<ImpactForm> = [20.0, 60.0, 200.0, 600.0, 6_000.0].map(single).to_vec();
    let six = [3.5, 20.8, 124.8, 748.6, 4_491.6, 26_949.7];
    let six = truth
        .form
        .with_decay("six", &six, &[0.25, 0.2, 0.2, 0.15, 0.1, 0.1]);
    forms.push(six.with_shape("line", KnownTruth::SHAPE.linear_at(3e8)));
    forms.push(six.with_shape("log", KnownTruth::SHAPE.log_at(3e8, 1e7)));
    let settings = Settings::default();
    c.bench_function("eight forms of impact on six hours at 1 s", |b| {
        b.iter(|| black_box(fit_cells(&tape, &forms, &forced, None, &settings)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = cells
}
criterion_main!(benches);
