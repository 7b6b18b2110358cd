//! A mark crosses a level: what breaks, for whose sake, and the order on its way to the book.

use aftershock_market::{Cash, Coin, Side};
use aftershock_protocol::Closed;
use aftershock_protocol::venue::liquidation::{Action, LiquidationRule};

use super::engine::World;
use super::journal::Cause;
use super::order::{Behind, Order, What};
use crate::ReplayError;
use crate::response::keeper::Auction;

/// How many orders are remembered in a market as possible parents.
const PARENTS: usize = 32;
/// An engine that can send so much a second sends what it can in this time, s, and then again.
const PIECE_S: f64 = 1.0;
/// An order goes in at most so many pieces, however slow the engine is.
const MOST_PIECES: f64 = 1_000.0;

impl World<'_> {
    /// Takes out the levels that the mark has crossed. Those that the null has crossed too have no parent.
    pub(super) fn break_levels(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let Some(liquidation) = spec.liquidation else {
            return Ok(());
        };
        for side in Side::BOTH {
            let market = &self.markets[place];
            let mark = market.frame.kept(market.log_mark);
            if !market.book.triggered(side, mark) || market.suspended_until[side.index()] > at {
                continue;
            }
            let (fraction, pause_until) = self.step_of(at, place, side, liquidation.rule);
            if fraction == 0.0 {
                self.suspend(place, side, pause_until);
                continue;
            }
            if !self.rules.is_record() {
                self.break_by_rules(at, place, side, fraction, pause_until)?;
                continue;
            }
            let market = &mut self.markets[place];
            let null = market.null_mark();
            let mut groups = Vec::with_capacity(2);
            // Of steps that close a share, those whom the null has crossed too go first, and the rest at the next step.
            let by = market.crossed_too(side, null, mark);
            let crossed_by_null = market.book.triggered(side, by);
            if crossed_by_null {
                let mut orders = Vec::new();
                market.book.take_triggered(side, by, fraction, &mut orders);
                groups.push((None, orders));
            }
            if market.book.triggered(side, mark) && (fraction == 1.0 || !crossed_by_null) {
                let mut orders = Vec::new();
                market.book.take_triggered(side, mark, fraction, &mut orders);
                let parent = self.parent(at, place, side);
                groups.push((parent, orders));
            }
            for (parent, orders) in groups {
                self.send_cohort(at, place, side, parent, orders, None);
            }
            if fraction < 1.0 {
                self.markets[place].stepped[side.index()] = true;
                self.suspend(place, side, pause_until.max(at + 1));
            } else {
                // Nothing is left that could wait.
                self.markets[place].stepped[side.index()] = false;
            }
        }
        self.markets[place].refresh_alarm();
        Ok(())
    }

    /// Sends an order for what was taken out of the levels, if anything was.
    pub(super) fn send_cohort(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        parent: Option<u32>,
        closed: Vec<Closed>,
        auction: Option<Auction>,
    ) {
        let quantity: Coin = closed.iter().map(|one| one.position.quantity).sum();
        if quantity == Coin::ZERO {
            return;
        }
        let behind = Behind::Cohort(closed);
        match auction {
            None => self.send(at, place, side, quantity, Cause::Liquidation, parent, behind),
            // A lot is put up whole: no engine has to work it off.
            Some(_) => self.send_piece(
                at,
                place,
                side,
                quantity,
                Cause::Liquidation,
                parent,
                behind,
                auction,
            ),
        }
    }

    /// Share of every broken position that the venue's rule closes now, and when it may close more; found from an account
    /// of the mix's mean size that has just broken, since levels stand for many accounts.
    fn step_of(&self, at: i64, place: usize, side: Side, rule: LiquidationRule) -> (f64, i64) {
        let market = &self.markets[place];
        let sizes = &self.spec.instruments[place].parameters.mix.account_sizes;
        let mean_usd: f64 = sizes.iter().map(|(size, share)| size * share).sum();
        let quantity = market.frame.quantity(mean_usd, market.log_mark).max(Coin(1));
        let opening_value = Cash::from_f64(quantity.to_f64() * market.unit_value());
        let last = market.stepped[side.index()].then_some(market.suspended_until[side.index()]);
        let equity = market.maintenance(quantity) * 0.999;
        let action = market.propose(at, rule, quantity, equity, opening_value, last);
        match action {
            Action::Send(proposal) => (
                proposal.quantity.0 as f64 / quantity.0 as f64,
                proposal.earliest_next_at.0,
            ),
            Action::Wait { until_at } => (0.0, until_at.0),
            Action::Sound => (1.0, at),
        }
    }

    pub(super) fn suspend(&mut self, place: usize, side: Side, until: i64) {
        self.markets[place].suspended_until[side.index()] = until;
        if !self.on_grid {
            self.agenda.put(until, What::Recheck(place));
        }
    }

    /// The order whose flow pushes the price of a market most towards closing this side; where none has traded in it, that
    /// of another market of the asset, from where arbitrage has carried it.
    pub(crate) fn parent(&self, at: i64, place: usize, side: Side) -> Option<u32> {
        let push = -self.markets[place].frame.side(side).sign();
        self.strongest(at, place, push)
            .map(|(_, order)| order)
            .or_else(|| {
                let asset = self.spec.instruments[place].asset;
                let others = (0..self.markets.len())
                    .filter(|&other| other != place && self.spec.instruments[other].asset == asset);
                others
                    .filter_map(|other| self.strongest(at, other, push))
                    .fold(None, |best: Option<(f64, u32)>, one| match best {
                        Some(best) if best.0 >= one.0 => Some(best),
                        _ => Some(one),
                    })
                    .map(|(_, order)| order)
            })
    }

    /// The order whose flow stands most in a market in a direction, and how much of it, USD.
    fn strongest(&self, at: i64, place: usize, push: f64) -> Option<(f64, u32)> {
        let weights = &self.spec.instruments[place].parameters.impact_weights;
        let mut found: Option<(f64, u32)> = None;
        for &(order, executed_at, flow) in &self.markets[place].recent {
            let factors = self.spec.table.factors(at - executed_at);
            let kept: f64 = weights
                .iter()
                .zip(factors)
                .map(|(weight, factor)| weight * factor)
                .sum();
            let stands = kept * flow * push;
            if stands > 0.0 && found.is_none_or(|(most, _)| stands > most) {
                found = Some((stands, order));
            }
        }
        found
    }

    /// Remembers that an order's flow stands in a market.
    pub(crate) fn remember(&mut self, at: i64, place: usize, order: u32, flow: f64) {
        let recent = &mut self.markets[place].recent;
        if recent.len() == PARENTS {
            recent.remove(0);
        }
        recent.push((order, at, flow));
    }

    /// Sends an order to the book, as fast as the venue's engine can: one that takes it longer than a second goes in pieces,
    /// each an order of its own.
    #[expect(clippy::too_many_arguments, reason = "the parts of an order, once")]
    pub(crate) fn send(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        quantity: Coin,
        cause: Cause,
        parent: Option<u32>,
        behind: Behind,
    ) {
        let mut pieces = 1;
        if let Some(liquidation) = self.spec.instruments[place].liquidation
            && cause == Cause::Liquidation
        {
            let market = &self.markets[place];
            let notional_usd = market.frame.notional_usd(quantity, market.log_mark);
            let work_s = notional_usd / liquidation.throughput_usd_per_s;
            pieces = (work_s / PIECE_S).ceil().clamp(1.0, MOST_PIECES) as i64;
        }
        if pieces == 1 {
            self.send_piece(at, place, side, quantity, cause, parent, behind, None);
            return;
        }
        let mut left = quantity;
        let mut rest = behind;
        for piece in 0..pieces {
            let part = Coin(left.0 / (pieces - piece));
            if part == Coin::ZERO {
                continue;
            }
            left -= part;
            let behind = rest.split(part);
            self.send_piece(at, place, side, part, cause, parent, behind, None);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of an order, once")]
    fn send_piece(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        quantity: Coin,
        cause: Cause,
        parent: Option<u32>,
        behind: Behind,
        auction: Option<Auction>,
    ) {
        let spec = &self.spec.instruments[place];
        let market = &mut self.markets[place];
        let notional_usd = market.frame.notional_usd(quantity, market.log_mark);
        let generation = parent.map_or(0, |parent| self.generations[parent as usize] + 1);
        let due = match spec.liquidation {
            Some(liquidation) if cause == Cause::Liquidation => {
                let ready = at + (liquidation.latency_s * 1e6) as i64;
                if auction.is_some() {
                    ready
                } else {
                    let due = ready.max(market.engine_free_at);
                    let work_us = notional_usd / liquidation.throughput_usd_per_s * 1e6;
                    market.engine_free_at = due + work_us as i64;
                    due
                }
            }
            _ => at + (spec.parameters.latency_s * 1e6) as i64,
        };
        if matches!(behind, Behind::Cohort(_)) {
            market.quantity_under_way[side.index()] += quantity + behind.waiting();
        }
        market.backlog_usd += notional_usd;
        let order = Order {
            id: self.orders.len() as u32,
            parent,
            generation,
            cause,
            market: place,
            side,
            quantity,
            triggered_at: at,
            log_trigger: market.log_mark,
            notional_usd,
            behind,
            auction,
        };
        market.eventful = true;
        self.generations.push(generation);
        self.put_under_way(place, due, self.orders.len());
        self.orders.push(Some(order));
    }

    /// An order is to meet its market at an instant.
    pub(super) fn put_under_way(&mut self, place: usize, due: i64, order: usize) {
        if self.on_grid {
            let pending = &mut self.markets[place].pending;
            let turn = pending.partition_point(|(other, _)| *other <= due);
            pending.insert(turn, (due, order));
        } else {
            self.agenda.put(due, What::Order(order));
        }
    }
}
