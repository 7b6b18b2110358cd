//! Positions in order of their keys, in short pieces, so that one that opens moves a piece and not a whole side.

use std::collections::VecDeque;

use aftershock_market::{Coin, Side};

use crate::Position;

/// A longer piece is cut in two. Twelve kilobytes of positions are moved faster than a tree is walked.
const LONGEST: usize = 256;

/// Positions of a side, the one that is liquidated first in front. No piece is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sorted {
    pieces: VecDeque<VecDeque<Position>>,
}

impl Sorted {
    /// Of positions that are in order.
    pub(crate) fn new(in_order: &[Position]) -> Self {
        Self {
            pieces: in_order
                .chunks(LONGEST / 2)
                .map(|piece| piece.iter().copied().collect())
                .collect(),
        }
    }

    /// Adds a position behind those of its key; whether it is the first of all.
    pub(crate) fn insert(&mut self, side: Side, position: Position) -> bool {
        let key = side.sign() * position.key;
        let before = |held: &Position| side.sign() * held.key >= key;
        let index = self
            .pieces
            .partition_point(|piece| piece.back().is_some_and(before))
            .min(self.pieces.len().saturating_sub(1));
        let Some(piece) = self.pieces.get_mut(index) else {
            self.push_front(position);
            return true;
        };
        let place = piece.partition_point(before);
        piece.insert(place, position);
        if piece.len() > LONGEST {
            let rest = piece.split_off(LONGEST / 2);
            self.pieces.insert(index + 1, rest);
        }
        index == 0 && place == 0
    }

    pub(crate) fn push_front(&mut self, position: Position) {
        match self.pieces.front_mut() {
            Some(piece) => piece.push_front(position),
            None => self.pieces.push_back(VecDeque::from([position])),
        }
    }

    pub(crate) fn pop_front(&mut self) -> Option<Position> {
        let piece = self.pieces.front_mut()?;
        let position = piece.pop_front();
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        position
    }

    pub(crate) fn pop_back(&mut self) {
        if let Some(piece) = self.pieces.back_mut() {
            piece.pop_back();
            if piece.is_empty() {
                self.pieces.pop_back();
            }
        }
    }

    pub(crate) fn front(&self) -> Option<&Position> {
        self.pieces.front()?.front()
    }

    pub(crate) fn back_mut(&mut self) -> Option<&mut Position> {
        self.pieces.back_mut()?.back_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(VecDeque::len).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Position> {
        self.pieces.iter().flatten()
    }

    /// All positions with their places, which grow, and stand until something is added or taken.
    pub(crate) fn places(&self) -> impl Iterator<Item = ((usize, usize), &Position)> {
        let pieces = self.pieces.iter().enumerate();
        pieces.flat_map(|(index, piece)| {
            piece
                .iter()
                .enumerate()
                .map(move |(place, held)| ((index, place), held))
        })
    }

    /// # Panics
    /// Where the place names no position.
    pub(crate) fn at_mut(&mut self, (index, place): (usize, usize)) -> &mut Position {
        &mut self.pieces[index][place]
    }

    /// Drops positions of which nothing is left.
    pub(crate) fn drop_empty(&mut self) {
        for piece in &mut self.pieces {
            piece.retain(|held| held.quantity > Coin::ZERO);
        }
        self.pieces.retain(|piece| !piece.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Cash;

    use super::*;

    fn position(key: f64, units: i64) -> Position {
        Position {
            key,
            quantity: Coin(units),
            entry_value: Cash::ZERO,
            margin: Cash::ZERO,
        }
    }

    /// A thousand keys in a scattered order, some of them equal, against a stable sort of the standard library.
    #[test]
    fn order_is_that_of_a_stable_sort() {
        for side in Side::BOTH {
            let mut sorted = Sorted::default();
            let mut all = Vec::new();
            for turn in 0..3_000_i64 {
                let one = position((turn * 7_919 % 1_009) as f64, turn + 1);
                let first = sorted.insert(side, one);
                let key = side.sign() * one.key;
                let before = |held: &Position| side.sign() * held.key >= key;
                assert_eq!(first, !all.iter().any(before), "{turn}");
                all.push(one);
            }
            all.sort_by(|a, b| (side.sign() * b.key).total_cmp(&(side.sign() * a.key)));
            assert!(sorted.iter().eq(&all));
            assert_eq!(sorted.len(), 3_000);
            assert!(sorted.places().map(|place| place.0).is_sorted());
            for (turn, (place, _)) in Sorted::new(&all).places().enumerate() {
                if turn % 3 == 0 {
                    sorted = Sorted::new(&all);
                    assert_eq!(sorted.at_mut(place), &all[turn]);
                }
                if turn > 300 {
                    break;
                }
            }
            let mut sorted = Sorted::new(&all);
            assert_eq!(sorted.back_mut(), all.last_mut());
            sorted.pop_back();
            let mut left = 0;
            while let Some(first) = sorted.pop_front() {
                assert_eq!(first, all[left]);
                left += 1;
            }
            assert_eq!(left, 2_999);
        }
    }
}
