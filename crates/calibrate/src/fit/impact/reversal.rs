//! Upper bound of `Y` from news that would have to reverse.
//!
//! Where `Y` is too large, the news that is left, `Δp − YΔh`, bounces back whenever forced flow pushes. News that drifts
//! the way the forced flow pushes hides the bounce and news never makes one, so that a reversal bounds `Y` from above
//! and its absence proves nothing (method notes, §14.11.4).

use aftershock_measure::instrument::{Scratch, SlopeSet, Windows, instrumented};

use super::{Path, Settings};
use crate::clocked::Clocked;

/// The largest `Y` at which what is left of price changes does not move against the forced flow triggered before them,
/// one-sided at 5 % where `level` is 0.9; `None` where no `Y` is refused, or no forced flow is on the tape.
///
/// No window is taken out: a drift of news along with forced flow loosens the bound and never tightens it. It holds only
/// as far as news does not turn against falls as a rule.
pub fn reversal_bound(tape: &Clocked, path: &Path, settings: &Settings) -> Option<f64> {
    let windows = Windows {
        steps: tape.len(),
        offset: 0,
        trend: false,
        ahead: true,
    };
    let lags = (settings.memory_s / tape.step_s).round() as usize;
    let mut scratch = Scratch::default();
    let sums = instrumented(
        &tape.returns(),
        &path.change,
        &path.forced,
        windows,
        lags,
        &mut scratch,
    );
    match sums.ok()?.anderson_rubin(settings.level) {
        SlopeSet::Between(_, highest) => Some(highest),
        SlopeSet::Outside(..) | SlopeSet::All => None,
    }
}
