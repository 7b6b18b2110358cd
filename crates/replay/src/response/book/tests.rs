use proptest::prelude::*;

use super::*;

const SECOND: i64 = MICROS_PER_SECOND;

fn close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-10 * expected.abs().max(1e-3)
}

/// Source: `V(x)` by numeric quadrature of the density `D·(1 + c·x)` and its root by bisection, scipy.
#[test]
fn walks_of_a_curved_book() {
    let expected = [
        (2e8, 0.0, 5e6, (0.0125, 0.025, 0.0)),
        (2e8, 30.0, 5e6, (0.010412549262377394, 0.019371294336139655, 0.0)),
        (2e8, -8.0, 5e6, (0.013491250321852086, 0.028175416344814578, 0.0)),
        (2e8, 30.0, 9e7, (0.06, 0.1, 4e7)),
        (4e6, 30.0, 1.5e6, (0.06, 0.1, 5e5)),
    ];
    for (depth, curvature, usd, (mean, end, left)) in expected {
        let parameters = BookParameters {
            curvature,
            ..BookParameters::prior(depth)
        };
        let book = Book::new(0, &parameters, &Stress::NONE);
        for sign in [1.0, -1.0] {
            let walk = book.walk(sign * usd, &parameters);
            assert!(close(sign * walk.mean_log, mean), "{walk:?}");
            assert!(close(sign * walk.end_log, end), "{walk:?}");
            assert!(close(sign * walk.left_usd, left), "{walk:?}");
        }
    }
}

#[test]
fn a_book_of_constant_density_walks_as_measured() {
    let parameters = BookParameters::prior(3e7);
    let walk = Book::new(0, &parameters, &Stress::NONE).walk(-1.2e6, &parameters);
    let (end, mean) = aftershock_measure::depth::walk_book(3e7, -1.2e6);
    assert!(close(walk.end_log, end) && close(walk.mean_log, mean) && walk.left_usd == 0.0);
}

/// Source: the equation of motion by an explicit Runge-Kutta method of order 8 at a tolerance of 1e-13, scipy. Stress
/// from 2 to 30 s, a forced order at 5 s, 1.5 million USD eaten at 20 s.
#[test]
fn thins_is_eaten_and_fills_up() {
    let parameters = BookParameters {
        curvature: 20.0,
        toxicity_withdrawal: 0.8,
        toxicity_normal: 0.3,
        ..BookParameters::prior(1e8)
    };
    let stress = Stress {
        volatility_ratio: 3.0,
        toxicity: 0.55,
        common_log: 0.1,
    };
    let mut side = BookSide::new(0, &parameters, &Stress::NONE, 0.0);
    let mut read = |seconds: i64, expected: f64| {
        match seconds {
            4 => side.face(2 * SECOND, &parameters, &stress),
            12 => side.forced(5 * SECOND, &parameters),
            25 => {
                side.advance(20 * SECOND, &parameters);
                side.consume(-1.5e6, &parameters);
            }
            100 => side.face(30 * SECOND, &parameters, &Stress::NONE),
            _ => {}
        }
        side.advance(seconds * SECOND, &parameters);
        let ratio = side.ratio(&parameters);
        assert!(
            (ratio - expected).abs() < 1e-9,
            "{seconds} s: {ratio} is not {expected}"
        );
    };
    read(1, 1.0);
    read(4, 0.3503021481434345);
    read(12, 0.18361709293494527);
    read(18, 0.18489904883684719);
    read(25, 0.11621839647106989);
    read(100, 0.3906704464633325);
}

#[test]
fn a_residual_reproduces_the_recorded_depth_and_stays() {
    let parameters = BookParameters::prior(1e8);
    let stress = Stress {
        volatility_ratio: 2.0,
        ..Stress::NONE
    };
    let mut side = BookSide::new(0, &parameters, &stress, 0.0);
    assert!((side.abduct(4e7, &parameters) - libm::log(0.8)).abs() < 1e-15);
    assert!(close(side.usd_per_log(&parameters), 4e7));
    // Twice the volatility halves the model, and the residual keeps its four fifths of whatever the model says.
    side.face(0, &parameters, &Stress::NONE);
    side.advance(3_600 * SECOND, &parameters);
    assert!(close(side.usd_per_log(&parameters), 8e7));
    side.abduct(0.0, &parameters);
    assert!(close(side.ratio(&parameters), parameters.floor));
}

#[test]
fn each_side_is_eaten_alone() {
    let parameters = BookParameters::prior(1e8);
    let mut book = Book::new(0, &parameters, &Stress::NONE);
    // 10 million USD rest within the 10 % that the book is long.
    book.consume(-2.5e6, &parameters);
    assert!(close(book.bids.ratio(&parameters), 0.75));
    // Its makers have not left.
    assert_eq!(book.bids.offered(&parameters), 1.0);
    assert_eq!(book.asks.ratio(&parameters), 1.0);
    book.consume(1e9, &parameters);
    assert!(close(book.asks.ratio(&parameters), parameters.floor));
    book.advance(60 * SECOND, &parameters);
    assert!(close(book.bids.ratio(&parameters), 0.75_f64.sqrt()));
}

#[test]
fn calmer_books_join_the_others() {
    assert_eq!(common_withdrawal_log(0.5, 1.5, 0.7), 0.7);
    assert_eq!(common_withdrawal_log(1.5, 0.5, COMMON_SHARE), 0.0);
}

fn parameters() -> impl Strategy<Value = BookParameters> {
    (-9.0..80.0_f64, 0.0..2.0_f64, 0.0..2.0_f64, 0.01..0.5_f64).prop_map(
        |(curvature, volatility_withdrawal, toxicity_withdrawal, floor)| BookParameters {
            curvature,
            volatility_withdrawal,
            toxicity_withdrawal,
            toxicity_normal: 0.3,
            floor,
            ..BookParameters::prior(1e8)
        },
    )
}

fn stress() -> impl Strategy<Value = Stress> {
    (0.0..50.0_f64, 0.0..1.0_f64, 0.0..2.0_f64).prop_map(|(volatility_ratio, toxicity, common_log)| Stress {
        volatility_ratio,
        toxicity,
        common_log,
    })
}

proptest! {
    #[test]
    fn a_span_may_be_cut_anywhere(
        parameters in parameters(),
        before in stress(),
        after in stress(),
        forced_us in 0..20_000_000_i64,
        mut cuts in prop::collection::vec(0..200_000_000_i64, 0..12),
    ) {
        let mut once = BookSide::new(0, &parameters, &before, 0.1);
        once.face(0, &parameters, &after);
        once.forced(forced_us, &parameters);
        let mut often = once;
        once.advance(200_000_000, &parameters);
        cuts.sort_unstable();
        for cut in cuts {
            often.advance(cut.max(forced_us), &parameters);
        }
        often.advance(200_000_000, &parameters);
        prop_assert!(close(once.ratio(&parameters), often.ratio(&parameters)));
    }

    #[test]
    fn a_trade_may_come_in_pieces(parameters in parameters(), usd in 0.0..3e7_f64, share in 0.0..1.0_f64) {
        let whole = BookSide::new(0, &parameters, &Stress::NONE, 0.0);
        let (mut once, mut twice) = (whole, whole);
        once.consume(usd, &parameters);
        twice.consume(usd * share, &parameters);
        twice.consume(usd * (1.0 - share), &parameters);
        prop_assert!((once.ratio(&parameters) - twice.ratio(&parameters)).abs() < 1e-12);
    }

    #[test]
    fn depth_stays_between_floor_and_ceiling(
        parameters in parameters(),
        residual_log in -1.0..1.0_f64,
        steps in prop::collection::vec((0..4_u8, 0..60_000_000_i64, stress(), 0.0..1e8_f64), 0..40),
    ) {
        let mut side = BookSide::new(0, &parameters, &Stress::NONE, residual_log);
        let mut now_us = 0;
        let ceiling = residual_log.exp().max(1.0) * (1.0 + 1e-12);
        for (what, dt_us, stress, usd) in steps {
            now_us += dt_us;
            match what {
                0 => side.face(now_us, &parameters, &stress),
                1 => side.forced(now_us, &parameters),
                2 => side.advance(now_us, &parameters),
                _ => side.consume(usd, &parameters),
            }
            let ratio = side.ratio(&parameters);
            prop_assert!((parameters.floor..=ceiling).contains(&ratio), "{ratio}");
        }
    }

    #[test]
    fn who_wants_more_walks_further(
        parameters in parameters(),
        stress in stress(),
        (small, more) in (0.0..3e7_f64, 0.0..3e7_f64),
    ) {
        let book = Book::new(0, &parameters, &stress);
        let [short, long] = [small, small + more].map(|usd| book.walk(usd, &parameters));
        for walk in [short, long] {
            prop_assert!(walk.mean_log <= walk.end_log * (1.0 + 1e-12));
            prop_assert!(walk.mean_log >= 0.0 && walk.end_log <= parameters.end_log && walk.left_usd >= 0.0);
        }
        prop_assert!(long.end_log >= short.end_log * (1.0 - 1e-12));
        prop_assert!(long.mean_log >= short.mean_log * (1.0 - 1e-9));
        prop_assert!(long.left_usd >= short.left_usd);
    }
}
