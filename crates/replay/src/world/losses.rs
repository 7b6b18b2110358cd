//! Who bears a loss beyond margins: fund, vault, winners of the other side, an account's collateral, nobody.

use aftershock_market::{Cash, Coin, Rest, Side};
use aftershock_protocol::venue::deleveraging::{Ranking, Standing};
use aftershock_protocol::{CoverDeficit, Deleverage, Reserve, Shared};

use super::engine::{World, entry};
use super::journal::{Cause, Entry, EntryKind, Holder, OrderRow};
use super::order::Behind;
use super::winners::lay;
use crate::ReplayError;

/// A pool's part of a loss.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Paid {
    /// The part.
    pub(super) owed: Cash,
    /// Paid of it by funds and vault.
    pub(super) covered: Cash,
    /// Charged to winners; the rest is bad debt.
    pub(super) socialised: Cash,
}

impl World<'_> {
    /// Which share of what no reserve can bear winners do, and how it is laid on them: as the venue does, or as a rule says.
    pub(super) fn winners_bear(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        deficit: Cash,
    ) -> Result<(f64, Shared), ReplayError> {
        let spec = &self.spec.instruments[place];
        let deleverages = spec.liquidation.is_some_and(|one| one.deleverages);
        let step = Deleverage {
            side: self.markets[place].frame.side(side.opposite()),
            deficit,
            share: if deleverages { 1.0 } else { 0.0 },
            shared: Shared::Queue,
        };
        if self.rules.is_record() {
            return Ok((step.share, step.shared));
        }
        let verdict = self.rules.deleverage(step, &self.markets[place].view(at, spec))?;
        self.tell_rules(at, "deleverage", &spec.name, None, &verdict.interventions);
        let share = if verdict.allowed { verdict.step.share } else { 0.0 };
        Ok((share, verdict.step.shared))
    }

    /// Closes winners of a side at the bankruptcy price of those they win from, in the venue's order or as a rule lays it on
    /// them.
    #[expect(clippy::too_many_arguments, reason = "the parts of a deleveraging, once")]
    pub(super) fn deleverage(
        &mut self,
        at: i64,
        place: usize,
        side: Side,
        quantity: Coin,
        value: Cash,
        shared: Shared,
        row: &mut OrderRow,
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
            if shared == Shared::ByProfit {
                return profit;
            }
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
        let wanted = lay(shared, ranked, quantity);
        let given_up = side.sign() * (quantity.to_f64() * kept - value.to_f64());
        row.deleveraged_profit_usd += if frame.inverse {
            given_up * mark_usd
        } else {
            given_up
        };
        let mut taken = Vec::new();
        market.book.take_ranked(side, &wanted, &mut taken);
        let mut rest = Rest::new(quantity, value);
        // The last of the winners may have lost too, where losers hold more than winners do.
        let mut owed = Cash::ZERO;
        for closed in taken {
            let exit = rest.take(closed.position.quantity);
            owed += self
                .close(at, place, side, Holder::Cohort, &closed.position, exit)
                .1;
        }
        // Those who carried have lost part of their short and hold naked spot; arbitrageurs have lost hedges.
        if self.markets[place].frame.side(side) == Side::Short {
            let usd = self.markets[place].frame.notional_usd(quantity, row.log_fill);
            let spec = &self.spec.instruments[place];
            let market = &mut self.markets[place];
            let price_usd = libm::exp(market.log_price);
            if let (Some((carry, parameters)), Some(traders)) = (&mut market.carry, spec.carry) {
                carry.deleveraged(usd * traders.share, price_usd, parameters);
                market.unhedged_by = Some(row.id);
            }
            if let Some(parameters) = spec.arbitrage {
                market
                    .arbitrage
                    .deleveraged(usd * (1.0 - spec.carry.map_or(0.0, |one| one.share)), &parameters);
            }
        }
        owed
    }

    /// Each pool's part of an amount, by its share of open interest.
    pub(super) fn by_pool(&self, place: usize, amount: Cash) -> Vec<Cash> {
        let pools = &self.spec.instruments[place].parameters.pools;
        let mut left = amount;
        let parts = pools.iter().enumerate().map(|(pool, held)| {
            let part = if pool + 1 == pools.len() {
                left
            } else {
                Cash((amount.0 as f64 * held.share) as i128).min(left)
            };
            left -= part;
            part
        });
        parts.collect()
    }

    /// Puts a loss to the pools of a market by their shares: each pays from its own fund, then from the vault, or as a rule
    /// says. Returns each pool's part and what became of it.
    pub(super) fn cover(
        &mut self,
        at: i64,
        place: usize,
        deficit: Cash,
        row: &mut OrderRow,
    ) -> Result<Vec<Paid>, ReplayError> {
        let parts = self.by_pool(place, deficit);
        let mut paid = vec![Paid::default(); parts.len()];
        if deficit <= Cash::ZERO {
            return Ok(paid);
        }
        let vault = parts.len();
        let funds = self.markets[place].ledger.insurance().iter().copied();
        let losses = parts.iter().copied().chain([Cash::ZERO]);
        let reserves: Vec<Reserve> = funds
            .zip(losses)
            .map(|(fund, loss)| Reserve { fund, loss })
            .collect();
        let mut uncovered = Cash::ZERO;
        let mut charged = Cash::ZERO;
        for (pool, share) in parts.into_iter().enumerate() {
            if share == Cash::ZERO {
                continue;
            }
            let left = self.markets[place].ledger.insurance().to_vec();
            let mut draws = vec![Cash::ZERO; left.len()];
            draws[pool] = left[pool].min(share);
            draws[vault] = left[vault].min(share - draws[pool]);
            let step = CoverDeficit {
                deficit: share,
                pool,
                reserves: reserves.clone(),
                left,
                draws,
                socialised: Cash::ZERO,
            };
            let view = self.markets[place].view(at, &self.spec.instruments[place]);
            let verdict = self.rules.cover_deficit(step, &view)?;
            let name = &self.spec.instruments[place].parameters.pools[pool].name;
            self.tell_rules(at, "cover_deficit", name, None, &verdict.interventions);
            let others = (0..vault).filter(|other| *other != pool);
            let funds = [pool, vault].into_iter().chain(others);
            let draws: Vec<(usize, Cash)> = funds.map(|fund| (fund, verdict.step.draws[fund])).collect();
            let socialised = if verdict.step.socialised > Cash::ZERO {
                verdict
                    .step
                    .socialised
                    .min(self.gains_not_charged(place, row.side))
            } else {
                Cash::ZERO
            };
            self.markets[place].ledger.socialise(socialised);
            let unpaid = self.markets[place].ledger.cover(pool, share - socialised, &draws);
            for (fund, amount) in draws {
                if amount > Cash::ZERO {
                    self.enter(Entry {
                        quantity: Coin(i64::from(fund == vault)),
                        amount,
                        ..entry(at, place, EntryKind::Draw, Holder::Cohort)
                    });
                }
            }
            paid[pool] = Paid {
                owed: share,
                covered: share - socialised - unpaid,
                socialised,
            };
            uncovered += unpaid;
            charged += socialised;
        }
        if uncovered > Cash::ZERO {
            self.enter(Entry {
                amount: uncovered,
                ..entry(at, place, EntryKind::BadDebt, Holder::Cohort)
            });
        }
        if charged > Cash::ZERO {
            self.enter(Entry {
                amount: charged,
                ..entry(at, place, EntryKind::Socialised, Holder::Cohort)
            });
        }
        row.deficit += deficit;
        row.covered += deficit - uncovered - charged;
        row.socialised += charged;
        row.bad_debt += uncovered;
        self.tell_funds(at, place);
        Ok(paid)
    }

    /// What the other side of a contract has gained at the mark and has not been charged before, settlement asset.
    fn gains_not_charged(&self, place: usize, lost: Side) -> Cash {
        let market = &self.markets[place];
        let side = market.frame.side(lost).opposite();
        let kept = market.frame.kept(market.log_mark);
        let gains = market.book.ranked(side, |_, held| {
            side.sign() * (held.quantity.to_f64() * kept - held.entry_value.to_f64())
        });
        let gained: f64 = gains.iter().map(|one| one.score.max(0.0)).sum();
        (Cash::from_f64(gained) - market.ledger.socialised()).max(Cash::ZERO)
    }

    /// An account whose positions are gone and whose cash is below zero: collateral first, then the venue's reserves.
    pub(super) fn settle_flat(
        &mut self,
        at: i64,
        account: usize,
        row: &mut OrderRow,
    ) -> Result<(), ReplayError> {
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
        self.cover(at, home, owed, row)?;
        Ok(())
    }
}
