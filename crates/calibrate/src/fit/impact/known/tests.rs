//! The identification experiment as computed here, against the method notes' Python computation of it.

use super::*;
use crate::clocked::Clocked;
use crate::fit::impact::{Choice, ImpactFit, Settings, fit, predetermined};
use aftershock_measure::moments::sample_std;
use aftershock_measure::quantile::median;

const SEEDS: u64 = 24;

fn fitted(truth: &KnownTruth, seed: u64, settings: &Settings) -> ImpactFit {
    let observed = truth.tape(seed);
    let tape = Clocked::new(&observed, Timestamp(0), Timestamp(21_600_000_000), 1.0).expect("it has prices");
    let forced = predetermined(&observed, &tape, Choice::All);
    fit(&tape, &truth.form, &forced, None, settings)
}

/// Source: `ident_iv2.json` (shock 0.05, instrument `forced`): median and standard deviation over 24 seeds, the mean of the
/// whole window taken out, windows from the first step; correlations 0, 0.3, 0.6 of each.
const PYTHON: [(f64, [[f64; 2]; 3]); 4] = [
    (1e6, [[1.64, 0.51], [1.71, 0.50], [1.71, 0.49]]),
    (600.0, [[0.95, 0.13], [1.00, 0.14], [0.98, 0.15]]),
    (120.0, [[0.90, 0.13], [0.98, 0.15], [0.94, 0.15]]),
    (60.0, [[0.89, 0.13], [0.93, 0.14], [0.91, 0.15]]),
];

/// The random numbers are others than Python's, so medians agree within `4·1.2533·√((sd² + sd'²)/24)`, four standard
/// errors of the difference of two medians.
#[test]
fn medians_are_those_of_the_python_experiment() {
    let settings = Settings {
        windows: PYTHON.map(|(window_s, _)| (window_s, false)).to_vec(),
        offsets: vec![0.0],
        ahead: false,
        ..Settings::default()
    };
    for (case, correlation) in [0.0, 0.3, 0.6].into_iter().enumerate() {
        let truth = KnownTruth {
            correlation,
            ..KnownTruth::default()
        };
        let fits: Vec<ImpactFit> = (0..SEEDS).map(|seed| fitted(&truth, seed, &settings)).collect();
        for (row, (window_s, told)) in PYTHON.into_iter().enumerate() {
            let [wanted, wanted_sd] = told[case];
            let slopes: Vec<f64> = fits.iter().filter_map(|fit| fit.rows[row].y_iv()).collect();
            assert_eq!(slopes.len(), SEEDS as usize);
            let (found, sd) = (median(&slopes).unwrap(), sample_std(&slopes).unwrap());
            let tolerance = 4.0 * 1.2533 * ((sd * sd + wanted_sd * wanted_sd) / SEEDS as f64).sqrt();
            println!(
                "corr {correlation} window {window_s}: {found:.2} ± {sd:.2}, Python {wanted} ± {wanted_sd}"
            );
            assert!(
                (found - wanted).abs() < tolerance,
                "{found} is not {wanted} within {tolerance}"
            );
        }
    }
}

/// The intervals hold the truth as often as they say, in every case of the method notes and with `Y` from the prior.
/// What they cost is printed beside it and bounded: an interval as wide as the prior's has measured nothing.
#[test]
fn intervals_hold_the_truth() {
    let seeds: Vec<u64> = (0..SEEDS).collect();
    let settings = Settings::default();
    println!("{}", Answer::header(&settings));
    for answer in known_answers(&cases(), &seeds, &settings).expect("they have steps") {
        println!("{answer}");
        assert!(answer.covered >= settings.level, "{answer}");
        assert!(answer.width < 0.95, "{answer}");
    }
}
