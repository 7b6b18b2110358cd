//! The insurance fund: it gains where a liquidated position is closed better than its bankruptcy price, pays where it is
//! closed worse, and where it may not or cannot pay, winners are closed instead.
//!
//! A state machine without a clock: instants are passed in, amounts are exact. Its money is the settlement asset.

use std::collections::VecDeque;

use aftershock_market::{Cash, Coin, MICROS_PER_SECOND, Price, Side, Timestamp};

use super::contract::Contract;
use super::perpetual::Begins;
use super::rounding::Rounding;

/// What a fund wins by taking a position over at its bankruptcy price and closing it at a fill, settlement asset; a loss is
/// negative. Both values are rounded against the fund.
///
/// Source: Bybit help, "Insurance fund"; BitMEX, "Liquidation".
///
/// ```
/// use aftershock_market::{Cash, Coin, Price, Side};
/// use aftershock_protocol::venue::{contract::Contract, insurance::surplus};
/// let price = Price::from_f64;
/// let won = surplus(Contract::COIN, Side::Long, Coin::from_f64(1.0), price(6_950.0), price(6_980.0));
/// assert_eq!(won, Cash::from_f64(30.0));
/// ```
pub fn surplus(contract: Contract, side: Side, quantity: Coin, bankruptcy: Price, fill: Price) -> Cash {
    let taken_at = contract.opening_value(side, quantity, bankruptcy);
    contract.profit(side, taken_at, contract.closing_value(side, quantity, fill))
}

/// Who bears a loss beyond bankruptcy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Borne {
    /// The fund paid all of it, or won.
    ByFund,
    /// Winners: the fund does not pay, and the position is closed against them. Nothing was booked.
    ByWinners,
}

/// A fund's money, and what it was within the window that its rule looks at.
///
/// It pays a loss whole or leaves it whole to winners: sources do not say that a loss is ever split.
#[derive(Clone, Debug, PartialEq)]
pub struct InsuranceFund {
    begins: Begins,
    balance: Cash,
    paid: Cash,
    gained: Cash,
    /// Balances that no later one exceeds, in falling order, each with the instant at which it ceased; the present one
    /// has not.
    peaks: VecDeque<(Cash, Timestamp)>,
}

const NEVER: Timestamp = Timestamp(i64::MAX);

impl InsuranceFund {
    /// A fund of `balance`, zero or more, under a rule of when winners begin to be closed.
    pub fn new(balance: Cash, begins: Begins) -> Self {
        assert!(balance >= Cash::ZERO, "a fund starts without debt");
        Self {
            begins,
            balance,
            paid: Cash::ZERO,
            gained: Cash::ZERO,
            peaks: VecDeque::from([(balance, NEVER)]),
        }
    }

    /// What is in it.
    pub fn balance(&self) -> Cash {
        self.balance
    }

    /// All that it has paid for losses beyond bankruptcy.
    ///
    /// Source: the running deficit `D_t` of Chitra et al. on auto-deleveraging, as far as a fund bore it.
    pub fn paid(&self) -> Cash {
        self.paid
    }

    /// All that it has gained by closing better than bankruptcy, and by fees.
    pub fn gained(&self) -> Cash {
        self.gained
    }

    /// Money from elsewhere, zero or more: a liquidation fee, a top-up by the venue.
    pub fn receive(&mut self, at: Timestamp, amount: Cash) {
        assert!(amount >= Cash::ZERO, "money received is unsigned");
        self.gained += amount;
        self.book(at, self.balance + amount);
    }

    /// Books the result of one closed position ([`surplus`]) at `at`, no earlier than the last.
    ///
    /// A loss that winners bear books nothing: the venue closes against them instead of filling at a worse price.
    pub fn settle(&mut self, at: Timestamp, won: Cash) -> Borne {
        if won >= Cash::ZERO {
            self.receive(at, won);
            return Borne::ByFund;
        }
        if self.spares_itself(at, -won) {
            return Borne::ByWinners;
        }
        self.paid += -won;
        self.book(at, self.balance + won);
        Borne::ByFund
    }

    /// Whether at `at` winners are closed rather than the fund pay `loss`, which is above zero.
    pub fn spares_itself(&mut self, at: Timestamp, loss: Cash) -> bool {
        match self.begins {
            Begins::FundEmpty => loss > self.balance,
            Begins::FundDrawnDown { share, window_s } => {
                let peak = self.peak(at, window_s);
                let fallen = peak - self.balance;
                let limit = Rounding::Up.part_of(peak, share);
                loss > self.balance || (fallen > Cash::ZERO && fallen >= limit)
            }
            Begins::AccountNegative => true,
        }
    }

    /// The most that was in it within `window_s` before `at`.
    fn peak(&mut self, at: Timestamp, window_s: f64) -> Cash {
        let from = Timestamp(at.0 - (window_s * MICROS_PER_SECOND as f64).round() as i64);
        while self
            .peaks
            .front()
            .is_some_and(|(_, ceased_at)| *ceased_at <= from)
        {
            self.peaks.pop_front();
        }
        self.peaks.front().map_or(self.balance, |(balance, _)| *balance)
    }

    fn book(&mut self, at: Timestamp, balance: Cash) {
        self.balance = balance;
        if !matches!(self.begins, Begins::FundDrawnDown { .. }) {
            return;
        }
        if let Some(present) = self.peaks.back_mut() {
            present.1 = at;
        }
        while self.peaks.back().is_some_and(|(before, _)| *before <= balance) {
            self.peaks.pop_back();
        }
        self.peaks.push_back((balance, NEVER));
    }
}

#[cfg(test)]
#[path = "insurance_tests.rs"]
mod tests;
