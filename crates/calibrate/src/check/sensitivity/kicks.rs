//! A dollar, or a hundredth of open interest, sold at one instant more: how much further the price falls, and how fast two
//! such worlds part.

use aftershock_measure::sensitivity::{MASSIVE, susceptibility};
use aftershock_measure::twins::finite_size_lyapunov;

use super::super::{CheckError, Crash, branching};
use super::{Measured, drawdown, path, spread};
use crate::synth::Declared;

/// Instants of a kick, spread evenly over the ramp.
const KICKS: usize = 40;
/// Share of open interest of the larger kick.
const LARGE: f64 = 0.01;
/// Separations at which growth is looked at, log: those that a dollar makes, up to a millionth of a basis point, and
/// those that the larger kick makes, 1, 10 and 50 basis points.
const SIZES: [[f64; 3]; 2] = [[1e-12, 1e-11, 1e-10], [1e-4, 1e-3, 5e-3]];
/// How far the ramp is stretched for the susceptibility, share.
const STRETCH: f64 = 0.1;

pub(super) fn measured(crash: &Crash) -> Result<Vec<Measured>, CheckError> {
    let parameters = &crash.spec.instruments[0].parameters;
    let factual = crash.factual()?;
    let (fall, unkicked) = (drawdown(&factual), path(&factual));
    let (from_s, to_s) = crash.declared.ramp.span_s();
    let instants = (0..KICKS).map(|turn| from_s + (to_s - from_s) * turn as f64 / KICKS as f64);
    let large_usd = LARGE * parameters.open_interest_usd;
    let (mut separations, mut gains) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for at_s in instants {
        for (kick, usd) in [1.0, large_usd].into_iter().enumerate() {
            let run = crash.run_on(&crash.kicked(at_s, usd))?;
            // Over a kick of this size at rest, so that a larger one is not measured by the slope of a small one.
            gains[kick].push((drawdown(&run) - fall) / parameters.impact.log_impact(usd));
            let apart = path(&run).into_iter().zip(&unkicked).map(|(a, b)| (a - b).abs());
            separations[kick].push(apart.collect::<Vec<f64>>());
        }
    }
    let mut told = Vec::new();
    for (separations, sizes) in separations.iter().zip(SIZES) {
        for one in finite_size_lyapunov(separations, crash.spec.clock_s, 2.0_f64.sqrt(), &sizes)? {
            let rate = one.per_s.map_or("-".to_owned(), |rate| format!("{rate:.3}/s"));
            told.push(format!(
                "{:e} bp {rate} ({} of {} grew)",
                one.size * 1e4,
                one.grew,
                one.reached
            ));
        }
    }
    let massive = |gains: &[f64]| gains.iter().filter(|gain| **gain > MASSIVE.0).count();
    let gain = |gains: &[f64]| {
        let count = massive(gains);
        format!("{}, {count} of {KICKS} above {}", spread(gains), MASSIVE.0)
    };
    Ok(vec![
        Measured {
            measure: "gain, 1 USD",
            figure: gain(&gains[0]),
            meaning: "more fall for a dollar more sold at an instant of the ramp, over what a dollar does at rest; median \
                      [5 %, 95 %] over instants; 1: as at rest, less where impact is spent by other flow or has decayed",
        },
        Measured {
            measure: "gain, 1 % of OI",
            figure: gain(&gains[1]),
            meaning: "the same for a hundredth of the market's open interest, over what that does at rest",
        },
        Measured {
            measure: "finite-size Lyapunov exponent",
            figure: told.join("; "),
            meaning: "growth rate of the gap between twins that either kick sets apart, over those that grew by √2 from a gap; \
                      where few of many grow: no chaos of that size",
        },
        susceptible(crash)?,
    ])
}

fn susceptible(crash: &Crash) -> Result<Measured, CheckError> {
    let fallen = |size: f64| -> Result<f64, CheckError> {
        let mut declared: Declared = crash.declared.clone();
        declared.ramp.size = size;
        Ok(drawdown(&Crash::new(&declared)?.factual()?))
    };
    let chi = susceptibility(fallen, crash.declared.ramp.size, STRETCH)?;
    let factual = crash.factual()?;
    let linear = branching(crash, &factual).map_or("no ratio to compare with".to_owned(), |found| {
        format!(
            "1/(1 - R) is {:.2} structural, {:.2} causal",
            1.0 / (1.0 - found.structural),
            1.0 / (1.0 - found.causal)
        )
    });
    Ok(Measured {
        measure: "susceptibility",
        figure: format!("{chi:.2}; {linear}"),
        meaning: "more fall for a ramp of news that is a little larger (±10 %); 1 without feedback, 1/(1 - R) where the \
                  answer is linear",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;
    use aftershock_replay::ReplayError;
    use aftershock_replay::world::{Channels, Drive, WorldTape};

    /// Where forced orders move nothing, a kick has its own impact at most: a gain in [0, 1].
    #[test]
    fn without_feedback_a_kick_has_its_own_impact() -> Result<(), ReplayError> {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let parameters = &crash.spec.instruments[0].parameters;
        let quiet = |tape: &WorldTape| crash.world(Channels::from_mask(0))?.run(tape, Drive::News);
        let before = drawdown(&quiet(&crash.tape)?);
        for at_s in [300.0, 450.0, 595.0] {
            let after = drawdown(&quiet(&crash.kicked(at_s, 1e6))?);
            let gain = (after - before) / parameters.impact.log_impact(1e6);
            assert!((-1e-9..=1.0).contains(&gain), "{at_s}: {gain}");
        }
        Ok(())
    }
}
