//! The loop: decay, news, forced orders, price, halts, triggers; one waypoint after another.

mod settlement;

use std::collections::VecDeque;

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::{Closed, Liquidate, RuleSet, SetBand, View};

use crate::decay::Decay;
use crate::inventory::{Opening, Start};
use crate::mode::{Drive, Exogenous, ForcedFlow, Mode, Replay, Replayed, Totals};
use crate::observer::{Noted, Observer, Waypoint};
use crate::response::{ImpactState, depth_ratio};
use crate::{Parameters, Path, ReplayError};

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

pub(crate) struct Engine<'a, O: Observer> {
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
    /// Whether an order was sent or met the book at this waypoint.
    eventful: bool,
    /// The last waypoint at which the record had a price.
    recorded_at: Timestamp,
    /// Ordinary flow that waits for the reopening, USD over depth.
    queued_usd: f64,
    /// Ordinary flow of this waypoint, USD, and the depth that it met.
    ordinary_usd: f64,
    ordinary_depth: f64,
    /// News at this waypoint: the price less all impact.
    log_news: f64,
    /// Where the price would stand were trading open.
    log_open: f64,
    scratch: Vec<Closed>,
    out: Replayed,
}

impl<'a, O: Observer> Engine<'a, O> {
    pub(crate) fn new(replay: Replay<'a>, start: Start, mode: Mode<'a>, observer: &'a mut O) -> Self {
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
                log_open: Vec::new(),
                exogenous: abducts.then(|| Exogenous {
                    log_price: Vec::with_capacity(n),
                    ordinary_usd: Vec::with_capacity(n),
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
            eventful: false,
            recorded_at: path.at[path.first - 1],
            queued_usd: 0.0,
            ordinary_usd: 0.0,
            ordinary_depth: 1.0,
            log_news: 0.0,
            log_open: 0.0,
            scratch: Vec::new(),
        };
        engine.refresh_triggers();
        engine
    }

    pub(crate) fn run(mut self) -> Result<Replayed, ReplayError> {
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
        let keep_1h = factors[6];
        self.state.ordinary.decay(factors);
        self.endogenous.decay(factors);

        let reopens = self.halted_until.is_some_and(|until| at >= until);
        let halted = self.halted_until.is_some() && !reopens;
        let ordinary_depth = match self.mode.drive {
            Drive::Record => self.depth(),
            Drive::Exogenous(given) => given.ordinary_depth[k],
        };
        self.ordinary_usd = match self.mode.drive {
            Drive::Record => self.path.ordinary_usd[i],
            Drive::Exogenous(given) => given.ordinary_usd[k],
        };
        self.ordinary_depth = ordinary_depth;
        let flow = self.ordinary_usd / ordinary_depth;
        if halted {
            self.queued_usd += flow * (1.0 - self.parameters.cancelled_share);
        } else {
            self.state.ordinary.trade(flow + self.queued_usd);
            self.queued_usd = 0.0;
        }

        let log_mark = if halted {
            if let Drive::Exogenous(given) = self.mode.drive {
                self.log_open = given.log_price[k] + self.impact();
            }
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
        if O::LISTENS && self.halted_until.is_none() {
            let liquidity = self.liquidity();
            self.observer.liquidity(at, log_mark, &liquidity);
        }
        if self.path.recorded[i] {
            let since_us = at.0 - self.recorded_at.0;
            let keep = if since_us == dt_us {
                keep_1h
            } else {
                self.decay.table().volatility_factor(since_us)
            };
            self.state.market.step(at, log_mark, since_us, keep);
            self.recorded_at = at;
        }
        self.out.log_mark.push(log_mark);
        if !self.rules.is_record() {
            self.out.log_open.push(self.log_open);
        }
        let (log_null, impact_log) = self.abduct(k, log_mark, ordinary_depth);

        if !self.rules.is_record() {
            if self.path.bar_close[i] {
                self.state.market.close(at, log_mark);
            }
            if reopens {
                self.state.market.restart_mean(at);
            }
            if self.path.bar_close[i] || reopens {
                self.decide(at, log_mark)?;
            }
        }
        if O::LISTENS && !halted {
            let view = self.view(at, log_mark);
            self.observer.margin_call(&view);
        }
        if self.mode.forced == ForcedFlow::Regenerated
            && (log_mark <= self.log_triggers[0] || log_mark >= self.log_triggers[1])
            && !halted
        {
            self.trigger(at, log_mark)?;
        }
        let eventful = std::mem::take(&mut self.eventful);
        if O::LISTENS && (self.path.recorded[i] || eventful) {
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
                self.log_open = log_mark;
                self.begin_halt(at, edge);
                return Ok(edge);
            }
        }
        let due = self.under_way.front().is_some_and(|batch| batch.due <= at);
        self.log_news = match self.mode.drive {
            Drive::Exogenous(given) => given.log_price[k],
            Drive::Record if due => self.solve_news(at, recorded),
            Drive::Record => recorded - self.impact(),
        };
        while self.under_way.front().is_some_and(|batch| batch.due <= at) {
            let batch = self.under_way.pop_front().expect("the front was just seen");
            self.execute(i, at, batch)?;
        }
        let log_mark = match self.mode.drive {
            Drive::Record => recorded,
            Drive::Exogenous(_) => self.log_news + self.impact(),
        };
        self.log_open = log_mark;
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
                let log_price = match self.mode.forced {
                    ForcedFlow::Regenerated => self.log_news,
                    ForcedFlow::Recorded => log_mark - impact,
                };
                let log_null = log_price + self.parameters.impact.log_impact(ordinary);
                if let Some(exogenous) = &mut self.out.exogenous {
                    exogenous.log_price.push(log_price);
                    exogenous.ordinary_usd.push(self.ordinary_usd);
                    exogenous.ordinary_depth.push(ordinary_depth);
                    exogenous.log_null.push(log_null);
                }
                (log_null, impact)
            }
        }
    }

    #[inline]
    fn impact(&self) -> f64 {
        self.impact_with(&self.endogenous)
    }

    /// Impact that would stand with other forced flow in it.
    #[inline]
    fn impact_with(&self, endogenous: &ImpactState) -> f64 {
        self.impact_of(&self.state.ordinary, endogenous)
    }

    #[inline]
    fn impact_of(&self, ordinary: &ImpactState, endogenous: &ImpactState) -> f64 {
        let weights = &self.parameters.impact_weights;
        let standing = ordinary.standing_usd(weights) + endogenous.standing_usd(weights);
        self.parameters.impact.log_impact(standing)
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
            volatility_normal: self.parameters.impact.sigma_daily,
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
        self.eventful = true;
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
        self.eventful = true;
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
            self.eventful = true;
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
