//! Funding: what one side of a perpetual pays the other so that its price stays near the index.
//!
//! Premium, its mean, a rate, an instant, a payment. The payment is one integer that both sides split exactly
//! ([`Split`]): longs and shorts together always come to zero.

use aftershock_market::{Cash, Coin, MICROS_PER_SECOND, Price, Timestamp};

use super::contract::Contract;
use super::rounding::Rounding;

/// Premium of the perpetual over `reference`: `[max(0, impact bid - reference) - max(0, reference - impact
/// ask)] / reference`.
///
/// The reference is the index (Binance) or the oracle (Hyperliquid). BitMEX measures against the mark,
/// divides by the spot price and adds the mark's own basis, the funding rate of the present interval (BitMEX staff,
/// 2019).
///
/// Source: Gate, "Funding rate history"; Hyperliquid community documentation, "Funding".
///
/// ```
/// use aftershock_protocol::venue::funding::premium;
/// assert_eq!(premium(101.0, 102.0, 100.0), 0.01);
/// assert_eq!(premium(99.0, 101.0, 100.0), 0.0);
/// ```
#[inline]
pub fn premium(impact_bid_usd: f64, impact_ask_usd: f64, reference_usd: f64) -> f64 {
    let over = (impact_bid_usd - reference_usd).max(0.0);
    let under = (reference_usd - impact_ask_usd).max(0.0);
    (over - under) / reference_usd
}

/// How samples of the premium are weighed over an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Averaging {
    /// By the time that each stood. Source: Hyperliquid, samples of 5 s over the hour.
    Time,
    /// The nth sample counts n times. Source: Bybit, "Introduction to funding rate". Binance's mean over 5,760
    /// samples is taken to be the same, which is unconfirmed.
    Linear,
}

/// Mean premium of the interval so far. A sample costs two additions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PremiumMean {
    averaging: Averaging,
    samples: u64,
    sum: f64,
    weight: f64,
}

impl PremiumMean {
    /// An empty mean.
    pub fn new(averaging: Averaging) -> Self {
        Self {
            averaging,
            samples: 0,
            sum: 0.0,
            weight: 0.0,
        }
    }

    /// Takes a sample that stood for `stood_s` seconds.
    #[inline]
    pub fn push(&mut self, premium: f64, stood_s: f64) {
        self.samples += 1;
        let weight = match self.averaging {
            Averaging::Time => stood_s,
            Averaging::Linear => self.samples as f64,
        };
        self.sum += premium * weight;
        self.weight += weight;
    }

    /// The mean; zero before the first sample.
    pub fn mean(&self) -> f64 {
        if self.weight > 0.0 {
            self.sum / self.weight
        } else {
            0.0
        }
    }

    /// The mean of the interval that ends now; the next one starts empty. BitMEX charges it one interval
    /// later (unconfirmed): the caller holds it back.
    pub fn take(&mut self) -> f64 {
        let mean = self.mean();
        *self = Self::new(self.averaging);
        mean
    }
}

/// How a premium becomes a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateForm {
    /// `P + clamp(I - P, -d, d)`: the interest where the premium is near it, the premium less d beyond.
    ///
    /// Source: Binance announcement of September 2025; Hyperliquid, "Funding"; for BitMEX the same formula by
    /// third parties.
    Clamped {
        /// Interest I over eight hours.
        interest: f64,
        /// d.
        clamp: f64,
    },
    /// `max(d, P) + min(-d, P)`: nothing within d of zero, the premium less d beyond.
    ///
    /// Source: Deribit, "Funding rate" (d = 0.025 %).
    DeadBand {
        /// d.
        half_width: f64,
    },
    /// `P + offset`, over a day.
    ///
    /// Source: drift-labs/protocol-v2, `programs/drift/src/controller/funding.rs` @c232e0f1 (a divisor of 24).
    Offset {
        /// What is added.
        by: f64,
    },
}

/// Bounds of a rate; infinite where there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cap {
    /// Largest rate of one interval, and with its sign turned the smallest.
    pub rate: f64,
    /// Largest change from one interval to the next.
    pub change: f64,
}

impl Cap {
    /// No bounds.
    pub const NONE: Self = Self {
        rate: f64::INFINITY,
        change: f64::INFINITY,
    };
}

/// How a venue sets its rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FundingRule {
    /// From premium to rate, over eight hours unless the form says otherwise.
    pub form: RateForm,
    /// Divides that rate: 8 / N where funding is paid every N hours and the venue scales it.
    pub divisor: f64,
    /// Bounds of the result.
    pub cap: Cap,
}

impl FundingRule {
    /// Hyperliquid: 0.01 % interest, 0.05 % clamp, an eighth of it every hour, at most 4 %.
    ///
    /// Source: Hyperliquid community documentation, "Funding"; the cap second-hand.
    pub const HYPERLIQUID: Self = Self {
        form: RateForm::Clamped {
            interest: 0.000_1,
            clamp: 0.000_5,
        },
        divisor: 8.0,
        cap: Cap {
            rate: 0.04,
            change: f64::INFINITY,
        },
    };

    /// Rate of one interval from its mean premium; positive where longs pay. `previous` is the rate of the
    /// interval before.
    ///
    /// ```
    /// use aftershock_protocol::venue::funding::{Cap, FundingRule, RateForm};
    /// // a premium of 0.10 % over an interest of 0.01 %, on a contract that pays every four hours
    /// let form = RateForm::Clamped { interest: 0.000_1, clamp: 0.000_5 };
    /// let rule = FundingRule { form, divisor: 2.0, cap: Cap::NONE };
    /// assert!((rule.rate(0.001, None) - 0.000_25).abs() < 1e-15);
    /// ```
    pub fn rate(&self, premium: f64, previous: Option<f64>) -> f64 {
        let uncapped = match self.form {
            RateForm::Clamped { interest, clamp } => premium + (interest - premium).clamp(-clamp, clamp),
            RateForm::DeadBand { half_width } => premium.max(half_width) + premium.min(-half_width),
            RateForm::Offset { by } => premium + by,
        } / self.divisor;
        let bounded = uncapped.clamp(-self.cap.rate, self.cap.rate);
        previous.map_or(bounded, |before| {
            bounded.clamp(before - self.cap.change, before + self.cap.change)
        })
    }
}

/// Interest of one interval: the quote currency's rate a day less the base currency's, over `intervals` a
/// day.
///
/// Source: BitMEX, perpetual contracts guide, examples (three intervals).
pub fn interest_of_interval(quote_a_day: f64, base_a_day: f64, intervals: f64) -> f64 {
    (quote_a_day - base_a_day) / intervals
}

/// The instants of the day, UTC, at which funding is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    first_us: i64,
    every_us: i64,
}

/// Why a schedule cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "funding every {every_s} s from {first_s} s after midnight should divide a day of 86400 s and start within one interval"
)]
pub struct ScheduleError {
    first_s: i64,
    every_s: i64,
}

const DAY_S: i64 = 86_400;

impl Schedule {
    /// Every full hour. Source: Hyperliquid, "Funding".
    pub const HOURLY: Self = Self::every(0, 3_600);

    /// Every `every_s` seconds from `first_s` after midnight.
    ///
    /// # Errors
    /// An interval that does not divide a day, a first instant outside the day's first interval.
    pub fn new(first_s: i64, every_s: i64) -> Result<Self, ScheduleError> {
        let divides = every_s > 0 && DAY_S % every_s == 0;
        if divides && (0..every_s).contains(&first_s) {
            Ok(Self::every(first_s, every_s))
        } else {
            Err(ScheduleError { first_s, every_s })
        }
    }

    /// The first payment after `at`.
    #[inline]
    pub fn next_after(&self, at: Timestamp) -> Timestamp {
        let since = at.0 - self.first_us;
        Timestamp(self.first_us + (since.div_euclid(self.every_us) + 1) * self.every_us)
    }

    /// Time between two payments, s.
    pub fn interval_s(&self) -> f64 {
        self.every_us as f64 / MICROS_PER_SECOND as f64
    }

    pub(super) const fn every(first_s: i64, every_s: i64) -> Self {
        Self {
            first_us: first_s * MICROS_PER_SECOND,
            every_us: every_s * MICROS_PER_SECOND,
        }
    }
}

/// What the paying side owes on `quantity` contracts at `price`: value times rate, rounded towards zero,
/// settlement asset. Positive where longs pay. The price is the mark (Binance, BitMEX) or the oracle price
/// (Hyperliquid).
pub fn payment(contract: Contract, quantity: Coin, price: Price, rate: f64) -> Cash {
    let owed = Rounding::Down.part_of(contract.value(quantity, price, Rounding::Down), rate.abs());
    if rate < 0.0 { -owed } else { owed }
}

/// An amount handed out in proportion to holdings, one holder after another, so that the parts add up to it
/// exactly.
///
/// What rounding leaves over goes on to the next holder: nobody is further than one unit from their share,
/// and the last gets all that is left.
///
/// ```
/// use aftershock_market::{Cash, Coin};
/// use aftershock_protocol::venue::funding::Split;
/// let mut split = Split::new(Cash(10), Coin(3));
/// assert_eq!([split.part(Coin(1)), split.part(Coin(1)), split.part(Coin(1))], [Cash(3), Cash(3), Cash(4)]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    amount: Cash,
    whole: Coin,
    held: Coin,
    given: Cash,
}

impl Split {
    /// `amount` for holders of `whole` together, which is positive. Their product fits in 128 bits.
    pub fn new(amount: Cash, whole: Coin) -> Self {
        assert!(whole > Coin::ZERO, "an amount is split over a positive whole");
        Self {
            amount,
            whole,
            held: Coin::ZERO,
            given: Cash::ZERO,
        }
    }

    /// The part of a holder of `held`.
    ///
    /// # Panics
    /// Where the holders have more than the whole between them.
    #[inline]
    pub fn part(&mut self, held: Coin) -> Cash {
        self.held += held;
        assert!(self.held <= self.whole, "holders have no more than the whole");
        let due = Rounding::Down.divide(self.amount.0 * self.held.0 as i128, self.whole.0 as i128);
        let part = Cash(due) - self.given;
        self.given = Cash(due);
        part
    }

    /// What has not been handed out.
    pub fn left(&self) -> Cash {
        self.amount - self.given
    }
}

#[cfg(test)]
#[path = "funding_tests.rs"]
mod tests;
