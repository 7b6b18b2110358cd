//! What a market has gone through so far: marks of the last hour, closes, forced orders, halts.

use std::collections::VecDeque;

use aftershock_market::{MICROS_PER_SECOND, Timestamp};

/// How long single marks and forced orders are kept, s; closes and halts are kept for good.
pub const KEPT_S: f64 = 3_600.0;
const KEPT_US: i64 = 3_600 * MICROS_PER_SECOND;

/// A halt that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PastHalt {
    /// When trading stopped.
    pub from_at: Timestamp,
    /// When it began again.
    pub until_at: Timestamp,
    /// Edge of the band that was crossed, USD; the last price of a market that halted for another's sake.
    pub edge_usd: f64,
    /// First price after it, USD.
    pub reopening_usd: f64,
    /// Level and rule of the edge, as [`crate::Edge`] has them.
    pub level: u8,
    /// The rule.
    pub by: &'static str,
}

/// The past of a market, oldest first. Nothing in it is later than the decision that looks at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    marks: VecDeque<(Timestamp, f64)>,
    /// Sum of the marks kept.
    sum: f64,
    closes: Vec<(Timestamp, f64)>,
    forced: VecDeque<(Timestamp, f64)>,
    halts: Vec<PastHalt>,
}

/// A market of which nothing is known yet.
pub static NO_PAST: Past = Past::new();

impl Past {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            marks: VecDeque::new(),
            sum: 0.0,
            closes: Vec::new(),
            forced: VecDeque::new(),
            halts: Vec::new(),
        }
    }

    /// Adds a mark, log USD.
    #[inline]
    pub fn mark(&mut self, at: Timestamp, log_mark: f64) {
        self.marks.push_back((at, log_mark));
        self.sum += log_mark;
        while let Some(&(earlier, gone)) = self.marks.front()
            && at.0 - earlier.0 > KEPT_US
        {
            self.sum -= gone;
            self.marks.pop_front();
        }
    }

    /// Forgets the marks and begins with the present one: after a reopening what was traded at before says nothing.
    pub fn restart(&mut self, at: Timestamp, log_mark: f64) {
        self.marks.clear();
        self.sum = 0.0;
        self.mark(at, log_mark);
    }

    /// Mean log mark of the last hour, each mark once; absent before the first.
    pub fn mean_log_mark_1h(&self) -> Option<f64> {
        (!self.marks.is_empty()).then(|| self.sum / self.marks.len() as f64)
    }

    /// Adds the mark at a decision, log USD.
    pub fn close(&mut self, at: Timestamp, log_mark: f64) {
        self.closes.push((at, log_mark));
    }

    /// Adds a forced order that has filled, USD.
    pub fn forced(&mut self, at: Timestamp, usd: f64) {
        self.forced.push_back((at, usd));
        while self
            .forced
            .front()
            .is_some_and(|(earlier, _)| at.0 - earlier.0 > KEPT_US)
        {
            self.forced.pop_front();
        }
    }

    /// Adds a halt that has ended.
    pub fn halt(&mut self, halt: PastHalt) {
        self.halts.push(halt);
    }

    /// Marks at decisions, log USD, oldest first.
    pub fn closes(&self) -> &[(Timestamp, f64)] {
        &self.closes
    }

    /// Returns from one close to the next with the time they took, s: `(seconds, log return)`, oldest first.
    pub fn returns(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + DoubleEndedIterator + '_ {
        self.closes
            .windows(2)
            .map(|pair| (pair[1].0.seconds_since(pair[0].0), pair[1].1 - pair[0].1))
    }

    /// The last close at or before an instant, USD.
    pub fn close_usd(&self, at: Timestamp) -> Option<f64> {
        let count = self.closes.partition_point(|(closed_at, _)| *closed_at <= at);
        Some(libm::exp(self.closes[..count].last()?.1))
    }

    /// Halts that have ended.
    pub fn halts(&self) -> &[PastHalt] {
        &self.halts
    }

    /// Forced orders of the last `seconds`, at most [`KEPT_S`], both sides, USD.
    pub fn forced_usd(&self, now: Timestamp, seconds: f64) -> f64 {
        since(&self.forced, now, seconds).map(|(_, usd)| usd).sum()
    }

    /// Lowest mark of the last `seconds`, at most [`KEPT_S`], USD; absent where there was none.
    pub fn low_usd(&self, now: Timestamp, seconds: f64) -> Option<f64> {
        since(&self.marks, now, seconds)
            .map(|(_, log)| log)
            .min_by(f64::total_cmp)
            .map(libm::exp)
    }

    /// Highest mark of the last `seconds`, as [`Past::low_usd`].
    pub fn high_usd(&self, now: Timestamp, seconds: f64) -> Option<f64> {
        since(&self.marks, now, seconds)
            .map(|(_, log)| log)
            .max_by(f64::total_cmp)
            .map(libm::exp)
    }

    /// Mean mark of the last `seconds`, geometric, each mark once, as [`Past::low_usd`].
    pub fn mean_usd(&self, now: Timestamp, seconds: f64) -> Option<f64> {
        let (sum, count) = since(&self.marks, now, seconds)
            .fold((0.0, 0_u32), |(sum, count), (_, log)| (sum + log, count + 1));
        (count > 0).then(|| libm::exp(sum / f64::from(count)))
    }
}

/// What is not older than `seconds`, newest first.
fn since(
    kept: &VecDeque<(Timestamp, f64)>,
    now: Timestamp,
    seconds: f64,
) -> impl Iterator<Item = (Timestamp, f64)> + '_ {
    let from = now.0 - (seconds * MICROS_PER_SECOND as f64) as i64;
    kept.iter().rev().copied().take_while(move |(at, _)| at.0 >= from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// By hand.
    #[test]
    fn windows_look_back_and_no_further() {
        let mut past = Past::new();
        for (second, usd) in [(0, 100.0_f64), (60, 90.0), (120, 110.0), (4_000, 99.0)] {
            past.mark(at(second), usd.ln());
            past.close(at(second), usd.ln());
        }
        past.forced(at(3_990), 5.0);
        past.forced(at(4_000), 7.0);
        // The mark of second 120 has been forgotten after an hour; closes have not.
        assert!((past.low_usd(at(4_000), 3_600.0).expect("one mark") - 99.0).abs() < 1e-9);
        assert!((past.close_usd(at(100)).expect("closed") - 90.0).abs() < 1e-9);
        assert_eq!(past.close_usd(at(-1)), None);
        assert_eq!(past.forced_usd(at(4_000), 5.0), 7.0);
        assert_eq!(past.forced_usd(at(4_000), 10.0), 12.0);
        let returns: Vec<(f64, f64)> = past.returns().collect();
        assert_eq!(returns.len(), 3);
        assert_eq!(returns[0].0, 60.0);
        assert!((returns[0].1 - 0.9_f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn extremes_and_mean_of_a_window() {
        let mut past = Past::new();
        for (second, usd) in [(0, 100.0_f64), (60, 80.0), (120, 125.0)] {
            past.mark(at(second), usd.ln());
        }
        let near = |found: Option<f64>, usd: f64| assert!((found.expect("marks") - usd).abs() < 1e-9);
        near(past.low_usd(at(120), 60.0), 80.0);
        near(past.high_usd(at(120), 60.0), 125.0);
        near(past.mean_usd(at(120), 60.0), 100.0);
        near(past.mean_usd(at(120), 10.0), 125.0);
        assert_eq!(past.high_usd(at(900), 10.0), None);
    }
}
