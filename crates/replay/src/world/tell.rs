//! What observers are told of orders, funds and rules.

use aftershock_market::{Cash, Timestamp};
use aftershock_protocol::{Intervention, Position};

use super::engine::World;
use super::losses::Paid;
use super::order::{Behind, Order};
use crate::observer::{ForcedOrder, Fund, Noted};

/// Positions of one order whose leverage agrees to a tenth are told as one.
const LEVERAGE_STEPS: f64 = 10.0;
/// Leverage is told to a millionth: what is beyond comes of money that has a smallest unit.
const LEVERAGE_UNITS: f64 = 1e6;

/// Positions closed by one order, those of one leverage together, with what each group owes.
pub(super) struct Told {
    linked: Option<Vec<bool>>,
    groups: Vec<(bool, i64, Position, Cash)>,
}

impl Told {
    /// Nothing yet; and never anything where nobody listens, or an account is behind the order.
    pub(super) fn new(listens: bool, behind: &Behind) -> Self {
        let linked = match behind {
            Behind::Cohort(closed) if listens => {
                Some(closed.iter().map(|closed| closed.slot.linked).collect())
            }
            _ => None,
        };
        Self {
            linked,
            groups: Vec::new(),
        }
    }

    /// The part of an order's `turn`-th position that met the book, and what it could not pay.
    pub(super) fn add(&mut self, turn: usize, position: &Position, owed: Cash) {
        let Some(linked) = self.linked.as_ref().map(|linked| linked[turn]) else {
            return;
        };
        let leverage = (position.leverage() * LEVERAGE_STEPS).round() as i64;
        let group = self
            .groups
            .iter_mut()
            .find(|group| (group.0, group.1) == (linked, leverage));
        match group {
            Some((_, _, sum, unpaid)) => {
                sum.quantity += position.quantity;
                sum.entry_value += position.entry_value;
                sum.margin += position.margin;
                *unpaid += owed;
            }
            None => self.groups.push((linked, leverage, *position, owed)),
        }
    }
}

impl World<'_> {
    /// Tells margins and funds as a tape begins.
    pub(super) fn tell_start(&mut self, at: i64) {
        for (step, subject, interventions) in std::mem::take(&mut self.before) {
            self.tell_rules(at, step, &subject, None, &interventions);
        }
        for place in 0..self.markets.len() {
            if self.spec.instruments[place].liquidation.is_some() {
                if let Some(observer) = &mut self.observer {
                    self.markets[place].margins.tell(Timestamp(at), *observer);
                }
                self.tell_funds(at, place);
            }
        }
    }

    /// Tells an order, each pool with its share.
    pub(super) fn tell_orders(&mut self, at: i64, order: &Order, log_fill: f64, told: Told, paid: &[Paid]) {
        let Some(observer) = &mut self.observer else {
            return;
        };
        let market = &self.markets[order.market];
        let pools = &self.spec.instruments[order.market].parameters.pools;
        for (linked, _, position, deficit) in told.groups {
            for (pool, held) in pools.iter().enumerate() {
                let shortfall_usd = market.frame.usd(deficit, log_fill) * held.share;
                let Paid {
                    owed,
                    covered,
                    socialised,
                } = paid[pool];
                let share = |part: Cash| {
                    if owed == Cash::ZERO {
                        0.0
                    } else {
                        part.to_f64() / owed.to_f64()
                    }
                };
                let paid_share = share(covered);
                let notional_usd = market.frame.notional_usd(position.quantity, log_fill) * held.share;
                observer.forced_order(&ForcedOrder {
                    triggered_at: Timestamp(order.triggered_at),
                    executed_at: Timestamp(at),
                    order: order.id,
                    parent: order.parent,
                    generation: order.generation,
                    pool,
                    side: market.frame.side(order.side),
                    leverage: (position.leverage() * LEVERAGE_UNITS).round() / LEVERAGE_UNITS,
                    linked,
                    quantity_btc: notional_usd / libm::exp(log_fill),
                    notional_usd,
                    trigger_usd: libm::exp(order.log_trigger),
                    fill_usd: libm::exp(log_fill),
                    shortfall_usd,
                    insurance_usd: shortfall_usd * paid_share,
                    bad_debt_usd: shortfall_usd * (1.0 - paid_share - share(socialised)),
                });
            }
        }
    }

    /// Tells what is left of each pool's fund.
    pub(super) fn tell_funds(&mut self, at: i64, place: usize) {
        let Some(observer) = &mut self.observer else {
            return;
        };
        let ledger = &self.markets[place].ledger;
        for pool in 0..self.spec.instruments[place].parameters.pools.len() {
            observer.fund(&Fund {
                at: Timestamp(at),
                pool,
                insurance: ledger.insurance()[pool],
                bad_debt: ledger.bad_debt()[pool],
            });
        }
    }

    /// Tells what rules did to a step.
    pub(super) fn tell_rules(
        &mut self,
        at: i64,
        step: &'static str,
        subject: &str,
        until: Option<Timestamp>,
        interventions: &[Intervention],
    ) {
        let Some(observer) = &mut self.observer else {
            return;
        };
        for one in interventions {
            observer.intervention(&Noted {
                at: Timestamp(at),
                rule: &one.rule,
                step,
                decision: one.decision,
                subject: subject.to_owned(),
                before: Some(one.before),
                after: Some(one.after),
                until,
                reason: &one.reason.0,
            });
        }
    }
}
