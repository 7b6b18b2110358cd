//! Bands and halts: how far a price may go, who waits at an edge, and how trading begins again.
//!
//! What waits and what is given up is a response, and stated: all forced orders wait, of ordinary flow the share that
//! `cancelled_share` leaves, and nobody trades sooner or more for fear of a halt (no magnet effect).

use aftershock_market::{Coin, Side, Timestamp};
use aftershock_protocol::{Halts, PastHalt};

use super::band::{Auction, Halt, Limit, Terms};
use super::engine::World;
use super::journal::{Cause, HaltRow};
use super::order::{Behind, What};
use crate::ReplayError;
use crate::observer::Noted;

impl World<'_> {
    /// Holds the price of a market, as flow and news have just left it, in its band: beyond an edge it stands at the edge
    /// for as long as that lets it, and then trading halts.
    #[cold]
    pub(crate) fn hold(&mut self, at: i64, place: usize) {
        let market = &mut self.markets[place];
        let Some(band) = market.band.as_ref().filter(|_| market.halted_until.is_none()) else {
            return;
        };
        let Some(edge) = band.crossed(market.log_price) else {
            if market.limit.take().is_some() {
                market.eventful = true;
                self.resume(at, place);
            }
            return;
        };
        let limit_s = band.terms[edge].edge.limit_s;
        let stands = market.limit.filter(|limit| limit.edge == edge);
        if limit_s == 0.0 || stands.is_some_and(|limit| at >= limit.until) {
            self.halt(at, place, edge);
            return;
        }
        market.log_price = band.log_edges[edge];
        if stands.is_some() {
            return;
        }
        let until = at + (limit_s * 1e6) as i64;
        let turned = market.limit.replace(Limit { edge, until }).is_some();
        market.eventful = true;
        let (terms, log_edge) = (band.terms[edge].clone(), band.log_edges[edge]);
        if !self.on_grid {
            self.agenda.put(until, What::Limit(place));
        }
        if turned {
            self.resume(at, place);
        }
        self.tell_halt(at, "limit", "trading".to_owned(), &terms, log_edge, until);
    }

    /// The time at an edge is over: the market halts, or has come back.
    pub(super) fn end_limit(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let market = &mut self.markets[place];
        if market.down || market.limit.is_none_or(|limit| at < limit.until) {
            return Ok(());
        }
        market.advance(at, &self.spec.table);
        market.log_price = market.log_news + market.impact();
        self.hold(at, place);
        self.markets[place].publish_mark(at);
        self.look(at, place)
    }

    /// A price has left its band: trading stops at the edge, in this market or in all.
    fn halt(&mut self, at: i64, place: usize, edge: usize) {
        let Some(band) = self.markets[place].band.take() else {
            return;
        };
        let (terms, log_edge) = (band.terms[edge].clone(), band.log_edges[edge]);
        let until = at + (terms.edge.halt_s * 1e6) as i64;
        self.markets[place].log_price = log_edge;
        self.tell_halt(at, "halt", "trading".to_owned(), &terms, log_edge, until);
        if terms.edge.halts == Halts::AllMarkets {
            for other in (0..self.markets.len()).filter(|other| *other != place) {
                let mut terms = terms.clone();
                // It did not come to an edge of its own from which a distance could be measured.
                terms.edge.collar_ratio = f64::INFINITY;
                let log_price = self.markets[other].log_price;
                let subject = format!("trading of {}", self.spec.instruments[other].name);
                self.tell_halt(at, "halt", subject, &terms, log_price, until);
                self.stop(at, other, edge, log_price, until, terms);
            }
        }
        self.stop(at, place, edge, log_edge, until, terms);
    }

    /// A market stops. One that had stopped already begins again at the later of both ends, as the later rule has it.
    fn stop(&mut self, at: i64, place: usize, edge: usize, log_edge: f64, until: i64, terms: Terms) {
        let market = &mut self.markets[place];
        if market.halted_until.is_none() {
            market.halt_began = (at, log_edge);
        }
        let until = market.halted_until.map_or(until, |before| before.max(until));
        market.halted_until = Some(until);
        market.halt = Some(Box::new(Halt {
            terms,
            edge,
            extensions: 0,
        }));
        (market.band, market.limit) = (None, None);
        market.eventful = true;
        if !self.on_grid {
            self.agenda.put(until, What::Reopen(place));
        }
    }

    /// Whether a market that would open at a price has to wait, because the price is too far beyond the edge.
    pub(super) fn extended(&mut self, at: i64, place: usize, log_price: f64) -> bool {
        let market = &mut self.markets[place];
        let (_, log_edge) = market.halt_began;
        let Some(halt) = &mut market.halt else {
            return false;
        };
        let reach = halt.terms.edge.collar_ratio * f64::from(1 + halt.extensions);
        let moved = libm::expm1(log_price - log_edge);
        let beyond = if halt.edge == 0 { -moved } else { moved };
        if beyond <= reach {
            return false;
        }
        halt.extensions += 1;
        let until = at + (halt.terms.edge.extend_s * 1e6) as i64;
        market.halted_until = Some(until);
        let terms = halt.terms.clone();
        if !self.on_grid {
            self.agenda.put(until, What::Reopen(place));
        }
        self.tell_halt(at, "extend", "trading".to_owned(), &terms, log_price, until);
        true
    }

    /// The price at which a market opens where all these orders and its ordinary flow meet at once.
    pub(super) fn clear(
        &mut self,
        at: i64,
        place: usize,
        log_news: f64,
        ordinary: (f64, f64),
        orders: &[usize],
    ) -> Auction {
        let orders: Vec<(Side, Coin, bool)> = orders
            .iter()
            .filter_map(|order| {
                let order = self.orders[*order].as_ref().filter(|one| one.auction.is_none())?;
                let quantity = match order.behind {
                    Behind::Account { account, holding } => {
                        let held = self.accounts[account].holdings[holding].quantity;
                        order.quantity.min(held)
                    }
                    _ => order.quantity,
                };
                let side = self.markets[place].frame.side(order.side);
                Some((side, quantity, self.pushes(order.cause)))
            })
            .collect();
        let withdraws = self.channels.depth_withdrawal;
        self.markets[place].clear(at, log_news, ordinary, &orders, withdraws)
    }

    /// Fills orders at the price of an auction.
    pub(super) fn fill_at(
        &mut self,
        at: i64,
        place: usize,
        auction: Auction,
        orders: Vec<usize>,
    ) -> Result<(), ReplayError> {
        self.markets[place].log_price = auction.log_price;
        self.markets[place].publish_mark(at);
        for order in orders {
            self.execute_at(at, order, Some(auction))?;
        }
        Ok(())
    }

    /// Whether orders of a cause move prices.
    pub(super) fn pushes(&self, cause: Cause) -> bool {
        match cause {
            Cause::Liquidation | Cause::Collateral => self.channels.liquidation,
            Cause::MarginCall => self.channels.cross_margin,
        }
    }

    /// A halt is over on ticks.
    pub(super) fn reopen(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let market = &mut self.markets[place];
        if market.halted_until.is_none_or(|until| at < until) {
            return Ok(());
        }
        if market.down {
            // It opens when its venue is back.
            self.enter_halt(at, place);
            return Ok(());
        }
        market.advance(at, &self.spec.table);
        let queued = market.queued_usd;
        let depth = market.depth(at, queued > 0.0);
        let log_news = market.log_news;
        let orders = if market.auctions() {
            std::mem::take(&mut self.waiting[place])
        } else {
            Vec::new()
        };
        let auction = self.clear(at, place, log_news, (queued, depth), &orders);
        if self.extended(at, place, auction.log_price) {
            self.waiting[place] = orders;
            return Ok(());
        }
        let market = &mut self.markets[place];
        (market.halted_until, market.queued_usd) = (None, 0.0);
        market.trade_ordinary(queued, depth);
        if !orders.is_empty() {
            self.fill_at(at, place, auction, orders)?;
        }
        let market = &mut self.markets[place];
        market.log_price = log_news + market.impact();
        market.publish_mark(at);
        let dt = at - market.ticked_at;
        if dt > 0 {
            let keep = market.volatility_kept(dt, &self.spec.table);
            market.state.step(Timestamp(at), market.log_price, dt, keep);
            market.ticked_at = at;
        }
        market.state.restart_mean(Timestamp(at));
        self.enter_halt(at, place);
        self.release(at, place);
        if self.spec.instruments[place].liquidation.is_some() {
            self.decide_on(at, place)?;
        }
        self.look(at, place)
    }

    /// A halt has ended at a price.
    pub(super) fn enter_halt(&mut self, at: i64, place: usize) {
        let market = &mut self.markets[place];
        let (from, log_edge) = market.halt_began;
        market.halted_until = None;
        if let Some(halt) = market.halt.take() {
            market.state.past.halt(PastHalt {
                from_at: Timestamp(from),
                until_at: Timestamp(at),
                edge_usd: libm::exp(log_edge),
                reopening_usd: libm::exp(market.log_price),
                level: halt.terms.edge.level,
                by: halt.terms.edge.by,
            });
        }
        self.journal.halts.push(HaltRow {
            market: place,
            from_at: Timestamp(from),
            until_at: Timestamp(at),
            log_edge,
            log_reopening: market.log_price,
        });
    }

    /// Orders that waited for a market to open go to the book.
    pub(super) fn release(&mut self, at: i64, place: usize) {
        for order in std::mem::take(&mut self.waiting[place]) {
            self.agenda.put(at, What::Order(order));
        }
    }

    /// Orders that waited at an edge go to the book; on a grid they are the first at the next waypoint.
    pub(super) fn resume(&mut self, at: i64, place: usize) {
        if !self.on_grid {
            self.release(at, place);
            return;
        }
        for order in std::mem::take(&mut self.waiting[place]).into_iter().rev() {
            self.markets[place].pending.push_front((at, order));
        }
    }

    fn tell_halt(
        &mut self,
        at: i64,
        decision: &'static str,
        subject: String,
        terms: &Terms,
        log_price: f64,
        until: i64,
    ) {
        if let Some(observer) = &mut self.observer {
            observer.intervention(&Noted {
                at: Timestamp(at),
                rule: &terms.rule,
                step: "set_band",
                decision,
                subject,
                before: None,
                after: Some(libm::exp(log_price)),
                until: Some(Timestamp(until)),
                reason: &terms.reason,
            });
        }
    }
}
