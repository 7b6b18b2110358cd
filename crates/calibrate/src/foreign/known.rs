//! A foreign crash as a test of a calibration.

use super::{Declared, Kind, OnClock, generate};
use crate::known::{CAP, CLOCKS_S, Known};
use crate::synth::{SynthError, Target};

/// Length of a scored tape, s: enough for thirty returns of five minutes.
const DURATION_S: u32 = 10_800;
/// Fewest steps of a clock.
const FEWEST: u32 = 30;

/// The crash of a number, with what an estimate is scored against. Where no open interest reaches its amplification, the
/// declared one stands.
///
/// # Errors
/// A declaration that makes no tape.
pub fn known(kind: Kind, number: u64) -> Result<Known, SynthError> {
    let mut declared = Declared::drawn(kind, number);
    declared.duration_s = DURATION_S;
    let found = match generate(&declared) {
        Err(SynthError::OutOfReach { .. }) => {
            declared.amplification = Target::AsDeclared;
            generate(&declared)?
        }
        found => found?,
    };
    let truth = found.truth;
    let on = |rows: &[OnClock], of: fn(f64) -> f64| {
        CLOCKS_S.map(|clock_s| {
            let row = rows.iter().find(|row| row.clock_s == clock_s)?;
            (DURATION_S / clock_s >= FEWEST).then(|| row.value.map(of))?
        })
    };
    let cap = truth.rules.iter().find(|rule| rule.leverage_cap == CAP);
    Ok(Known {
        about: format!(
            "{} {number}: correlation {}, ramp {:?} of {} s",
            kind.name(),
            declared.news_flow_correlation,
            declared.ramp.shape,
            declared.ramp.length_s
        ),
        maintenance_ratio: declared.positions.maintenance_ratio,
        log_amplification: on(&truth.amplification, libm::log),
        log_effect: cap.map_or([None; 4], |cap| on(&cap.effect_log, |log| log)),
        observed: found.observed,
    })
}
