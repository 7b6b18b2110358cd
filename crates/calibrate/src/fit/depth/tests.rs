//! Depth that is made from what the estimator sees.

use super::*;
use crate::check::Verdict;
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

/// Depth is made from the volatility and, where asked for, the one-sided flow that the estimator sees, so that what it
/// finds is known: elasticities 1 and 2.
fn made(one_sided: f64) -> (Observed, Clocked) {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let count = 7_200;
    let mut clocked = Clocked {
        step_s: 1.0,
        log_mid: vec![0.0],
        ..Clocked::default()
    };
    for step in 0..count {
        let swing = libm::exp(libm::sin(f64::from(step) / 300.0));
        let last = clocked.log_mid[step as usize];
        clocked.log_mid.push(last + 1e-4 * swing * normal());
        let lean = 0.5 * (1.0 + libm::sin(f64::from(step) / 911.0));
        let volume_usd = 1e6 * (1.0 + 0.5 * libm::sin(f64::from(step) / 777.0));
        clocked.volume_usd.push(volume_usd);
        clocked
            .flow_usd
            .push(volume_usd * (lean + 0.1 * normal()).clamp(-1.0, 1.0));
        clocked.forced_usd.push(0.0);
    }
    clocked.log_mark = clocked.log_mid.clone();
    let paths = Paths::new(&clocked, 600.0, None);
    let mut observed = Observed::default();
    for reading in 1..count / 30 {
        let known = (30 * (reading - 1)) as usize;
        for band in [-1.0, 1.0] {
            let mut log = 18.0 + 0.05 * normal();
            if known > 0 {
                let lean = paths.one_sided[known - 1];
                log -= 0.5 * libm::log(paths.volatility[known - 1]);
                log -= if lean.is_finite() { one_sided * lean } else { 0.0 };
            }
            observed
                .depth
                .at
                .push(Timestamp(i64::from(30 * reading) * 1_000_000));
            observed.depth.quantity.push(0.0);
            observed.depth.notional_usd.push(libm::exp(log));
            observed.depth_band_pct.push(band);
        }
    }
    (observed, clocked)
}

#[test]
fn a_known_elasticity() {
    let (observed, clocked) = made(0.0);
    let found = depth(&observed, &clocked, None).expect("depth varies");
    let (elasticity, error) = found.volatility;
    assert!(
        (elasticity - 1.0).abs() < 4.0 * error && error < 0.05,
        "{found:?}"
    );
    assert_eq!(found.hold_out.verdict, Verdict::Pass);
    assert!(matches!(found.gate, OneSided::Fails { .. }), "{:?}", found.gate);
    assert_eq!(found.one_sided, 0.0);
}

#[test]
fn one_sided_flow_that_thins_books() {
    let (observed, clocked) = made(2.0);
    let found = depth(&observed, &clocked, None).expect("depth varies");
    assert!(matches!(found.gate, OneSided::Passes { .. }), "{:?}", found.gate);
}
