use super::*;
use crate::check::Verdict;
use crate::observed::{Prints, Readings};

fn priors() -> Priors {
    let text = include_str!("../../../../../data/priors.toml");
    Priors::parse("data/priors.toml", text).expect("they are read")
}

fn judged(tape: &Tape, gates: &[Gate]) -> Vec<Verdict> {
    let found = judge(tape, &priors(), gates).expect("the tape is replayed");
    found.into_iter().map(|one| one.verdict).collect()
}

/// A tape on which all of these gates hold, so that what breaks one below is what was done to it.
fn sound() -> Tape {
    Tape::own(71).expect("it is made")
}

/// The print by which half of the printed value is printed.
fn middle(prints: &Prints) -> usize {
    let usd = |place: usize| prints.price_usd[place] * prints.quantity[place];
    let all: f64 = (0..prints.len()).map(usd).sum();
    let mut so_far = 0.0;
    let half = (0..prints.len()).position(|place| {
        so_far += usd(place);
        so_far >= 0.5 * all
    });
    half.unwrap_or(0)
}

#[test]
fn a_sound_tape_passes() {
    let gates = [
        Gate::ForcedVolume,
        Gate::ForcedTiming,
        Gate::ForcedPrices,
        Gate::OpenInterest,
        Gate::Depth,
        Gate::InstrumentStrength,
        Gate::FlowShuffle,
    ];
    let verdicts = judged(&sound(), &gates);
    assert!(verdicts.iter().all(|one| *one == Verdict::Pass), "{verdicts:?}");
}

/// A feed that calls itself complete and prints one in three: what is missing is taken to be held by classes that the first
/// half does not cross, and the second half crosses some of them.
#[test]
fn volume_and_open_interest_fail_where_a_complete_feed_prints_a_third() {
    let mut tape = sound();
    let prints = &tape.observed.liquidations;
    let kept: Vec<usize> = (0..prints.len()).step_by(3).collect();
    tape.observed.liquidations = prints.only(&kept);
    assert_eq!(tape.observed.coverage, "complete");
    let gates = [Gate::ForcedVolume, Gate::OpenInterest];
    let found = judge(&tape, &priors(), &gates).expect("the tape is replayed");
    assert!(found.iter().all(|one| one.verdict == Verdict::Fail), "{found:?}");
    assert!(found[0].figure.starts_with('+'), "{found:?}");
}

/// Later prints come ten minutes late, and a tenth below where they were filled.
#[test]
fn timing_and_prices_fail_where_prints_are_moved() {
    let mut tape = sound();
    let prints = &mut tape.observed.liquidations;
    for place in middle(prints)..prints.len() {
        prints.at[place] = prints.at[place].plus_seconds(600.0);
        prints.price_usd[place] *= 0.9;
    }
    assert_eq!(
        judged(&tape, &[Gate::ForcedTiming, Gate::ForcedPrices]),
        [Verdict::Fail, Verdict::Fail]
    );
}

/// Open interest that rises by what it fell.
#[test]
fn open_interest_fails_where_it_goes_the_other_way() {
    let mut tape = sound();
    let read = &mut tape.observed.open_interest.quantity;
    let first = read[0];
    read.iter_mut()
        .for_each(|quantity| *quantity = 2.0 * first - *quantity);
    assert_eq!(judged(&tape, &[Gate::OpenInterest]), [Verdict::Fail]);
}

#[test]
fn depth_needs_depth_and_fails_where_it_halves_for_no_reason() {
    let mut tape = sound();
    let read = &mut tape.observed.depth.notional_usd;
    let middle = read.len() / 2;
    read[middle..].iter_mut().for_each(|usd| *usd *= 0.5);
    assert_eq!(judged(&tape, &[Gate::Depth]), [Verdict::Fail]);
    tape.observed.depth = Readings::default();
    tape.observed.depth_band_pct.clear();
    let reason = "no depth on the tape".to_owned();
    assert_eq!(judged(&tape, &[Gate::Depth]), [Verdict::NotMeasurable(reason)]);
}

/// Takers of the half that no fit has seen trade the other way.
#[test]
fn impact_out_of_sample_explains_less_than_nothing_where_flow_is_turned_round() {
    let mut tape = sound();
    let half = START.plus_seconds(5_400.0);
    let trades = &mut tape.observed.trades;
    for (at, buys) in trades.at.iter().zip(&mut trades.buys) {
        *buys ^= *at <= half;
    }
    let found = judge(&tape, &priors(), &[Gate::ImpactOutOfSample]).expect("the tape is replayed");
    assert_eq!(found[0].verdict, Verdict::Fail);
    assert!(found[0].figure.starts_with("R² -"), "{}", found[0].figure);
}

/// Prints three quarters of an hour before their trades: they move nothing, so that they are no instrument, and no
/// amplification hangs on when they came.
#[test]
fn strength_and_shuffle_do_not_pass_prints_that_belong_to_no_trade() {
    let mut tape = sound();
    for at in &mut tape.observed.liquidations.at {
        *at = at.plus_seconds(-2_700.0);
    }
    let verdicts = judged(&tape, &[Gate::InstrumentStrength, Gate::FlowShuffle]);
    println!(
        "{:?}",
        judge(&tape, &priors(), &[Gate::InstrumentStrength, Gate::FlowShuffle])
    );
    assert_eq!(verdicts, [Verdict::Fail, Verdict::Fail]);
}

#[test]
fn nothing_forced_decides_nothing_but_depth() {
    let calm = Tape::own(60).expect("it is made");
    assert!(calm.observed.liquidations.is_empty());
    for (gate, verdict) in Gate::CALIBRATION.iter().zip(judged(&calm, &Gate::CALIBRATION)) {
        match gate {
            Gate::Depth => assert_eq!(verdict, Verdict::Pass),
            _ => assert_eq!(
                verdict,
                Verdict::NotMeasurable("nothing is forced on this tape".into()),
                "{}",
                gate.name()
            ),
        }
    }
}
