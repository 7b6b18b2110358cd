//! What a rule may see: the present, and nothing later.

use aftershock_market::Timestamp;

/// The present state of a replay. Its fields are the observables: one vocabulary for rules in Rust and in TOML.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The only clock.
    pub now: Timestamp,
    /// Mark price, USD.
    pub mark_usd: f64,
    /// Mean mark of the last hour, USD.
    pub mean_mark_1h_usd: f64,
    /// Daily volatility of the mark, exponentially weighted with a half-life of one hour, ratio.
    pub volatility_1h: f64,
    /// The same with a half-life of one day.
    pub volatility_24h: f64,
    /// Daily volatility of the days before the episode, ratio.
    pub volatility_normal: f64,
    /// Open interest of one side, USD.
    pub open_interest_usd: f64,
    /// Forced volume so far, both sides, USD.
    pub forced_usd: f64,
    /// Left of all insurance funds, USD.
    pub insurance_usd: f64,
}

/// Names of the observables, with their units and meaning.
pub const OBSERVABLES: [(&str, &str); 9] = [
    ("mark_usd", "mark price, USD"),
    ("mean_mark_1h_usd", "mean mark of the last hour, USD"),
    ("mark_move_pct", "mark against the mean of the last hour, percent"),
    ("volatility_1h", "daily volatility, half-life one hour, ratio"),
    ("volatility_24h", "daily volatility, half-life one day, ratio"),
    (
        "volatility_normal",
        "daily volatility of the days before the episode, ratio",
    ),
    ("open_interest_usd", "open interest of one side, USD"),
    ("forced_usd", "forced volume so far, both sides, USD"),
    ("insurance_usd", "left of all insurance funds, USD"),
];

impl View {
    /// The observable of that name.
    pub fn observable(&self, name: &str) -> Option<f64> {
        Some(match name {
            "mark_usd" => self.mark_usd,
            "mean_mark_1h_usd" => self.mean_mark_1h_usd,
            "mark_move_pct" => 100.0 * (self.mark_usd / self.mean_mark_1h_usd - 1.0),
            "volatility_1h" => self.volatility_1h,
            "volatility_24h" => self.volatility_24h,
            "volatility_normal" => self.volatility_normal,
            "open_interest_usd" => self.open_interest_usd,
            "forced_usd" => self.forced_usd,
            "insurance_usd" => self.insurance_usd,
            _ => return None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn calm() -> View {
        View {
            now: Timestamp::from_seconds(0),
            mark_usd: 40_000.0,
            mean_mark_1h_usd: 40_000.0,
            volatility_1h: 0.04,
            volatility_24h: 0.04,
            volatility_normal: 0.04,
            open_interest_usd: 1e9,
            forced_usd: 0.0,
            insurance_usd: 1e7,
        }
    }

    #[test]
    fn every_listed_observable_is_there() {
        for (name, _) in OBSERVABLES {
            assert!(calm().observable(name).is_some(), "{name}");
        }
        assert_eq!(calm().observable("tomorrow_usd"), None);
    }

    /// By hand: 41,000 is 2.5 % above 40,000 and 39,000 as much below.
    #[test]
    fn a_move_is_in_percent_of_the_mean() {
        for (mark_usd, percent) in [(41_000.0, 2.5), (39_000.0, -2.5), (40_000.0, 0.0)] {
            let view = View { mark_usd, ..calm() };
            let moved = view.observable("mark_move_pct").unwrap_or(f64::NAN);
            assert!((moved - percent).abs() < 1e-12, "{moved}");
        }
    }
}
