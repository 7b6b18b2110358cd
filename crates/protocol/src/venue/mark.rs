//! The mark: the price at which a venue values margin, and by which it liquidates.
//!
//! A mark is computed on a grid in time and held in between: [`MarkState::update`] then costs one comparison
//! and one load, however many ticks there are. On the grid it costs what its rule says below.

use aftershock_market::Timestamp;

use super::index::{Source, weighted_median};
use super::sampling::{FadingAverage, Grid, MovingAverage};

/// How a venue finds its mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MarkRule {
    /// The price last traded at. Costs a load.
    LastPrice,
    /// A fading mean of the price last traded at. Costs one exponential.
    ///
    /// No venue of record marks so; it is what "a smoothed price" says.
    Smoothed {
        /// Time constant, s.
        tau_s: f64,
    },
    /// The index or oracle price itself. Costs a load.
    ///
    /// Source: dYdX v4 chain, which values every position at its oracle price.
    Index,
    /// The index moved by the funding still to be paid: `index * (1 + F * time to funding / interval)`. Costs
    /// a few multiplications.
    ///
    /// Source: BitMEX, "Fair price marking".
    FundingBasis {
        /// Funding interval, s.
        interval_s: f64,
    },
    /// Median of: the index moved by the funding still to be paid; the index plus the mean of mid minus
    /// index; the last price. Costs a sum over the points.
    ///
    /// Source: Binance announcements on the mark price (COIN-M; USD-M September 2025).
    MedianOfThree {
        /// Funding interval, s.
        interval_s: f64,
        /// Samples in the mean of mid minus index.
        points: usize,
        /// Time between two of them, s.
        spacing_s: f64,
    },
    /// Median of: the oracle plus a fading mean of mid minus oracle; the median of best bid, best ask and
    /// last; the weighted median of other venues' perpetual mids. Where only two of them exist, a fading mean
    /// of the second joins them. Costs two exponentials and a sort of the other venues.
    ///
    /// Source: Hyperliquid, "Robust price indices".
    OracleMedian {
        /// Time constant of mid minus oracle, s: 150.
        basis_tau_s: f64,
        /// Time constant of the median of bid, ask and last, s: 30.
        book_tau_s: f64,
    },
    /// The index plus a fading mean of mid minus index, which is held within `bandwidth` of the index. Costs
    /// one exponential.
    ///
    /// Deribit's 30 s average with a limit is known second-hand; how it fades and how wide its band is are
    /// unconfirmed.
    FadingBasis {
        /// Time constant, s: 30.
        tau_s: f64,
        /// Largest distance from the index, over the index; infinite for none.
        bandwidth: f64,
    },
}

impl MarkRule {
    /// Hyperliquid.
    pub const HYPERLIQUID: Self = Self::OracleMedian {
        basis_tau_s: 150.0,
        book_tau_s: 30.0,
    };
}

/// What a mark is found from, as it stands at one instant. Prices in USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarkInputs<'a> {
    /// Index or oracle price.
    pub index: f64,
    /// Price last traded at.
    pub last: f64,
    /// Best bid, where there is one.
    pub bid: Option<f64>,
    /// Best ask, where there is one.
    pub ask: Option<f64>,
    /// Funding rate in force over one interval; positive where longs pay.
    pub funding_rate: f64,
    /// When it is paid.
    pub funding_at: Timestamp,
    /// Mid prices of the perpetual at other venues.
    pub others: &'a [Source],
}

impl MarkInputs<'_> {
    fn mid(&self) -> Option<f64> {
        Some((self.bid? + self.ask?) / 2.0)
    }

    fn basis(&self) -> Option<f64> {
        Some(self.mid()? - self.index)
    }

    fn with_funding(&self, at: Timestamp, interval_s: f64) -> f64 {
        let until_s = self.funding_at.seconds_since(at).max(0.0);
        self.index * (1.0 + self.funding_rate * until_s / interval_s)
    }
}

/// Why a mark cannot be kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MarkError {
    /// A time that cannot be.
    #[error("{name} of {value} s should be {right}")]
    Time {
        /// Which.
        name: &'static str,
        /// What was given, s.
        value: f64,
        /// What would be right.
        right: &'static str,
    },
    /// No samples in a mean.
    #[error("a mean of 0 points should have at least one")]
    NoPoints,
    /// A limit that is none.
    #[error("bandwidth {0} should be positive")]
    Bandwidth(f64),
}

/// A mark and what it remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkState {
    grid: Grid,
    mark_usd: f64,
    memory: Memory,
}

#[derive(Clone, Debug, PartialEq)]
enum Memory {
    LastPrice,
    Smoothed {
        last: FadingAverage,
    },
    Index,
    FundingBasis {
        interval_s: f64,
    },
    MedianOfThree {
        interval_s: f64,
        basis: MovingAverage,
    },
    OracleMedian {
        basis: FadingAverage,
        book: FadingAverage,
    },
    FadingBasis {
        basis: FadingAverage,
        bandwidth: f64,
    },
}

impl MarkState {
    /// A mark under `rule`, found anew every `every_s`; 0 finds it at every call.
    ///
    /// # Errors
    /// A time that is not positive (`every_s`: negative) or not finite, a mean of no points, a bandwidth that
    /// is not positive.
    pub fn new(rule: MarkRule, every_s: f64) -> Result<Self, MarkError> {
        if !(every_s >= 0.0 && every_s.is_finite()) {
            return Err(MarkError::Time {
                name: "time between marks",
                value: every_s,
                right: "zero or more",
            });
        }
        let positive = |name, value: f64| {
            let right = "positive";
            (value > 0.0 && value.is_finite())
                .then_some(value)
                .ok_or(MarkError::Time { name, value, right })
        };
        // A mark found at every call has no interval of its own; a second stands in for the weight of a first
        // sample.
        let first_s = if every_s > 0.0 { every_s } else { 1.0 };
        let fading = |name, tau_s| Ok(FadingAverage::new(positive(name, tau_s)?, first_s));
        let memory = match rule {
            MarkRule::LastPrice => Memory::LastPrice,
            MarkRule::Smoothed { tau_s } => Memory::Smoothed {
                last: fading("time constant of the price", tau_s)?,
            },
            MarkRule::Index => Memory::Index,
            MarkRule::FundingBasis { interval_s } => Memory::FundingBasis {
                interval_s: positive("funding interval", interval_s)?,
            },
            MarkRule::MedianOfThree { points: 0, .. } => return Err(MarkError::NoPoints),
            MarkRule::MedianOfThree {
                interval_s,
                points,
                spacing_s,
            } => Memory::MedianOfThree {
                interval_s: positive("funding interval", interval_s)?,
                basis: MovingAverage::new(points, positive("spacing", spacing_s)?),
            },
            MarkRule::OracleMedian {
                basis_tau_s,
                book_tau_s,
            } => Memory::OracleMedian {
                basis: fading("time constant of the basis", basis_tau_s)?,
                book: fading("time constant of the book", book_tau_s)?,
            },
            MarkRule::FadingBasis { tau_s, bandwidth } => {
                if bandwidth.is_nan() || bandwidth <= 0.0 {
                    return Err(MarkError::Bandwidth(bandwidth));
                }
                let basis = fading("time constant of the basis", tau_s)?;
                Memory::FadingBasis { basis, bandwidth }
            }
        };
        Ok(Self {
            grid: Grid::new(every_s),
            mark_usd: f64::NAN,
            memory,
        })
    }

    /// The mark at `at`, USD. Between two instants of the grid it is the last one, for one comparison and one
    /// load.
    #[inline]
    pub fn update(&mut self, at: Timestamp, inputs: &MarkInputs) -> f64 {
        if self.grid.passed(at) > 0 {
            self.mark_usd = self.memory.mark(at, inputs);
        }
        self.mark_usd
    }

    /// The last mark, USD; not a number before the first.
    #[inline]
    pub fn mark_usd(&self) -> f64 {
        self.mark_usd
    }

    /// The next instant at which the mark is found anew: a caller without ticks may call then.
    pub fn next_at(&self) -> Timestamp {
        self.grid.next_at()
    }
}

impl Memory {
    fn mark(&mut self, at: Timestamp, inputs: &MarkInputs) -> f64 {
        match self {
            Self::LastPrice => inputs.last,
            Self::Smoothed { last } => {
                last.push(at, inputs.last);
                last.mean().unwrap_or(inputs.last)
            }
            Self::Index => inputs.index,
            Self::FundingBasis { interval_s } => inputs.with_funding(at, *interval_s),
            Self::MedianOfThree { interval_s, basis } => {
                basis.offer(at, inputs.basis());
                let first = inputs.with_funding(at, *interval_s);
                let second = inputs.index + basis.mean().unwrap_or(0.0);
                median([first, second, inputs.last])
            }
            Self::OracleMedian { basis, book } => {
                if let Some(sample) = inputs.basis() {
                    basis.push(at, sample);
                }
                let of_oracle = basis.mean().map(|mean| inputs.index + mean);
                let of_book = match (inputs.bid, inputs.ask) {
                    (Some(bid), Some(ask)) => Some(median([bid, ask, inputs.last])),
                    _ => None,
                };
                if let Some(sample) = of_book {
                    book.push(at, sample);
                }
                let of_others = weighted_median(inputs.others);
                match (of_oracle, of_book, of_others) {
                    (Some(a), Some(b), Some(c)) => median([a, b, c]),
                    (Some(a), Some(b), None) | (Some(a), None, Some(b)) | (None, Some(a), Some(b)) => {
                        book.mean().map_or((a + b) / 2.0, |joins| median([a, b, joins]))
                    }
                    (Some(a), None, None) | (None, Some(a), None) | (None, None, Some(a)) => a,
                    (None, None, None) => inputs.index,
                }
            }
            Self::FadingBasis { basis, bandwidth } => {
                if let Some(sample) = inputs.basis() {
                    basis.push(at, sample);
                }
                let width = *bandwidth * inputs.index;
                inputs.index + basis.mean().unwrap_or(0.0).clamp(-width, width)
            }
        }
    }
}

fn median([a, b, c]: [f64; 3]) -> f64 {
    a.min(b).max(a.max(b).min(c))
}

#[cfg(test)]
#[path = "mark_tests.rs"]
mod tests;
