//! An order meets the book: its fill, its positions and who takes the other side.

use aftershock_market::{Cash, Coin, Rest, Side, Timestamp};
use aftershock_protocol::{Left, Position, Shared};

use super::backstop::Taken;
use super::band::Auction;
use super::engine::{World, entry};
use super::journal::{Cause, Entry, EntryKind, Holder, OrderRow};
use super::order::{Behind, Order};
use super::tell::Told;
use crate::ReplayError;
use crate::response::keeper::Bid;
use crate::response::{Booked, Fill, absorb};

/// Log prices between which contracts and money are counted exactly: a billionth of a cent to a billion USD a coin.
const LEAST_LOG_PRICE: f64 = -25.3;
const MOST_LOG_PRICE: f64 = 20.7;

/// Part of an order's positions, whoever holds them.
struct Part {
    holder: Holder,
    position: Position,
    /// What waits for the margin that this leaves.
    left: Option<Left>,
    exit: Cash,
    /// Contracts of it that are closed against winners.
    deleveraged: Coin,
}

impl Part {
    fn result(&self, side: Side) -> Cash {
        match side {
            Side::Long => self.exit - self.position.entry_value,
            Side::Short => self.position.entry_value - self.exit,
        }
    }
}

impl Part {
    /// Where something waits, it takes what margin it needs for its result and leaves the rest of both their margins.
    fn keep_margin(&mut self, result: Cash) {
        let Some(left) = &mut self.left else { return };
        let both = self.position.margin + left.position.margin;
        self.position.margin = (-result).max(Cash::ZERO).min(both);
        left.margin = both - self.position.margin;
    }
}

impl World<'_> {
    /// An order is due.
    pub(super) fn execute(&mut self, at: i64, index: usize) -> Result<(), ReplayError> {
        self.execute_at(at, index, None)
    }

    /// An order is due, on the book or at the price of an auction.
    pub(super) fn execute_at(
        &mut self,
        at: i64,
        index: usize,
        auction: Option<Auction>,
    ) -> Result<(), ReplayError> {
        let order = self.orders[index].as_ref();
        let Some((place, side, is_lot)) =
            order.map(|order| (order.market, order.side, order.auction.is_some()))
        else {
            return Ok(());
        };
        // A lot has a price of its own, and who buys it sells on the book once that is open.
        let auction = auction.filter(|_| !is_lot);
        if self.markets[place].turns_away(side) {
            self.waiting[place].push(index);
            return Ok(());
        }
        let Some(mut order) = self.orders[index].take() else {
            return Ok(());
        };
        let market = &mut self.markets[place];
        market.backlog_usd = (market.backlog_usd - order.notional_usd).max(0.0);
        market.advance(at, &self.spec.table);
        if auction.is_none() {
            market.log_price = market.log_news + market.impact();
        }

        // What the account still has of it: a deleveraging may have come first.
        if let Behind::Account { account, holding } = order.behind {
            let held = &mut self.accounts[account].holdings[holding];
            held.under_way -= order.quantity;
            order.quantity = order.quantity.min(held.quantity);
        }
        if order.quantity == Coin::ZERO {
            return Ok(());
        }
        self.filling = Some(order.id);
        let contract_side = market.frame.side(order.side);
        let withdraws = self.channels.depth_withdrawal;
        let log_before = auction.map_or(market.log_price, |auction| auction.log_before);
        if !(LEAST_LOG_PRICE..MOST_LOG_PRICE).contains(&log_before) {
            return Err(ReplayError::Runaway {
                at: Timestamp(at),
                usd: libm::exp(log_before),
            });
        }
        let usd = market.frame.notional_usd(order.quantity, log_before);
        let (bids, log_fill, depth) = match auction {
            // Bids funded beforehand wait below the price: one price for all has no place for them.
            Some(auction) => (Taken::default(), auction.log_price, auction.depth),
            None => {
                let bids = market.backstop(contract_side, order.quantity, log_before);
                let (mean, depth) =
                    market.walk(at, -contract_side.sign() * usd * (1.0 - bids.share), withdraws);
                let log_fill = bids.average(market, log_before + mean);
                (bids, market.held(log_fill), depth)
            }
        };
        let walks = 1.0 - bids.share;
        let mut log_auction = None;
        if let Some(lot) = &mut order.auction {
            match lot.bid(at, contract_side, market.log_mark, log_fill) {
                Bid::Takes(log_price) => log_auction = Some(log_price),
                Bid::Waits(until) => {
                    market.backlog_usd += order.notional_usd;
                    self.filling = None;
                    self.put_under_way(place, until, index);
                    self.orders[index] = Some(order);
                    return Ok(());
                }
            }
        }
        let mut row = OrderRow {
            id: order.id,
            parent: order.parent,
            additional: false,
            generation: order.generation,
            cause: order.cause,
            market: place,
            side: contract_side,
            triggered_at: Timestamp(order.triggered_at),
            executed_at: Timestamp(at),
            log_trigger: order.log_trigger,
            log_before: market.held(log_before),
            log_fill,
            quantity: order.quantity,
            notional_usd: market.frame.notional_usd(order.quantity, log_fill),
            deleveraged: Coin::ZERO,
            deleveraged_usd: 0.0,
            deleveraged_profit_usd: 0.0,
            keeper_usd: 0.0,
            deficit: Cash::ZERO,
            covered: Cash::ZERO,
            socialised: Cash::ZERO,
            bad_debt: Cash::ZERO,
            margin_lost: Cash::ZERO,
            fees: Cash::ZERO,
        };
        match order.behind {
            Behind::Collateral { account } => {
                let proceeds = market.frame.value(order.quantity, market.frame.y(log_fill));
                self.deposit(at, account, proceeds);
                self.settle_flat(at, account, &mut row)?;
                self.set_band_of(account)?;
            }
            Behind::Cohort(_) | Behind::Account { .. } => self.fill(at, &order, log_auction, &mut row)?,
        }
        if bids.share > 0.0 {
            let market = &mut self.markets[place];
            market.backstop_used_usd += bids.share * market.frame.notional_usd(row.quantity, bids.log_price);
        }
        // Bids funded beforehand keep what they bought: only the rest weighs on the price.
        let flow = -contract_side.sign() * row.notional_usd * walks;
        if let Some(log_price) = log_auction {
            row.log_fill = log_price;
            row.notional_usd = self.markets[place].frame.notional_usd(row.quantity, log_price);
        }
        if flow != 0.0 {
            self.push(at, place, flow, depth, order.cause, order.id);
            if withdraws {
                self.markets[place].eat(at, flow);
            }
        }
        if auction.is_none() {
            let market = &mut self.markets[place];
            market.log_price = market.log_news + market.impact();
            // On a grid the price is held when all orders of the waypoint have filled.
            if !self.on_grid && market.band.is_some() {
                self.hold(at, place);
            }
        }
        let market = &mut self.markets[place];
        market.forced_usd[contract_side.index()] += row.notional_usd;
        if !self.rules.is_record() {
            market.state.past.forced(Timestamp(at), row.notional_usd);
        }
        market.publish_mark(at);
        market.refresh_alarm();
        market.eventful = true;
        self.journal.orders.push(row);
        self.filling = None;
        self.count(place);
        // Between waypoints nobody is looked at: the next one says whether the price has come so far.
        if self.on_grid || auction.is_some() {
            return Ok(());
        }
        if self.markets[place].alarmed() {
            self.look(at, place)?;
        }
        Ok(())
    }

    /// Flow that the machinery sends enters the impact of its market, and of the reference markets of other assets.
    fn push(&mut self, at: i64, place: usize, flow: f64, depth: f64, cause: Cause, order: u32) {
        if !self.pushes(cause) {
            return;
        }
        self.markets[place].trade_endogenous(flow, depth);
        self.remember(at, place, order, flow);
        let asset = self.spec.instruments[place].asset;
        let cross = &self.spec.cross_impact;
        for other in 0..self.spec.assets.len() {
            if other == asset || cross.weight(other, asset) == 0.0 {
                continue;
            }
            let reference = self.spec.assets[other].reference;
            let market = &mut self.markets[reference];
            market.advance(at, &self.spec.table);
            let met = if self.channels.depth_withdrawal {
                market.depth(at, flow > 0.0)
            } else {
                1.0
            };
            let added = cross.weight(other, asset) * flow / (met * depth).sqrt();
            market.trade_endogenous(added, 1.0);
            self.remember(at, reference, order, added);
        }
    }

    /// Positions close: on the book as far as reserves bear the loss, against winners beyond that.
    fn fill(
        &mut self,
        at: i64,
        order: &Order,
        log_auction: Option<f64>,
        row: &mut OrderRow,
    ) -> Result<(), ReplayError> {
        let place = order.market;
        let spec = &self.spec.instruments[place];
        let side = order.side;
        let frame = self.markets[place].frame;
        let kept = frame.kept(row.log_fill);
        let value = frame.value(order.quantity, kept);
        let mut parts = self.parts(order, value);
        // Who takes pays the fee out of what he gets; makers, on the other side, get the price. A keeper gets what the book
        // gives beyond his own price.
        let fee_ratio = self.markets[place].liquidity.taker_fee_ratio;
        let keeps = log_auction.map_or(0.0, |log_price| {
            (frame.y(row.log_fill) - frame.y(log_price)).abs()
        });
        let charged = |quantity: Coin, exit: Cash| {
            (
                Cash::from_f64(exit.to_f64().abs() * fee_ratio),
                Cash::from_f64(quantity.to_f64() * keeps),
            )
        };
        for part in &mut parts {
            let (fee, kept) = charged(part.position.quantity, part.exit);
            part.keep_margin(part.result(side) - fee - kept);
        }

        let reserves: Cash = self.markets[place].ledger.insurance().iter().copied().sum();
        let losses: Cash = parts.iter().map(|part| self.loss(part, side)).sum();
        let (winners_share, shared) = if losses > reserves {
            self.winners_bear(at, place, side, losses - reserves)?
        } else {
            (0.0, Shared::Queue)
        };
        let mut taken = Coin::ZERO;
        if winners_share > 0.0 {
            let borne = reserves.0 as f64 / losses.0 as f64;
            for part in &mut parts {
                if matches!(part.holder, Holder::Cohort) && self.loss(part, side) > Cash::ZERO {
                    let kept_share = (part.position.quantity.0 as f64 * borne).floor() as i64;
                    let unborne = part.position.quantity - Coin(kept_share);
                    part.deleveraged = if winners_share < 1.0 {
                        Coin((unborne.0 as f64 * winners_share) as i64)
                    } else {
                        unborne
                    };
                    taken += part.deleveraged;
                }
            }
        }
        taken = taken.min(self.markets[place].book.quantity(side.opposite()));
        let mut taken_value = Cash::ZERO;
        let mut left_to_take = taken;
        let mut deficit = Cash::ZERO;
        let mut booked_value = Cash::ZERO;
        let mut fed = Cash::ZERO;
        let mut fees = Cash::ZERO;
        let mut keeper = Cash::ZERO;
        let mut lefts = Vec::new();
        let listens = self.observer.as_ref().is_some_and(|observer| observer.listens());
        let mut told = Told::new(listens, &order.behind);
        for (turn, part) in parts.into_iter().enumerate() {
            let Part {
                holder,
                mut position,
                left,
                mut exit,
                deleveraged,
            } = part;
            lefts.extend(left);
            let deleveraged = deleveraged.min(left_to_take);
            left_to_take -= deleveraged;
            if deleveraged > Coin::ZERO {
                let at_bankruptcy = split(&mut position, &mut exit, deleveraged);
                // At the bankruptcy price nothing is left and nothing is owed.
                let exit = match side {
                    Side::Long => at_bankruptcy.entry_value - at_bankruptcy.margin,
                    Side::Short => at_bankruptcy.entry_value + at_bankruptcy.margin,
                };
                taken_value += exit;
                let (payout, _) = self.close(at, place, side, holder, &at_bankruptcy, exit);
                row.margin_lost += (at_bankruptcy.margin - payout).max(Cash::ZERO);
            }
            if position.quantity == Coin::ZERO {
                continue;
            }
            booked_value += exit;
            let (fee, kept) = charged(position.quantity, exit);
            keeper += kept;
            fees += fee + kept;
            let exit = match side {
                Side::Long => exit - fee - kept,
                Side::Short => exit + fee + kept,
            };
            let (payout, owed) = self.close(at, place, side, holder, &position, exit);
            row.margin_lost += (position.margin - payout).max(Cash::ZERO);
            deficit += owed;
            told.add(turn, &position, owed);
            if holder == Holder::Cohort && spec.liquidation.is_some_and(|one| one.keeps_remainder) {
                fed += payout;
            }
        }
        row.fees = fees - keeper;
        if fees > Cash::ZERO {
            self.markets[place].ledger.pay_out(fees);
            self.enter(Entry {
                amount: fees,
                ..entry(at, place, EntryKind::Fee, Holder::Cohort)
            });
        }
        row.keeper_usd = frame.usd(keeper, row.log_fill);
        let booked = order.quantity - taken;
        row.quantity = booked;
        row.notional_usd = frame.notional_usd(booked, row.log_fill);
        row.deleveraged = taken;
        row.deleveraged_usd = frame.notional_usd(taken, row.log_fill);
        if let Behind::Cohort(_) = order.behind {
            self.markets[place].quantity_under_way[side.index()] -= order.quantity + order.behind.waiting();
        }
        self.stand_again(place, side, frame.y(row.log_fill), lefts);
        deficit += self.counterparties(at, place, side, booked, booked_value, kept);
        if taken > Coin::ZERO {
            deficit += self.deleverage(at, place, side.opposite(), taken, taken_value, shared, row);
        }
        if fed > Cash::ZERO {
            for (pool, part) in self.by_pool(place, fed).into_iter().enumerate() {
                self.markets[place].ledger.feed(pool, part);
            }
            self.enter(Entry {
                amount: fed,
                ..entry(at, place, EntryKind::Feed, Holder::Cohort)
            });
        }
        let paid = self.cover(at, place, deficit, row)?;
        self.tell_orders(at, order, log_auction.unwrap_or(row.log_fill), told, &paid);
        if let Behind::Account { account, .. } = order.behind {
            self.settle_flat(at, account, row)?;
            self.check_account(at, account)?;
        }
        Ok(())
    }

    /// What waited goes back to its levels with the margin that the sale has left it; `unit_value` is what a contract is worth.
    fn stand_again(&mut self, place: usize, side: Side, unit_value: f64, lefts: Vec<Left>) {
        if lefts.is_empty() {
            return;
        }
        let brackets = &self.spec.instruments[place].parameters.brackets;
        let market = &mut self.markets[place];
        for left in lefts {
            let slot = 2 * left.slot.tier + usize::from(left.slot.linked);
            let exposure = market.margins.exposure[slot];
            let (slot, position) = left.stands(side, brackets, exposure, unit_value);
            market.book.insert(side, slot, position);
        }
        market.refresh_alarm();
    }

    /// The positions behind an order, each with its exact part of the fill.
    fn parts(&self, order: &Order, value: Cash) -> Vec<Part> {
        let mut rest = Rest::new(order.quantity, value);
        let mut part = |holder, position: Position, left| {
            let exit = rest.take(position.quantity);
            Part {
                holder,
                position,
                left,
                exit,
                deleveraged: Coin::ZERO,
            }
        };
        match &order.behind {
            Behind::Cohort(closed) => closed
                .iter()
                .map(|closed| part(Holder::Cohort, closed.position, closed.left()))
                .collect(),
            Behind::Account { account, holding } => {
                let held = &self.accounts[*account].holdings[*holding];
                let entry_value = if order.quantity == held.quantity {
                    held.entry_value
                } else {
                    held.entry_value.share_floor(order.quantity.0, held.quantity.0)
                };
                vec![part(
                    Holder::Account(*account as u32),
                    Position {
                        key: 0.0,
                        quantity: order.quantity,
                        entry_value,
                        margin: Cash::ZERO,
                    },
                    None,
                )]
            }
            Behind::Collateral { .. } => Vec::new(),
        }
    }

    /// What a part loses beyond its margin, or beyond the cash of its account.
    fn loss(&self, part: &Part, side: Side) -> Cash {
        let own = match part.holder {
            Holder::Cohort => part.position.margin,
            Holder::Account(account) => self.accounts[account as usize].cash.max(Cash::ZERO),
        };
        (-(own + part.result(side))).max(Cash::ZERO)
    }

    /// Closes a position in the books: what its holder gets, and what is owed beyond his margin.
    pub(super) fn close(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        holder: Holder,
        position: &Position,
        exit: Cash,
    ) -> (Cash, Cash) {
        let settled = self.markets[place]
            .ledger
            .close(side, position.margin, position.entry_value, exit);
        self.enter(Entry {
            side,
            quantity: position.quantity,
            margin: position.margin,
            entry_value: position.entry_value,
            exit_value: exit,
            ..entry(at, place, EntryKind::Close, holder)
        });
        let Holder::Account(account) = holder else {
            return (settled.payout, settled.deficit);
        };
        // An account answers for its loss with its cash, below zero until it is settled as a whole.
        let account = &mut self.accounts[account as usize];
        account.cash += settled.payout - settled.deficit;
        self.markets[place].ledger.pay_in(settled.deficit);
        for held in &mut account.holdings {
            if held.market == place && held.side == side {
                held.quantity -= position.quantity;
                held.entry_value -= position.entry_value;
                break;
            }
        }
        (settled.payout, Cash::ZERO)
    }

    /// Who takes the other side on the book; what they could not pay.
    fn counterparties(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        quantity: Coin,
        value: Cash,
        kept: f64,
    ) -> Cash {
        if quantity == Coin::ZERO {
            return Cash::ZERO;
        }
        let reopen_share = self.reopen_share(place, side, quantity, kept);
        let market = &mut self.markets[place];
        let (books, order, entries) = (self.books, self.filling, &mut self.journal.entries);
        absorb(
            (&mut market.book, &mut market.ledger),
            &Fill {
                side,
                quantity,
                value,
                price_usd: kept,
            },
            reopen_share,
            &market.openings,
            &mut self.scratch,
            &mut |booked| {
                if !books {
                    return;
                }
                entries.push(match booked {
                    Booked::Opened(side, position) => Entry {
                        side,
                        quantity: position.quantity,
                        order,
                        margin: position.margin,
                        entry_value: position.entry_value,
                        ..entry(at, place, EntryKind::Open, Holder::Cohort)
                    },
                    Booked::Closed(side, position, exit_value) => Entry {
                        side,
                        quantity: position.quantity,
                        margin: position.margin,
                        entry_value: position.entry_value,
                        exit_value,
                        order,
                        ..entry(at, place, EntryKind::Close, Holder::Cohort)
                    },
                });
            },
        )
    }
}

/// Takes contracts off a position, and their exact share off its exit value.
fn split(position: &mut Position, exit: &mut Cash, quantity: Coin) -> Position {
    let mut rest = Rest::new(position.quantity, *exit);
    rest.take(quantity.min(position.quantity));
    *exit = rest.value();
    position.take(quantity)
}
