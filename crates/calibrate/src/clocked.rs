//! A tape on a clock of equal steps, as estimators want it.

use aftershock_market::{MICROS_PER_SECOND, Timestamp};

use crate::observed::{Observed, Prints};

/// One market on a clock. Flows are those of a step, prices stand at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clocked {
    /// Start of the first step.
    pub from: Timestamp,
    /// Length of a step, s.
    pub step_s: f64,
    /// Log mid at the start and at the end of every step, so one more than there are steps; the last trade's price where
    /// no mid is on the tape.
    pub log_mid: Vec<f64>,
    /// Log mark likewise; the mid where no mark is on the tape.
    pub log_mark: Vec<f64>,
    /// What takers bought less what they sold, forced orders included, USD.
    pub flow_usd: Vec<f64>,
    /// What traded, both ways, USD.
    pub volume_usd: Vec<f64>,
    /// Forced buying less forced selling as the feed of liquidations shows it, USD.
    pub forced_usd: Vec<f64>,
    /// What the feed of liquidations says of itself.
    pub coverage: &'static str,
}

/// Why a tape cannot be put on a clock.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClockError {
    /// No price before the first step, or none at all.
    #[error("{venue}:{instrument} has no mid and no trade at or before {from}; begin later")]
    NoPrice {
        /// The venue.
        venue: String,
        /// The instrument.
        instrument: String,
        /// Where the clock begins.
        from: Timestamp,
    },
    /// The span holds no step.
    #[error("from {from} to {to} is no step of {step_s} s")]
    NoStep {
        /// Where the clock begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
        /// Length of a step, s.
        step_s: f64,
    },
}

impl Clocked {
    /// Puts a market on a clock of `step_s` from `from` to `to`. What is stamped at the end of a step belongs to it.
    ///
    /// # Errors
    /// No price at the start, or no step in the span.
    pub fn new(observed: &Observed, from: Timestamp, to: Timestamp, step_s: f64) -> Result<Self, ClockError> {
        let step_us = (step_s * MICROS_PER_SECOND as f64).round() as i64;
        let steps = if step_us > 0 {
            usize::try_from((to.0 - from.0) / step_us).unwrap_or(0)
        } else {
            0
        };
        if steps == 0 {
            return Err(ClockError::NoStep { from, to, step_s });
        }
        let ends: Vec<i64> = (0..=steps).map(|step| from.0 + step as i64 * step_us).collect();
        let marks = &observed.marks;
        let trades = &observed.trades;
        let mid = if marks.at.is_empty() {
            held(&trades.at, &trades.price_usd, &ends)
        } else {
            held(&marks.at, &marks.mid_usd, &ends)
        };
        let log_mid = mid.ok_or_else(|| ClockError::NoPrice {
            venue: observed.venue.clone(),
            instrument: observed.instrument.clone(),
            from,
        })?;
        let log_mark = if marks.mark_usd.len() == marks.at.len() {
            held(&marks.at, &marks.mark_usd, &ends)
        } else {
            None
        };
        let (flow_usd, volume_usd) = summed(observed, trades, &ends, step_us);
        let (forced_usd, _) = summed(observed, &observed.liquidations, &ends, step_us);
        Ok(Self {
            from,
            step_s,
            log_mark: log_mark.unwrap_or_else(|| log_mid.clone()),
            log_mid,
            flow_usd,
            volume_usd,
            forced_usd,
            coverage: observed.coverage,
        })
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.flow_usd.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flow_usd.is_empty()
    }

    /// Changes of the log mid, one a step.
    pub fn returns(&self) -> Vec<f64> {
        self.log_mid.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

/// The last log price at or before each instant; `None` where the first has none.
fn held(at: &[Timestamp], price_usd: &[f64], ends: &[i64]) -> Option<Vec<f64>> {
    let mut next = 0;
    let mut last = f64::NAN;
    let mut log_price = Vec::with_capacity(ends.len());
    for end in ends {
        while next < at.len() && at[next].0 <= *end {
            last = price_usd[next];
            next += 1;
        }
        log_price.push(libm::log(last));
    }
    log_price[0].is_finite().then_some(log_price)
}

/// Signed and absolute dollars of each step.
fn summed(observed: &Observed, prints: &Prints, ends: &[i64], step_us: i64) -> (Vec<f64>, Vec<f64>) {
    let steps = ends.len() - 1;
    let (mut signed, mut absolute) = (vec![0.0; steps], vec![0.0; steps]);
    for place in 0..prints.len() {
        // The step (end - length, end] that holds the stamp.
        let step = (prints.at[place].0 - ends[0] + step_us - 1).div_euclid(step_us) - 1;
        let Some(slot) = usize::try_from(step).ok().filter(|step| *step < steps) else {
            continue;
        };
        let usd = observed.usd(prints.quantity[place], prints.price_usd[place]);
        absolute[slot] += usd;
        signed[slot] += if prints.buys[place] { usd } else { -usd };
    }
    (signed, absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two trades and a liquidation put by hand into steps of one second: a stamp at the end of a step belongs to it.
    #[test]
    fn rows_fall_into_their_steps() {
        let at = |s: f64| Timestamp((s * 1e6) as i64);
        let mut observed = Observed {
            quantity_unit: "base",
            ..Observed::default()
        };
        observed.trades.push(at(0.0), 100.0, 9.0, true);
        observed.trades.push(at(1.0), 100.0, 2.0, true);
        observed.trades.push(at(1.001), 110.0, 1.0, false);
        observed.liquidations.push(at(2.0), 110.0, 1.0, false);
        let clocked = Clocked::new(&observed, at(0.0), at(3.0), 1.0).expect("it begins with a price");
        assert_eq!(clocked.flow_usd, [200.0, -110.0, 0.0]);
        assert_eq!(clocked.volume_usd, [200.0, 110.0, 0.0]);
        assert_eq!(clocked.forced_usd, [0.0, -110.0, 0.0]);
        let prices: Vec<f64> = clocked.log_mid.iter().map(|one| one.exp()).collect();
        for (found, wanted) in prices.iter().zip([100.0, 100.0, 110.0, 110.0]) {
            assert!((found - wanted).abs() < 1e-9, "{found}");
        }
    }

    #[test]
    fn a_clock_without_a_price_is_refused() {
        let observed = Observed::default();
        let error = Clocked::new(&observed, Timestamp(0), Timestamp(5_000_000), 1.0).expect_err("no price");
        assert!(matches!(error, ClockError::NoPrice { .. }));
    }
}
