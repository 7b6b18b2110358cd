//! One market: what stands in its price, how deep it is, who is in it.

use std::collections::VecDeque;

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_measure::impact::PreparedImpact;
use aftershock_protocol::venue::contract::MaintenanceOn;
use aftershock_protocol::venue::funding::{Averaging, PremiumMean};
use aftershock_protocol::venue::liquidation::{Account, Action, Forced, LiquidationRule};
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::mark::{MarkInputs, MarkState};
use aftershock_protocol::{Ledger, PositionBook, RuleSet, SetLiquidity};

use super::band::{Auction, Band, Halt, Limit};
use super::frame::Frame;
use super::spec::{Channels, InstrumentSpec};
use crate::Parameters;
use crate::decay::{DecayTable, RATES};
use crate::inventory::{Margins, ONE_PERCENT_LOG, Opening};
use crate::market_state::MarketState;
use crate::observer::{Liquidity, Observer};
use crate::response::ImpactState;
use crate::response::basis::{Arbitrage, Leg};
use crate::response::book::{Book, BookParameters, COMMON_SHARE, Stress, common_withdrawal_log};
use crate::response::carry::{Carry, CarryParameters};
use crate::response::maker;

/// Depth is looked at again after this long: it answers volatility with a half-life of an hour.
const DEPTH_EVERY_US: i64 = 1_000_000;
/// Forced flow that stands below this does not move a price by what a double can hold, USD.
const FORGOTTEN_USD: f64 = 1e-3;
/// Steps after which the news at a waypoint is as good as found; a handful is the rule.
const SOLVER_STEPS: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) frame: Frame,
    pub(crate) book: PositionBook,
    pub(crate) ledger: Ledger,
    pub(crate) margins: Margins,
    pub(crate) openings: Vec<Opening>,
    pub(crate) state: MarketState,
    pub(crate) variance_normal: f64,
    shape: PreparedImpact,
    weights: [f64; 6],
    ordinary: ImpactState,
    endogenous: ImpactState,
    /// Whether any forced flow stands.
    pub(crate) answering: bool,
    at: i64,
    /// The last step and what is left after it: ticks on a clock repeat theirs.
    step_us: i64,
    kept: [f64; RATES],
    pub(crate) ticked_at: i64,
    /// Log price less all impact.
    pub(crate) log_news: f64,
    pub(crate) log_price: f64,
    pub(crate) log_mark: f64,
    pub(crate) log_index: f64,
    /// Whether other markets make an index of its asset.
    pub(crate) has_index: bool,
    /// Whether a rule makes its mark or its index, so that both are found anew by the clock and not when something trades.
    pub(crate) follows_index: bool,
    /// A venue's rule in progress; absent where the mark is the last price.
    mark_state: Option<MarkState>,
    /// What a rule's margin is counted with.
    schedule: MarginSchedule,
    /// Log marks beyond which somebody must be looked at.
    pub(crate) alarm: [f64; 2],
    /// Those of accounts alone.
    pub(crate) watch: [f64; 2],
    depth_book: Book,
    depth_parameters: BookParameters,
    /// What makers offered over normal as bids and asks when they looked last.
    depth: [f64; 2],
    depth_at: i64,
    common_log: f64,
    pub(crate) down: bool,
    /// The null when the venue went down: while no price moves, it does not either.
    pub(crate) log_null_down: f64,
    pub(crate) halted_until: Option<i64>,
    pub(crate) halt_began: (i64, f64),
    pub(crate) band: Option<Box<Band>>,
    /// Where its price stands at an edge.
    pub(crate) limit: Option<Limit>,
    /// The halt that is under way.
    pub(crate) halt: Option<Box<Halt>>,
    /// Fees, rebates and capital beside the makers', as rules have set them.
    pub(crate) liquidity: SetLiquidity,
    /// The rule that set them last.
    pub(crate) liquidity_rule: String,
    /// Depth that forced flow meets over what makers of record would offer: 1 without a rule.
    deepened: f64,
    /// What bids funded beforehand have paid so far, USD.
    pub(crate) backstop_used_usd: f64,
    pub(crate) queued_usd: f64,
    /// Open interest of one side beyond which nobody opens, USD.
    pub(crate) cap_usd: f64,
    pub(crate) quantity_under_way: [Coin; 2],
    /// Orders that wait for a waypoint, by when they are due; used on a grid alone.
    pub(crate) pending: VecDeque<(i64, usize)>,
    /// Whether an order was sent or filled, or a halt began or ended, since the last waypoint.
    pub(crate) eventful: bool,
    pub(crate) backlog_usd: f64,
    /// When the engine can send again.
    pub(crate) engine_free_at: i64,
    pub(crate) suspended_until: [i64; 2],
    /// Until when rules let the brackets of each side wait; empty under the rules of record.
    pub(crate) tier_paused_until: [Vec<i64>; 2],
    /// Whether the first of several steps was taken on a side.
    pub(crate) stepped: [bool; 2],
    /// Orders that stand in the impact, with the flow they brought: possible parents.
    pub(crate) recent: Vec<(u32, i64, f64)>,
    /// Premium since the last payment.
    pub(crate) premium: PremiumMean,
    /// Whether it was sampled.
    pub(crate) sampled: bool,
    /// The rate that was paid last.
    pub(crate) paid_rate: Option<f64>,
    pub(crate) funding_rate: f64,
    pub(crate) pays_at: i64,
    /// Length of the funding interval that runs, s, and of history's over it.
    pub(crate) funding_interval_s: f64,
    pub(crate) funding_stretch: f64,
    pub(crate) carry: Option<(Carry, CarryParameters)>,
    /// The order that took the hedge of carry traders last.
    pub(crate) unhedged_by: Option<u32>,
    pub(crate) arbitrage: Arbitrage,
    pub(crate) arbitrage_usd: f64,
    pub(crate) carry_usd: f64,
    pub(crate) forced_usd: [f64; 2],
    /// Least and greatest log mark that the null has reached.
    pub(crate) null_reached: [f64; 2],
    /// Accounts that hold positions here, or collateral that this market prices.
    pub(crate) holders: Vec<usize>,
}

impl Market {
    #[expect(clippy::too_many_arguments, reason = "the parts of a market, once")]
    pub(crate) fn new(
        parameters: &Parameters,
        frame: Frame,
        book: PositionBook,
        ledger: Ledger,
        margins: Margins,
        openings: Vec<Opening>,
        state: MarketState,
        variance_normal: f64,
        log_price: f64,
        at: i64,
        carry: Option<(Carry, CarryParameters)>,
        mark_state: Option<MarkState>,
        averaging: Averaging,
    ) -> Self {
        let depth_parameters = parameters.book();
        let mut market = Self {
            frame,
            book,
            ledger,
            margins,
            openings,
            state,
            variance_normal,
            shape: parameters.impact.prepared(),
            weights: parameters.impact_weights,
            ordinary: ImpactState::default(),
            endogenous: ImpactState::default(),
            answering: false,
            at,
            step_us: 0,
            kept: [1.0; RATES],
            ticked_at: at,
            log_news: log_price,
            log_price,
            log_mark: log_price,
            log_index: log_price,
            has_index: false,
            follows_index: false,
            mark_state,
            schedule: MarginSchedule::Brackets(parameters.brackets.clone()),
            alarm: [f64::NEG_INFINITY, f64::INFINITY],
            watch: [f64::NEG_INFINITY, f64::INFINITY],
            depth_book: Book::new(at, &depth_parameters, &Stress::NONE),
            depth_parameters,
            depth: [1.0; 2],
            depth_at: i64::MIN / 2,
            common_log: 0.0,
            down: false,
            log_null_down: log_price,
            halted_until: None,
            halt_began: (at, log_price),
            band: None,
            limit: None,
            halt: None,
            liquidity: SetLiquidity::HISTORY,
            liquidity_rule: String::new(),
            deepened: 1.0,
            backstop_used_usd: 0.0,
            queued_usd: 0.0,
            cap_usd: f64::INFINITY,
            quantity_under_way: [Coin::ZERO; 2],
            pending: VecDeque::new(),
            eventful: false,
            backlog_usd: 0.0,
            engine_free_at: i64::MIN,
            suspended_until: [i64::MIN; 2],
            tier_paused_until: [Vec::new(), Vec::new()],
            recent: Vec::new(),
            premium: PremiumMean::new(averaging),
            sampled: false,
            paid_rate: None,
            stepped: [false; 2],
            funding_rate: 0.0,
            pays_at: i64::MAX,
            funding_interval_s: 0.0,
            funding_stretch: 1.0,
            carry,
            unhedged_by: None,
            arbitrage: Arbitrage::new(at),
            arbitrage_usd: 0.0,
            carry_usd: 0.0,
            forced_usd: [0.0; 2],
            null_reached: [log_price; 2],
            holders: Vec::new(),
        };
        market.refresh_alarm();
        market
    }

    /// Begins with ordinary flow in its price and with this book.
    pub(crate) fn begin_with(&mut self, ordinary: ImpactState, depth: Book) {
        self.ordinary = ordinary;
        self.depth_book = depth;
        self.face(self.at);
    }

    /// Lets what stands decay up to an instant.
    #[inline]
    pub(crate) fn advance(&mut self, at: i64, table: &DecayTable) {
        let dt = at - self.at;
        if dt > 0 {
            if dt != self.step_us {
                self.step_us = dt;
                self.kept = table.factors(dt);
            }
            self.ordinary.decay(&self.kept);
            if self.answering {
                self.endogenous.decay(&self.kept);
                if self.endogenous.largest() < FORGOTTEN_USD {
                    self.endogenous = ImpactState::default();
                    self.answering = false;
                    self.recent.clear();
                }
            }
            self.at = at;
        }
    }

    /// What variance keeps over the time since the last tick.
    #[inline]
    pub(crate) fn volatility_kept(&self, dt: i64, table: &DecayTable) -> f64 {
        if dt == self.step_us {
            self.kept[RATES - 1]
        } else {
            table.volatility_factor(dt)
        }
    }

    /// Impact of ordinary and forced flow together.
    #[inline]
    pub(crate) fn impact(&self) -> f64 {
        let mut standing = self.ordinary.standing_usd(&self.weights);
        if self.answering {
            standing += self.endogenous.standing_usd(&self.weights);
        }
        self.shape.log_impact(standing)
    }

    /// Impact of all flow, and of ordinary flow alone.
    #[inline]
    pub(crate) fn impacts(&self) -> (f64, f64) {
        let ordinary = self.ordinary.standing_usd(&self.weights);
        let null = self.shape.log_impact(ordinary);
        if !self.answering {
            return (null, null);
        }
        let all = ordinary + self.endogenous.standing_usd(&self.weights);
        (self.shape.log_impact(all), null)
    }

    /// Log price without what forced, called and arbitrage orders did: the null.
    #[inline]
    pub(crate) fn log_null(&self) -> f64 {
        self.log_news + self.shape.log_impact(self.ordinary.standing_usd(&self.weights))
    }

    /// Mark, as positions are compared with it, without what forced, called and arbitrage orders did.
    pub(crate) fn null_mark(&self) -> f64 {
        let log_null = self.log_null();
        self.frame.kept(log_null + (self.log_mark - self.log_price))
    }

    /// How far the mark and the null have both come, of these two; where nothing answers there is no null but the mark.
    pub(crate) fn crossed_too(&self, side: Side, null: f64, mark: f64) -> f64 {
        match side {
            _ if !self.answering => mark,
            Side::Long => null.max(mark),
            Side::Short => null.min(mark),
        }
    }

    /// A trade as it would meet this market now.
    pub(crate) fn leg(&self, spec: &InstrumentSpec, buys: bool, withdraws: bool) -> Leg {
        let weights = &self.weights;
        Leg {
            impact: spec.parameters.impact,
            standing_usd: self.ordinary.standing_usd(weights) + self.endogenous.standing_usd(weights),
            depth_ratio: if withdraws {
                self.depth[usize::from(buys)]
            } else {
                1.0
            },
        }
    }

    /// Slope of the price in flow that sells now, 1/USD.
    pub(crate) fn slope(&self, spec: &InstrumentSpec, withdraws: bool) -> f64 {
        let leg = self.leg(spec, false, withdraws);
        leg.impact.slope(leg.standing_usd) / (leg.depth_ratio * self.deepened)
    }

    #[inline]
    pub(crate) fn trade_ordinary(&mut self, flow_usd: f64, depth: f64) {
        self.ordinary.trade(flow_usd / depth);
    }

    /// Flow that the world's machinery sends, USD, buys positive.
    pub(crate) fn trade_endogenous(&mut self, flow_usd: f64, depth: f64) {
        self.endogenous.trade(flow_usd / depth);
        self.answering = true;
    }

    /// Depth over normal that flow of a sign meets, looked at again every second.
    #[inline]
    pub(crate) fn depth(&mut self, at: i64, buys: bool) -> f64 {
        if at - self.depth_at >= DEPTH_EVERY_US {
            self.face(at);
        }
        self.depth[usize::from(buys)]
    }

    /// What rests over normal as bids and asks, as it stood when it was looked at last.
    pub(crate) fn depth_seen(&self) -> [f64; 2] {
        [
            self.depth_book.bids.ratio(&self.depth_parameters),
            self.depth_book.asks.ratio(&self.depth_parameters),
        ]
    }

    fn stress(&self) -> Stress {
        let ratio = self.state.variance_1h / self.variance_normal;
        Stress {
            volatility_ratio: ratio.max(1.0).sqrt(),
            common_log: self.common_log,
            ..Stress::NONE
        }
    }

    /// Log depth that makers take away here for what they see here.
    pub(crate) fn own_withdrawal_log(&self) -> f64 {
        self.depth_parameters.own_withdrawal_log(&self.stress())
    }

    /// Makers see how much of depth is gone on average.
    pub(crate) fn join_withdrawal(&mut self, at: i64, mean_log: f64) {
        let own = self.own_withdrawal_log();
        self.common_log = common_withdrawal_log(own, mean_log, COMMON_SHARE);
        self.face(at);
    }

    /// Makers look at the market: depth answers volatility, the forced orders of late and what was eaten.
    #[cold]
    pub(crate) fn face(&mut self, at: i64) {
        self.depth_at = at;
        let stress = self.stress();
        self.depth_book.face(at, &self.depth_parameters, &stress);
        self.depth = [
            self.depth_book.bids.offered(&self.depth_parameters),
            self.depth_book.asks.offered(&self.depth_parameters),
        ];
    }

    /// Average log distance at which an order fills, and the depth that it meets; it eats into the book where makers
    /// withdraw, and meets a full one where they are said not to.
    pub(crate) fn walk(&mut self, at: i64, flow_usd: f64, withdraws: bool) -> (f64, f64) {
        if !withdraws {
            let full = Book::new(at, &self.depth_parameters, &Stress::NONE);
            let met_usd = flow_usd / self.deepened;
            return (
                full.walk(met_usd, &self.depth_parameters).mean(met_usd),
                self.deepened,
            );
        }
        self.face(at);
        let depth = self.depth[usize::from(flow_usd > 0.0)] * self.deepened;
        let met_usd = flow_usd / self.deepened;
        (
            self.depth_book
                .walk(met_usd, &self.depth_parameters)
                .mean(met_usd),
            depth,
        )
    }

    /// What rules set for the book from now on; the book that forced flow meets is deeper by entering capital, and by what
    /// makers answer to a better income.
    pub(crate) fn set_liquidity(&mut self, step: SetLiquidity) {
        let income = step.taker_fee_ratio + step.maker_rebate_ratio;
        self.deepened = (1.0 + step.entering_depth) * maker::depth_ratio(income);
        self.liquidity = step;
    }

    /// A forced order has traded: it has eaten depth, and makers have seen it.
    pub(crate) fn eat(&mut self, at: i64, flow_usd: f64) {
        self.depth_book
            .consume(flow_usd / self.deepened, &self.depth_parameters);
        self.depth_book.forced(at, &self.depth_parameters);
        self.face(at);
    }

    /// The book as it stands, for orders too small to change it.
    pub(crate) fn liquidity(&self, withdraws: bool) -> Liquidity {
        let book = if withdraws {
            self.depth_book
        } else {
            Book::new(self.at, &self.depth_parameters, &Stress::NONE)
        };
        Liquidity {
            book,
            parameters: self.depth_parameters,
            band: self.band.as_ref().map(|band| band.log_edges),
        }
    }

    /// News at which the price is the recorded one once these orders have filled, and the forced flow that they bring,
    /// USD. Each fills at a price that depends on the news, and where the record's flow holds forced orders, what they
    /// trade is taken out of it; so both are solved by iteration. It goes through the same steps as an execution, so that
    /// a replay that is given what is found here fills the same orders at the same prices.
    pub(crate) fn solve_news(
        &self,
        at: i64,
        channels: Channels,
        log_recorded: f64,
        ordinary_depth: Option<f64>,
        orders: impl Iterator<Item = (Side, Coin)> + Clone,
    ) -> (f64, f64) {
        let weights = &self.weights;
        let stress = self.stress();
        let mut log_news = log_recorded - self.impact();
        let mut taken_out = 0.0;
        let mut ordinary = self.ordinary;
        for _ in 0..SOLVER_STEPS {
            let mut endogenous = self.endogenous;
            let mut book = self.depth_book;
            let mut forced = 0.0;
            for (side, quantity) in orders.clone() {
                let standing = ordinary.standing_usd(weights) + endogenous.standing_usd(weights);
                let log_before = log_news + self.shape.log_impact(standing);
                let wanted = -side.sign() * self.frame.notional_usd(quantity, log_before);
                let mut met = if channels.depth_withdrawal {
                    book.face(at, &self.depth_parameters, &stress);
                    book
                } else {
                    Book::new(at, &self.depth_parameters, &Stress::NONE)
                };
                let met_usd = wanted / self.deepened;
                let mean = met.walk(met_usd, &self.depth_parameters).mean(met_usd);
                let depth = met.hit_by(wanted).offered(&self.depth_parameters) * self.deepened;
                let flow = -side.sign() * self.frame.notional_usd(quantity, log_before + mean);
                forced += flow;
                if channels.liquidation {
                    endogenous.trade(flow / depth);
                }
                if channels.depth_withdrawal {
                    met.consume(flow / self.deepened, &self.depth_parameters);
                    met.forced(at, &self.depth_parameters);
                    met.face(at, &self.depth_parameters, &stress);
                    book = met;
                }
            }
            if let Some(depth) = ordinary_depth {
                ordinary = self.ordinary;
                ordinary.trade(-forced / depth);
            }
            let standing = ordinary.standing_usd(weights) + endogenous.standing_usd(weights);
            let next = log_recorded - self.shape.log_impact(standing);
            let found = next == log_news && (ordinary_depth.is_none() || forced == taken_out);
            (log_news, taken_out) = (next, forced);
            if found {
                break;
            }
        }
        (log_news, taken_out)
    }

    /// The price of an auction in which ordinary flow, USD with the depth that it meets, and forced orders, by the side that
    /// each closes and whether it moves prices, are filled at once: where the impact of what stood and of all of them puts it,
    /// or where the book ends that forced orders need beyond each other, whichever lies further. They meet one depth, that of
    /// the side on which more of them want to trade.
    pub(crate) fn clear(
        &mut self,
        at: i64,
        log_news: f64,
        (ordinary_usd, ordinary_depth): (f64, f64),
        orders: &[(Side, Coin, bool)],
        withdraws: bool,
    ) -> Auction {
        let weights = self.weights;
        let mut ordinary = self.ordinary;
        ordinary.trade(ordinary_usd / ordinary_depth);
        let stood = ordinary.standing_usd(&weights) + self.endogenous.standing_usd(&weights);
        let log_before = log_news + self.shape.log_impact(stood);
        let frame = self.frame;
        let flow = |log_price, all: bool| {
            let of = |(side, quantity, _): &(Side, Coin, bool)| {
                -side.sign() * frame.notional_usd(*quantity, log_price)
            };
            let flow = orders.iter().filter(|order| all || order.2).map(of);
            flow.sum::<f64>()
        };
        let net = flow(log_before, true) / self.deepened;
        let mut book = Book::new(at, &self.depth_parameters, &Stress::NONE);
        let mut depth = self.deepened;
        if withdraws && !orders.is_empty() {
            self.face(at);
            book = self.depth_book;
            depth *= self.depth[usize::from(net > 0.0)];
        }
        let mut log_price = log_before;
        for _ in 0..SOLVER_STEPS {
            let mut endogenous = self.endogenous;
            endogenous.trade(flow(log_price, false) / depth);
            let standing = ordinary.standing_usd(&weights) + endogenous.standing_usd(&weights);
            let next = log_news + self.shape.log_impact(standing);
            if next == log_price {
                break;
            }
            log_price = next;
        }
        if net != 0.0 {
            let log_end = log_before + book.walk(net, &self.depth_parameters).end_log;
            log_price = if net < 0.0 {
                log_price.min(log_end)
            } else {
                log_price.max(log_end)
            };
        }
        Auction {
            log_before,
            log_price,
            depth,
        }
    }

    /// What the record had of depth beyond the model, log: held until the next one.
    pub(crate) fn hold_residual(&mut self, at: i64, asks: bool, log_residual: f64) {
        self.depth_book.advance(at, &self.depth_parameters);
        let side = if asks {
            &mut self.depth_book.asks
        } else {
            &mut self.depth_book.bids
        };
        side.hold_residual(log_residual);
        self.face(at);
    }

    /// How far an order of this size fills from the price, log, as a magnitude.
    pub(crate) fn distance(&self, usd: f64) -> f64 {
        self.depth_book.walk(usd, &self.depth_parameters).mean_log
    }

    /// Moves the mark after the price or the index moved.
    #[inline]
    pub(crate) fn publish_mark(&mut self, at: i64) {
        match &self.mark_state {
            None => self.log_mark = self.log_price,
            Some(state) if at >= state.next_at().0 => self.publish_by_rule(at),
            Some(_) => {}
        }
    }

    #[cold]
    fn publish_by_rule(&mut self, at: i64) {
        let Some(state) = &mut self.mark_state else { return };
        let last = libm::exp(self.log_price);
        let mark = state.update(
            Timestamp(at),
            &MarkInputs {
                index: libm::exp(self.log_index),
                last,
                // Mid of the book: its spread is not modelled.
                bid: Some(last),
                ask: Some(last),
                // A mark looks ahead by the rate of history's interval.
                funding_rate: self.funding_rate * self.funding_stretch,
                funding_at: Timestamp(self.pays_at),
                others: &[],
            },
        );
        self.log_mark = libm::log(mark);
    }

    /// Whether somebody must be looked at.
    #[inline]
    pub(crate) fn alarmed(&self) -> bool {
        self.log_mark <= self.alarm[0] || self.log_mark >= self.alarm[1]
    }

    /// What a contract is worth at the mark, settlement asset.
    pub(crate) fn unit_value(&self) -> f64 {
        self.frame.contract().unit_value(libm::exp(self.log_mark))
    }

    /// Maintenance margin of a position at the mark by the venue's own table, settlement asset.
    pub(crate) fn maintenance(&self, quantity: Coin) -> f64 {
        self.schedule.maintenance(quantity.to_f64(), self.unit_value())
    }

    /// What the venue's rule does with a position of this equity; `last` is when the order before it allowed another.
    pub(crate) fn propose(
        &self,
        at: i64,
        rule: LiquidationRule,
        quantity: Coin,
        equity: f64,
        opening_value: Cash,
        last: Option<i64>,
    ) -> Action {
        rule.propose(&Account {
            contract: self.frame.contract(),
            quantity,
            mark_usd: libm::exp(self.log_mark),
            equity: Cash::from_f64(equity),
            opening_value,
            margins: &self.schedule,
            on: MaintenanceOn::MarkValue,
            lot: Coin(1),
            at: Timestamp(at),
            last: last.map(|earliest| Forced {
                earliest_next_at: Timestamp(earliest),
                filled: true,
            }),
        })
    }

    /// Whether no order can meet the book.
    #[inline]
    pub(crate) fn closed(&self) -> bool {
        self.down || self.halted_until.is_some()
    }

    /// Log marks at which the next positions of the levels break, and the alarm that follows.
    pub(crate) fn refresh_alarm(&mut self) {
        let in_frame = [self.book.trigger(Side::Long), self.book.trigger(Side::Short)];
        let [low, high] = if self.frame.inverse {
            [in_frame[1], in_frame[0]]
        } else {
            in_frame
        };
        let mut log_trigger = [self.frame.log_price(low), self.frame.log_price(high)];
        if self.frame.inverse {
            // A level that nobody holds is at zero or infinity in the frame, and the other way round in price.
            if !low.is_finite() {
                log_trigger[0] = f64::NEG_INFINITY;
            }
            if high <= 0.0 {
                log_trigger[1] = f64::INFINITY;
            }
        }
        self.alarm = [
            log_trigger[0].max(self.watch[0]),
            log_trigger[1].min(self.watch[1]),
        ];
    }

    /// Open interest of one side, orders under way included; both sides are equal.
    pub(crate) fn open_interest(&self, accounts: [Coin; 2]) -> [Coin; 2] {
        Side::BOTH.map(|side| {
            self.book.quantity(side) + self.quantity_under_way[side.index()] + accounts[side.index()]
        })
    }

    /// Funds of all pools, and the vault behind them.
    pub(crate) fn reserves(&self) -> [Cash; 2] {
        match self.ledger.insurance() {
            [funds @ .., vault] => [funds.iter().copied().sum(), *vault],
            [] => [Cash::ZERO; 2],
        }
    }

    /// What rules see.
    pub(crate) fn view(&self, at: i64, spec: &InstrumentSpec) -> aftershock_protocol::View<'_> {
        let mark_usd = libm::exp(self.log_mark);
        let reserves: aftershock_market::Cash = self.ledger.insurance().iter().copied().sum();
        aftershock_protocol::View {
            now: Timestamp(at),
            mark_usd,
            mean_mark_1h_usd: libm::exp(self.state.mean_log_mark_1h()),
            volatility_1h: self.state.daily_volatility_1h(),
            volatility_24h: self.state.daily_volatility_24h(),
            volatility_normal: spec.parameters.impact.sigma_daily,
            open_interest_usd: self
                .frame
                .notional_usd(self.book.quantity(Side::Long), self.log_mark),
            forced_usd: self.forced_usd[0] + self.forced_usd[1],
            insurance_usd: self.frame.usd(reserves, self.log_mark),
            index_usd: self.has_index.then(|| libm::exp(self.log_index)),
            bid_depth_1pct_usd: self.depth[0] * spec.parameters.book_usd_per_log * ONE_PERCENT_LOG,
            depth_ratio: self.depth_seen().into_iter().fold(f64::INFINITY, f64::min),
            past: &self.state.past,
        }
    }

    /// Puts margins of all brackets to the rules.
    pub(crate) fn assess(
        &mut self,
        at: i64,
        spec: &InstrumentSpec,
        rules: &RuleSet,
        observer: &mut dyn Observer,
    ) -> Result<(), crate::ReplayError> {
        // The margins leave the market while its state is looked at.
        let mut margins = std::mem::take(&mut self.margins);
        let view = self.view(at, spec);
        let linked = spec.parameters.overlap > 0.0;
        let changed = margins.assess(&spec.parameters.brackets, rules, &view, linked, observer);
        self.margins = margins;
        let changed = changed?;
        if changed {
            for (slot, ratio) in self.margins.maintenance.iter().enumerate() {
                let slot = aftershock_protocol::Slot {
                    tier: slot / 2,
                    linked: slot % 2 == 1,
                };
                self.book.set_maintenance(slot, *ratio);
            }
            self.openings = self.margins.openings(&spec.parameters, false);
            self.refresh_alarm();
        }
        Ok(())
    }
}
