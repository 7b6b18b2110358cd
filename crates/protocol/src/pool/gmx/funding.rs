//! Funding: one side pays the other by the second, at a rate that the imbalance sets or, where it is adaptive, moves.

use aftershock_market::{Cash, Coin, Side};

use super::OpenInterest;
use crate::venue::funding::Split;
use crate::venue::rounding::Rounding;

/// How a market's funding rate is set. Rates are fractions a second.
///
/// Source: gmx-io/gmx-synthetics, `contracts/market/MarketUtils.sol`, `getNextFundingFactorPerSecond`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FundingTerms {
    /// Rate of an imbalance that is all of open interest, where the rate is not adaptive.
    pub factor: f64,
    /// Exponent of the imbalance.
    pub exponent: f64,
    /// What the rate moves by in a second at an imbalance of all; zero: the rate is not adaptive.
    pub increase_a_second: f64,
    /// What it shrinks by in a second.
    pub decrease_a_second: f64,
    /// Above this imbalance the rate grows.
    pub stable_threshold: f64,
    /// Below this one it shrinks.
    pub decrease_threshold: f64,
    /// Smallest rate that is paid where the rate is adaptive.
    pub min_rate: f64,
    /// Largest rate.
    pub max_rate: f64,
}

/// The adaptive rate as it was saved last, a second: positive where longs pay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FundingState {
    /// The rate.
    pub rate: f64,
}

/// The least that the contracts can keep of a rate. One that has shrunk to nothing keeps its sign by it.
const LEAST: f64 = 1e-30;

impl FundingTerms {
    /// The imbalance as the rate sees it: its power over open interest. Zero where nothing is open.
    ///
    /// The power is taken before the division; some descriptions take it after, which is the same only for an exponent
    /// of one.
    pub fn skew(&self, open: OpenInterest) -> f64 {
        if open.total() <= Cash::ZERO {
            return 0.0;
        }
        libm::pow(open.imbalance().to_f64(), self.exponent) / open.total().to_f64()
    }

    /// The rate over the next `seconds`, positive where longs pay; the adaptive state moves with it.
    ///
    /// It is charged on the larger side's open interest, whichever side pays (see [`Payment::over`]).
    pub fn rate(&self, state: &mut FundingState, open: OpenInterest, seconds: f64) -> f64 {
        let skew = self.skew(open);
        if self.increase_a_second == 0.0 {
            let rate = (skew * self.factor).min(self.max_rate);
            return if open.long > open.short { rate } else { -rate };
        }
        let moved = self.moved(state.rate, open, skew, seconds);
        state.rate = held(moved, 0.0, self.max_rate);
        held(state.rate, self.min_rate, self.max_rate)
    }

    fn moved(&self, rate: f64, open: OpenInterest, skew: f64, seconds: f64) -> f64 {
        let same_way = (rate > 0.0 && open.long > open.short) || (rate < 0.0 && open.short > open.long);
        if !same_way || skew > self.stable_threshold {
            let step = skew * self.increase_a_second * seconds;
            return if open.long < open.short {
                rate - step
            } else {
                rate + step
            };
        }
        if skew < self.decrease_threshold {
            let left = rate.abs() - self.decrease_a_second * seconds;
            return left.max(LEAST).copysign(rate);
        }
        rate
    }
}

/// The magnitude held within bounds, the sign kept; zero counts as positive.
fn held(rate: f64, low: f64, high: f64) -> f64 {
    let magnitude = rate.abs().max(low).min(high);
    if rate < 0.0 { -magnitude } else { magnitude }
}

/// What one side pays the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who pays.
    pub from: Side,
    /// How much in all, USD.
    pub amount: Cash,
}

impl Payment {
    /// At `rate` for `seconds`, rounded down; nothing where a side is empty. Rate times seconds stays below one.
    pub fn over(rate: f64, open: OpenInterest, seconds: f64) -> Self {
        let from = if rate > 0.0 { Side::Long } else { Side::Short };
        let empty = open.long <= Cash::ZERO || open.short <= Cash::ZERO;
        let amount = if empty {
            Cash::ZERO
        } else {
            Rounding::Down.part_of(open.larger(), rate.abs() * seconds)
        };
        Self { from, amount }
    }

    /// The payment over holders of `side`, by their open interest in dollars; the parts of either side add up to it.
    ///
    /// # Panics
    /// On open interest of 92 billion dollars and more, or none.
    pub fn among(&self, open: OpenInterest, side: Side) -> Split {
        let whole = i64::try_from(open.of(side).0).unwrap_or(-1);
        let signed = if side == self.from {
            -self.amount
        } else {
            self.amount
        };
        Split::new(signed, Coin(whole))
    }
}

#[cfg(test)]
#[path = "funding_tests.rs"]
mod tests;
