use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000;

fn close(actual: f64, expected: f64, relative: f64) -> bool {
    (actual - expected).abs() <= relative * expected.abs()
}

const NO_RETURN: ArbitrageParameters = ArbitrageParameters {
    return_half_life_s: f64::INFINITY,
    ..ArbitrageParameters::prior(2e7)
};

/// Source: `R' = −k·c·R`, `c' = −k·c·R/C` by an explicit Runge-Kutta method of order 8, scipy.
#[test]
fn capital_runs_out() {
    let expected = [
        (8e6, 1.0, 20, 2779816.526031454, 0.8610091736984272),
        (5e7, 1.0, 20, 1.25e7, 0.375),
        (2e7, 1.0, 20, 6321027.486928366, 0.6839486256535818),
        (1e9, 0.5, 600, 1e7, 0.0),
        (1e4, 0.2, 5, 228.39384516027894, 0.199988580307742),
    ];
    for (wanted, free, seconds, traded, left) in expected {
        for sign in [1.0, -1.0] {
            let mut arbitrage = Arbitrage {
                free,
                ..Arbitrage::new(0)
            };
            let flow = arbitrage.trade(seconds * SECOND, sign * wanted, &NO_RETURN);
            assert!(close(sign * flow.venue_usd, traded, 1e-9), "{flow:?}");
            assert!((arbitrage.free() - left).abs() < 1e-9, "{arbitrage:?}");
        }
    }
}

/// Source: the same with `+ ρ·(1 − c)`; the step rule is of first order.
#[test]
fn steps_of_a_second_are_near_the_limit_where_capital_comes_back() {
    let parameters = ArbitrageParameters::prior(2e7);
    let traded_by = |step_us: i64| {
        let mut arbitrage = Arbitrage {
            free: 0.6,
            ..Arbitrage::new(0)
        };
        let mut left = 3e7;
        for step in 1..=120 * SECOND / step_us {
            left -= arbitrage.trade(step * step_us, left, &parameters).venue_usd;
        }
        (3e7 - left, arbitrage.free())
    };
    let (traded, free) = traded_by(SECOND);
    assert!(close(traded, 11837447.768493392, 1e-3), "{traded}");
    assert!((free - 0.045973498996301904).abs() < 1e-3, "{free}");
    let error = |step_us| (traded_by(step_us).0 - 11837447.768493392).abs();
    assert!(error(SECOND / 10) < error(SECOND) / 9.0);
}

/// Source: the root of the same equation by Brent's method, scipy.
#[test]
fn the_trade_that_closes_a_basis() {
    let leg = |volume_daily_usd: f64, standing_usd, depth_ratio| Leg {
        impact: SquareRootImpact {
            y: 0.9,
            sigma_daily: 0.045,
            volume_daily_usd,
            j0_usd: 6e-5 * volume_daily_usd,
        },
        standing_usd,
        depth_ratio,
    };
    let expected = [
        (
            -0.004,
            leg(4e9, -6e7, 0.5),
            leg(3e10, -1e8, 0.8),
            27915119.5958235,
        ),
        (
            0.0003,
            leg(4e9, 0.0, 1.0),
            leg(3e10, 2e7, 1.0),
            -632065.3913623327,
        ),
        (
            0.02,
            leg(1e9, 5e8, 0.05),
            leg(3e10, 0.0, 1.0),
            -22267536.720832653,
        ),
    ];
    for (log_basis, venue, reference, usd) in expected {
        let found = closing_usd(log_basis, &venue, &reference);
        assert!(close(found, usd, 1e-9), "{found} is not {usd}");
    }
    let (_, venue, reference, _) = expected[0];
    assert_eq!(closing_usd(0.0, &venue, &reference), 0.0);
    assert_eq!(closing_usd(f64::NAN, &venue, &reference), 0.0);
    let mut still = venue;
    still.impact.y = 0.0;
    assert_eq!(closing_usd(0.01, &still, &still), 0.0);
}

#[test]
fn the_basis_closes_at_its_half_life_through_the_trade_alone() {
    // Venues whose price moves by one log unit a billion USD, so that the trade closes a basis as db = −k·b dt.
    let parameters = ArbitrageParameters::prior(f64::INFINITY);
    let mut arbitrage = Arbitrage::new(0);
    let mut log_basis = -0.01;
    for second in 1..=60 {
        let flow = arbitrage.trade(second * SECOND, -log_basis * 1e9, &parameters);
        log_basis += flow.venue_usd / 1e9;
    }
    assert!(close(log_basis, -0.0025, 1e-12), "two half-lives: {log_basis}");
}

#[test]
fn without_arbitrage_venues_drift_apart() {
    let mut none = Arbitrage::new(0);
    for parameters in [
        ArbitrageParameters {
            half_life_s: f64::INFINITY,
            ..NO_RETURN
        },
        ArbitrageParameters {
            capital_usd: 0.0,
            ..NO_RETURN
        },
    ] {
        assert_eq!(
            none.trade(none.at_us + SECOND, 1e7, &parameters),
            PairFlow::default()
        );
    }
    let mut down = Arbitrage::new(0);
    down.set_open(false, &NO_RETURN);
    assert_eq!(down.trade(SECOND, 1e7, &NO_RETURN), PairFlow::default());
    // A venue that fails twice in a row fails once.
    down.set_open(false, &NO_RETURN);
    assert_eq!(down.free(), 0.5);
    down.set_open(true, &NO_RETURN);
    down.deleveraged(4e6, &NO_RETURN);
    assert!((down.free() - 0.3).abs() < 1e-15);
    down.deleveraged(4e9, &NO_RETURN);
    assert_eq!(down.trade(2 * SECOND, 1e7, &NO_RETURN), PairFlow::default());
    // 30 minutes bring back half of what is missing.
    let back = ArbitrageParameters::prior(2e7);
    down.trade(1_802 * SECOND, 0.0, &back);
    assert!((down.free() - 0.5).abs() < 1e-12);
}

/// A sale on one venue reaches the other through arbitrage alone, and what is left to trade halves in every half-life
/// however concave impact is.
#[test]
fn a_sale_on_one_venue_reaches_the_other() {
    let leg = |volume_daily_usd: f64| Leg {
        impact: SquareRootImpact {
            y: 1.0,
            sigma_daily: 0.05,
            volume_daily_usd,
            j0_usd: 6e-5 * volume_daily_usd,
        },
        standing_usd: 0.0,
        depth_ratio: 1.0,
    };
    let (mut venue, mut reference) = (leg(5e9), leg(3e10));
    venue.standing_usd = -5e7;
    let mut arbitrage = Arbitrage::new(0);
    let parameters = ArbitrageParameters::prior(f64::INFINITY);
    let prices =
        |venue: &Leg, reference: &Leg| [venue, reference].map(|leg| leg.impact.log_impact(leg.standing_usd));
    let basis = |[venue, reference]: [f64; 2]| venue - reference;
    let before = prices(&venue, &reference);
    let to_trade = closing_usd(basis(before), &venue, &reference);
    for second in 1..=300 {
        let left = closing_usd(basis(prices(&venue, &reference)), &venue, &reference);
        let flow = arbitrage.trade(second * SECOND, left, &parameters);
        venue.standing_usd += flow.venue_usd / venue.depth_ratio;
        reference.standing_usd += flow.reference_usd / reference.depth_ratio;
        assert!(basis(prices(&venue, &reference)) < 0.0, "no overshoot");
    }
    let left = closing_usd(basis(prices(&venue, &reference)), &venue, &reference);
    assert!(
        close(left, to_trade / 1024.0, 1e-6),
        "ten half-lives: {left} of {to_trade}"
    );
    let after = prices(&venue, &reference);
    assert!(after[1] < before[1] && after[0] > before[0]);
    assert!(close(venue.standing_usd + reference.standing_usd, -5e7, 1e-12));
}

proptest! {
    #[test]
    fn a_span_may_be_cut_anywhere_while_capital_does_not_come_back(
        wanted in -1e9..1e9_f64,
        half_life_s in 0.5..600.0_f64,
        mut cuts in prop::collection::vec(0..100_000_000_i64, 0..10),
    ) {
        let parameters = ArbitrageParameters { half_life_s, ..NO_RETURN };
        let (mut once, mut often) = (Arbitrage::new(0), Arbitrage::new(0));
        let traded = once.trade(100_000_000, wanted, &parameters).venue_usd;
        cuts.sort_unstable();
        cuts.push(100_000_000);
        let mut left = wanted;
        for cut in cuts {
            left -= often.trade(cut, left, &parameters).venue_usd;
        }
        prop_assert!((wanted - left - traded).abs() <= 1e-9 * wanted.abs().max(1.0));
        prop_assert!((once.free() - often.free()).abs() < 1e-9);
    }

    #[test]
    fn mirrors_cancel_and_capital_is_never_exceeded(
        capital_usd in 1e3..1e9_f64,
        steps in prop::collection::vec((0..5_u8, 0..50_000_000_i64, -1e10..1e10_f64), 1..60),
    ) {
        let parameters = ArbitrageParameters::prior(capital_usd);
        let mut arbitrage = Arbitrage::new(0);
        let mut now_us = 0;
        for (what, dt_us, usd) in steps {
            now_us += dt_us;
            let before = arbitrage.free();
            let flow = arbitrage.trade(now_us, usd, &parameters);
            prop_assert_eq!(flow.venue_usd + flow.reference_usd, 0.0);
            prop_assert!(flow.venue_usd.abs() <= usd.abs() && flow.venue_usd * usd >= 0.0);
            let back = (1.0 - before) * (1.0 - (-(dt_us as f64) * 1e-6 / 1_800.0).exp2());
            prop_assert!(flow.venue_usd.abs() <= (before + back) * capital_usd * (1.0 + 1e-9));
            match what {
                0 => arbitrage.set_open(false, &parameters),
                1 => arbitrage.set_open(true, &parameters),
                2 => arbitrage.deleveraged(usd, &parameters),
                _ => {}
            }
            prop_assert!((0.0..=1.0).contains(&arbitrage.free()), "{arbitrage:?}");
        }
    }
}
