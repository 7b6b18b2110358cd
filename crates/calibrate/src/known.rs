//! A made-up crash as a test of a calibration: its tape, and apart from it what an estimate is scored against.

use aftershock_measure::signature::{FEWEST_RETURNS, changes};
use aftershock_measure::variance::realized_variance;

use crate::observed::Observed;

/// Clocks on which estimates are scored, s.
pub const CLOCKS_S: [u32; 4] = [1, 10, 60, 300];
/// Leverage above which the scored rule allows none.
pub const CAP: f64 = 20.0;

/// A tape and the truth about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What it is, in one line.
    pub about: String,
    /// All that a calibration may see.
    pub observed: Observed,
    /// What the calibration may be told of the venue: maintenance margin over notional.
    pub maintenance_ratio: f64,
    /// Log amplification against the null off-book, on [`CLOCKS_S`]; absent under thirty returns.
    pub log_amplification: [Option<f64>; 4],
    /// What a cap of leverage at [`CAP`] adds to it, held notional: log variance under the cap less log variance under the
    /// rules of record.
    pub log_effect: [Option<f64>; 4],
}

/// Log of the realized variance on each of [`CLOCKS_S`] of a path in steps of `step_s`; absent under thirty returns.
pub fn log_variances(log_price: &[f64], step_s: f64) -> [Option<f64>; 4] {
    CLOCKS_S.map(|clock_s| {
        let every = (f64::from(clock_s) / step_s).round();
        if every < 1.0 {
            return None;
        }
        let returns = changes(log_price, every as usize);
        (returns.len() >= FEWEST_RETURNS).then(|| libm::log(realized_variance(&returns)))
    })
}

/// What one path varies more than another, log, on each clock.
pub fn log_ratios(path: &[Option<f64>; 4], against: &[Option<f64>; 4]) -> [Option<f64>; 4] {
    std::array::from_fn(|clock| Some(path[clock]? - against[clock]?))
}

/// The classes of a leverage mix under a cap: who would have had more has the cap.
pub fn capped(mix: &[(f64, f64)], cap: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = mix.iter().copied().filter(|class| class.0 < cap).collect();
    let rest: f64 = mix
        .iter()
        .filter(|class| class.0 >= cap)
        .map(|class| class.1)
        .sum();
    if rest > 0.0 {
        kept.push((cap, rest));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_moves_shares_and_loses_none() {
        let mix = [(5.0, 0.5), (20.0, 0.2), (50.0, 0.2), (100.0, 0.1)];
        assert_eq!(capped(&mix, 20.0), [(5.0, 0.5), (20.0, 0.5)]);
        assert_eq!(capped(&mix, 125.0), mix);
    }

    /// 61 prices a second apart have 60 returns, and six of ten seconds: too few.
    #[test]
    fn a_clock_with_few_returns_has_no_variance() {
        let path: Vec<f64> = (0..61).map(|i| f64::from(i % 2)).collect();
        let found = log_variances(&path, 1.0);
        assert_eq!(found[0], Some(60.0_f64.ln()));
        assert_eq!(found[1], None);
    }
}
