//! A made-up move, added to what is exogenous: the forced flow answers to it.

use aftershock_market::{Shock, Timestamp};
use aftershock_replay::{Exogenous, Path};

/// Adds the move to news and null, linear in the log price from `from` on.
pub(crate) fn add(shock: Shock, from: Timestamp, path: &Path, exogenous: &mut Exogenous) {
    let whole = libm::log1p(shock.ratio());
    let over_s = f64::from(shock.over_s);
    for (k, at) in path.at[path.first..].iter().enumerate() {
        let share = (at.seconds_since(from) / over_s).clamp(0.0, 1.0);
        exogenous.log_price[k] += share * whole;
        exogenous.log_null[k] += share * whole;
    }
}
