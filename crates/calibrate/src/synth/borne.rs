//! Which order is behind a line of the books, and who bore the loss of the positions that it closed.

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

/// An order whose lines are being read.
struct Reading {
    order: usize,
    /// Contracts of the closed side that are still to come.
    left: i64,
    /// Value and contracts of what filled on the book, and of what was closed against winners.
    booked: (i128, i64),
    taken: (i128, i64),
}

/// Who bore the loss of every order, and the order behind every line of the books.
///
/// A line carries no order. But lines stand in the order of execution, those of an order together and what it closes
/// first, and an order closes as many contracts as it says.
pub(super) fn borne(spec: &WorldSpec, run: &WorldRun) -> (Vec<Borne>, Vec<Option<usize>>) {
    let orders = &run.journal.orders;
    let mut all = vec![Borne::default(); orders.len()];
    let mut owners = Vec::with_capacity(run.journal.entries.len());
    let mut reading: Option<Reading> = None;
    for entry in &run.journal.entries {
        if matches!(entry.kind, EntryKind::Endow | EntryKind::Deposit) {
            owners.push(None);
            continue;
        }
        let ended = reading.as_ref().is_none_or(|one| one.left == 0);
        let next = reading.as_ref().map_or(0, |one| one.order + 1);
        if ended && orders.get(next).is_some_and(|order| closes(spec, order, entry)) {
            winners(spec, orders, reading.take(), &mut all);
            reading = Some(Reading {
                order: next,
                left: (orders[next].quantity + orders[next].deleveraged).0,
                booked: (0, 0),
                taken: (0, 0),
            });
        }
        owners.push(reading.as_ref().map(|one| one.order));
        if let Some(one) = &mut reading {
            count(spec, &orders[one.order], entry, one, &mut all);
        }
    }
    winners(spec, orders, reading, &mut all);
    (all, owners)
}

fn frame(spec: &WorldSpec, market: usize) -> Frame {
    Frame::new(spec.instruments[market].inverse)
}

/// Whether a line closes what the order was sent to close.
fn closes(spec: &WorldSpec, order: &OrderRow, entry: &Entry) -> bool {
    entry.kind == EntryKind::Close
        && (entry.at, entry.market) == (order.executed_at, order.market)
        && entry.side == frame(spec, order.market).side(order.side)
}

fn count(spec: &WorldSpec, order: &OrderRow, entry: &Entry, reading: &mut Reading, all: &mut [Borne]) {
    let frame = frame(spec, order.market);
    let usd = |amount: Cash| frame.usd(amount, order.log_fill);
    let borne = &mut all[reading.order];
    match entry.kind {
        EntryKind::Draw if entry.quantity.0 == 0 => borne.fund_usd += usd(entry.amount),
        EntryKind::Draw => borne.vault_usd += usd(entry.amount),
        EntryKind::BadDebt => borne.bad_debt_usd += usd(entry.amount),
        EntryKind::Close if reading.left > 0 && closes(spec, order, entry) => {
            let gain = entry.exit_value - entry.entry_value;
            let loss = if entry.side == Side::Long { -gain } else { gain };
            borne.margin_usd += usd(loss.max(Cash::ZERO).min(entry.margin));
            // At the bankruptcy price all of the margin is lost, and no more.
            let bankrupt = order.deleveraged.0 > 0 && loss == entry.margin;
            let part = if bankrupt {
                &mut reading.taken
            } else {
                &mut reading.booked
            };
            part.0 += entry.exit_value.0;
            part.1 += entry.quantity.0;
            reading.left -= entry.quantity.0;
        }
        _ => {}
    }
}

/// What winners were not paid: their contracts at the fill, against the bankruptcy price. Where nothing filled on the
/// book, the fill is taken without the funding of before.
fn winners(spec: &WorldSpec, orders: &[OrderRow], reading: Option<Reading>, all: &mut [Borne]) {
    let Some(one) = reading.filter(|one| one.taken.1 > 0) else {
        return;
    };
    let order = &orders[one.order];
    let frame = frame(spec, order.market);
    let each = if one.booked.1 > 0 {
        one.booked.0 as f64 / one.booked.1 as f64
    } else {
        frame.y(order.log_fill)
    };
    let forgone = one.taken.0 as f64 - each * one.taken.1 as f64;
    let sign = frame.side(order.side).sign();
    all[one.order].winners_usd = frame.usd(Cash((sign * forgone) as i128), order.log_fill).max(0.0);
}
