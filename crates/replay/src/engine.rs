//! The loop: decay, news, forced orders, price, halts, triggers; one waypoint after another.

use std::collections::VecDeque;

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_measure::depth::walk_book;
use aftershock_protocol::{Closed, CoverDeficit, Liquidate, Position, RuleSet, SetBand, View};

use crate::decay::{Decay, DecayTable};
use crate::inventory::{Opening, Start};
use crate::observer::{ForcedOrder, Fund, Noted, Observer, Waypoint};
use crate::response::{Fill, ImpactState, absorb, depth_ratio};
use crate::{Mechanisms, Parameters, Path, ReplayError};

/// Positions of one batch whose leverage agrees to a tenth are told as one order.
const LEVERAGE_STEPS: f64 = 10.0;

/// What is held fixed while rules change: abducted from the record by a run with [`Drive::Record`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exogenous {
    /// Log price less the impact that stood in it, per waypoint from `path.first` on.
    pub log_price: Vec<f64>,
    /// Depth that ordinary flow met, per waypoint from `path.first` on.
    pub ordinary_depth: Vec<f64>,
    /// Log price with forced flow off the book, per waypoint from `path.first` on: the null.
    pub log_null: Vec<f64>,
}

/// Where the forced flow comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedFlow {
    /// From positions that the mark liquidates.
    Regenerated,
    /// From the record; positions are left alone.
    Recorded,
}

/// Where the price comes from.
#[derive(Clone, Copy, Debug)]
pub enum Drive<'a> {
    /// The record is the price; what is exogenous follows from it.
    Record,
    /// What is exogenous is given; the price follows from it and the flow.
    Exogenous(&'a Exogenous),
}

/// Sums over a replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Forced selling and forced buying at the fill, USD.
    pub forced_usd: [f64; 2],
    /// Open interest of one side at the start.
    pub open_interest_before: Coin,
    /// Open interest of one side at the end, orders under way included.
    pub open_interest_after: Coin,
    /// Paid by insurance.
    pub insurance_used: Cash,
    /// Left uncovered.
    pub bad_debt: Cash,
    /// Time under a halt, s.
    pub halted_s: f64,
    /// Largest absolute jump at a reopening, log.
    pub reopening_gap_log: Option<f64>,
    /// Number of forced orders executed.
    pub forced_orders: u64,
    /// Largest |long - short| open interest and |ledger residual| seen; both must be zero.
    pub imbalance: (Coin, Cash),
}

/// What a replay came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// Replayed log mark, per waypoint from `path.first` on.
    pub log_mark: Vec<f64>,
    /// What was abducted, where the record drove.
    pub exogenous: Option<Exogenous>,
    /// Executions as `(waypoint index, side closed, USD)`.
    pub executions: Vec<(usize, Side, f64)>,
    /// Sums.
    pub totals: Totals,
}

struct Batch {
    side: Side,
    triggered_at: Timestamp,
    due: Timestamp,
    trigger_usd: f64,
    quantity: Coin,
    orders: Vec<Closed>,
}

struct Band {
    log_lower: f64,
    log_upper: f64,
    halt_s: f64,
    rule: String,
    reason: String,
}

/// How a replay is driven.
#[derive(Clone, Copy, Debug)]
pub struct Mode<'a> {
    /// Where the price comes from.
    pub drive: Drive<'a>,
    /// Where the forced flow comes from.
    pub forced: ForcedFlow,
    /// The machinery that is switched on.
    pub mechanisms: Mechanisms,
}

impl<'a> Mode<'a> {
    /// The record drives, forced flow is regenerated from positions: what is exogenous follows.
    pub const ABDUCT: Mode<'static> = Mode {
        drive: Drive::Record,
        forced: ForcedFlow::Regenerated,
        mechanisms: Mechanisms::ALL,
    };

    /// Exogenous inputs drive, forced flow is regenerated.
    pub fn closed_loop(exogenous: &'a Exogenous, mechanisms: Mechanisms) -> Self {
        Self {
            drive: Drive::Exogenous(exogenous),
            forced: ForcedFlow::Regenerated,
            mechanisms,
        }
    }
}

/// The fixed inputs of a replay.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    /// The recorded path.
    pub path: &'a Path,
    /// What is believed of the world.
    pub parameters: &'a Parameters,
    /// Decay over its half-lives.
    pub table: &'a DecayTable,
    /// Empty for the rules of record.
    pub rules: &'a RuleSet,
}

impl<'a> Replay<'a> {
    /// Replays the path from `path.first` on.
    ///
    /// # Errors
    /// A broken path, or a rule that breaks a step.
    ///
    /// # Panics
    /// Where a given exogenous path is shorter than the replay, the record is to drive under rules (which change
    /// what the record would have been), or recorded forced flow is asked for and none is on the path.
    pub fn run<O: Observer>(
        &self,
        start: Start,
        mode: Mode<'a>,
        observer: &'a mut O,
    ) -> Result<Replayed, ReplayError> {
        self.path.check()?;
        if let Drive::Exogenous(given) = mode.drive {
            assert!(
                given.log_price.len() >= self.path.len() - self.path.first,
                "the exogenous path covers the replay"
            );
        } else {
            assert!(self.rules.is_record(), "the record cannot drive a counterfactual");
        }
        assert!(
            mode.forced == ForcedFlow::Regenerated || self.path.has_forced(),
            "forced flow is on the path"
        );
        Engine::new(*self, start, mode, observer).run()
    }
}

struct Engine<'a, O: Observer> {
    path: &'a Path,
    parameters: &'a Parameters,
    rules: &'a RuleSet,
    mode: Mode<'a>,
    observer: &'a mut O,
    decay: Decay<'a>,
    state: Start,
    endogenous: ImpactState,
    openings: Vec<Opening>,
    /// Log marks at which the next long and short are liquidated.
    log_triggers: [f64; 2],
    under_way: VecDeque<Batch>,
    quantity_under_way: [Coin; 2],
    suspended_until: [Option<Timestamp>; 2],
    band: Option<Band>,
    halted_until: Option<Timestamp>,
    halt_began: Timestamp,
    /// Ordinary flow that waits for the reopening, USD over depth.
    queued_usd: f64,
    scratch: Vec<Closed>,
    out: Replayed,
}

impl<'a, O: Observer> Engine<'a, O> {
    fn new(replay: Replay<'a>, start: Start, mode: Mode<'a>, observer: &'a mut O) -> Self {
        let Replay {
            path,
            parameters,
            table,
            rules,
        } = replay;
        let n = path.len() - path.first;
        let abducts = matches!(mode.drive, Drive::Record);
        let mut engine = Self {
            openings: start.margins.openings(parameters, false),
            out: Replayed {
                log_mark: Vec::with_capacity(n),
                exogenous: abducts.then(|| Exogenous {
                    log_price: Vec::with_capacity(n),
                    ordinary_depth: Vec::with_capacity(n),
                    log_null: Vec::with_capacity(n),
                }),
                executions: Vec::new(),
                totals: Totals {
                    open_interest_before: start.open_interest,
                    ..Totals::default()
                },
            },
            path,
            parameters,
            rules,
            mode,
            observer,
            decay: Decay::new(table),
            state: start,
            endogenous: ImpactState::default(),
            log_triggers: [f64::NEG_INFINITY, f64::INFINITY],
            under_way: VecDeque::new(),
            quantity_under_way: [Coin::ZERO; 2],
            suspended_until: [None; 2],
            band: None,
            halted_until: None,
            halt_began: path.at[0],
            queued_usd: 0.0,
            scratch: Vec::new(),
        };
        engine.refresh_triggers();
        engine
    }

    fn run(mut self) -> Result<Replayed, ReplayError> {
        let first = self.path.first;
        self.state.margins.tell(self.path.at[first], self.observer);
        self.tell_funds(self.path.at[first]);
        for i in first..self.path.len() {
            self.waypoint(i)?;
        }
        if let Some(until) = self.halted_until {
            let end = self.path.at[self.path.len() - 1];
            self.out.totals.halted_s += end.min(until).seconds_since(self.halt_began);
        }
        let open = self.state.book.quantity(Side::Long) + self.quantity_under_way[Side::Long.index()];
        self.out.totals.open_interest_after = open;
        Ok(self.out)
    }

    #[inline]
    fn waypoint(&mut self, i: usize) -> Result<(), ReplayError> {
        let k = i - self.path.first;
        let at = self.path.at[i];
        let dt_us = at.0 - self.path.at[i - 1].0;
        let factors = self.decay.over(dt_us);
        let (keep_1h, keep_24h) = (factors[6], factors[7]);
        self.state.ordinary.decay(factors);
        self.endogenous.decay(factors);

        let reopens = self.halted_until.is_some_and(|until| at >= until);
        let halted = self.halted_until.is_some() && !reopens;
        let ordinary_depth = match self.mode.drive {
            Drive::Record => self.depth(),
            Drive::Exogenous(given) => given.ordinary_depth[k],
        };
        let flow = self.path.ordinary_usd[i] / ordinary_depth;
        if halted {
            self.queued_usd += flow * (1.0 - self.parameters.cancelled_share);
        } else {
            self.state.ordinary.trade(flow + self.queued_usd);
            self.queued_usd = 0.0;
        }

        let log_mark = if halted {
            self.out.log_mark[k - 1]
        } else {
            if reopens {
                self.end_halt(at);
            }
            let log_mark = self.trade(i, k, at, reopens)?;
            if reopens {
                let gap = (log_mark - self.out.log_mark[k - 1]).abs();
                let widest = &mut self.out.totals.reopening_gap_log;
                *widest = Some(widest.map_or(gap, |seen| seen.max(gap)));
            }
            log_mark
        };
        self.state.market.step(at, log_mark, dt_us, keep_1h, keep_24h);
        self.out.log_mark.push(log_mark);
        let (log_null, impact_log) = self.abduct(k, log_mark, ordinary_depth);

        if !self.rules.is_record() {
            if reopens {
                self.state.market.restart_mean(at);
            }
            if self.path.bar_close[i] || reopens {
                self.decide(at, log_mark)?;
            }
        }
        if self.mode.forced == ForcedFlow::Regenerated
            && (log_mark <= self.log_triggers[0] || log_mark >= self.log_triggers[1])
            && !halted
        {
            self.trigger(at, log_mark)?;
        }
        if O::LISTENS {
            let depth_ratio = self.depth();
            let halted = self.halted_until.is_some();
            self.observer.waypoint(&Waypoint {
                index: i,
                log_mark,
                log_null,
                impact_log,
                depth_ratio,
                halted,
            });
        }
        Ok(())
    }

    /// Executes what is due and returns the mark; starts a halt where the mark leaves its band.
    #[inline]
    fn trade(&mut self, i: usize, k: usize, at: Timestamp, reopens: bool) -> Result<f64, ReplayError> {
        let recorded = self.path.log_price[i];
        if self.mode.forced == ForcedFlow::Recorded {
            let flow = self.path.forced_usd[i];
            if flow != 0.0 {
                self.push_price(flow);
                let side = if flow < 0.0 { Side::Long } else { Side::Short };
                self.out.executions.push((i, side, flow.abs()));
                self.out.totals.forced_usd[side.index()] += flow.abs();
            }
            return Ok(match self.mode.drive {
                Drive::Record => recorded,
                Drive::Exogenous(given) => given.log_price[k] + self.impact(),
            });
        }
        // The band that stands was set for continuous trading: a reopening finds its own price.
        if let (Drive::Exogenous(given), Some(band), false) = (self.mode.drive, &self.band, reopens) {
            let log_mark = given.log_price[k] + self.impact();
            if let Some(edge) = crossed_edge(band, log_mark) {
                self.begin_halt(at, edge);
                return Ok(edge);
            }
        }
        while self.under_way.front().is_some_and(|batch| batch.due <= at) {
            let batch = self.under_way.pop_front().expect("the front was just seen");
            self.execute(i, k, at, batch)?;
        }
        let log_mark = match self.mode.drive {
            Drive::Record => recorded,
            Drive::Exogenous(given) => given.log_price[k] + self.impact(),
        };
        if let (Some(band), false) = (&self.band, reopens)
            && let Some(edge) = crossed_edge(band, log_mark)
        {
            self.begin_halt(at, edge);
            return Ok(edge);
        }
        Ok(log_mark)
    }

    /// Null price and standing impact; where the record drives, also what is exogenous.
    #[inline]
    fn abduct(&mut self, k: usize, log_mark: f64, ordinary_depth: f64) -> (f64, f64) {
        match self.mode.drive {
            Drive::Exogenous(given) => {
                let impact = if O::LISTENS { self.impact() } else { 0.0 };
                (given.log_null[k], impact)
            }
            Drive::Record => {
                let impact = self.impact();
                let ordinary = self.state.ordinary.standing_usd(&self.parameters.impact_weights);
                let log_price = log_mark - impact;
                let log_null = log_price + self.parameters.impact.log_impact(ordinary);
                if let Some(exogenous) = &mut self.out.exogenous {
                    exogenous.log_price.push(log_price);
                    exogenous.ordinary_depth.push(ordinary_depth);
                    exogenous.log_null.push(log_null);
                }
                (log_null, impact)
            }
        }
    }

    #[inline]
    fn impact(&self) -> f64 {
        let weights = &self.parameters.impact_weights;
        self.parameters
            .impact
            .log_impact(self.state.ordinary.standing_usd(weights) + self.endogenous.standing_usd(weights))
    }

    #[inline]
    fn depth(&self) -> f64 {
        depth_ratio(
            self.state.market.variance_1h,
            self.state.variance_normal,
            self.parameters.depth_elasticity,
            self.parameters.depth_floor,
        )
    }

    /// Depth that forced orders meet, with withdrawal switched off where the mechanism is.
    fn forced_depth(&self) -> f64 {
        if self.mode.mechanisms.depth_withdrawal {
            self.depth()
        } else {
            1.0
        }
    }

    /// Forced flow enters the impact state.
    fn push_price(&mut self, flow_usd: f64) {
        if self.mode.mechanisms.liquidation {
            let depth = self.forced_depth();
            self.endogenous.trade(flow_usd / depth);
        }
    }

    fn refresh_triggers(&mut self) {
        self.log_triggers = [
            libm::log(self.state.book.trigger(Side::Long)),
            libm::log(self.state.book.trigger(Side::Short)),
        ];
    }

    fn view(&self, now: Timestamp, log_mark: f64) -> View {
        let mark_usd = libm::exp(log_mark);
        let insurance: Cash = self.state.ledger.insurance().iter().copied().sum();
        View {
            now,
            mark_usd,
            mean_mark_1h_usd: libm::exp(self.state.market.mean_log_mark_1h()),
            volatility_1h: self.state.market.daily_volatility_1h(),
            volatility_24h: self.state.market.daily_volatility_24h(),
            volatility_normal: (self.state.variance_normal * 86_400.0).sqrt(),
            open_interest_usd: self.state.book.quantity(Side::Long).to_f64() * mark_usd,
            forced_usd: self.out.totals.forced_usd[0] + self.out.totals.forced_usd[1],
            insurance_usd: insurance.to_f64(),
        }
    }

    /// Margin and band at a decision point.
    fn decide(&mut self, at: Timestamp, log_mark: f64) -> Result<(), ReplayError> {
        let view = self.view(at, log_mark);
        if self.state.margins.assess(
            &self.parameters.brackets,
            self.rules,
            &view,
            self.parameters.overlap > 0.0,
            self.observer,
        )? {
            let margins = &self.state.margins;
            for (slot, ratio) in margins.maintenance.iter().enumerate() {
                let slot = aftershock_protocol::Slot {
                    tier: slot / 2,
                    linked: slot % 2 == 1,
                };
                self.state.book.set_maintenance(slot, *ratio);
            }
            self.openings = margins.openings(self.parameters, false);
            self.refresh_triggers();
        }
        if self.halted_until.is_none() {
            let open = SetBand {
                lower_usd: 0.0,
                upper_usd: f64::INFINITY,
                halt_s: 1.0,
            };
            let verdict = self.rules.set_band(open, &view)?;
            self.band = verdict
                .interventions
                .last()
                .filter(|_| verdict.allowed)
                .map(|one| Band {
                    log_lower: libm::log(verdict.step.lower_usd),
                    log_upper: libm::log(verdict.step.upper_usd),
                    halt_s: verdict.step.halt_s,
                    rule: one.rule.clone(),
                    reason: one.reason.0.clone(),
                });
        }
        Ok(())
    }

    fn begin_halt(&mut self, at: Timestamp, log_edge: f64) {
        let band = self.band.take().expect("a halt begins at a band's edge");
        let until = at.plus_seconds(band.halt_s);
        self.halted_until = Some(until);
        self.halt_began = at;
        self.observer.intervention(&Noted {
            at,
            rule: &band.rule,
            step: "set_band",
            decision: "halt",
            subject: "trading".into(),
            before: None,
            after: Some(libm::exp(log_edge)),
            until: Some(until),
            reason: &band.reason,
        });
    }

    /// Trading resumes.
    fn end_halt(&mut self, at: Timestamp) {
        self.out.totals.halted_s += at.seconds_since(self.halt_began);
        self.halted_until = None;
    }

    /// Takes crossed positions out of the book and sends them on their way.
    fn trigger(&mut self, at: Timestamp, log_mark: f64) -> Result<(), ReplayError> {
        let mark_usd = libm::exp(log_mark);
        for side in Side::BOTH {
            if !self.state.book.triggered(side, mark_usd)
                || self.suspended_until[side.index()].is_some_and(|until| at < until)
            {
                continue;
            }
            let mut fraction = 1.0;
            if !self.rules.is_record() {
                let quantity = self.state.book.triggered_quantity(side, mark_usd);
                let step = Liquidate {
                    side,
                    notional_usd: quantity.to_f64() * mark_usd,
                    fraction,
                };
                let verdict = self.rules.liquidate(step, &self.view(at, log_mark))?;
                for one in &verdict.interventions {
                    self.observer.intervention(&Noted {
                        at,
                        rule: &one.rule,
                        step: "liquidate",
                        decision: one.decision,
                        subject: format!("{} orders", side.closing_order()),
                        before: Some(one.before),
                        after: Some(one.after),
                        until: verdict.until,
                        reason: &one.reason.0,
                    });
                }
                self.suspended_until[side.index()] = verdict.until;
                if !verdict.allowed {
                    continue;
                }
                fraction = verdict.step.fraction;
            }
            let mut orders = Vec::new();
            self.state
                .book
                .take_triggered(side, mark_usd, fraction, &mut orders);
            let quantity: Coin = orders.iter().map(|closed| closed.position.quantity).sum();
            self.quantity_under_way[side.index()] += quantity;
            let due = at.plus_seconds(self.parameters.latency_s);
            self.under_way.push_back(Batch {
                side,
                triggered_at: at,
                due,
                trigger_usd: mark_usd,
                quantity,
                orders,
            });
        }
        self.refresh_triggers();
        Ok(())
    }

    /// A batch meets the book: it walks to its average fill, its counterparties are booked, its losses covered.
    fn execute(&mut self, i: usize, k: usize, at: Timestamp, batch: Batch) -> Result<(), ReplayError> {
        if batch.quantity == Coin::ZERO {
            return Ok(());
        }
        let Batch { side, quantity, .. } = batch;
        let flow_sign = -side.sign();
        let log_before = match self.mode.drive {
            Drive::Exogenous(given) => given.log_price[k] + self.impact(),
            // The recorded price holds this batch's own impact already; take it off to find what the batch met.
            Drive::Record => {
                let before = self.impact();
                let usd = quantity.to_f64() * libm::exp(self.path.log_price[i]);
                let saved = self.endogenous;
                self.push_price(flow_sign * usd);
                let after = self.impact();
                self.endogenous = saved;
                self.path.log_price[i] - (after - before)
            }
        };
        // The batch is worked from trigger to execution, and the book fills up again meanwhile.
        let worked_s = at.seconds_since(batch.triggered_at);
        let refilled = 1.0 + worked_s * core::f64::consts::LN_2 / self.parameters.book_refill_s;
        let depth_usd = self.parameters.book_usd_per_log * self.forced_depth() * refilled;
        let mean_log = walk_to_end(
            depth_usd,
            quantity.to_f64() * libm::exp(log_before),
            self.parameters.book_end,
        );
        let mut log_fill = log_before + flow_sign * mean_log;
        if let Some(band) = &self.band {
            log_fill = log_fill.clamp(band.log_lower, band.log_upper);
        }
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

    fn tell_funds(&mut self, at: Timestamp) {
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

/// Mean log distance at which `usd` fill in a book that ends at log distance `end`: what lies beyond fills there.
fn walk_to_end(depth_usd: f64, usd: f64, end: f64) -> f64 {
    let (reached, mean) = walk_book(depth_usd, usd);
    if reached <= end {
        return mean;
    }
    let inside = depth_usd * end / usd;
    end * (1.0 - 0.5 * inside)
}

/// The edge of the band that `log_mark` lies beyond.
#[inline]
fn crossed_edge(band: &Band, log_mark: f64) -> Option<f64> {
    if log_mark < band.log_lower {
        Some(band.log_lower)
    } else if log_mark > band.log_upper {
        Some(band.log_upper)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A book of 100 a unit of log price that ends at 0.1 holds 10: of 40, a quarter fills at 0.05 on average, the
    /// rest at 0.1, which is 0.0875.
    #[test]
    fn what_lies_beyond_the_end_of_the_book_fills_there() {
        assert_eq!(walk_to_end(100.0, 4.0, 0.1), 0.02);
        assert!((walk_to_end(100.0, 40.0, 0.1) - 0.0875).abs() < 1e-15);
        assert!(walk_to_end(100.0, 1e12, 0.1) <= 0.1);
    }
}
