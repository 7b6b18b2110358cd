//! Which order is behind a line of the books, and who bore the loss of the positions that it closed.

use std::collections::BTreeMap;

use aftershock_market::{Cash, Side};
use aftershock_replay::world::{Entry, EntryKind, Frame, OrderRow, WorldRun, WorldSpec};

/// Who bore the loss of an order, USD at its fill.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Borne {
    pub(super) margin_usd: f64,
    pub(super) fund_usd: f64,
    pub(super) vault_usd: f64,
    pub(super) winners_usd: f64,
    pub(super) bad_debt_usd: f64,
}

/// Value and contracts of what an order closed.
#[derive(Clone, Copy, Default)]
struct Closed {
    /// On the book.
    booked: (i128, i64),
    /// Against winners.
    taken: (i128, i64),
}

/// Who bore the loss of every order, and the place of the order behind every line of the books.
pub(super) fn borne(spec: &WorldSpec, run: &WorldRun) -> (Vec<Borne>, Vec<Option<usize>>) {
    let orders = &run.journal.orders;
    let places: BTreeMap<u32, usize> = orders
        .iter()
        .enumerate()
        .map(|(place, order)| (order.id, place))
        .collect();
    let mut all = vec![Borne::default(); orders.len()];
    let mut closed = vec![Closed::default(); orders.len()];
    let mut owners = Vec::with_capacity(run.journal.entries.len());
    for entry in &run.journal.entries {
        let place = entry.order.and_then(|id| places.get(&id).copied());
        owners.push(place);
        if let Some(place) = place {
            count(spec, &orders[place], entry, &mut all[place], &mut closed[place]);
        }
    }
    for ((order, borne), closed) in orders.iter().zip(&mut all).zip(&closed) {
        winners(spec, order, borne, closed);
    }
    (all, owners)
}

fn frame(spec: &WorldSpec, market: usize) -> Frame {
    Frame::new(spec.instruments[market].inverse)
}

fn count(spec: &WorldSpec, order: &OrderRow, entry: &Entry, borne: &mut Borne, closed: &mut Closed) {
    // The line's own market says what its money is.
    let usd = |amount: Cash| frame(spec, entry.market).usd(amount, order.log_fill);
    match entry.kind {
        EntryKind::Draw if entry.quantity.0 == 0 => borne.fund_usd += usd(entry.amount),
        EntryKind::Draw => borne.vault_usd += usd(entry.amount),
        EntryKind::Socialised => borne.winners_usd += usd(entry.amount),
        EntryKind::BadDebt => borne.bad_debt_usd += usd(entry.amount),
        // What it was sent to close; who takes the other side closes the other side.
        EntryKind::Close if entry.side == frame(spec, order.market).side(order.side) => {
            let gain = entry.exit_value - entry.entry_value;
            let loss = if entry.side == Side::Long { -gain } else { gain };
            borne.margin_usd += usd(loss.max(Cash::ZERO).min(entry.margin));
            // At the bankruptcy price all of the margin is lost, and no more.
            let bankrupt = order.deleveraged.0 > 0 && loss == entry.margin;
            let part = if bankrupt {
                &mut closed.taken
            } else {
                &mut closed.booked
            };
            part.0 += entry.exit_value.0;
            part.1 += entry.quantity.0;
        }
        _ => {}
    }
}

/// What winners were not paid: their contracts at the fill, against the bankruptcy price. Where nothing filled on the
/// book, the fill is taken without the funding of before.
fn winners(spec: &WorldSpec, order: &OrderRow, borne: &mut Borne, closed: &Closed) {
    if closed.taken.1 == 0 {
        return;
    }
    let frame = frame(spec, order.market);
    let each = if closed.booked.1 > 0 {
        closed.booked.0 as f64 / closed.booked.1 as f64
    } else {
        frame.y(order.log_fill)
    };
    let forgone = closed.taken.0 as f64 - each * closed.taken.1 as f64;
    let sign = frame.side(order.side).sign();
    borne.winners_usd += frame.usd(Cash((sign * forgone) as i128), order.log_fill).max(0.0);
}
