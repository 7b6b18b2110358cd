//! What a rule may see: the present, and nothing later.

use aftershock_market::Timestamp;

use crate::past::Past;

/// The present state of a replay. Its fields are the observables: one vocabulary for rules in Rust and in TOML.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a> {
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
    /// Index of the asset, USD; absent where the record has no other market.
    pub index_usd: Option<f64>,
    /// What rests within 1 % of the price as bids, USD.
    pub bid_depth_1pct_usd: f64,
    /// Depth of the thinner side of the book over normal.
    pub depth_ratio: f64,
    /// All that has been so far.
    pub past: &'a Past,
}

/// Names of the observables, with their units and meaning.
pub const OBSERVABLES: [(&str, &str); 16] = [
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
    (
        "index_usd",
        "index of the asset, USD; the mark where there is no index",
    ),
    (
        "mark_over_index_pct",
        "mark against the index, percent; 0 where there is no index",
    ),
    ("bid_depth_1pct_usd", "bids within 1 % of the price, USD"),
    (
        "depth_ratio",
        "depth of the thinner side of the book over normal, ratio",
    ),
    (
        "forced_1m_usd",
        "forced volume of the last minute, both sides, USD",
    ),
    ("forced_1h_usd", "forced volume of the last hour, both sides, USD"),
    ("halts", "halts so far, number"),
];

impl View<'_> {
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
            "index_usd" => self.index_usd.unwrap_or(self.mark_usd),
            "mark_over_index_pct" => 100.0 * (self.mark_usd / self.index_usd.unwrap_or(self.mark_usd) - 1.0),
            "bid_depth_1pct_usd" => self.bid_depth_1pct_usd,
            "depth_ratio" => self.depth_ratio,
            "forced_1m_usd" => self.past.forced_usd(self.now, 60.0),
            "forced_1h_usd" => self.past.forced_usd(self.now, 3_600.0),
            "halts" => self.past.halts().len() as f64,
            _ => return None,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::past::NO_PAST;

    pub(crate) fn calm() -> View<'static> {
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
            index_usd: None,
            bid_depth_1pct_usd: 1e7,
            depth_ratio: 1.0,
            past: &NO_PAST,
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
