//! An order meets the book: fill, counterparties, losses, reserves, winners; and accounts that are looked at.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::venue::contract::{Contract, MaintenanceOn};
use aftershock_protocol::venue::deleveraging::{Ranking, Standing};
use aftershock_protocol::venue::liquidation::{Account as Sight, Action, Forced};
use aftershock_protocol::{CoverDeficit, Position, Ranked};

use super::account::{Standing as AccountStanding, safe_move};
use super::engine::{World, entry, free};
use super::journal::{Cause, Entry, EntryKind, Holder, OrderRow};
use super::order::{Behind, Order, What};
use crate::ReplayError;
use crate::response::{Booked, Fill, absorb};

/// Part of an order's positions, whoever holds them.
struct Part {
    holder: Holder,
    position: Position,
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

impl World<'_> {
    /// An order is due.
    pub(super) fn execute(&mut self, at: i64, index: usize) -> Result<(), ReplayError> {
        let Some(place) = self.orders[index].as_ref().map(|order| order.market) else {
            return Ok(());
        };
        if self.markets[place].closed() {
            self.waiting[place].push(index);
            return Ok(());
        }
        let Some(mut order) = self.orders[index].take() else {
            return Ok(());
        };
        let spec = &self.spec.instruments[place];
        let market = &mut self.markets[place];
        market.backlog_usd = (market.backlog_usd - order.notional_usd).max(0.0);
        market.advance(at, &self.spec.table);
        market.log_price = market.log_news + market.impact(spec);

        // What the account still has of it: a deleveraging may have come first.
        if let Behind::Account { account, holding } = order.behind {
            let held = &mut self.accounts[account].holdings[holding];
            held.under_way -= order.quantity;
            order.quantity = order.quantity.min(held.quantity);
        }
        if order.quantity == Coin::ZERO {
            return Ok(());
        }
        let contract_side = market.frame.side(order.side);
        let withdraws = self.channels.depth_withdrawal;
        let log_before = market.log_price;
        let usd = market.frame.notional_usd(order.quantity, log_before);
        let (mean, depth) = market.walk(at, -contract_side.sign() * usd, withdraws);
        let mut log_fill = log_before + mean;
        if let Some([low, high]) = market.band {
            log_fill = log_fill.clamp(low, high);
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
            log_before,
            log_fill,
            quantity: order.quantity,
            notional_usd: market.frame.notional_usd(order.quantity, log_fill),
            deleveraged: Coin::ZERO,
            deleveraged_usd: 0.0,
            deficit: Cash::ZERO,
            covered: Cash::ZERO,
            bad_debt: Cash::ZERO,
        };
        match order.behind {
            Behind::Collateral { account } => {
                let proceeds = market.frame.value(order.quantity, market.frame.y(log_fill));
                self.deposit(at, account, proceeds);
                self.settle_flat(at, account, &mut row)?;
                self.set_band_of(account);
            }
            Behind::Cohort(_) | Behind::Account { .. } => self.fill(at, &order, &mut row)?,
        }
        let flow = -contract_side.sign() * row.notional_usd;
        if flow != 0.0 {
            self.push(at, place, flow, depth, order.cause, order.id);
            if withdraws {
                self.markets[place].eat(at, flow);
            }
        }
        let market = &mut self.markets[place];
        market.log_price = market.log_news + market.impact(spec);
        market.forced_usd[contract_side.index()] += row.notional_usd;
        market.publish_mark(at);
        market.refresh_alarm();
        self.journal.orders.push(row);
        self.count(place);
        if self.markets[place].alarmed() {
            self.look(at, place)?;
        }
        Ok(())
    }

    /// Flow that the machinery sends enters the impact of its market, and of the reference markets of other assets.
    fn push(&mut self, at: i64, place: usize, flow: f64, depth: f64, cause: Cause, order: u32) {
        let on = match cause {
            Cause::Liquidation | Cause::Collateral => self.channels.liquidation,
            Cause::MarginCall => self.channels.cross_margin,
        };
        if !on {
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
    fn fill(&mut self, at: i64, order: &Order, row: &mut OrderRow) -> Result<(), ReplayError> {
        let place = order.market;
        let spec = &self.spec.instruments[place];
        let side = order.side;
        let frame = self.markets[place].frame;
        let kept = frame.kept(row.log_fill);
        let value = frame.value(order.quantity, kept);
        let mut parts = self.parts(order, value);

        let reserves: Cash = self.markets[place].ledger.insurance().iter().copied().sum();
        let losses: Cash = parts.iter().map(|part| self.loss(part, side)).sum();
        let deleverages = spec.liquidation.is_some_and(|one| one.deleverages) && losses > reserves;
        let mut taken = Coin::ZERO;
        if deleverages {
            let borne = reserves.0 as f64 / losses.0 as f64;
            for part in &mut parts {
                if matches!(part.holder, Holder::Cohort) && self.loss(part, side) > Cash::ZERO {
                    let kept_share = (part.position.quantity.0 as f64 * borne).floor() as i64;
                    part.deleveraged = part.position.quantity - Coin(kept_share);
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
        for part in parts {
            let Part {
                holder,
                mut position,
                mut exit,
                deleveraged,
            } = part;
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
                self.close(at, place, side, holder, &at_bankruptcy, exit);
            }
            if position.quantity == Coin::ZERO {
                continue;
            }
            booked_value += exit;
            let (payout, owed) = self.close(at, place, side, holder, &position, exit);
            deficit += owed;
            if holder == Holder::Cohort && spec.liquidation.is_some_and(|one| one.keeps_remainder) {
                fed += payout;
            }
        }
        let booked = order.quantity - taken;
        row.quantity = booked;
        row.notional_usd = frame.notional_usd(booked, row.log_fill);
        row.deleveraged = taken;
        row.deleveraged_usd = frame.notional_usd(taken, row.log_fill);
        if let Behind::Cohort(_) = order.behind {
            self.markets[place].quantity_under_way[side.index()] -= order.quantity;
        }
        deficit += self.counterparties(at, place, side, booked, booked_value, kept);
        if taken > Coin::ZERO {
            deficit += self.deleverage(
                at,
                place,
                side.opposite(),
                taken,
                taken_value,
                order.id,
                row.log_fill,
            );
        }
        if fed > Cash::ZERO {
            self.markets[place].ledger.feed(0, fed);
            self.enter(Entry {
                amount: fed,
                ..entry(at, place, EntryKind::Feed, Holder::Cohort)
            });
        }
        self.cover(at, place, deficit, row)?;
        if let Behind::Account { account, .. } = order.behind {
            self.settle_flat(at, account, row)?;
            self.check_account(at, account)?;
        }
        Ok(())
    }

    /// The positions behind an order, each with its exact part of the fill.
    fn parts(&self, order: &Order, value: Cash) -> Vec<Part> {
        let mut left = (order.quantity, value);
        let mut part = |holder, position: Position| {
            let exit = if position.quantity == left.0 {
                left.1
            } else {
                left.1.share_floor(position.quantity.0, left.0.0)
            };
            left = (left.0 - position.quantity, left.1 - exit);
            Part {
                holder,
                position,
                exit,
                deleveraged: Coin::ZERO,
            }
        };
        match &order.behind {
            Behind::Cohort(closed) => closed
                .iter()
                .map(|closed| part(Holder::Cohort, closed.position))
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
    fn close(
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
        let market = &mut self.markets[place];
        let entries = &mut self.journal.entries;
        absorb(
            (&mut market.book, &mut market.ledger),
            &Fill {
                side,
                quantity,
                value,
                price_usd: kept,
            },
            self.spec.instruments[place].parameters.reopen_share,
            &market.openings,
            &mut self.scratch,
            &mut |booked| {
                entries.push(match booked {
                    Booked::Opened(side, position) => Entry {
                        side,
                        quantity: position.quantity,
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
                        ..entry(at, place, EntryKind::Close, Holder::Cohort)
                    },
                });
            },
        )
    }

    /// Closes winners of a side at the bankruptcy price of those they win from, in the venue's order.
    #[expect(clippy::too_many_arguments, reason = "the parts of a deleveraging, once")]
    fn deleverage(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        quantity: Coin,
        value: Cash,
        order: u32,
        log_fill: f64,
    ) -> Cash {
        let market = &mut self.markets[place];
        let kept = market.frame.kept(market.log_mark);
        let ranking = self.spec.instruments[place]
            .liquidation
            .map_or(Ranking::Bitmex, |liquidation| liquidation.ranking);
        let mark_usd = libm::exp(market.log_mark);
        let ratios = &market.margins.maintenance;
        let frame = market.frame;
        let ranked = market.book.ranked(side, |slot, held| {
            let mark_value = held.quantity.to_f64() * kept;
            let opening_value = held.entry_value.to_f64();
            let profit = side.sign() * (mark_value - opening_value);
            let entry = frame.log_price(opening_value / held.quantity.to_f64());
            ranking.score(&Standing {
                side: frame.side(side),
                entry_usd: libm::exp(entry),
                mark_usd,
                opening_value,
                mark_value,
                profit,
                margin: held.margin.to_f64(),
                equity: held.margin.to_f64() + profit,
                maintenance: ratios[2 * slot.tier + usize::from(slot.linked)] * mark_value,
            })
        });
        let mut left = quantity;
        let mut wanted: Vec<Ranked> = Vec::new();
        for one in ranked {
            if left == Coin::ZERO {
                break;
            }
            let take = one.quantity.min(left);
            left -= take;
            wanted.push(Ranked {
                quantity: take,
                ..one
            });
        }
        let mut taken = Vec::new();
        market.book.take_ranked(side, &wanted, &mut taken);
        let mut rest = (quantity, value);
        // The last of the winners may have lost too, where losers hold more than winners do.
        let mut owed = Cash::ZERO;
        for closed in taken {
            let exit = if closed.position.quantity == rest.0 {
                rest.1
            } else {
                rest.1.share_floor(closed.position.quantity.0, rest.0.0)
            };
            rest = (rest.0 - closed.position.quantity, rest.1 - exit);
            owed += self
                .close(at, place, side, Holder::Cohort, &closed.position, exit)
                .1;
        }
        // Those who carried have lost part of their short and hold naked spot; arbitrageurs have lost hedges.
        if self.markets[place].frame.side(side) == Side::Short {
            let usd = self.markets[place].frame.notional_usd(quantity, log_fill);
            let spec = &self.spec.instruments[place];
            let market = &mut self.markets[place];
            let price_usd = libm::exp(market.log_price);
            if let (Some((carry, parameters)), Some(traders)) = (&mut market.carry, spec.carry) {
                carry.deleveraged(usd * traders.share, price_usd, parameters);
                market.unhedged_by = Some(order);
            }
            if let Some(parameters) = spec.arbitrage {
                market
                    .arbitrage
                    .deleveraged(usd * (1.0 - spec.carry.map_or(0.0, |one| one.share)), &parameters);
            }
        }
        owed
    }

    /// Puts a loss to fund and vault, in this order.
    fn cover(&mut self, at: i64, place: usize, deficit: Cash, row: &mut OrderRow) -> Result<(), ReplayError> {
        if deficit <= Cash::ZERO {
            return Ok(());
        }
        let funds = self.markets[place].ledger.insurance();
        let (fund, vault) = (funds[0], funds[1]);
        let step = CoverDeficit {
            deficit,
            own_fund: fund,
            other_funds: vault,
            from_own: fund.min(deficit),
            from_others: vault.min(deficit - fund.min(deficit)),
        };
        let view = self.markets[place].view(at, &self.spec.instruments[place]);
        let step = self.rules.cover_deficit(step, &view)?.step;
        let unpaid =
            self.markets[place]
                .ledger
                .cover(0, deficit, &[(0, step.from_own), (1, step.from_others)]);
        for (reserve, amount) in [(0, step.from_own), (1, step.from_others)] {
            if amount > Cash::ZERO {
                self.enter(Entry {
                    quantity: Coin(reserve),
                    amount,
                    ..entry(at, place, EntryKind::Draw, Holder::Cohort)
                });
            }
        }
        if unpaid > Cash::ZERO {
            self.enter(Entry {
                amount: unpaid,
                ..entry(at, place, EntryKind::BadDebt, Holder::Cohort)
            });
        }
        row.deficit += deficit;
        row.covered += deficit - unpaid;
        row.bad_debt += unpaid;
        Ok(())
    }

    /// An account whose positions are gone and whose cash is below zero: collateral first, then the venue's reserves.
    fn settle_flat(&mut self, at: i64, account: usize, row: &mut OrderRow) -> Result<(), ReplayError> {
        let one = &self.accounts[account];
        if !one.is_flat() || one.cash >= Cash::ZERO {
            return Ok(());
        }
        let collateral = one
            .collateral
            .iter()
            .position(|coins| coins.quantity > Coin::ZERO);
        if let Some(place) = collateral {
            let coins = self.accounts[account].collateral[place];
            let reference = self.spec.assets[coins.asset].reference;
            self.accounts[account].collateral[place].quantity = Coin::ZERO;
            self.send(
                at,
                reference,
                Side::Long,
                coins.quantity,
                Cause::Collateral,
                Some(row.id),
                Behind::Collateral { account },
            );
            return Ok(());
        }
        let Some(home) = one.holdings.first().map(|held| held.market) else {
            return Ok(());
        };
        let owed = -one.cash;
        self.deposit(at, account, owed);
        // What the account does not have was paid into its market when it closed, and is taken out again.
        self.markets[home].ledger.pay_in(-owed);
        self.cover(at, home, owed, row)
    }

    /// Changes an account's cash from outside.
    pub(super) fn deposit(&mut self, at: i64, account: usize, amount: Cash) {
        self.accounts[account].cash += amount;
        let home = self.accounts[account]
            .holdings
            .first()
            .map_or(0, |held| held.market);
        self.enter(Entry {
            amount,
            ..entry(at, home, EntryKind::Deposit, Holder::Account(account as u32))
        });
    }

    /// Cash that was called has come.
    pub(super) fn arrive(&mut self, at: i64, account: usize, amount: Cash) -> Result<(), ReplayError> {
        self.accounts[account].called = (self.accounts[account].called - amount).max(Cash::ZERO);
        self.deposit(at, account, amount);
        self.check_account(at, account)
    }

    /// Equity, maintenance margin and exposure of an account, settlement asset.
    pub(super) fn standing(&self, account: usize) -> AccountStanding {
        let one = &self.accounts[account];
        let mut standing = AccountStanding {
            equity: one.cash.to_f64(),
            ..AccountStanding::default()
        };
        for held in one.holdings.iter().filter(|held| held.quantity > Coin::ZERO) {
            let market = &self.markets[held.market];
            let mark = market.log_mark;
            let value = held.quantity.to_f64() * market.frame.kept(mark);
            standing.equity += held.side.sign() * (value - held.entry_value.to_f64());
            let notional = market.frame.notional_usd(held.quantity, mark);
            let brackets = &self.spec.instruments[held.market].parameters.brackets;
            let to_settlement = if market.frame.inverse {
                libm::exp(-mark)
            } else {
                1.0
            };
            // The ratio in force, which a rule may have raised; the amount of the bracket stays.
            let tier = brackets.index_of(notional);
            let ratio = market.margins.maintenance[2 * tier];
            let amount = brackets.tiers()[tier].maintenance_amount_usd;
            standing.maintenance += (ratio * notional - amount).max(0.0) * to_settlement;
            standing.exposure += notional * to_settlement * (1.0 + ratio.max(0.5));
        }
        for coins in one.collateral.iter().filter(|coins| coins.quantity > Coin::ZERO) {
            let reference = &self.markets[self.spec.assets[coins.asset].reference];
            let value = coins.quantity.to_f64() * libm::exp(reference.log_mark) * (1.0 - coins.haircut);
            standing.equity += value;
            standing.exposure += value;
        }
        standing
    }

    /// Looks at an account: calls, liquidates, and says when to look again.
    pub(super) fn check_account(&mut self, at: i64, account: usize) -> Result<(), ReplayError> {
        let standing = self.standing(account);
        if !self.accounts[account].is_flat() {
            if standing.equity < standing.maintenance {
                self.liquidate(at, account);
            } else {
                // Sound again: a later breach begins anew.
                self.accounts[account].stepped = false;
                self.accounts[account].next_step_at = i64::MIN;
            }
            if standing.equity >= standing.maintenance
                && standing.equity < self.accounts[account].call_ratio * standing.maintenance
            {
                self.call(at, account, &standing);
            }
        }
        self.set_band_of(account);
        Ok(())
    }

    /// Sends what the venue's engine closes of an account now.
    fn liquidate(&mut self, at: i64, account: usize) {
        if at < self.accounts[account].next_step_at {
            return;
        }
        self.accounts[account].liquidated_at.get_or_insert(Timestamp(at));
        let mut order: Vec<(f64, usize)> = self.accounts[account]
            .holdings
            .iter()
            .enumerate()
            .filter(|(_, held)| free(held) > Coin::ZERO)
            .map(|(index, held)| {
                let market = &self.markets[held.market];
                (market.frame.notional_usd(free(held), market.log_mark), index)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let standing = self.standing(account);
        for (_, holding) in order {
            let held = self.accounts[account].holdings[holding];
            let Some(liquidation) = self.spec.instruments[held.market].liquidation else {
                continue;
            };
            let market = &self.markets[held.market];
            let mark_usd = libm::exp(market.log_mark);
            let contract = if market.frame.inverse {
                Contract::DOLLAR
            } else {
                Contract::COIN
            };
            let own = market
                .schedule
                .maintenance(held.quantity.to_f64(), contract.unit_value(mark_usd));
            // What the other positions need is not there for this one.
            let equity = standing.equity - (standing.maintenance - own);
            let last = self.accounts[account].stepped.then_some(Forced {
                earliest_next_at: Timestamp(self.accounts[account].next_step_at),
                filled: true,
            });
            let action = liquidation.rule.propose(&Sight {
                contract,
                quantity: free(&held),
                mark_usd,
                equity: Cash::from_f64(equity.min(own * (1.0 - 1e-12))),
                opening_value: held.entry_value,
                margins: &market.schedule,
                on: MaintenanceOn::MarkValue,
                lot: Coin(1),
                at: Timestamp(at),
                last,
            });
            let Action::Send(proposal) = action else { continue };
            let quantity = proposal.quantity.min(free(&held));
            let next = proposal.earliest_next_at.0;
            self.accounts[account].holdings[holding].under_way += quantity;
            let market = &self.markets[held.market];
            let spec = &self.spec.instruments[held.market];
            let null = market.log_null(spec) - market.log_price;
            // Where its market stands beyond the null in the direction that hurts, forced flow had a part in it.
            let hurts = market.frame.side(held.side).sign() * null > 0.0;
            let parent = if hurts {
                self.parent(at, held.market, held.side)
            } else {
                None
            };
            self.send(
                at,
                held.market,
                held.side,
                quantity,
                Cause::Liquidation,
                parent,
                Behind::Account { account, holding },
            );
            self.accounts[account].stepped = true;
            self.accounts[account].next_step_at = next;
            if quantity < free(&held) {
                self.agenda.put(next.max(at + 1), What::Recheck(held.market));
                break;
            }
        }
    }

    /// Sells winning positions that the same owner holds elsewhere, and moves the cash.
    fn call(&mut self, at: i64, account: usize, standing: &AccountStanding) {
        if !self.channels.cross_margin || self.accounts[account].called > Cash::ZERO {
            return;
        }
        let home = &self.accounts[account];
        let mut need = home.call_ratio * standing.maintenance - standing.equity;
        let (owner, venue) = (home.owner, home.venue);
        let inverse = |place: usize| self.spec.instruments[place].inverse;
        if home.holdings.iter().any(|held| inverse(held.market)) {
            return;
        }
        for other in 0..self.accounts.len() {
            if self.accounts[other].owner != owner || self.accounts[other].venue == venue || need <= 0.0 {
                continue;
            }
            for holding in 0..self.accounts[other].holdings.len() {
                let held = self.accounts[other].holdings[holding];
                if inverse(held.market) || free(&held) == Coin::ZERO || need <= 0.0 {
                    continue;
                }
                let market = &self.markets[held.market];
                let value = held.quantity.to_f64() * market.frame.kept(market.log_mark);
                let profit = held.side.sign() * (value - held.entry_value.to_f64());
                if profit <= 0.0 {
                    continue;
                }
                let share = (need / profit).min(1.0);
                let quantity = Coin(((free(&held).0 as f64 * share).ceil() as i64).clamp(1, free(&held).0));
                let freed = profit * quantity.to_f64() / held.quantity.to_f64();
                need -= freed;
                self.accounts[other].holdings[holding].under_way += quantity;
                self.send(
                    at,
                    held.market,
                    held.side,
                    quantity,
                    Cause::MarginCall,
                    None,
                    Behind::Account {
                        account: other,
                        holding,
                    },
                );
                let amount = Cash::from_f64(freed.min(self.accounts[other].cash.to_f64().max(0.0) + freed));
                self.deposit(at, other, -amount);
                self.accounts[account].called += amount;
                self.agenda.put(
                    at + (self.spec.transfer_s * 1e6) as i64,
                    What::Transfer {
                        account,
                        amount: amount.0 as i64,
                    },
                );
            }
        }
    }

    /// Says at which marks an account must be looked at next.
    pub(super) fn set_band_of(&mut self, account: usize) {
        let standing = self.standing(account);
        let one = &self.accounts[account];
        let level = if one.called > Cash::ZERO || standing.equity < one.call_ratio * standing.maintenance {
            1.0
        } else {
            one.call_ratio
        };
        let flat = one.is_flat();
        let r = if flat {
            f64::INFINITY
        } else {
            safe_move(&standing, level)
        };
        let mut places: Vec<usize> = one
            .holdings
            .iter()
            .filter(|held| held.quantity > Coin::ZERO)
            .map(|held| held.market)
            .chain(
                one.collateral
                    .iter()
                    .filter(|coins| coins.quantity > Coin::ZERO)
                    .map(|coins| self.spec.assets[coins.asset].reference),
            )
            .collect();
        places.sort_unstable();
        places.dedup();
        let before: Vec<usize> = self.bands[account].iter().map(|band| band.0).collect();
        self.bands[account] = places
            .iter()
            .map(|&place| {
                let mark = self.markets[place].log_mark;
                (place, mark - r, mark + r)
            })
            .collect();
        for place in before.into_iter().chain(places) {
            let mut watch = [f64::NEG_INFINITY, f64::INFINITY];
            for holder in &self.markets[place].holders {
                for (market, low, high) in &self.bands[*holder] {
                    if *market == place {
                        watch = [watch[0].max(*low), watch[1].min(*high)];
                    }
                }
            }
            self.markets[place].watch = watch;
            self.markets[place].refresh_alarm();
        }
    }
}

/// Takes contracts off a position, with their exact share of its exit value.
fn split(position: &mut Position, exit: &mut Cash, quantity: Coin) -> Position {
    let whole = *position;
    if quantity >= whole.quantity {
        *position = Position {
            quantity: Coin::ZERO,
            entry_value: Cash::ZERO,
            margin: Cash::ZERO,
            ..whole
        };
        *exit = Cash::ZERO;
        return whole;
    }
    let entry_value = whole.entry_value.share_floor(quantity.0, whole.quantity.0);
    let margin = whole.margin.share_floor(quantity.0, whole.quantity.0);
    *exit -= exit.share_floor(quantity.0, whole.quantity.0);
    position.quantity -= quantity;
    position.entry_value -= entry_value;
    position.margin -= margin;
    Position {
        quantity,
        entry_value,
        margin,
        ..whole
    }
}
