//! The English auction of liquidations 1.x: DAI bid for a lot, up to the debt; then the debt for less and less of it.

use std::collections::BTreeMap;

use super::Refused;
use crate::fixed::{self, U256, WAD};

/// Terms of an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlipTerms {
    /// Least next bid over the last, wad (1.05 for 5 %).
    pub beg: U256,
    /// A bid that nobody raises wins after this, s.
    pub ttl_s: u64,
    /// An auction ends after this at the latest, s.
    pub tau_s: u64,
}

/// An auction that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bid {
    /// DAI bid, rad.
    pub bid: U256,
    /// Collateral for it, wad.
    pub lot: U256,
    /// Who bid, by the caller's numbers; nobody at first.
    pub bidder: Option<u64>,
    /// When the bid wins, block time; 0 where there is none.
    pub tic_at: u64,
    /// When the auction ends, block time.
    pub end_at: u64,
    /// DAI to raise, rad.
    pub tab: U256,
}

/// What a bid moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Who is given the last bid back; nobody where it was the first.
    pub outbid: Option<u64>,
    /// That bid, rad, which the new bidder pays.
    pub refund: U256,
    /// What the new bidder pays the protocol on top, rad.
    pub raised: U256,
    /// Collateral that goes back to the vault's owner, wad.
    pub returned: U256,
}

/// Auctions of one collateral type.
///
/// Source: makerdao/dss, `src/flip.sol` @03c6df6f and @c103b307; the later one lets a bidder raise his own bid without
/// paying it twice, which is the same movement of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// Terms; those of a running auction change with them, its `end_at` does not.
    pub terms: FlipTerms,
    auctions: BTreeMap<u64, Bid>,
    kicks: u64,
}

impl Flip {
    /// No auction.
    pub fn new(terms: FlipTerms) -> Self {
        Self {
            terms,
            auctions: BTreeMap::new(),
            kicks: 0,
        }
    }

    /// An auction that runs.
    pub fn get(&self, id: u64) -> Option<&Bid> {
        self.auctions.get(&id)
    }

    /// Starts an auction at a bid of nothing; its number.
    pub fn kick(&mut self, tab: U256, lot: U256, now: u64) -> u64 {
        self.kicks += 1;
        let bid = Bid {
            bid: U256::ZERO,
            lot,
            bidder: None,
            tic_at: 0,
            end_at: now + self.terms.tau_s,
            tab,
        };
        self.auctions.insert(self.kicks, bid);
        self.kicks
    }

    /// Starts an auction again that ended without a bid.
    ///
    /// # Errors
    /// It has not ended, or has a bid.
    pub fn tick(&mut self, id: u64, now: u64) -> Result<(), Refused> {
        let tau_s = self.terms.tau_s;
        let one = self.auctions.get_mut(&id).ok_or(Refused::NotRunning)?;
        if one.end_at >= now {
            return Err(Refused::NotFinished);
        }
        if one.tic_at != 0 {
            return Err(Refused::HasBid);
        }
        one.end_at = now + tau_s;
        Ok(())
    }

    /// First phase: more DAI for the whole lot, at most the debt.
    ///
    /// # Errors
    /// Expired, not for the whole lot, above the debt, or not enough above the last bid (the debt itself always is).
    pub fn tend(&mut self, id: u64, bidder: u64, lot: U256, bid: U256, now: u64) -> Result<Moved, Refused> {
        let terms = self.terms;
        let one = self.open(id, now)?;
        if lot != one.lot {
            return Err(Refused::NotMatching);
        }
        if bid > one.tab {
            return Err(Refused::AboveDebt);
        }
        let enough = fixed::mul(bid, WAD)? >= fixed::mul(terms.beg, one.bid)? || bid == one.tab;
        if bid <= one.bid || !enough {
            return Err(Refused::RaiseTooSmall);
        }
        let moved = Moved {
            outbid: one.bidder,
            refund: one.bid,
            raised: bid - one.bid,
            returned: U256::ZERO,
        };
        (one.bidder, one.bid, one.tic_at) = (Some(bidder), bid, now + terms.ttl_s);
        Ok(moved)
    }

    /// Second phase: the whole debt for less collateral; the rest goes back to the vault's owner.
    ///
    /// # Errors
    /// Expired, not for the debt, the debt not yet bid, or not enough less.
    pub fn dent(&mut self, id: u64, bidder: u64, lot: U256, bid: U256, now: u64) -> Result<Moved, Refused> {
        let terms = self.terms;
        let one = self.open(id, now)?;
        if bid != one.bid {
            return Err(Refused::NotMatching);
        }
        if bid != one.tab {
            return Err(Refused::DebtNotBid);
        }
        if lot >= one.lot || fixed::mul(terms.beg, lot)? > fixed::mul(one.lot, WAD)? {
            return Err(Refused::CutTooSmall);
        }
        let moved = Moved {
            outbid: one.bidder,
            refund: bid,
            raised: U256::ZERO,
            returned: one.lot - lot,
        };
        (one.bidder, one.lot, one.tic_at) = (Some(bidder), lot, now + terms.ttl_s);
        Ok(moved)
    }

    /// Ends an auction: the lot is the last bidder's. Its `tab` comes off the limit of [`super::cat::Cat::claw`].
    ///
    /// # Errors
    /// No bid, or neither the bid's nor the auction's time is over.
    pub fn deal(&mut self, id: u64, now: u64) -> Result<Bid, Refused> {
        let one = self.auctions.get(&id).ok_or(Refused::NotRunning)?;
        if one.tic_at == 0 || (one.tic_at >= now && one.end_at >= now) {
            return Err(Refused::NotFinished);
        }
        self.auctions.remove(&id).ok_or(Refused::NotRunning)
    }

    /// Withdraws an auction in its first phase: the bid is given back, the lot is the caller's.
    ///
    /// # Errors
    /// No such auction, or the debt is bid.
    pub fn yank(&mut self, id: u64) -> Result<Bid, Refused> {
        let one = self.auctions.get(&id).ok_or(Refused::NotRunning)?;
        if one.bid >= one.tab {
            return Err(Refused::DebtBid);
        }
        self.auctions.remove(&id).ok_or(Refused::NotRunning)
    }

    fn open(&mut self, id: u64, now: u64) -> Result<&mut Bid, Refused> {
        let one = self.auctions.get_mut(&id).ok_or(Refused::NotRunning)?;
        if (one.tic_at <= now && one.tic_at != 0) || one.end_at <= now {
            return Err(Refused::Finished);
        }
        Ok(one)
    }
}

#[cfg(test)]
#[path = "flip_tests.rs"]
mod tests;
