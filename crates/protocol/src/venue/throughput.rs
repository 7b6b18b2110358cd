//! How fast a venue can send forced orders: what it cannot send yet stays with the caller, in the caller's
//! order.
//!
//! On 2020-03-12 BitMEX's liquidations outran its book and, for a while, its systems; a bucket with a rate is
//! the plainest form of that.

use aftershock_market::{Cash, Coin, MICROS_PER_SECOND, Timestamp};

use super::rounding::Rounding;

/// A limit on forced orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throughput {
    /// So many orders of any size.
    OrdersPerSecond {
        /// Orders a second; zero sends only what the bucket starts with.
        rate: u32,
        /// Orders that may go at once after a pause.
        burst: u32,
    },
    /// So many dollars; an order that is too large goes in parts.
    UsdPerSecond {
        /// Dollars a second, zero or more.
        rate: Cash,
        /// Dollars that may go at once after a pause; enough for one lot.
        burst: Cash,
    },
}

/// What may be sent of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Sent now.
    pub sent: Coin,
    /// Stays queued.
    pub queued: Coin,
    /// When more can be sent; `at` itself where nothing is queued, the last of instants where nothing ever
    /// can.
    pub next_at: Timestamp,
}

/// Fills at the rate up to the burst and is emptied by what is sent. Its level is an integer, so that no rate
/// drifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    throughput: Throughput,
    /// Orders or 1e-8 dollars, times microseconds in a second.
    level: i128,
    filled_at: Timestamp,
}

const SCALE: i128 = MICROS_PER_SECOND as i128;

impl TokenBucket {
    /// A full bucket.
    pub fn new(throughput: Throughput, at: Timestamp) -> Self {
        let (_, burst) = throughput.tokens();
        Self {
            throughput,
            level: burst * SCALE,
            filled_at: at,
        }
    }

    /// What may be sent at `at` of an order for `quantity` worth `notional_usd`; both positive. Under a limit
    /// in dollars a part is whole lots, rounded down, and costs its notional rounded up. `at` never goes
    /// back.
    ///
    /// ```
    /// use aftershock_market::{Cash, Coin, Timestamp};
    /// use aftershock_protocol::venue::throughput::{Throughput, TokenBucket};
    /// let usd = |value| Cash::from_f64(value);
    /// let limit = Throughput::UsdPerSecond { rate: usd(1e6), burst: usd(2e6) };
    /// let mut bucket = TokenBucket::new(limit, Timestamp(0));
    /// let first = bucket.admit(Timestamp(0), Coin::from_f64(50.0), usd(2.5e6), Coin(1));
    /// assert_eq!((first.sent, first.queued), (Coin::from_f64(40.0), Coin::from_f64(10.0)));
    /// assert_eq!(first.next_at, Timestamp::from_seconds(0).plus_seconds(0.5));
    /// ```
    pub fn admit(&mut self, at: Timestamp, quantity: Coin, notional_usd: Cash, lot: Coin) -> Admission {
        self.fill(at);
        let (sent, cost, wanted) = match self.throughput {
            Throughput::OrdersPerSecond { .. } if self.level >= SCALE => (quantity, 1, 1),
            Throughput::OrdersPerSecond { .. } => (Coin::ZERO, 0, 1),
            Throughput::UsdPerSecond { burst, .. } => {
                let ready = Cash(self.level / SCALE);
                if ready >= notional_usd {
                    (quantity, notional_usd.0, 0)
                } else {
                    let part = quantity.0 as i128 * ready.0 / notional_usd.0;
                    let part = Coin(part as i64 / lot.0 * lot.0);
                    let worth = Rounding::Up.divide(notional_usd.0 * part.0 as i128, quantity.0 as i128);
                    (part, worth, (notional_usd.0 - worth).min(burst.0))
                }
            }
        };
        self.level -= cost * SCALE;
        let queued = quantity - sent;
        let next_at = if queued == Coin::ZERO {
            at
        } else {
            self.holds_at(wanted)
        };
        Admission {
            sent,
            queued,
            next_at,
        }
    }

    fn fill(&mut self, at: Timestamp) {
        let (rate, burst) = self.throughput.tokens();
        let elapsed_us = (at.0 - self.filled_at.0).max(0) as i128;
        self.level = (self.level + rate * elapsed_us).min(burst * SCALE);
        self.filled_at = self.filled_at.max(at);
    }

    fn holds_at(&self, tokens: i128) -> Timestamp {
        let (rate, _) = self.throughput.tokens();
        let missing = (tokens * SCALE - self.level).max(0);
        if rate == 0 && missing > 0 {
            return Timestamp(i64::MAX);
        }
        let wait_us = Rounding::Up.divide(missing, rate.max(1));
        Timestamp(self.filled_at.0 + wait_us as i64)
    }
}

impl Throughput {
    fn tokens(self) -> (i128, i128) {
        match self {
            Self::OrdersPerSecond { rate, burst } => (rate.into(), burst.into()),
            Self::UsdPerSecond { rate, burst } => (rate.0, burst.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(1_583_978_400).plus_seconds(seconds)
    }

    #[test]
    fn orders_wait_for_their_turn() {
        let limit = Throughput::OrdersPerSecond { rate: 4, burst: 2 };
        let mut bucket = TokenBucket::new(limit, at(0.0));
        let mut ask = |second| bucket.admit(at(second), Coin(5), Cash(7), Coin(1));
        let (sent, queued) = ((Coin(5), Coin(0)), (Coin(0), Coin(5)));
        for (second, (now, later), next) in [
            (0.0, sent, 0.0),
            (0.0, sent, 0.0),
            (0.0, queued, 0.25),
            (0.1, queued, 0.25),
            (0.25, sent, 0.25),
            (10.0, sent, 10.0),
            (10.0, sent, 10.0),
            (10.0, queued, 10.25),
        ] {
            let expected = Admission {
                sent: now,
                queued: later,
                next_at: at(next),
            };
            assert_eq!(ask(second), expected, "{second}");
        }
        let mut dead = TokenBucket::new(Throughput::OrdersPerSecond { rate: 0, burst: 0 }, at(0.0));
        assert_eq!(
            dead.admit(at(1.0), Coin(5), Cash(7), Coin(1)).next_at,
            Timestamp(i64::MAX)
        );
    }

    proptest! {
        /// Never more than the burst and the rate times the time; everything is sent in the end, at the
        /// instants that were named.
        #[test]
        fn what_is_queued_is_sent_later_and_never_faster(
            quantity in 1..=1_000_000_000_000_i64,
            price in 1..=10_000_000_000_i64,
            lot in 1..=1_000_i64,
            rate in 1_000_000..=100_000_000_000_000_i128,
            burst in 1..=100_i128,
        ) {
            let value = |quantity: Coin| Rounding::Up.divide(quantity.0 as i128 * price as i128, 100_000_000);
            // A bucket that holds a lot, and is emptied fewer than ten thousand times.
            let burst = burst * value(Coin(lot)).max(value(Coin(quantity)) / 1_000) + 1;
            let limit = Throughput::UsdPerSecond { rate: Cash(rate), burst: Cash(burst) };
            let mut bucket = TokenBucket::new(limit, at(0.0));
            let (mut left, mut now, mut sent, mut rounds) = (Coin(quantity), at(0.0), 0, 0);
            while left > Coin::ZERO {
                let got = bucket.admit(now, left, Cash(value(left)), Coin(lot));
                prop_assert_eq!(got.sent + got.queued, left);
                prop_assert!(got.next_at >= now);
                sent += value(got.sent);
                let most = burst + Rounding::Up.divide(rate * (now.0 - at(0.0).0) as i128, SCALE);
                rounds += 1;
                prop_assert!(sent <= most + rounds as i128);
                prop_assert!(rounds < 10_000);
                (left, now) = (got.queued, got.next_at);
            }
        }
    }
}
