//! Accounts that are looked at: what they are worth, when to look again, and what is called or closed.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::venue::liquidation::Action;
use aftershock_protocol::{Position, Slot};

use super::account::{Account, Holding, Standing, safe_move};
use super::engine::{World, entry};
use super::journal::{Cause, Entry, EntryKind, Holder};
use super::order::{Behind, What};
use super::portfolio::Leg;
use crate::ReplayError;

impl World<'_> {
    /// Adds an account with its positions; whoever holds the other side is found among the unlevered, who never break.
    ///
    /// # Errors
    /// A holding or collateral that names no market or asset, one at another venue, or markets that settle differently.
    pub fn add_account(&mut self, account: Account, at: Timestamp) -> Result<usize, ReplayError> {
        let place = self.accounts.len();
        let name = account.name.clone();
        let fail = |text: String| Err(ReplayError::World(format!("account {name}: {text}")));
        let settlement = |market: usize| {
            let spec = &self.spec.instruments[market];
            (spec.inverse, if spec.inverse { spec.asset } else { 0 })
        };
        for held in &account.holdings {
            if held.market >= self.markets.len() {
                return fail(format!("market {} of {}", held.market, self.markets.len()));
            }
            if self.spec.instruments[held.market].venue != account.venue {
                return fail(format!(
                    "{} is at another venue",
                    self.spec.instruments[held.market].name
                ));
            }
            if settlement(held.market) != settlement(account.holdings[0].market) {
                return fail("its markets settle in different assets".to_owned());
            }
        }
        if account
            .collateral
            .iter()
            .any(|one| one.asset >= self.spec.assets.len())
        {
            return fail("collateral in an asset that is not there".to_owned());
        }
        let home = account.holdings.first().map_or(0, |held| held.market);
        self.enter(Entry {
            amount: account.cash,
            ..entry(at.0, home, EntryKind::Deposit, Holder::Account(place as u32))
        });
        for held in &account.holdings {
            for (holder, side) in [
                (Holder::Account(place as u32), held.side),
                (Holder::Cohort, held.side.opposite()),
            ] {
                // The other side carries its whole value as margin: nothing can break it.
                let margin = if holder == Holder::Cohort {
                    held.entry_value
                } else {
                    Cash::ZERO
                };
                self.markets[held.market]
                    .ledger
                    .endow(side, margin, held.entry_value);
                self.enter(Entry {
                    side,
                    quantity: held.quantity,
                    margin,
                    entry_value: held.entry_value,
                    ..entry(at.0, held.market, EntryKind::Endow, holder)
                });
                if holder == Holder::Cohort {
                    let slot = Slot {
                        tier: 0,
                        linked: false,
                    };
                    let key = match side {
                        Side::Long => 0.0,
                        Side::Short => f64::INFINITY,
                    };
                    let position = Position {
                        key,
                        quantity: held.quantity,
                        entry_value: held.entry_value,
                        margin,
                    };
                    self.markets[held.market].book.insert(side, slot, position);
                }
            }
            let holders = &mut self.markets[held.market].holders;
            if !holders.contains(&place) {
                holders.push(place);
            }
        }
        for market in self.priced_at(&account) {
            if !self.markets[market].holders.contains(&place) {
                self.markets[market].holders.push(place);
            }
        }
        self.accounts.push(account);
        self.bands.push(Vec::new());
        self.set_band_of(place)?;
        Ok(place)
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
    ///
    /// # Errors
    /// A rule that breaks a step.
    fn standing(&self, account: usize) -> Result<Standing, ReplayError> {
        self.standing_by(account, true)
    }

    /// The same, with collateral and netting by history or by the rules.
    pub(super) fn standing_by(&self, account: usize, by_rules: bool) -> Result<Standing, ReplayError> {
        let one = &self.accounts[account];
        let mut standing = Standing {
            equity: one.cash.to_f64(),
            ..Standing::default()
        };
        for held in one.holdings.iter().filter(|held| held.quantity > Coin::ZERO) {
            let market = &self.markets[held.market];
            let value = held.quantity.to_f64() * market.frame.kept(market.log_mark);
            standing.equity += held.side.sign() * (value - held.entry_value.to_f64());
            let (margin, value, ratio) = self.maintenance(held);
            standing.maintenance += margin;
            standing.exposure += value * (1.0 + ratio.max(0.5));
        }
        if by_rules && !self.rules.is_record() && one.holdings.len() > 1 {
            // Netted margin moves no faster with prices than that of the positions one by one.
            let (mut legs, gross) = self.legs(one);
            standing.maintenance = self.net(one, &mut legs, gross)?.0;
        }
        self.add_collateral(one, by_rules, &mut standing)?;
        Ok(standing)
    }

    /// Maintenance margin and value of a position at the mark, settlement asset, and the ratio in force.
    fn maintenance(&self, held: &Holding) -> (f64, f64, f64) {
        let market = &self.markets[held.market];
        let mark = market.log_mark;
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
        let margin = (ratio * notional - amount).max(0.0) * to_settlement;
        (margin, notional * to_settlement, ratio)
    }

    /// Margins of an account's positions one by one, and their sum.
    pub(super) fn legs(&self, account: &Account) -> (Vec<Leg>, f64) {
        let open = account.holdings.iter().filter(|held| held.quantity > Coin::ZERO);
        let legs: Vec<Leg> = open
            .map(|held| {
                let side = self.markets[held.market].frame.side(held.side);
                let asset = self.spec.instruments[held.market].asset;
                (asset, side, self.maintenance(held).0)
            })
            .collect();
        let gross = legs.iter().map(|leg| leg.2).sum();
        (legs, gross)
    }

    /// Looks at an account: calls, liquidates, and says when to look again.
    pub(super) fn check_account(&mut self, at: i64, account: usize) -> Result<(), ReplayError> {
        let standing = self.standing(account)?;
        if !self.accounts[account].is_flat() {
            self.tell_account(at, account, standing.equity >= standing.maintenance)?;
            if standing.equity < standing.maintenance {
                self.liquidate(at, account)?;
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
        self.set_band_of(account)
    }

    /// Sends what the venue's engine closes of an account now.
    fn liquidate(&mut self, at: i64, account: usize) -> Result<(), ReplayError> {
        if at < self.accounts[account].next_step_at {
            return Ok(());
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
        let standing = self.standing(account)?;
        for (_, holding) in order {
            let held = self.accounts[account].holdings[holding];
            let Some(liquidation) = self.spec.instruments[held.market].liquidation else {
                continue;
            };
            let market = &self.markets[held.market];
            let own = market.maintenance(held.quantity);
            // What the other positions need is not there for this one.
            let equity = standing.equity - (standing.maintenance - own);
            let last = self.accounts[account]
                .stepped
                .then_some(self.accounts[account].next_step_at);
            let action = market.propose(
                at,
                liquidation.rule,
                free(&held),
                equity.min(own * (1.0 - 1e-12)),
                held.entry_value,
                last,
            );
            let Action::Send(proposal) = action else { continue };
            let quantity = proposal.quantity.min(free(&held));
            let next = proposal.earliest_next_at.0;
            self.accounts[account].holdings[holding].under_way += quantity;
            let market = &self.markets[held.market];
            let null = market.log_null() - market.log_price;
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
        Ok(())
    }

    /// Sells winning positions that the same owner holds elsewhere, and moves the cash.
    fn call(&mut self, at: i64, account: usize, standing: &Standing) {
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
    pub(super) fn set_band_of(&mut self, account: usize) -> Result<(), ReplayError> {
        let standing = self.standing(account)?;
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
            let watched = self.until_rules_decide(account)?;
            safe_move(&standing, level).min(watched)
        };
        let mut places: Vec<usize> = one
            .holdings
            .iter()
            .filter(|held| held.quantity > Coin::ZERO)
            .map(|held| held.market)
            .chain(self.priced_at(one))
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
        Ok(())
    }
}

/// Contracts of a holding that are not on their way out.
fn free(held: &Holding) -> Coin {
    held.quantity - held.under_way
}
