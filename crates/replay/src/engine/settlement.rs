//! What happens to a forced order at the book: fill, counterparties, losses, and who is told.

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_protocol::{CoverDeficit, Position};

use super::{Batch, Engine};
use crate::observer::{ForcedOrder, Fund, Noted, Observer};
use crate::response::{Fill, absorb};
use crate::{Liquidity, ReplayError};

/// Positions of one batch whose leverage agrees to a tenth are told as one order.
const LEVERAGE_STEPS: f64 = 10.0;
/// Steps after which the news at a waypoint is as good as found; a handful is the rule.
const SOLVER_STEPS: usize = 64;

impl<O: Observer> Engine<'_, O> {
    /// The news at a waypoint where the record is the price and batches are due: what is left of the recorded price
    /// once all of them have traded. Each fills at a price that depends on the news, and where the record's flow holds
    /// forced orders, what they trade is taken out of it; so both are solved by iteration. A replay that is given what
    /// is found here then fills the same batches at the same prices.
    pub(super) fn solve_news(&mut self, at: Timestamp, log_recorded: f64) -> f64 {
        let mut log_news = log_recorded - self.impact();
        let mut ordinary = self.state.ordinary;
        let mut taken_out = 0.0;
        for _ in 0..SOLVER_STEPS {
            let mut endogenous = self.endogenous;
            let mut forced = 0.0;
            for batch in self.under_way.iter().take_while(|batch| batch.due <= at) {
                let log_before = log_news + self.impact_of(&ordinary, &endogenous);
                let fill = Price::from_f64(libm::exp(self.log_fill(batch, at, log_before)));
                let value_usd = batch.quantity.value_floor(fill).to_f64();
                let flow = -batch.side.sign() * value_usd;
                forced += flow;
                if self.mode.mechanisms.liquidation {
                    endogenous.trade(flow / self.forced_depth());
                }
            }
            if self.path.ordinary_holds_forced {
                ordinary = self.state.ordinary;
                ordinary.trade(-forced / self.ordinary_depth);
            }
            let next = log_recorded - self.impact_of(&ordinary, &endogenous);
            let found = next == log_news && (forced == taken_out || !self.path.ordinary_holds_forced);
            (log_news, taken_out) = (next, forced);
            if found {
                break;
            }
        }
        if self.path.ordinary_holds_forced {
            self.state.ordinary.trade(-taken_out / self.ordinary_depth);
            self.ordinary_usd -= taken_out;
        }
        log_news
    }

    /// Average log price at which a batch fills that meets the market at `log_before`.
    fn log_fill(&self, batch: &Batch, at: Timestamp, log_before: f64) -> f64 {
        let worked_s = at.seconds_since(batch.triggered_at);
        let usd = batch.quantity.to_f64() * libm::exp(log_before);
        self.liquidity().log_fill(batch.side, usd, log_before, worked_s)
    }

    /// The book as it stands.
    pub(super) fn liquidity(&self) -> Liquidity {
        Liquidity {
            usd_per_log: self.parameters.book_usd_per_log * self.forced_depth(),
            refill_s: self.parameters.book_refill_s,
            end_log: self.parameters.book_end,
            band: self.band.as_ref().map(|band| (band.log_lower, band.log_upper)),
        }
    }

    /// A batch meets the book: it walks to its average fill, its counterparties are booked, its losses covered.
    pub(super) fn execute(&mut self, i: usize, at: Timestamp, batch: Batch) -> Result<(), ReplayError> {
        if batch.quantity == Coin::ZERO {
            return Ok(());
        }
        self.eventful = true;
        let Batch { side, quantity, .. } = batch;
        let flow_sign = -side.sign();
        let log_fill = self.log_fill(&batch, at, self.log_news + self.impact());
        let fill_usd = libm::exp(log_fill);
        let fill = Price::from_f64(fill_usd);

        let mut value = Cash::ZERO;
        let mut settled = Vec::with_capacity(batch.orders.len());
        for closed in &batch.orders {
            let position = &closed.position;
            let exit = position.quantity.value_floor(fill);
            value += exit;
            settled.push(
                self.state
                    .ledger
                    .close(side, position.margin, position.entry_value, exit)
                    .deficit,
            );
        }
        self.quantity_under_way[side.index()] -= quantity;
        let unpaid = absorb(
            (&mut self.state.book, &mut self.state.ledger),
            &Fill {
                side,
                quantity,
                value,
                price_usd: fill_usd,
            },
            self.parameters.reopen_share,
            &self.openings,
            &mut self.scratch,
            &mut |_| {},
        );
        let deficit = settled.iter().copied().sum::<Cash>() + unpaid;
        let paid = self.cover(at, self.path.log_price[i], deficit)?;

        let value_usd = value.to_f64();
        self.push_price(flow_sign * value_usd);
        self.out.executions.push((i, side, value_usd));
        self.out.totals.forced_usd[side.index()] += value_usd;
        self.out.totals.forced_orders += batch.orders.len() as u64;
        self.audit();
        self.refresh_triggers();
        if O::LISTENS {
            self.tell_orders(at, &batch, &settled, fill_usd, &paid);
        }
        Ok(())
    }

    /// Puts a loss through the waterfall; returns each pool's part of it and what insurance paid of that.
    fn cover(
        &mut self,
        at: Timestamp,
        log_mark: f64,
        deficit: Cash,
    ) -> Result<Vec<(Cash, Cash)>, ReplayError> {
        let pools = self.parameters.pools.len();
        let mut parts = vec![(Cash::ZERO, Cash::ZERO); pools];
        if deficit == Cash::ZERO {
            return Ok(parts);
        }
        let view = self.view(at, log_mark);
        let (mut left, mut uncovered) = (deficit, Cash::ZERO);
        for pool in 0..pools {
            let share = if pool + 1 == pools {
                left
            } else {
                Cash((deficit.0 as f64 * self.parameters.pools[pool].share) as i128).min(left)
            };
            left -= share;
            if share == Cash::ZERO {
                continue;
            }
            let funds = self.state.ledger.insurance();
            let own_fund = funds[pool];
            let other_funds: Cash = funds.iter().copied().sum::<Cash>() - own_fund;
            let step = CoverDeficit {
                deficit: share,
                own_fund,
                other_funds,
                from_own: own_fund.min(share),
                from_others: Cash::ZERO,
            };
            let verdict = self.rules.cover_deficit(step, &view)?;
            for one in &verdict.interventions {
                self.observer.intervention(&Noted {
                    at,
                    rule: &one.rule,
                    step: "cover_deficit",
                    decision: one.decision,
                    subject: self.parameters.pools[pool].name.clone(),
                    before: Some(one.before),
                    after: Some(one.after),
                    until: None,
                    reason: &one.reason.0,
                });
            }
            let mut draws = vec![(pool, verdict.step.from_own)];
            let mut owed = verdict.step.from_others;
            for (other, fund) in funds.iter().enumerate().filter(|(other, _)| *other != pool) {
                let draw = owed.min(*fund);
                owed -= draw;
                draws.push((other, draw));
            }
            let unpaid = self.state.ledger.cover(pool, share, &draws);
            parts[pool] = (share, share - unpaid);
            uncovered += unpaid;
        }
        self.out.totals.insurance_used += deficit - uncovered;
        self.out.totals.bad_debt += uncovered;
        self.tell_funds(at);
        Ok(parts)
    }

    /// Counts money and contracts again after every batch.
    fn audit(&mut self) {
        let [long, short] =
            Side::BOTH.map(|side| self.state.book.quantity(side) + self.quantity_under_way[side.index()]);
        let gap = Coin((long - short).0.abs());
        let residual = Cash(self.state.ledger.residual().0.abs());
        let seen = &mut self.out.totals.imbalance;
        *seen = (seen.0.max(gap), seen.1.max(residual));
    }

    pub(super) fn tell_funds(&mut self, at: Timestamp) {
        for pool in 0..self.parameters.pools.len() {
            let (insurance, bad_debt) = (
                self.state.ledger.insurance()[pool],
                self.state.ledger.bad_debt()[pool],
            );
            self.observer.fund(&Fund {
                at,
                pool,
                insurance,
                bad_debt,
            });
        }
    }

    /// Tells a batch, positions of one leverage together, each pool with its share.
    fn tell_orders(
        &mut self,
        at: Timestamp,
        batch: &Batch,
        deficits: &[Cash],
        fill_usd: f64,
        paid: &[(Cash, Cash)],
    ) {
        let mut groups: Vec<(bool, i64, Position, Cash)> = Vec::new();
        for (closed, deficit) in batch.orders.iter().zip(deficits) {
            let position = &closed.position;
            let leverage = (position.leverage() * LEVERAGE_STEPS).round() as i64;
            match groups
                .iter_mut()
                .find(|group| (group.0, group.1) == (closed.slot.linked, leverage))
            {
                Some((_, _, sum, unpaid)) => {
                    sum.quantity += position.quantity;
                    sum.entry_value += position.entry_value;
                    sum.margin += position.margin;
                    *unpaid += *deficit;
                }
                None => groups.push((closed.slot.linked, leverage, *position, *deficit)),
            }
        }
        for (linked, _, position, deficit) in groups {
            for (pool, held) in self.parameters.pools.iter().enumerate() {
                let shortfall_usd = deficit.to_f64() * held.share;
                let quantity_btc = position.quantity.to_f64() * held.share;
                let (owed, paid) = paid[pool];
                let paid_share = if owed == Cash::ZERO {
                    0.0
                } else {
                    paid.to_f64() / owed.to_f64()
                };
                self.observer.forced_order(&ForcedOrder {
                    triggered_at: batch.triggered_at,
                    executed_at: at,
                    pool,
                    side: batch.side,
                    leverage: position.leverage(),
                    linked,
                    quantity_btc,
                    notional_usd: quantity_btc * fill_usd,
                    trigger_usd: batch.trigger_usd,
                    fill_usd,
                    shortfall_usd,
                    insurance_usd: shortfall_usd * paid_share,
                    bad_debt_usd: shortfall_usd * (1.0 - paid_share),
                });
            }
        }
    }
}
