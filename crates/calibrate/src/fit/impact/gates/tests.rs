use super::*;
use crate::fit::impact::known::KnownTruth;
use crate::fit::impact::{Choice, Settings, conclude, fit, predetermined};
use aftershock_market::Timestamp;

fn documented(truth: &KnownTruth, seed: u64) -> (Clocked, Path, ImpactFit) {
    let observed = truth.tape(seed);
    let tape = Clocked::new(&observed, Timestamp(0), Timestamp(21_600_000_000), 1.0).expect("it has prices");
    let forced = predetermined(&observed, &tape, Choice::All);
    let path = Path::new(&tape, &truth.form, &forced, None);
    let fit = fit(&tape, &truth.form, &forced, None, &Settings::default());
    (tape, path, fit)
}

/// On a calm tape of heavy flow a right impact passes; 2.5 times of it does not, nor what has no steps to be judged by.
#[test]
fn an_impact_is_judged_on_steps_it_has_not_seen() {
    let mut truth = KnownTruth {
        flow_usd: 1e6,
        open_interest_usd: 1e9,
        ..KnownTruth::default()
    };
    truth.ramp.size = 0.0;
    let (tape, path, _) = documented(&truth, 3);
    let finding = |y| held_out(&tape, &path, y, 10_800..21_600, 1);
    assert_eq!(finding(1.0).verdict, Verdict::Pass, "{}", finding(1.0).figure);
    assert_eq!(finding(2.5).verdict, Verdict::Fail, "{}", finding(2.5).figure);
    assert_eq!(finding(0.1).verdict, Verdict::Fail, "{}", finding(0.1).figure);
    let short = held_out(&tape, &path, 1.0, 0..2_000, 1);
    let why = "2000 values, at least 2400 are needed".to_owned();
    assert_eq!(short.verdict, Verdict::NotMeasurable(why));
}

#[test]
fn a_strong_instrument_passes_and_none_is_not_measurable() {
    let (_, _, fit) = documented(&KnownTruth::default(), 0);
    assert_eq!(strength(&fit).verdict, Verdict::Pass, "{}", strength(&fit).figure);
    let none = conclude("form", vec![], 0.0, &Settings::default());
    let why = "no window was asked for".to_owned();
    assert_eq!(strength(&none).verdict, Verdict::NotMeasurable(why));
}

#[test]
fn amplification_goes_when_forced_flow_is_shuffled() {
    let truth = KnownTruth::default();
    let (tape, _, _) = documented(&truth, 0);
    let finding = shuffled(&tape, &truth.form, &tape.forced_usd, 1.0, 1);
    assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.figure);
    let nothing = shuffled(&tape, &truth.form, &vec![0.0; tape.len()], 1.0, 1);
    assert!(matches!(nothing.verdict, Verdict::NotMeasurable(_)));
}
