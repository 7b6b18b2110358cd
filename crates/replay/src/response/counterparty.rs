//! Who takes the other side of a forced order: some open a new position, the others close one.

use aftershock_market::{Cash, Coin, Rest, Side};
use aftershock_protocol::{Closed, Ledger, Position, PositionBook};

use crate::inventory::Opening;

/// A batch that met the book.
pub(crate) struct Fill {
    /// Side of the positions closed.
    pub(crate) side: Side,
    pub(crate) quantity: Coin,
    /// What it was worth, to the unit.
    pub(crate) value: Cash,
    pub(crate) price_usd: f64,
}

/// A counterparty's position, booked.
pub(crate) enum Booked {
    Opened(Side, Position),
    Closed(Side, Position, Cash),
}

/// Books the counterparties of a fill and tells each.
///
/// `reopen_share` of it meets new positions of the same side, the rest meets holders of the other side who close,
/// those furthest from liquidation first. Both sides' open interest falls by the same quantity. Returns what closing
/// holders could not pay.
pub(crate) fn absorb(
    (book, ledger): (&mut PositionBook, &mut Ledger),
    fill: &Fill,
    reopen_share: f64,
    openings: &[Opening],
    scratch: &mut Vec<Closed>,
    tell: &mut impl FnMut(Booked),
) -> Cash {
    let Fill {
        side,
        quantity,
        value,
        price_usd,
    } = *fill;
    // Those already on their way out cannot also take the other side; new positions take what is left.
    let wanted = quantity - share_of(quantity, reopen_share);
    let closing = wanted.min(book.quantity(side.opposite()));
    let reopened = quantity - closing;
    let reopened_value = value.share_floor(reopened.0, quantity.0);
    split(
        reopened,
        reopened_value,
        openings.iter().map(|opening| opening.weight),
        |index, part, part_value| {
            let (slot, position) = openings[index].position(side, part, part_value, price_usd);
            ledger.open(side, position.margin, position.entry_value);
            book.insert(side, slot, position);
            tell(Booked::Opened(side, position));
        },
    );

    scratch.clear();
    book.take_furthest(side.opposite(), closing, scratch);
    let mut rest = Rest::new(closing, value - reopened_value);
    let mut unpaid = Cash::ZERO;
    for closed in scratch.iter() {
        let exit = rest.take(closed.position.quantity);
        tell(Booked::Closed(side.opposite(), closed.position, exit));
        unpaid += ledger
            .close(
                side.opposite(),
                closed.position.margin,
                closed.position.entry_value,
                exit,
            )
            .deficit;
    }
    unpaid
}

/// Part of a quantity; a large one is not exact as `f64`, and its part is never more than it.
fn share_of(quantity: Coin, share: f64) -> Coin {
    Coin((quantity.0 as f64 * share) as i64).min(quantity)
}

/// Splits a quantity and its value by weights, in exact parts: the last part takes what rounding left.
fn split(
    quantity: Coin,
    value: Cash,
    weights: impl Iterator<Item = f64>,
    mut part: impl FnMut(usize, Coin, Cash),
) {
    let weights: Vec<f64> = weights.collect();
    let mut left = quantity;
    let mut rest = Rest::new(quantity, value);
    for (index, weight) in weights.iter().enumerate() {
        let last = index + 1 == weights.len();
        let share = if last {
            left
        } else {
            share_of(quantity, *weight).min(left)
        };
        if share == Coin::ZERO {
            continue;
        }
        left -= share;
        part(index, share, rest.take(share));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_large_quantity_is_not_more_than_it() {
        // 90 million coins and a few units: the next f64 is a unit more.
        let quantity = Coin((1 << 53) + 3);
        assert_eq!(share_of(quantity, 1.0), quantity);
        assert_eq!(share_of(quantity, 0.0), Coin::ZERO);
        assert_eq!(share_of(Coin(10), 0.25), Coin(2));
    }
}
