use super::*;

/// The parameters in the example of Deribit's API, `private/simulate`, of 2024-06-17 (`timestamp` 1718619740501).
const DERIBIT_2024: PortfolioMargin = PortfolioMargin {
    price_range: 0.16,
    moves_a_side: 4,
    volatility: VolatilityRange {
        up: 0.5,
        down: 0.25,
        short_power: 0.3,
        long_power: 0.13,
    },
    contingency: Contingency {
        annual_roll: 0.075,
        least_roll: 0.01,
        short_options: 0.0,
        offsetting_futures: 0.0,
    },
    initial_factor: 1.0,
    maintenance_factor: 0.8,
};

#[track_caller]
fn near(ours: f64, expected: f64, tolerance: f64) {
    assert!(
        (ours - expected).abs() <= tolerance,
        "{ours} is not {expected} within {tolerance}"
    );
}

/// Source: Deribit API, `private/simulate`, example response: 0.314538364 BTC of the perpetual and -0.001187534 of the
/// future of 2024-06-28. Its aggregated risk vector, worst case, roll shock, matrix margin and maintenance margin. The
/// matrix margin is printed from a worst case cut to nine digits, hence the tolerance. The days are those from its
/// timestamp to 08:00 UTC of the expiry.
#[test]
fn the_example_of_the_venue() {
    let (perpetual, future) = (0.314_538_364, -0.001_187_534);
    let profit = |shock: &Shock| (perpetual + future) * (1.0 - 1.0 / (1.0 + shock.price_move));
    let at = |index: usize| profit(&DERIBIT_2024.shocks().nth(index).expect("27 scenarios"));
    assert_eq!(DERIBIT_2024.shocks().count(), 27);
    near(at(0), -0.059_685_872_380_952_39, 1e-15);
    near(at(3), -0.042_729_658_636_363_64, 1e-15);
    near(at(8), -0.027_247_898_260_869_57, 1e-15);
    near(at(11), -0.013_056_284_583_333_334, 1e-15);
    let exposure = Exposure {
        deltas: &[(0.0, perpetual), (10.901, future)],
        ..Exposure::default()
    };
    let required = DERIBIT_2024.require(&exposure, profit);
    near(required.worst_loss, 0.059_685_872_380_952_39, 1e-15);
    near(required.contingency, 0.003_157_258_98, 5e-12);
    near(required.initial, 0.062_843_130_98, 5e-10);
    near(required.maintenance, 0.050_274_504_784, 4e-10);
    assert_eq!(required.worst.map(|shock| shock.price_move), Some(-0.16));
}

/// By hand: a coin long against a coin short of another expiry loses nothing on the grid; half a year's roll of 7.5 % is
/// 3.75 %, a day's is below the least of 1 %.
#[test]
fn offsetting_futures_pay_for_the_roll() {
    let exposure = Exposure {
        deltas: &[(182.5, 1.0), (1.0, -1.0)],
        ..Exposure::default()
    };
    let required = DERIBIT_2024.require(&exposure, |_| 0.0);
    assert_eq!((required.worst_loss, required.worst), (0.0, None));
    near(required.initial, 0.0375 + 0.01, 1e-15);
}

/// Source: the examples on Deribit's older page, "Portfolio margin": net short 10 options of a strike need 10 x 0.01 BTC,
/// 100 BTC long in one future against 100 short in another 1 % of 100 BTC.
#[test]
fn contingencies_of_the_older_page() {
    let older = Contingency {
        short_options: 0.01,
        offsetting_futures: 0.01,
        ..Contingency::default()
    };
    let short = Exposure {
        short_options: 10.0,
        ..Exposure::default()
    };
    near(older.charge(&short), 0.1, 1e-15);
    let offset = Exposure {
        offsetting_futures: 100.0,
        ..Exposure::default()
    };
    near(older.charge(&offset), 1.0, 1e-15);
}

/// Source: the powers in Python; the older page's own (30/15)^0.30 x 38 % is 46.78 %.
#[test]
fn volatility_moves_by_time_to_expiry() {
    let range = DERIBIT_2024.volatility;
    near(
        range.factor(VolatilityMove::Up, 15.0),
        1.615_572_206_672_458,
        1e-14,
    );
    near(
        range.factor(VolatilityMove::Down, 15.0),
        0.692_213_896_663_771,
        1e-14,
    );
    near(
        range.factor(VolatilityMove::Up, 90.0),
        1.433_455_223_789_126_7,
        1e-14,
    );
    near(
        range.factor(VolatilityMove::Down, 90.0),
        0.783_272_388_105_436_6,
        1e-14,
    );
    assert_eq!(range.factor(VolatilityMove::Same, 1.0), 1.0);
    assert_eq!(range.factor(VolatilityMove::Down, 0.001), 0.0);
    let older = VolatilityRange {
        up: 0.38,
        down: 0.38,
        short_power: 0.3,
        long_power: 0.3,
    };
    near(older.factor(VolatilityMove::Up, 15.0), 1.467_834_877, 5e-10);
}

/// Price of an option on a future, undiscounted, USD.
fn black_76(future: f64, strike: f64, days: f64, volatility: f64, call: bool) -> f64 {
    let deviation = volatility * (days / 365.0).sqrt();
    let below = |x: f64| 0.5 * (1.0 + libm::erf(x / 2.0_f64.sqrt()));
    let d1 = (libm::log(future / strike) + deviation * deviation / 2.0) / deviation;
    let sign = if call { 1.0 } else { -1.0 };
    sign * (future * below(sign * d1) - strike * below(sign * (d1 - deviation)))
}

/// Four coins of a future at 60,000, ten calls short at 70,000 (15 days, 60 %), and `puts` at 50,000 (90 days, 70 %).
fn options(puts: f64) -> impl Fn(&Shock) -> f64 {
    move |shock| {
        let legs = [
            (-10.0, 70_000.0, 15.0, 0.6, true),
            (puts, 50_000.0, 90.0, 0.7, false),
        ];
        let future = 60_000.0;
        let moved = future * (1.0 + shock.price_move);
        let of_options = legs.map(|(quantity, strike, days, volatility, call)| {
            let now = black_76(future, strike, days, volatility, call);
            let then = black_76(
                moved,
                strike,
                days,
                volatility * shock.volatility_factor(days),
                call,
            );
            quantity * (then - now)
        });
        4.0 * (moved - future) + of_options.iter().sum::<f64>()
    }
}

/// Source: Black-76 in Python, written apart: with five puts the worst of 27 is the fall of 16 % with volatility down,
/// -26,347.4989; without volatility moves it would be -18,972.7776. Without puts it is the same fall with
/// volatility up, -36,837.4198.
#[test]
fn an_option_portfolio_by_another_pricer() {
    let profits: Vec<f64> = DERIBIT_2024.shocks().map(|shock| options(5.0)(&shock)).collect();
    near(profits[0], -6_427.163_1, 5e-5);
    near(profits[1], -18_972.777_6, 5e-5);
    near(profits[12], 2_774.992_8, 5e-5);
    near(profits[24], -6_456.618_7, 5e-5);
    near(profits[26], 7_113.091_6, 5e-5);
    let required = DERIBIT_2024.require(&Exposure::default(), options(5.0));
    near(required.worst_loss, 26_347.498_9, 5e-5);
    near(required.maintenance, 0.8 * 26_347.498_9, 5e-5);
    let worst = required.worst.expect("it loses somewhere");
    assert_eq!(
        (worst.price_move, worst.volatility),
        (-0.16, VolatilityMove::Down)
    );
    let bare = DERIBIT_2024.require(&Exposure::default(), options(0.0));
    near(bare.worst_loss, 36_837.419_8, 5e-5);
    let worst = bare.worst.expect("it loses somewhere");
    assert_eq!((worst.price_move, worst.volatility), (-0.16, VolatilityMove::Up));
}
