//! Amplification from the forced flow that was printed: what stands in the price of it is taken out, state by state.

use crate::clocked::Clocked;
use crate::fit::impact::{ImpactForm, Path};
use crate::known::{log_ratios, log_variances};

/// Log amplification on each clock, where flow moves the price by `y` times a form and `share` of forced flow is printed.
///
/// Impact is concave, so states are subtracted and not impacts: the null stands at what the rest of the flow does alone.
pub(super) fn open(
    tape: &Clocked,
    form: &ImpactForm,
    y: f64,
    share: f64,
    depth_ratio: Option<&[f64]>,
) -> [Option<f64>; 4] {
    let nothing = vec![0.0; tape.len()];
    let with = Path::new(tape, form, &nothing, depth_ratio);
    let rest = Clocked {
        flow_usd: tape
            .flow_usd
            .iter()
            .zip(&tape.forced_usd)
            .map(|(all, forced)| all - forced / share)
            .collect(),
        ..tape.clone()
    };
    let without = Path::new(&rest, form, &nothing, depth_ratio);
    let mut null = tape.log_mid.clone();
    for (price, (with, without)) in null[1..].iter_mut().zip(with.impact.iter().zip(&without.impact)) {
        *price -= y * (with - without);
    }
    log_ratios(
        &log_variances(&tape.log_mid, tape.step_s),
        &log_variances(&null, tape.step_s),
    )
}
