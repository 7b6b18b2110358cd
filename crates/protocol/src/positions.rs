//! Positions in order of their liquidation price.
//!
//! All positions of a [`Slot`] share a maintenance ratio, so their order by *effective bankruptcy price* never
//! changes while a rule moves that ratio, and a mark is compared with one number a side until it is crossed.

use aftershock_market::{Cash, Coin, Side};

use crate::sorted::Sorted;
use crate::{Cut, Left};

/// A position, or many alike that opened together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Effective bankruptcy price, USD: the liquidation price is `key / (1 - s · maintenance ratio)`.
    pub key: f64,
    /// Size.
    pub quantity: Coin,
    /// Value at which it was opened.
    pub entry_value: Cash,
    /// Margin posted.
    pub margin: Cash,
}

impl Position {
    /// Effective bankruptcy price of a position of which the share `exposure_ratio` is at risk:
    /// `(entry value - s (margin / exposure + amount)) / quantity`. Zero exposure is never liquidated.
    pub fn key(
        side: Side,
        quantity: Coin,
        entry_value: Cash,
        margin: Cash,
        maintenance_amount_usd: f64,
        exposure_ratio: f64,
    ) -> f64 {
        if exposure_ratio == 0.0 {
            return match side {
                Side::Long => 0.0,
                Side::Short => f64::INFINITY,
            };
        }
        let cushion = margin.to_f64() / exposure_ratio + maintenance_amount_usd;
        (entry_value.to_f64() - side.sign() * cushion) / quantity.to_f64()
    }

    /// Notional at entry over margin.
    pub fn leverage(&self) -> f64 {
        self.entry_value.to_f64() / self.margin.to_f64()
    }

    /// Takes `fraction` of the position off it, in exact parts: taken and left add up to the whole.
    fn split(&mut self, fraction: f64) -> Position {
        let taken = ((self.quantity.0 as f64 * fraction).ceil() as i64).clamp(1, self.quantity.0);
        self.take(Coin(taken))
    }

    /// Takes `quantity` of the position off it, in exact parts; all of it where it holds no more.
    pub fn take(&mut self, quantity: Coin) -> Position {
        let whole = *self;
        if quantity >= whole.quantity {
            *self = Position {
                quantity: Coin::ZERO,
                entry_value: Cash::ZERO,
                margin: Cash::ZERO,
                ..whole
            };
            return whole;
        }
        let entry_value = whole.entry_value.share_floor(quantity.0, whole.quantity.0);
        let margin = whole.margin.share_floor(quantity.0, whole.quantity.0);
        self.quantity -= quantity;
        self.entry_value -= entry_value;
        self.margin -= margin;
        Position {
            quantity,
            entry_value,
            margin,
            ..whole
        }
    }
}

/// Where positions share a maintenance ratio: a margin tier, and whether their holders own an offset elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Index of the bracket, from 0.
    pub tier: usize,
    /// Whether the holder owns an offsetting position at another venue.
    pub linked: bool,
}

impl Slot {
    fn index(self) -> usize {
        2 * self.tier + self.linked as usize
    }
}

/// A position taken out of the book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closed {
    /// Where it stood.
    pub slot: Slot,
    /// What was taken.
    pub position: Position,
    /// What is left of it and waits outside the book until its sale has shown what margin it keeps.
    pub rest: Option<Position>,
}

impl Closed {
    /// What waits for its margin.
    pub fn left(&self) -> Option<Left> {
        let position = self.rest?;
        let whole = (position.quantity + self.position.quantity).0 as f64;
        Some(Left {
            slot: self.slot,
            position,
            margin: position.margin,
            share: position.quantity.0 as f64 / whole,
        })
    }

    /// Takes so many of the contracts closed off it, with as large a part of what waits.
    pub fn take(&mut self, quantity: Coin) -> Self {
        let whole = self.position.quantity;
        let mut rest = self.rest;
        let part = rest.as_mut().map(|rest| {
            let waits = rest.quantity.share_floor(quantity.0.min(whole.0), whole.0);
            rest.take(waits)
        });
        let some = |one: Option<Position>| one.filter(|one| one.quantity > Coin::ZERO);
        let taken = Self {
            slot: self.slot,
            position: self.position.take(quantity),
            rest: some(part),
        };
        self.rest = some(rest);
        taken
    }
}

/// Broken positions of a side and bracket, summed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Broken {
    /// Contracts.
    pub quantity: Coin,
    /// Their value at the mark, settlement asset.
    pub value: f64,
    /// Margin and result at the mark.
    pub equity: f64,
    /// Value at the mark of those without an offset elsewhere.
    pub unlinked_value: f64,
    /// Maintenance amount in the keys of those.
    pub unlinked_amount: f64,
}

#[derive(Clone, Debug)]
struct Queue {
    slot: Slot,
    maintenance_ratio: f64,
    positions: Sorted,
    quantity: Coin,
}

/// All positions of a venue set.
#[derive(Clone, Debug)]
pub struct PositionBook {
    queues: [Vec<Queue>; 2],
    quantity: [Coin; 2],
    triggers: [f64; 2],
    funding: f64,
}

/// A position by its place, and how early it is deleveraged. Good until the book changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Higher comes first.
    pub score: f64,
    /// How much of it there is, or how much of it is to be taken.
    pub quantity: Coin,
    /// Where it stands.
    pub slot: Slot,
    /// Its place there.
    place: (usize, usize),
}

impl PositionBook {
    /// An empty book; `maintenance_ratios` has one entry a tier.
    pub fn new(maintenance_ratios: &[f64]) -> Self {
        let queues = || {
            let slots = (0..maintenance_ratios.len())
                .flat_map(|tier| [false, true].map(|linked| Slot { tier, linked }));
            slots
                .map(|slot| Queue {
                    slot,
                    maintenance_ratio: maintenance_ratios[slot.tier],
                    positions: Sorted::default(),
                    quantity: Coin::ZERO,
                })
                .collect()
        };
        Self {
            queues: [queues(), queues()],
            quantity: [Coin::ZERO; 2],
            triggers: [0.0, f64::INFINITY],
            funding: 0.0,
        }
    }

    /// Fills an empty book at once; positions of no quantity are dropped.
    pub fn fill(&mut self, positions: impl IntoIterator<Item = (Side, Slot, Position)>) {
        let mut unsorted = self
            .queues
            .each_ref()
            .map(|queues| vec![Vec::new(); queues.len()]);
        for (side, slot, position) in positions {
            if position.quantity > Coin::ZERO {
                let queue = &mut self.queues[side.index()][slot.index()];
                queue.quantity += position.quantity;
                self.quantity[side.index()] += position.quantity;
                unsorted[side.index()][slot.index()].push(position);
            }
        }
        for (side, unsorted) in Side::BOTH.into_iter().zip(unsorted) {
            for (queue, unsorted) in self.queues[side.index()].iter_mut().zip(unsorted) {
                // Sorting keys with their places moves a third of the bytes that sorting positions would.
                let mut order: Vec<(f64, u32)> = unsorted
                    .iter()
                    .zip(0..)
                    .map(|(held, place)| (-side.sign() * held.key, place))
                    .collect();
                order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let in_order: Vec<Position> =
                    order.iter().map(|(_, place)| unsorted[*place as usize]).collect();
                queue.positions = Sorted::new(&in_order);
            }
            self.refresh(side);
        }
    }

    /// Adds a position that opens now.
    pub fn insert(&mut self, side: Side, slot: Slot, position: Position) {
        if position.quantity == Coin::ZERO {
            return;
        }
        let queue = &mut self.queues[side.index()][slot.index()];
        let first = queue.positions.insert(side, position);
        queue.quantity += position.quantity;
        self.quantity[side.index()] += position.quantity;
        if first {
            self.refresh(side);
        }
    }

    /// Moves the maintenance ratio of a slot on both sides.
    pub fn set_maintenance(&mut self, slot: Slot, maintenance_ratio: f64) {
        for side in Side::BOTH {
            let queue = &mut self.queues[side.index()][slot.index()];
            if queue.maintenance_ratio != maintenance_ratio {
                queue.maintenance_ratio = maintenance_ratio;
                self.refresh(side);
            }
        }
    }

    /// Says that all keys and marks are prices less this much: funding so far, a contract. Maintenance margin is still
    /// charged on the price itself.
    pub fn set_funding(&mut self, funding: f64) {
        self.funding = funding;
        for side in Side::BOTH {
            self.refresh(side);
        }
    }

    /// All positions of a side, each with a score, the highest first; equal ones by slot and place.
    pub fn ranked(&self, side: Side, score: impl Fn(Slot, &Position) -> f64) -> Vec<Ranked> {
        let mut all: Vec<Ranked> = self.queues[side.index()]
            .iter()
            .flat_map(|queue| {
                queue.positions.places().map(|(place, held)| Ranked {
                    score: score(queue.slot, held),
                    quantity: held.quantity,
                    slot: queue.slot,
                    place,
                })
            })
            .collect();
        all.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then(a.slot.cmp(&b.slot))
                .then(a.place.cmp(&b.place))
        });
        all
    }

    /// All positions of a side, bracket by bracket, each with the mark that liquidates it as [`PositionBook::trigger`] tells it: less funding
    /// so far; none where no mark does.
    pub fn held(&self, side: Side) -> impl Iterator<Item = (Slot, &Position, Option<f64>)> {
        self.queues[side.index()].iter().flat_map(move |queue| {
            queue.positions.iter().map(move |held| {
                let trigger = queue.trigger(side, held, self.funding);
                (
                    queue.slot,
                    held,
                    Some(trigger).filter(|_| is_reached(side, trigger)),
                )
            })
        })
    }

    /// Takes these quantities off these positions.
    ///
    /// # Panics
    /// Where a place names no position.
    pub fn take_ranked(&mut self, side: Side, wanted: &[Ranked], taken: &mut Vec<Closed>) {
        for one in wanted {
            let queue = &mut self.queues[side.index()][one.slot.index()];
            let position = queue.positions.at_mut(one.place).take(one.quantity);
            queue.quantity -= position.quantity;
            self.quantity[side.index()] -= position.quantity;
            taken.push(Closed {
                slot: one.slot,
                position,
                rest: None,
            });
        }
        for queue in &mut self.queues[side.index()] {
            queue.positions.drop_empty();
        }
        self.refresh(side);
    }

    /// Open interest of one side. Both sides are equal after every batch.
    pub fn quantity(&self, side: Side) -> Coin {
        self.quantity[side.index()]
    }

    /// Number of positions held on one side.
    pub fn len(&self, side: Side) -> usize {
        self.queues[side.index()]
            .iter()
            .map(|queue| queue.positions.len())
            .sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        Side::BOTH.iter().all(|side| self.len(*side) == 0)
    }

    /// The mark at which the next position of `side` is liquidated: 0 (long) or infinity (short) where there is none.
    #[inline]
    pub fn trigger(&self, side: Side) -> f64 {
        self.triggers[side.index()]
    }

    /// Whether `mark_usd` liquidates anything of `side`.
    #[inline]
    pub fn triggered(&self, side: Side, mark_usd: f64) -> bool {
        match side {
            Side::Long => mark_usd <= self.triggers[0],
            Side::Short => mark_usd >= self.triggers[1],
        }
    }

    /// Quantity that `mark_usd` liquidates on `side`.
    pub fn triggered_quantity(&self, side: Side, mark_usd: f64) -> Coin {
        let mut sum = Coin::ZERO;
        for queue in &self.queues[side.index()] {
            let crossed = queue
                .positions
                .iter()
                .take_while(|held| mark_crosses(side, queue.trigger(side, held, self.funding), mark_usd));
            sum += crossed.map(|held| held.quantity).sum();
        }
        sum
    }

    /// Takes `fraction` of every position that `mark_usd` liquidates out of the book; what is left of each stays.
    pub fn take_triggered(&mut self, side: Side, mark_usd: f64, fraction: f64, taken: &mut Vec<Closed>) {
        assert!(
            fraction > 0.0 && fraction <= 1.0,
            "a liquidated fraction lies in (0, 1]"
        );
        for queue in &mut self.queues[side.index()] {
            let count = queue
                .positions
                .iter()
                .take_while(|held| mark_crosses(side, queue.trigger(side, held, self.funding), mark_usd))
                .count();
            let before = taken.len();
            let mut left = Vec::new();
            for _ in 0..count {
                let Some(mut held) = queue.positions.pop_front() else {
                    break;
                };
                taken.push(Closed {
                    slot: queue.slot,
                    position: held.split(fraction),
                    rest: None,
                });
                if held.quantity > Coin::ZERO {
                    left.push(held);
                }
            }
            for held in left.into_iter().rev() {
                queue.positions.push_front(held);
            }
            let gone: Coin = taken[before..]
                .iter()
                .map(|closed| closed.position.quantity)
                .sum();
            queue.quantity -= gone;
            self.quantity[side.index()] -= gone;
        }
        self.refresh(side);
    }

    /// Sums the positions of a bracket, from 0, that `mark_usd` liquidates on `side`.
    pub fn broken(&self, side: Side, mark_usd: f64, tier: usize) -> Broken {
        let mut sum = Broken::default();
        for queue in &self.queues[side.index()][2 * tier..2 * tier + 2] {
            for held in queue.positions.iter() {
                if !mark_crosses(side, queue.trigger(side, held, self.funding), mark_usd) {
                    break;
                }
                let (quantity, entry_value) = (held.quantity.to_f64(), held.entry_value.to_f64());
                let (value, margin) = (quantity * (mark_usd + self.funding), held.margin.to_f64());
                sum.quantity += held.quantity;
                sum.value += value;
                sum.equity += margin + side.sign() * (quantity * mark_usd - entry_value);
                if !queue.slot.linked {
                    sum.unlinked_value += value;
                    sum.unlinked_amount += side.sign() * (entry_value - held.key * quantity) - margin;
                }
            }
        }
        sum
    }

    /// Takes what `cuts`, one a bracket, close at `mark_usd` of the positions that a mark of `by_usd` liquidates. What is left of those goes to `left`,
    /// for [`PositionBook::put_back`], or stays with what was taken where it waits for its margin.
    pub fn take_cut(
        &mut self,
        side: Side,
        by_usd: f64,
        mark_usd: f64,
        cuts: &[Option<Cut>],
        taken: &mut Vec<Closed>,
        left: &mut Vec<(Slot, Position)>,
    ) {
        let funding = self.funding;
        for queue in &mut self.queues[side.index()] {
            let Some(cut) = cuts[queue.slot.tier] else {
                continue;
            };
            while let Some(held) = queue.positions.front() {
                let trigger = queue.trigger(side, held, funding);
                if !mark_crosses(side, trigger, by_usd) {
                    break;
                }
                let Some(mut held) = queue.positions.pop_front() else {
                    break;
                };
                queue.quantity -= held.quantity;
                self.quantity[side.index()] -= held.quantity;
                let fraction = cut.fraction_of(side, &held, trigger, mark_usd, funding);
                if fraction > 0.0 {
                    let position = held.split(fraction);
                    let waits = cut.keeps_margin && held.quantity > Coin::ZERO;
                    taken.push(Closed {
                        slot: queue.slot,
                        position,
                        rest: waits.then_some(held),
                    });
                    if waits {
                        continue;
                    }
                    held.key = cut.key_left(side, &held, queue.maintenance_ratio, mark_usd, funding);
                }
                if held.quantity > Coin::ZERO {
                    left.push((queue.slot, held));
                }
            }
        }
        self.refresh(side);
    }

    /// Puts back what was left of positions.
    pub fn put_back(&mut self, side: Side, left: &mut Vec<(Slot, Position)>) {
        for (slot, position) in left.drain(..) {
            self.insert(side, slot, position);
        }
    }

    /// Margin posted on a side, by all positions in the book.
    pub fn margin(&self, side: Side) -> Cash {
        let queues = self.queues[side.index()].iter();
        queues
            .flat_map(|queue| queue.positions.iter())
            .map(|held| held.margin)
            .sum()
    }

    /// Closes `quantity` of `side` by the holders furthest from liquidation, each slot in proportion to what it holds.
    ///
    /// # Panics
    /// Where less than `quantity` is held.
    pub fn take_furthest(&mut self, side: Side, quantity: Coin, taken: &mut Vec<Closed>) {
        let held = self.quantity[side.index()];
        assert!(quantity <= held, "no more can be closed than is open");
        if quantity == Coin::ZERO {
            return;
        }
        let queues = &mut self.queues[side.index()];
        let mut shares: Vec<Coin> = queues
            .iter()
            .map(|queue| quantity.share_floor(queue.quantity.0, held.0))
            .collect();
        let mut rest = quantity - shares.iter().copied().sum();
        for (share, queue) in shares.iter_mut().zip(queues.iter()) {
            let more = rest.min(queue.quantity - *share);
            *share += more;
            rest -= more;
        }
        for (queue, mut left) in queues.iter_mut().zip(shares) {
            queue.quantity -= left;
            while left > Coin::ZERO {
                let last = queue
                    .positions
                    .back_mut()
                    .expect("a slot's positions sum to its quantity");
                let position = last.take(left);
                left -= position.quantity;
                taken.push(Closed {
                    slot: queue.slot,
                    position,
                    rest: None,
                });
                if last.quantity == Coin::ZERO {
                    queue.positions.pop_back();
                }
            }
        }
        self.quantity[side.index()] -= quantity;
        self.refresh(side);
    }

    fn refresh(&mut self, side: Side) {
        let prices = self.queues[side.index()].iter().filter_map(|queue| {
            queue
                .positions
                .front()
                .map(|held| queue.trigger(side, held, self.funding))
        });
        self.triggers[side.index()] = match side {
            Side::Long => prices.fold(0.0, f64::max),
            Side::Short => prices.fold(f64::INFINITY, f64::min),
        };
    }
}

impl Queue {
    /// Price, less funding so far, at which a position's equity meets its maintenance margin.
    #[inline]
    fn trigger(&self, side: Side, held: &Position, funding: f64) -> f64 {
        let ratio = side.sign() * self.maintenance_ratio;
        (held.key + ratio * funding) / (1.0 - ratio)
    }
}

/// Whether any mark comes as far as a liquidation price.
#[inline]
fn is_reached(side: Side, trigger: f64) -> bool {
    match side {
        Side::Long => trigger > 0.0,
        Side::Short => trigger.is_finite(),
    }
}

#[inline]
fn mark_crosses(side: Side, trigger: f64, mark_usd: f64) -> bool {
    let beyond = match side {
        Side::Long => mark_usd <= trigger,
        Side::Short => mark_usd >= trigger,
    };
    beyond && is_reached(side, trigger)
}

#[cfg(test)]
#[path = "positions_tests.rs"]
mod tests;
