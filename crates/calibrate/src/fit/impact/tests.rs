//! Fits of tapes whose impact is known, as far as one table of [`super::known`] does not tell.

use super::known::KnownTruth;
use super::*;
use aftershock_market::Timestamp;

fn tape(truth: &KnownTruth, seed: u64) -> (Clocked, Vec<f64>) {
    let observed = truth.tape(seed);
    let end = Timestamp((truth.duration_s * 1e6) as i64);
    let tape = Clocked::new(&observed, Timestamp(0), end, 1.0).expect("it has prices");
    let forced = predetermined(&observed, &tape, Choice::All);
    (tape, forced)
}

/// Nothing forced: nothing measured, and the prior with its reason.
#[test]
fn a_tape_without_forced_flow_leaves_the_prior() {
    let truth = KnownTruth {
        open_interest_usd: 0.0,
        duration_s: 7_200.0,
        ..KnownTruth::default()
    };
    let (tape, forced) = tape(&truth, 1);
    let settings = Settings::default();
    let fit = fit(&tape, &truth.form, &forced, None, &settings);
    assert_eq!((fit.y_iv, fit.f, fit.tape_interval), (None, None, None));
    assert_eq!(fit.verdict.to_string(), "impact prior-dominated");
    let Weight::PriorDominated(why) = &fit.verdict else {
        panic!("prior-dominated");
    };
    assert!(
        why.starts_with("no window has a slope by instrument: nothing varies"),
        "{why}"
    );
    let path = Path::new(&tape, &truth.form, &forced, None);
    assert_eq!(reversal_bound(&tape, &path, &settings), None);
}

/// Tapes with one fall each, and one of them left out: the pool's F is the larger and its interval the narrower, and
/// it holds the truth; the tape left out does not enter.
#[test]
fn a_pool_says_more_than_a_tape() {
    let truth = KnownTruth {
        correlation: 0.3,
        ..KnownTruth::default()
    };
    let settings = Settings::default();
    let fit_of = |seed| {
        let (tape, forced) = tape(&truth, seed);
        fit(&tape, &truth.form, &forced, None, &settings)
    };
    let mut fits: Vec<ImpactFit> = (0..8).map(fit_of).collect();
    let found = pooled(&fits, Some(2), &settings);
    let (low, high) = found.fit.interval;
    assert!(low < 1.0 && 1.0 < high && found.tapes == 7);
    assert!(fits.iter().all(|fit| found.fit.f > fit.f));
    let width = |(low, high): (f64, f64)| high / low;
    assert!(
        fits.iter()
            .all(|fit| width(found.fit.interval) < width(fit.interval))
    );
    fits[2] = conclude("another", vec![], 0.0, &settings);
    assert_eq!(pooled(&fits, Some(2), &settings), found);
    let none = pooled(&[], None, &settings);
    assert_eq!(
        (none.tapes, none.fit.verdict.to_string().as_str()),
        (0, "impact prior-dominated")
    );
}

/// Quiet times given the flow weigh the true decay above one nine times as fast and one of nine times the length, with
/// news that moves flow: the plain likelihood prefers a straight line there.
#[test]
fn quiet_times_tell_the_decay() {
    let truth = KnownTruth {
        correlation: 0.6,
        ..KnownTruth::default()
    };
    let half_life_s = truth.form.half_lives_s[0];
    let single = |factor: f64| ImpactForm::single("single", half_life_s * factor, KnownTruth::SHAPE);
    let line = truth.form.with_shape("line", KnownTruth::SHAPE.linear_at(3e8));
    let forms = [single(1.0 / 9.0), single(1.0), single(9.0), line];
    let mut mean = [0.0; 4];
    for seed in 0..6 {
        let (tape, forced) = tape(&truth, seed);
        let cells = fit_cells(&tape, &forms, &forced, None, &Settings::default());
        let told = weights(&cells);
        assert!((told.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (mean, weight) in mean.iter_mut().zip(told) {
            *mean += weight / 6.0;
        }
    }
    assert!(mean[1] > 0.5, "{mean:?}");
}
