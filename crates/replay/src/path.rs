//! The recorded path as columns.

use aftershock_market::Timestamp;

use crate::ReplayError;

/// A path of waypoints in time order, one column a quantity. Several waypoints may share an instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// When.
    pub at: Vec<Timestamp>,
    /// Recorded log price (of USD).
    pub log_price: Vec<f64>,
    /// Volume traded since the last waypoint, USD, in the scope of the replay.
    pub volume_usd: Vec<f64>,
    /// Ordinary signed aggressive flow since the last waypoint, USD, buys positive, in the scope of the replay.
    pub ordinary_usd: Vec<f64>,
    /// Whether a bar ends here: rules are put their margin and band steps at these.
    pub bar_close: Vec<bool>,
    /// Whether the record has a price here; waypoints between two of these lie on the straight line (of the log price)
    /// from one to the other. They let orders fill when they are due, and enter no measure of volatility.
    pub recorded: Vec<bool>,
    /// Whether forced orders are part of the ordinary flow, as they are of a venue's taker volume: what is regenerated is
    /// then taken out of it, or it would push the price twice.
    pub ordinary_holds_forced: bool,
    /// First waypoint at which forced flow may act; those before it warm the state up.
    pub first: usize,
}

impl Path {
    /// Number of waypoints.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The same path up to and without waypoint `end`.
    pub fn truncated(&self, end: usize) -> Path {
        Path {
            at: self.at[..end].to_vec(),
            log_price: self.log_price[..end].to_vec(),
            volume_usd: self.volume_usd[..end].to_vec(),
            ordinary_usd: self.ordinary_usd[..end].to_vec(),
            bar_close: self.bar_close[..end].to_vec(),
            recorded: self.recorded[..end].to_vec(),
            ordinary_holds_forced: self.ordinary_holds_forced,
            first: self.first,
        }
    }

    /// Checks lengths, order and finiteness.
    ///
    /// # Errors
    /// The first thing that is wrong, with its waypoint.
    pub fn check(&self) -> Result<(), ReplayError> {
        let n = self.len();
        let lengths = [
            self.log_price.len(),
            self.volume_usd.len(),
            self.ordinary_usd.len(),
            self.bar_close.len(),
            self.recorded.len(),
        ];
        if lengths.iter().any(|length| *length != n) {
            return Err(ReplayError::Path(format!(
                "columns have lengths {lengths:?}, should all be {n}"
            )));
        }
        if self.first == 0 || self.first >= n {
            return Err(ReplayError::Path(format!(
                "first is {}, should lie in 1..{n}",
                self.first
            )));
        }
        if let Some(i) = (1..n).find(|&i| self.at[i] < self.at[i - 1]) {
            return Err(ReplayError::Path(format!(
                "waypoint {i} at {} comes before the one at {}",
                self.at[i],
                self.at[i - 1]
            )));
        }
        for (name, column) in [
            ("log price", &self.log_price),
            ("volume", &self.volume_usd),
            ("ordinary flow", &self.ordinary_usd),
        ] {
            if let Some(i) = column.iter().position(|value| !value.is_finite()) {
                return Err(ReplayError::Path(format!(
                    "waypoint {i} has {name} {}, should be finite",
                    column[i]
                )));
            }
        }
        Ok(())
    }
}
