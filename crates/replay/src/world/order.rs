//! What is under way, and what happens when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use aftershock_market::{Coin, Side};
use aftershock_protocol::Closed;

use super::journal::Cause;
use crate::response::keeper::Auction;

/// Who is behind an order.
#[derive(Clone, Debug)]
pub(crate) enum Behind {
    /// Positions that were taken out of the levels.
    Cohort(Vec<Closed>),
    /// A position of an account.
    Account { account: usize, holding: usize },
    /// Collateral of an account, sold on the asset's reference market.
    Collateral { account: usize },
}

impl Behind {
    /// Takes so many contracts off: those of the cohort in their order, the first to break first.
    pub(crate) fn split(&mut self, quantity: Coin) -> Self {
        let Self::Cohort(closed) = self else {
            return self.clone();
        };
        let mut left = quantity;
        let mut whole = 0;
        let mut part = None;
        for one in closed.iter_mut() {
            if one.position.quantity > left {
                if left > Coin::ZERO {
                    part = Some(one.take(left));
                }
                break;
            }
            left -= one.position.quantity;
            whole += 1;
        }
        let mut taken: Vec<Closed> = closed.drain(..whole).collect();
        taken.extend(part);
        Self::Cohort(taken)
    }

    /// Contracts that wait outside the levels until the sale has shown what margin they keep.
    pub(crate) fn waiting(&self) -> Coin {
        let Self::Cohort(closed) = self else {
            return Coin::ZERO;
        };
        let rests = closed.iter().filter_map(|one| one.rest);
        rests.map(|rest| rest.quantity).sum()
    }
}

/// An order on its way to the book.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u32,
    pub(crate) parent: Option<u32>,
    pub(crate) generation: u32,
    pub(crate) cause: Cause,
    pub(crate) market: usize,
    /// Side in the frame that is closed.
    pub(crate) side: Side,
    pub(crate) quantity: Coin,
    pub(crate) triggered_at: i64,
    pub(crate) log_trigger: f64,
    /// What it is worth at the trigger, USD: the backlog while it is under way.
    pub(crate) notional_usd: f64,
    pub(crate) behind: Behind,
    /// Absent where it goes to the book.
    pub(crate) auction: Option<Auction>,
}

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// Trading resumes in a market. Comes before orders of the same instant.
    Reopen(usize),
    /// A price has stood at an edge for as long as it may.
    Limit(usize),
    /// An order meets the book.
    Order(usize),
    /// Cash arrives at an account, in units of the settlement asset.
    Transfer { account: usize, amount: i64 },
    /// Arbitrageurs and carry traders look at all markets.
    Traders,
    /// A premium is sampled.
    Sample(usize),
    /// A market's index and mark are made anew.
    Mark(usize),
    /// Funding is paid.
    Pay(usize),
    /// Rules decide.
    Decide,
    /// A row of the clock.
    Clock,
    /// A stepwise engine looks at an account or a market again.
    Recheck(usize),
}

/// The queue of what is to happen, by instant, then by kind, then in the order in which it was put in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<(i64, What, u64)>>,
    count: u64,
    /// The next instant; the far future where there is none.
    pub(crate) next: i64,
}

impl Agenda {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            count: 0,
            next: i64::MAX,
        }
    }

    pub(crate) fn put(&mut self, at: i64, what: What) {
        self.heap.push(Reverse((at, what, self.count)));
        self.count += 1;
        self.next = self.next.min(at);
    }

    /// What comes next, if it comes before or at `until`.
    pub(crate) fn take(&mut self, until: i64) -> Option<(i64, What)> {
        if self.next > until {
            return None;
        }
        let Reverse((at, what, _)) = self.heap.pop()?;
        self.next = self.heap.peek().map_or(i64::MAX, |next| next.0.0);
        Some((at, what))
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Cash;
    use aftershock_protocol::{Position, Slot};

    use super::*;

    #[test]
    fn a_cohort_goes_in_pieces_and_nothing_is_lost() {
        let closed = |quantity: i64| Closed {
            slot: Slot {
                tier: 0,
                linked: false,
            },
            position: Position {
                key: 1.0,
                quantity: Coin(quantity),
                entry_value: Cash(i128::from(quantity) * 7),
                margin: Cash(i128::from(quantity)),
            },
            rest: None,
        };
        let mut rest = Behind::Cohort(vec![closed(5), closed(3), closed(4)]);
        let quantities: Vec<Vec<(i64, i128)>> = [6, 2, 4]
            .into_iter()
            .map(|quantity| match rest.split(Coin(quantity)) {
                Behind::Cohort(part) => part
                    .iter()
                    .map(|one| (one.position.quantity.0, one.position.entry_value.0))
                    .collect(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(quantities, [vec![(5, 35), (1, 7)], vec![(2, 14)], vec![(4, 28)]]);
        assert!(matches!(rest, Behind::Cohort(left) if left.is_empty()));
    }

    #[test]
    fn instants_then_kinds_then_turns() {
        let mut agenda = Agenda::new();
        agenda.put(5, What::Order(1));
        agenda.put(5, What::Order(0));
        agenda.put(5, What::Reopen(3));
        agenda.put(4, What::Clock);
        assert_eq!(agenda.take(3), None);
        let all: Vec<_> = std::iter::from_fn(|| agenda.take(9)).collect();
        assert_eq!(
            all,
            [
                (4, What::Clock),
                (5, What::Reopen(3)),
                (5, What::Order(0)),
                (5, What::Order(1))
            ]
        );
        assert_eq!(agenda.next, i64::MAX);
    }
}
