//! Numbers made with statsmodels 0.15.0 and numpy: residuals of a least-squares fit on 1 (and the step) in each window;
//! `OLS(x, z).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})` for F, the same of `y - b*x` on
//! `z` for t, its error at the slope times `Σzz/|Σzx|` for the error of the slope, and the ends of Anderson and Rubin's
//! set as the roots of `|t(b)| = 1.6448536` found by bisection. Data as in [`data`], from the same generator.

use super::*;
use crate::close::{Draws, assert_close};

const LEVEL: f64 = 0.9;

/// 500 steps of `x = 0.4z + 0.5u + v + 0.01i` and `y = 1.3x + u + 0.02i`: `u` moves both and has memory.
fn data() -> [Vec<f64>; 3] {
    let mut draws = Draws(11);
    let (mut u, mut v) = (0.0, 0.0);
    let mut all = [vec![], vec![], vec![]];
    for i in 0..500 {
        u = 0.6 * u + draws.normal();
        v = 0.3 * v + draws.normal();
        let acts = (100..230).contains(&i) || i >= 400;
        let z = if acts { draws.normal() } else { 0.0 };
        let step = f64::from(i);
        let x = 0.4 * z + 0.5 * u + v + 0.01 * step;
        let y = 1.3 * x + u + 0.02 * step;
        for (column, value) in all.iter_mut().zip([y, x, z]) {
            column.push(value);
        }
    }
    all
}

fn sums(z: &[f64], steps: usize, offset: usize, trend: bool, lags: usize) -> Instrumented {
    let [y, x, _] = data();
    let windows = Windows {
        steps,
        offset,
        trend,
        ahead: false,
    };
    instrumented(&y, &x, z, windows, lags, &mut Scratch::default()).expect("it varies")
}

#[test]
fn slopes_errors_and_sets_are_those_of_statsmodels() {
    let z = &data()[2];
    let cases = [
        (
            sums(z, 60, 0, false, 10),
            [1.8753536884390865, 1.2688169395735818, 0.13594176417982595],
            [56.852530882544336, 1.7613096462388629],
            [1.0202123927684157, 1.479984281634891],
            (480, 8),
        ),
        (
            sums(z, 60, 15, true, 10),
            [1.8471718158871056, 1.3051334124129244, 0.1243717677832352],
            [54.55108210843435, 2.1372661490519356],
            [1.0797946892583723, 1.5005467840336517],
            (480, 8),
        ),
        (
            sums(z, 120, 30, false, 0),
            [2.01680859075542, 0.8217070425209769, 0.3329067684997056],
            [19.02452740174811, -0.5804104358499308],
            [0.048681534575283104, 1.2739030263219835],
            (360, 3),
        ),
        (
            sums(z, 1_000_000, 7, false, 25),
            [2.6486802066487547, 1.1183061338887592, 0.42791417910764806],
            [16.549361079462614, 0.2612406525313768],
            [0.00752433681315879, 1.6514746254705992],
            (500, 1),
        ),
    ];
    for (found, [ols, slope, error], [f, t], [low, high], (steps, windows)) in cases {
        assert_close(found.ols(), ols);
        assert_close(found.slope(), slope);
        assert_close(found.standard_error(), error);
        assert_close(found.first_stage_f(), f);
        assert_close(found.reduced_t(1.0), t);
        assert_eq!((found.steps, found.windows), (steps, windows));
        let SlopeSet::Between(found_low, found_high) = found.anderson_rubin(LEVEL) else {
            panic!("bounded");
        };
        assert!((found_low - low).abs() < 1e-8 && (found_high - high).abs() < 1e-8);
    }
    // By the ranges of `acts`: windows 1, 2, 3 of sixty steps, then 6 and 7.
    assert_eq!(sums(z, 60, 0, false, 10).varied, 5);
}

/// The instrument moved on by some steps no longer moves `x`.
#[test]
fn a_weak_instrument_gives_a_set_without_ends() {
    let moved = |by| {
        let mut z = data()[2].clone();
        z.rotate_right(by);
        sums(&z, 60, 0, false, 10)
    };
    let (none, some) = (moved(3), moved(9));
    assert_close(none.first_stage_f(), 0.021035802231021288);
    assert_eq!(none.anderson_rubin(LEVEL), SlopeSet::All);
    assert_close(some.first_stage_f(), 0.09046596986211088);
    let SlopeSet::Outside(low, high) = some.anderson_rubin(LEVEL) else {
        panic!("two rays");
    };
    assert!((low - 1.319355718553732).abs() < 1e-8 && (high - 2.25127981063886).abs() < 1e-8);
    assert!(some.anderson_rubin(LEVEL).holds(0.0) && !some.anderson_rubin(LEVEL).holds(2.0));
}

/// A straight line in `y` cannot move the slope where lines are taken out, and a step at a window's edge nowhere.
#[test]
fn what_is_taken_out_moves_nothing() {
    let [mut y, x, z] = data();
    let windows = Windows {
        steps: 50,
        offset: 0,
        trend: true,
        ahead: false,
    };
    let before = instrumented(&y, &x, &z, windows, 5, &mut Scratch::default()).unwrap();
    for (step, y) in y.iter_mut().enumerate() {
        *y += 3.0 * step as f64 + if step < 250 { 0.0 } else { -90.0 };
    }
    let after = instrumented(&y, &x, &z, windows, 5, &mut Scratch::default()).unwrap();
    assert!((before.slope() - after.slope()).abs() < 1e-9);
    assert!((before.standard_error() - after.standard_error()).abs() < 1e-9);
}

#[test]
fn failure_has_its_reason() {
    let windows = Windows {
        steps: 10,
        offset: 5,
        trend: false,
        ahead: false,
    };
    let run = |y: &[f64], z: &[f64]| instrumented(y, y, z, windows, 3, &mut Scratch::default());
    let y: Vec<f64> = (0..40).map(f64::from).collect();
    assert_eq!(run(&y, &[0.0; 40]), Err(NotMeasurable::NoVariation));
    assert_eq!(
        run(&y[..2], &y[..2]),
        Err(NotMeasurable::TooFew { found: 2, needed: 3 })
    );
    assert_eq!(
        run(&y[..12], &y[..12]),
        Err(NotMeasurable::TooFew {
            found: 12,
            needed: 15
        })
    );
    let mut holed = y.clone();
    holed[7] = f64::NAN;
    assert_eq!(run(&holed, &y), Err(NotMeasurable::NotFinite { index: 7 }));
    let twice = run(&y, &y).unwrap();
    assert_close(twice.and(&twice).slope(), 1.0);
    assert_eq!(twice.and(&twice).windows, 6);
}
