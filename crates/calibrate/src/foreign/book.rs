//! A limit order book: price levels with queues, met in the order of price and then of time.

use std::collections::VecDeque;

/// Nobody in particular.
pub(super) const NOBODY: u32 = u32::MAX;

/// An order that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resting {
    id: u64,
    owner: u32,
    lots: u64,
}

/// A trade as its maker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) owner: u32,
    pub(super) level: usize,
    pub(super) lots: u64,
    /// Whether the taker bought.
    pub(super) buys: bool,
}

/// The book. A level holds bids or asks, never both.
#[derive(Clone, Debug)]
pub(super) struct Book {
    levels: Vec<VecDeque<Resting>>,
    lots: Vec<u64>,
    /// One past the highest level with bids; 0 where there is none.
    bids_end: usize,
    /// Lowest level with asks; the number of levels where there is none.
    asks_start: usize,
    next_id: u64,
}

impl Book {
    pub(super) fn new(levels: usize) -> Self {
        Self {
            levels: vec![VecDeque::new(); levels],
            lots: vec![0; levels],
            bids_end: 0,
            asks_start: levels,
            next_id: 0,
        }
    }

    /// Number of levels.
    pub(super) fn len(&self) -> usize {
        self.levels.len()
    }

    pub(super) fn best_bid(&self) -> Option<usize> {
        self.bids_end.checked_sub(1)
    }

    pub(super) fn best_ask(&self) -> Option<usize> {
        (self.asks_start < self.levels.len()).then_some(self.asks_start)
    }

    /// Middle of the best levels, in levels; none where a side is empty.
    pub(super) fn mid(&self) -> Option<f64> {
        let (bid, ask) = (self.best_bid()?, self.best_ask()?);
        Some(0.5 * (bid + ask) as f64)
    }

    /// Lots of bids from a level up, or of asks up to it.
    pub(super) fn up_to(&self, bids: bool, level: usize) -> u64 {
        if bids {
            self.lots[level.min(self.bids_end)..self.bids_end].iter().sum()
        } else {
            let end = (level + 1).min(self.levels.len());
            self.lots[self.asks_start.min(end)..end].iter().sum()
        }
    }

    /// Takes up to `lots` from the other side, no further than `limit`; returns how many were met.
    pub(super) fn take(&mut self, buys: bool, lots: u64, limit: usize, met: &mut Vec<Met>) -> u64 {
        let mut left = lots;
        while left > 0 {
            let best = if buys { self.best_ask() } else { self.best_bid() };
            let Some(level) = best.filter(|level| if buys { *level <= limit } else { *level >= limit })
            else {
                break;
            };
            let Some(first) = self.levels[level].front_mut() else {
                break;
            };
            let part = left.min(first.lots);
            met.push(Met {
                owner: first.owner,
                level,
                lots: part,
                buys,
            });
            first.lots -= part;
            left -= part;
            self.lots[level] -= part;
            if first.lots == 0 {
                self.levels[level].pop_front();
            }
            self.settle();
        }
        lots - left
    }

    /// Takes what stands against it and rests the rest; its id, where some rests.
    pub(super) fn limit(
        &mut self,
        buys: bool,
        level: usize,
        lots: u64,
        owner: u32,
        met: &mut Vec<Met>,
    ) -> Option<u64> {
        let rest = lots - self.take(buys, lots, level, met);
        if rest == 0 {
            return None;
        }
        let id = self.next_id;
        self.next_id += 1;
        self.levels[level].push_back(Resting {
            id,
            owner,
            lots: rest,
        });
        self.lots[level] += rest;
        if buys {
            self.bids_end = self.bids_end.max(level + 1);
        } else {
            self.asks_start = self.asks_start.min(level);
        }
        Some(id)
    }

    /// Takes an order back; the lots that still rested.
    pub(super) fn cancel(&mut self, level: usize, id: u64) -> u64 {
        let Some(place) = self.levels[level].iter().position(|one| one.id == id) else {
            return 0;
        };
        let lots = self.levels[level].remove(place).map_or(0, |one| one.lots);
        self.lots[level] -= lots;
        self.settle();
        lots
    }

    /// Moves the best levels past empty ones.
    fn settle(&mut self) {
        while self.bids_end > 0 && self.lots[self.bids_end - 1] == 0 {
            self.bids_end -= 1;
        }
        while self.asks_start < self.levels.len() && self.lots[self.asks_start] == 0 {
            self.asks_start += 1;
        }
    }

    #[cfg(test)]
    pub(super) fn resting(&self) -> (u64, u64) {
        (self.up_to(true, 0), self.up_to(false, self.levels.len()))
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::synth::stream::stream;

    /// By hand: 5 at 11 and 7 at 12 are offered; who buys 8 takes 5 and 3, the older first.
    #[test]
    fn orders_are_met_by_price_and_then_by_time() {
        let (mut book, mut met) = (Book::new(20), Vec::new());
        for (level, lots, owner) in [(12, 4, 1), (11, 5, 2), (12, 3, 3)] {
            book.limit(false, level, lots, owner, &mut met);
        }
        book.limit(true, 9, 2, 4, &mut met);
        assert_eq!(book.mid(), Some(10.0));
        assert_eq!(book.take(true, 10, 19, &mut met), 10);
        let told: Vec<(u32, usize, u64)> = met.iter().map(|one| (one.owner, one.level, one.lots)).collect();
        assert_eq!(told, [(2, 11, 5), (1, 12, 4), (3, 12, 1)]);
        assert_eq!(book.limit(true, 12, 5, 5, &mut met), Some(4));
        assert_eq!(
            (book.best_bid(), book.best_ask(), book.up_to(true, 10)),
            (Some(12), None, 3)
        );
    }

    /// What was placed is met, taken back or still there, to the lot, and the book never crosses.
    #[test]
    fn lots_are_conserved() {
        let mut rng = stream(5, "book");
        let mut book = Book::new(200);
        let (mut placed, mut sold_to, mut bought_from, mut taken, mut back) = (0, 0, 0, 0, 0);
        let mut live: Vec<(usize, u64)> = Vec::new();
        for _ in 0..50_000 {
            let buys = rng.random::<f64>() < 0.5;
            let lots = 1 + (rng.random::<f64>() * 50.0) as u64;
            let level = (rng.random::<f64>() * 200.0) as usize;
            let mut met = Vec::new();
            match (rng.random::<f64>() * 4.0) as u32 {
                0 => {
                    let end = if buys { 199 } else { 0 };
                    taken += book.take(buys, lots, end, &mut met);
                }
                1 if !live.is_empty() => {
                    let place = (rng.random::<f64>() * live.len() as f64) as usize;
                    let (level, id) = live.swap_remove(place);
                    back += book.cancel(level, id);
                }
                _ => {
                    placed += lots;
                    live.extend(book.limit(buys, level, lots, 0, &mut met).map(|id| (level, id)));
                    // What a limit order takes it does not place.
                    let at_once: u64 = met.iter().map(|one| one.lots).sum();
                    placed -= at_once;
                    taken += at_once;
                }
            }
            for one in met {
                *(if one.buys { &mut bought_from } else { &mut sold_to }) += one.lots;
            }
            if let (Some(bid), Some(ask)) = (book.best_bid(), book.best_ask()) {
                assert!(bid < ask);
            }
        }
        let (bids, asks) = book.resting();
        assert_eq!(taken, bought_from + sold_to);
        assert_eq!(placed, bids + asks + back + bought_from + sold_to);
        assert!(taken > 100_000 && back > 1_000, "{taken} {back}");
    }
}
