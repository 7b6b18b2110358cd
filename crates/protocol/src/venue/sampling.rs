//! Averages that take their samples by time, so that a tick between two of them costs one comparison.

use aftershock_market::{MICROS_PER_SECOND, Timestamp};

/// Instants a fixed time apart, on whole multiples of it since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    every_us: i64,
    next_at: Timestamp,
}

impl Grid {
    /// A grid with `every_s` between its instants; 0 makes every instant one. The first instant asked about
    /// is always on it.
    pub fn new(every_s: f64) -> Self {
        Self {
            every_us: (every_s * MICROS_PER_SECOND as f64).round() as i64,
            next_at: Timestamp(i64::MIN),
        }
    }

    /// Instants of the grid passed since the last that was; 0 between two of them. One comparison where it is
    /// 0.
    #[inline]
    pub fn passed(&mut self, at: Timestamp) -> u64 {
        if at < self.next_at { 0 } else { self.advance(at) }
    }

    /// The next instant at which [`Grid::passed`] is not 0.
    pub fn next_at(&self) -> Timestamp {
        self.next_at
    }

    fn advance(&mut self, at: Timestamp) -> u64 {
        if self.every_us == 0 {
            self.next_at = at;
            return 1;
        }
        let passed = match self.next_at {
            Timestamp(i64::MIN) => 1,
            next => 1 + ((at.0 - next.0) / self.every_us) as u64,
        };
        self.next_at = Timestamp((at.0.div_euclid(self.every_us) + 1) * self.every_us);
        passed
    }
}

/// Mean of the last few samples on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingAverage {
    grid: Grid,
    /// A ring; the sample before `next` is the latest.
    samples: Box<[f64]>,
    next: usize,
    filled: usize,
}

impl MovingAverage {
    /// The mean of `points` samples (one or more) taken `spacing_s` apart.
    pub fn new(points: usize, spacing_s: f64) -> Self {
        Self {
            grid: Grid::new(spacing_s),
            samples: vec![0.0; points.max(1)].into(),
            next: 0,
            filled: 0,
        }
    }

    /// Takes a sample where one is due. Instants that passed without a call repeat the sample before them:
    /// nothing later than a sample's own instant is ever in it. An absent sample also repeats.
    #[inline]
    pub fn offer(&mut self, at: Timestamp, sample: Option<f64>) {
        let due = self.grid.passed(at);
        if due > 0 {
            self.take(due, sample);
        }
    }

    /// The mean of what was sampled; `None` before the first sample.
    pub fn mean(&self) -> Option<f64> {
        // Summed afresh, so that no rounding piles up over a run.
        let held = &self.samples[..self.filled];
        (self.filled > 0).then(|| held.iter().sum::<f64>() / self.filled as f64)
    }

    fn take(&mut self, due: u64, sample: Option<f64>) {
        if self.filled > 0 {
            let latest = self.samples[(self.next + self.samples.len() - 1) % self.samples.len()];
            for _ in 1..due.min(1 + self.samples.len() as u64) {
                self.push(latest);
            }
            self.push(sample.unwrap_or(latest));
        } else if let Some(first) = sample {
            self.push(first);
        }
    }

    fn push(&mut self, sample: f64) {
        self.samples[self.next] = sample;
        self.next = (self.next + 1) % self.samples.len();
        self.filled = (self.filled + 1).min(self.samples.len());
    }
}

/// Mean in which a sample weighs the time since the one before it and fades by `exp(-age / tau)`.
///
/// Source: Hyperliquid, "Robust price indices": `num = num exp(-t/tau) + x t`, `den = den exp(-t/tau) + t`,
/// `num / den`. The first sample has no time before it; here it weighs one nominal sampling interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FadingAverage {
    tau_s: f64,
    first_s: f64,
    numerator: f64,
    denominator: f64,
    last_at: Option<Timestamp>,
}

impl FadingAverage {
    /// An empty mean with time constant `tau_s`, whose first sample weighs `first_s`. Both are positive.
    pub fn new(tau_s: f64, first_s: f64) -> Self {
        Self {
            tau_s,
            first_s,
            numerator: 0.0,
            denominator: 0.0,
            last_at: None,
        }
    }

    /// Takes a sample: one exponential.
    pub fn push(&mut self, at: Timestamp, sample: f64) {
        let elapsed = self.last_at.map_or(self.first_s, |last| at.seconds_since(last));
        let kept = libm::exp(-elapsed / self.tau_s);
        self.numerator = self.numerator * kept + sample * elapsed;
        self.denominator = self.denominator * kept + elapsed;
        self.last_at = Some(at);
    }

    /// The mean; `None` before the first sample.
    pub fn mean(&self) -> Option<f64> {
        (self.denominator > 0.0).then(|| self.numerator / self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(1_600_000_000).plus_seconds(seconds)
    }

    #[test]
    fn a_grid_stands_on_whole_multiples() {
        let mut grid = Grid::new(5.0);
        assert_eq!(grid.passed(at(2.0)), 1);
        assert_eq!(grid.next_at(), at(5.0));
        assert_eq!((grid.passed(at(4.999_999)), grid.passed(at(5.0))), (0, 1));
        assert_eq!((grid.passed(at(5.0)), grid.passed(at(21.0))), (0, 3));
        assert_eq!(grid.next_at(), at(25.0));
        let mut every = Grid::new(0.0);
        assert_eq!((every.passed(at(1.0)), every.passed(at(1.0))), (1, 1));
    }

    #[test]
    fn a_gap_repeats_the_sample_before_it() {
        let mut mean = MovingAverage::new(4, 1.0);
        mean.offer(at(0.0), None);
        assert_eq!(mean.mean(), None);
        mean.offer(at(1.0), Some(8.0));
        mean.offer(at(1.5), Some(1e9));
        assert_eq!(mean.mean(), Some(8.0));
        mean.offer(at(4.2), Some(4.0));
        assert_eq!(mean.mean(), Some((8.0 + 8.0 + 8.0 + 4.0) / 4.0));
        mean.offer(at(5.0), None);
        assert_eq!(mean.mean(), Some((8.0 + 8.0 + 4.0 + 4.0) / 4.0));
        mean.offer(at(1_000.0), Some(0.0));
        assert_eq!(mean.mean(), Some((4.0 + 4.0 + 4.0 + 0.0) / 4.0));
    }

    /// Source: the recurrence in Python: samples 10, -5, 2 at 0, 3 and 9 s, tau 150 s, first weight 3 s.
    #[test]
    fn a_fading_average() {
        let mut mean = FadingAverage::new(150.0, 3.0);
        assert_eq!(mean.mean(), None);
        for (second, sample) in [(0.0, 10.0), (3.0, -5.0), (9.0, 2.0)] {
            mean.push(at(second), sample);
        }
        let got = mean.mean().unwrap_or(f64::NAN);
        assert!((got - 2.207_195_134_3).abs() < 1e-9, "{got}");
    }
}
