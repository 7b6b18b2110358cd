//! Where every dollar is: a double entry over both sides' margin and entry value, the reserves and the world.

use aftershock_market::{Cash, Side};

/// Money of a venue set. Every change has a counter-entry, so that [`Ledger::residual`] is always zero.
///
/// The unrealised results of longs and shorts cancel at any mark because long open interest equals short open
/// interest; what remains of total equity is `margin - entry value of longs + entry value of shorts`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    margin: [Cash; 2],
    entry_value: [Cash; 2],
    insurance: Vec<Cash>,
    bad_debt: Vec<Cash>,
    socialised: Cash,
    outside: Cash,
}

/// How the closing of a position was settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Returned to the holder.
    pub payout: Cash,
    /// Loss beyond the margin; zero where there is a payout.
    pub deficit: Cash,
}

impl Ledger {
    /// A ledger with one insurance fund a pool, paid in from outside.
    pub fn new(insurance: Vec<Cash>) -> Self {
        let paid_in: Cash = insurance.iter().copied().sum();
        Self {
            margin: [Cash::ZERO; 2],
            entry_value: [Cash::ZERO; 2],
            bad_debt: vec![Cash::ZERO; insurance.len()],
            insurance,
            socialised: Cash::ZERO,
            outside: -paid_in,
        }
    }

    /// Books a position that existed before the ledger did: its margin and the result it carries come from outside.
    pub fn endow(&mut self, side: Side, margin: Cash, entry_value: Cash) {
        self.margin[side.index()] += margin;
        self.entry_value[side.index()] += entry_value;
        self.outside -= margin;
        match side {
            Side::Long => self.outside += entry_value,
            Side::Short => self.outside -= entry_value,
        }
    }

    /// Books a position opened now against another that closes or opens at the same value.
    pub fn open(&mut self, side: Side, margin: Cash, entry_value: Cash) {
        self.margin[side.index()] += margin;
        self.entry_value[side.index()] += entry_value;
        self.outside -= margin;
    }

    /// Closes a position (or part of one) at `exit_value`; a payout leaves for the holder, a deficit is returned
    /// for [`Ledger::cover`] and must be covered before [`Ledger::residual`] is asked.
    pub fn close(&mut self, side: Side, margin: Cash, entry_value: Cash, exit_value: Cash) -> Settlement {
        self.margin[side.index()] -= margin;
        self.entry_value[side.index()] -= entry_value;
        let result = match side {
            Side::Long => exit_value - entry_value,
            Side::Short => entry_value - exit_value,
        };
        let equity = margin + result;
        if equity >= Cash::ZERO {
            self.outside += equity;
            Settlement {
                payout: equity,
                deficit: Cash::ZERO,
            }
        } else {
            Settlement {
                payout: Cash::ZERO,
                deficit: -equity,
            }
        }
    }

    /// Covers part of `deficit` of `pool` with `(fund, amount)` draws; the rest becomes the pool's bad debt.
    ///
    /// # Panics
    /// Where a fund is overdrawn or more is drawn than is owed: the waterfall has checked both before.
    pub fn cover(&mut self, pool: usize, deficit: Cash, draws: &[(usize, Cash)]) -> Cash {
        let mut left = deficit;
        for &(fund, amount) in draws {
            assert!(
                amount >= Cash::ZERO && amount <= self.insurance[fund],
                "a draw must lie within the fund"
            );
            self.insurance[fund] -= amount;
            left -= amount;
        }
        assert!(left >= Cash::ZERO, "draws must not exceed the deficit");
        self.bad_debt[pool] += left;
        left
    }

    /// Charges part of a deficit to winners, as a claim on them: what is left of it is for [`Ledger::cover`].
    pub fn socialise(&mut self, amount: Cash) {
        self.socialised += amount;
    }

    /// Claims on winners so far.
    pub fn socialised(&self) -> Cash {
        self.socialised
    }

    /// Takes what a holder pays in for a loss that his margin here did not cover.
    pub fn pay_in(&mut self, amount: Cash) {
        self.outside -= amount;
    }

    /// Gives those who made what a taker was charged beside the price: it leaves the venue.
    pub fn pay_out(&mut self, amount: Cash) {
        self.outside += amount;
    }

    /// Puts what the holder had paid for, and did not get back, into a reserve.
    pub fn feed(&mut self, pool: usize, amount: Cash) {
        self.insurance[pool] += amount;
        self.outside -= amount;
    }

    /// What is left of the insurance fund of each pool.
    pub fn insurance(&self) -> &[Cash] {
        &self.insurance
    }

    /// Uncovered shortfall of each pool so far.
    pub fn bad_debt(&self) -> &[Cash] {
        &self.bad_debt
    }

    /// Margin held for one side.
    pub fn margin(&self, side: Side) -> Cash {
        self.margin[side.index()]
    }

    /// Entry value of one side.
    pub fn entry_value(&self, side: Side) -> Cash {
        self.entry_value[side.index()]
    }

    /// What all accounts sum to: zero, or money was made or lost.
    pub fn residual(&self) -> Cash {
        let reserves: Cash = self.insurance.iter().copied().sum();
        let unpaid: Cash = self.bad_debt.iter().copied().sum();
        self.margin[0] + self.margin[1] - self.entry_value[0] + self.entry_value[1] + reserves
            - unpaid
            - self.socialised
            + self.outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(value: f64) -> Cash {
        Cash::from_f64(value)
    }

    /// One coin long at 100 with 10 margin against one short at 100 with 50, liquidated at 85 to a new long.
    #[test]
    fn a_deficit_goes_through_insurance_to_bad_debt() {
        let mut ledger = Ledger::new(vec![usd(3.0)]);
        ledger.endow(Side::Long, usd(10.0), usd(100.0));
        ledger.endow(Side::Short, usd(50.0), usd(100.0));
        assert_eq!(ledger.residual(), Cash::ZERO);
        let settled = ledger.close(Side::Long, usd(10.0), usd(100.0), usd(85.0));
        assert_eq!(
            settled,
            Settlement {
                payout: Cash::ZERO,
                deficit: usd(5.0)
            }
        );
        ledger.open(Side::Long, usd(20.0), usd(85.0));
        assert_eq!(ledger.insurance(), [usd(3.0)]);
        assert_eq!(ledger.residual(), usd(5.0), "what is owed and not yet covered");
        assert_eq!(ledger.cover(0, settled.deficit, &[(0, usd(3.0))]), usd(2.0));
        assert_eq!(ledger.insurance(), [Cash::ZERO]);
        assert_eq!(ledger.bad_debt(), [usd(2.0)]);
        assert_eq!(ledger.residual(), Cash::ZERO);
    }

    /// The same long, bought back by the short closing at 95: 5 to the long, 55 to the short.
    #[test]
    fn a_payout_leaves_the_ledger() {
        let mut ledger = Ledger::new(vec![Cash::ZERO]);
        ledger.endow(Side::Long, usd(10.0), usd(100.0));
        ledger.endow(Side::Short, usd(50.0), usd(100.0));
        assert_eq!(
            ledger.close(Side::Long, usd(10.0), usd(100.0), usd(95.0)).payout,
            usd(5.0)
        );
        assert_eq!(
            ledger.close(Side::Short, usd(50.0), usd(100.0), usd(95.0)).payout,
            usd(55.0)
        );
        assert_eq!(ledger.residual(), Cash::ZERO);
    }

    /// A side alone: what it carries came from outside, whichever side it is.
    #[test]
    fn an_endowed_position_is_balanced_by_the_world() {
        for side in Side::BOTH {
            let mut ledger = Ledger::new(vec![usd(3.0)]);
            ledger.endow(side, usd(10.0), usd(100.0));
            assert_eq!(ledger.margin(side), usd(10.0));
            assert_eq!(ledger.entry_value(side), usd(100.0));
            assert_eq!(ledger.residual(), Cash::ZERO, "{side:?}");
        }
    }

    /// The same loss of 15 on 10 of margin, of which the holder pays the 5 himself; another's fee of 4 goes to the fund.
    #[test]
    fn what_is_paid_in_and_what_the_fund_is_fed_come_from_outside() {
        let mut ledger = Ledger::new(vec![usd(1.0), usd(3.0)]);
        ledger.endow(Side::Long, usd(10.0), usd(100.0));
        ledger.endow(Side::Short, usd(50.0), usd(100.0));
        let settled = ledger.close(Side::Long, usd(10.0), usd(100.0), usd(85.0));
        ledger.open(Side::Long, usd(20.0), usd(85.0));
        ledger.pay_in(settled.deficit);
        assert_eq!(ledger.residual(), Cash::ZERO);
        ledger.feed(1, usd(4.0));
        assert_eq!(ledger.insurance(), [usd(1.0), usd(7.0)]);
        assert_eq!(ledger.residual(), Cash::ZERO);
        assert_eq!(ledger.margin(Side::Long), usd(20.0));
        assert_eq!(ledger.entry_value(Side::Long), usd(85.0));
    }
}
