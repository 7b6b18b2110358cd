//! The Dutch auction of liquidations 2.0: a price that falls, and anybody may take any part of the lot at it.

use std::collections::BTreeMap;

use super::Refused;
use super::dog::Dog;
use super::price::Curve;
use crate::fixed::{self, U256, Unfit};

/// Terms of the auctions of one collateral type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipTerms {
    /// Price to start at over the oracle's, ray.
    pub buf: U256,
    /// How it falls.
    pub curve: Curve,
    /// After this an auction takes nothing before a reset, s.
    pub tail_s: u64,
    /// Below this share of the price to start at neither, ray.
    pub cusp: U256,
    /// What starting or resetting pays, over the DAI to raise, wad.
    pub chip: U256,
    /// And flat, rad.
    pub tip: U256,
    /// Least that a partial take must leave to raise, rad, see [`Dog::chost`].
    pub chost: U256,
    /// The breaker: at 1 nothing starts, at 2 nothing is reset either, at 3 nothing is taken either.
    pub stopped: u8,
    /// The oracle's next price over its present one below which anybody may set the breaker to 2, ray.
    pub tolerance: U256,
}

impl ClipTerms {
    /// Whether anybody may set the breaker to 2, given the oracle's present price and the one it will have within
    /// the hour.
    ///
    /// Source: makerdao/clipper-mom, `src/ClipperMom.sol`, `tripBreaker`.
    pub fn may_stop(&self, present: U256, next: U256) -> Result<bool, Unfit> {
        Ok(self.stopped < 2 && next < fixed::rmul(present, self.tolerance)?)
    }
}

/// An auction that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// DAI to raise, rad.
    pub tab: U256,
    /// Collateral to sell, wad.
    pub lot: U256,
    /// When its price last started, block time.
    pub tic_at: u64,
    /// Where it started, ray.
    pub top: U256,
}

/// An auction started or reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its number.
    pub id: u64,
    /// Its price, ray.
    pub top: U256,
    /// What the caller is paid, rad.
    pub incentive: U256,
}

/// A part of a lot taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Price, ray.
    pub price: U256,
    /// DAI paid, rad.
    pub paid: U256,
    /// Collateral bought, wad.
    pub bought: U256,
    /// Collateral that goes back to the vault's owner, wad.
    pub returned: U256,
    /// DAI that will not be raised any more, rad: the lot is sold and the protocol bears it.
    pub short: U256,
}

/// Auctions of one collateral type.
///
/// Source: makerdao/dss, `src/clip.sol` @3f30552a.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Terms; those of running auctions change with them, their `top` does not.
    pub terms: ClipTerms,
    sales: BTreeMap<u64, Sale>,
    kicks: u64,
}

impl Clip {
    /// No auction.
    pub fn new(terms: ClipTerms) -> Self {
        Self {
            terms,
            sales: BTreeMap::new(),
            kicks: 0,
        }
    }

    /// An auction that runs.
    pub fn get(&self, id: u64) -> Option<&Sale> {
        self.sales.get(&id)
    }

    /// Starts an auction at `buf` times the oracle's price `feed`, ray of DAI.
    ///
    /// # Errors
    /// Stopped, nothing to raise or to sell, a price of zero.
    pub fn kick(&mut self, tab: U256, lot: U256, feed: U256, now: u64) -> Result<Started, Refused> {
        self.running(1)?;
        if tab.is_zero() || lot.is_zero() {
            return Err(Refused::Nothing);
        }
        let top = self.top(feed)?;
        let incentive = self.incentive(tab)?;
        self.kicks += 1;
        let sale = Sale {
            tab,
            lot,
            tic_at: now,
            top,
        };
        self.sales.insert(self.kicks, sale);
        Ok(Started {
            id: self.kicks,
            top,
            incentive,
        })
    }

    /// Starts the price of an auction again; paid only where debt and lot are worth a vault's least debt.
    ///
    /// # Errors
    /// Stopped, no such auction, it needs no reset, a price of zero.
    pub fn redo(&mut self, id: u64, feed: U256, now: u64) -> Result<Started, Refused> {
        self.running(2)?;
        let mut sale = *self.sales.get(&id).ok_or(Refused::NotRunning)?;
        if !self.status(&sale, now)?.0 {
            return Err(Refused::CannotReset);
        }
        (sale.tic_at, sale.top) = (now, self.top(feed)?);
        let worth = fixed::mul(sale.lot, feed)?;
        let paid = sale.tab >= self.terms.chost && worth >= self.terms.chost;
        let incentive = if paid {
            self.incentive(sale.tab)?
        } else {
            U256::ZERO
        };
        self.sales.insert(id, sale);
        Ok(Started {
            id,
            top: sale.top,
            incentive,
        })
    }

    /// Takes up to `most` of a lot at the price of now, at most `highest`, and takes what is raised off the limits.
    ///
    /// No more is paid than is to be raised. A part that would leave less than `chost` to raise is cut so that it
    /// leaves just that.
    ///
    /// # Errors
    /// Stopped, no such auction, it needs a reset, too expensive, or less than the whole lot where no more than
    /// `chost` is to be raised.
    pub fn take(
        &mut self,
        dog: &mut Dog,
        id: u64,
        most: U256,
        highest: U256,
        now: u64,
    ) -> Result<Taken, Refused> {
        self.running(3)?;
        let sale = *self.sales.get(&id).ok_or(Refused::NotRunning)?;
        let (done, price) = self.status(&sale, now)?;
        if done {
            return Err(Refused::NeedsReset);
        }
        if price > highest {
            return Err(Refused::TooExpensive);
        }
        let mut bought = sale.lot.min(most);
        let mut paid = fixed::mul(bought, price)?;
        if paid > sale.tab {
            paid = sale.tab;
            bought = fixed::div(paid, price)?;
        } else if paid < sale.tab && bought < sale.lot && sale.tab - paid < self.terms.chost {
            if sale.tab <= self.terms.chost {
                return Err(Refused::NoPartialPurchase);
            }
            paid = sale.tab - self.terms.chost;
            bought = fixed::div(paid, price)?;
        }
        let (tab, lot) = (sale.tab - paid, sale.lot - bought);
        let mut taken = Taken {
            price,
            paid,
            bought,
            returned: U256::ZERO,
            short: U256::ZERO,
        };
        if lot.is_zero() {
            taken.short = tab;
        } else if tab.is_zero() {
            taken.returned = lot;
        }
        dog.digs(paid + taken.short)?;
        if lot.is_zero() || tab.is_zero() {
            self.sales.remove(&id);
        } else {
            self.sales.insert(id, Sale { tab, lot, ..sale });
        }
        Ok(taken)
    }

    /// Withdraws an auction and takes it off the limits; the lot is the caller's.
    ///
    /// # Errors
    /// No such auction.
    pub fn yank(&mut self, dog: &mut Dog, id: u64) -> Result<Sale, Refused> {
        let sale = self.sales.get(&id).ok_or(Refused::NotRunning)?;
        dog.digs(sale.tab)?;
        self.sales.remove(&id).ok_or(Refused::NotRunning)
    }

    /// Whether an auction needs a reset, and its price, ray.
    pub fn status(&self, sale: &Sale, now: u64) -> Result<(bool, U256), Unfit> {
        let elapsed_s = now.checked_sub(sale.tic_at).ok_or(Unfit::Negative)?;
        let price = self.terms.curve.price(sale.top, elapsed_s)?;
        let late = elapsed_s > self.terms.tail_s;
        Ok((late || fixed::rdiv(price, sale.top)? < self.terms.cusp, price))
    }

    fn top(&self, feed: U256) -> Result<U256, Refused> {
        let top = fixed::rmul(feed, self.terms.buf)?;
        if top.is_zero() {
            return Err(Refused::ZeroPrice);
        }
        Ok(top)
    }

    fn incentive(&self, tab: U256) -> Result<U256, Unfit> {
        fixed::add(self.terms.tip, fixed::wmul(tab, self.terms.chip)?)
    }

    fn running(&self, needed: u8) -> Result<(), Refused> {
        let level = self.terms.stopped;
        if level < needed {
            return Ok(());
        }
        Err(Refused::Stopped { level, needed })
    }
}

#[cfg(test)]
#[path = "clip_tests.rs"]
mod tests;
