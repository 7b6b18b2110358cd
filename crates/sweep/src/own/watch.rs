//! Follows margin accounts through a replay.

use aftershock_market::journal::OwnAccountRow;
use aftershock_market::{BarOrder, Timestamp};
use aftershock_protocol::step::Step;
use aftershock_protocol::{Brackets, Liquidate, Part, RuleBreach, RuleSet, Sale, View};
use aftershock_replay::{Liquidity, MarginInForce, Observer, Waypoint};

use super::margin_account::{InForce, Leg, MarginAccount};

/// What is left of a position is closed with the rest of it where it is less than this, BTC.
const LEAST_BTC: f64 = 1e-8;

/// An observer that values accounts at every waypoint and closes those that fall below their margin.
pub(crate) struct Watch<'a> {
    rules: &'a RuleSet,
    latency_s: f64,
    margins: InForce<'a>,
    held: Vec<Held<'a>>,
    mark_usd: f64,
    broken: Option<RuleBreach>,
}

/// An account under way through the replay.
struct Held<'a> {
    account: &'a MarginAccount,
    /// What is left of each position, and how it is being closed.
    legs: Vec<Closing>,
    /// Collateral with what closed positions gained and lost, USD.
    balance_usd: f64,
    /// First closing order: when, and the mark.
    triggered: Option<(Timestamp, f64)>,
    /// Last fill: when.
    filled_at: Option<Timestamp>,
    /// Sum of all fills: BTC and USD.
    filled: (f64, f64),
    lowest: Option<(f64, Timestamp)>,
}

struct Closing {
    /// Not yet sent to be closed.
    left: Leg,
    under_way: Vec<Order>,
    suspended_until: Option<Timestamp>,
}

struct Order {
    quantity_btc: f64,
    due: Timestamp,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        accounts: &'a [MarginAccount],
        brackets: &'a Brackets,
        rules: &'a RuleSet,
        latency_s: f64,
    ) -> Self {
        Self {
            rules,
            latency_s,
            margins: InForce::new(brackets),
            held: accounts.iter().map(Held::new).collect(),
            mark_usd: f64::NAN,
            broken: None,
        }
    }

    /// What became of every account.
    ///
    /// # Errors
    /// A rule broke the step of a liquidation.
    pub(crate) fn rows(self, draw: u32, bar_order: BarOrder) -> Result<Vec<OwnAccountRow>, RuleBreach> {
        let (mark_usd, brackets) = (self.mark_usd, self.margins.brackets());
        match self.broken {
            Some(breach) => Err(breach),
            None => Ok(self
                .held
                .iter()
                .map(|held| held.row(draw, bar_order, mark_usd, brackets))
                .collect()),
        }
    }
}

impl Observer for Watch<'_> {
    fn margin(&mut self, margin: &MarginInForce) {
        self.margins.set(
            margin.tier as usize - 1,
            margin.maintenance_ratio,
            margin.exposure_ratio,
        );
    }

    fn liquidity(&mut self, at: Timestamp, log_mark: f64, liquidity: &Liquidity) {
        for held in &mut self.held {
            held.fill(at, log_mark, liquidity);
        }
    }

    fn margin_call(&mut self, view: &View<'_>) {
        for held in &mut self.held {
            let called = held.call(view, &self.margins, self.rules, self.latency_s);
            if let Err(breach) = called {
                self.broken.get_or_insert(breach);
            }
        }
    }

    fn waypoint(&mut self, waypoint: &Waypoint) {
        self.mark_usd = libm::exp(waypoint.log_mark);
    }
}

impl<'a> Held<'a> {
    fn new(account: &'a MarginAccount) -> Self {
        let legs = account.positions.iter().map(|leg| Closing {
            left: *leg,
            under_way: Vec::new(),
            suspended_until: None,
        });
        Self {
            account,
            legs: legs.collect(),
            balance_usd: account.collateral_usd,
            triggered: None,
            filled_at: None,
            filled: (0.0, 0.0),
            lowest: None,
        }
    }

    /// Orders that are due meet the book, each on its own.
    fn fill(&mut self, at: Timestamp, log_mark: f64, liquidity: &Liquidity) {
        for leg in &mut self.legs {
            let Leg { side, entry_usd, .. } = leg.left;
            for order in leg.under_way.extract_if(.., |order| order.due <= at) {
                let Order { quantity_btc, .. } = order;
                let usd = quantity_btc * libm::exp(log_mark);
                let fill_usd = libm::exp(liquidity.log_fill(side, usd, log_mark));
                self.balance_usd += side.sign() * quantity_btc * (fill_usd - entry_usd);
                self.filled.0 += quantity_btc;
                self.filled.1 += quantity_btc * fill_usd;
                self.filled_at = Some(at);
            }
        }
    }

    /// Compares equity with maintenance margin, and sends closing orders where it is met.
    fn call(
        &mut self,
        view: &View<'_>,
        margins: &InForce<'_>,
        rules: &RuleSet,
        latency_s: f64,
    ) -> Result<(), RuleBreach> {
        let mark_usd = view.mark_usd;
        let (mut equity, mut maintenance) = (self.balance_usd, 0.0);
        for leg in &self.legs {
            let (asked, exposure) = margins.of(leg.left.quantity_btc * mark_usd);
            equity += exposure * leg.left.gain_usd(mark_usd) + leg.under_way_usd(mark_usd);
            maintenance += asked;
        }
        if maintenance <= 0.0 {
            return Ok(());
        }
        let ratio = equity / maintenance;
        if self.lowest.is_none_or(|(lowest, _)| ratio < lowest) {
            self.lowest = Some((ratio, view.now));
        }
        if equity > maintenance {
            return Ok(());
        }
        let coins: f64 = self.legs.iter().map(|leg| leg.left.quantity_btc).sum();
        let equity_ratio = equity / (coins * mark_usd);
        for leg in &mut self.legs {
            if leg.send(view, margins, equity_ratio, rules, latency_s)? {
                self.triggered.get_or_insert((view.now, mark_usd));
            }
        }
        Ok(())
    }

    fn row(&self, draw: u32, bar_order: BarOrder, mark_usd: f64, brackets: &Brackets) -> OwnAccountRow {
        let account = self.account;
        let open = |leg: &Closing| leg.left.gain_usd(mark_usd) + leg.under_way_usd(mark_usd);
        let equity = self.balance_usd + self.legs.iter().map(open).sum::<f64>();
        let end_equity_usd = equity.max(0.0);
        let (filled_btc, filled_usd) = self.filled;
        let fate = if self.legs.iter().any(|leg| !leg.under_way.is_empty()) {
            "closing"
        } else if self.triggered.is_none() {
            "survived"
        } else if self.legs.iter().any(|leg| leg.left.quantity_btc > 0.0) {
            "reduced"
        } else {
            "liquidated"
        };
        OwnAccountRow {
            draw: draw as i32,
            bar_order,
            number: account.number,
            account: account.account.clone(),
            venue: account.venue.clone(),
            instrument: account.instrument.clone(),
            margin: if account.cross { "cross" } else { "isolated" },
            holding: account.holding(),
            net_btc: account.net_btc(),
            collateral_usd: account.collateral_usd,
            closing_usd: account.closing_usd(brackets),
            fate,
            triggered_at: self.triggered.map(|(at, _)| at),
            trigger_usd: self.triggered.map(|(_, mark_usd)| mark_usd),
            filled_at: self.filled_at,
            fill_usd: self.filled_at.map(|_| filled_usd / filled_btc),
            loss_usd: account.collateral_usd - end_equity_usd,
            bad_debt_usd: (-equity).max(0.0),
            lowest_ratio: self.lowest.map(|(ratio, _)| ratio),
            lowest_at: self.lowest.map(|(_, at)| at),
            end_equity_usd,
        }
    }
}

impl Closing {
    /// Gain at a mark of what is on its way to the book, USD.
    fn under_way_usd(&self, mark_usd: f64) -> f64 {
        let quantity_btc = self.under_way.iter().map(|order| order.quantity_btc).sum();
        let on_its_way = Leg {
            quantity_btc,
            ..self.left
        };
        on_its_way.gain_usd(mark_usd)
    }

    /// Proposes to close what is left; whether an order went out.
    fn send(
        &mut self,
        view: &View<'_>,
        margins: &InForce<'_>,
        equity_ratio: f64,
        rules: &RuleSet,
        latency_s: f64,
    ) -> Result<bool, RuleBreach> {
        let left = self.left.quantity_btc;
        if left == 0.0 || self.suspended_until.is_some_and(|until| view.now < until) {
            return Ok(false);
        }
        let notional_usd = left * view.mark_usd;
        let bracket = margins.bracket(notional_usd);
        let step = Liquidate {
            side: self.left.side,
            tier: bracket.tier as i32 + 1,
            notional_usd,
            account_usd: notional_usd,
            tier_floor_usd: bracket.floor_usd,
            maintenance_ratio: bracket.maintenance_ratio,
            equity_ratio,
            part: Part::Share,
            fraction: 1.0,
            keeps_margin: false,
            pause_s: 0.0,
            sale: Sale::Book,
        };
        let verdict = rules.liquidate(step, view)?;
        let paused = (verdict.step.pause_s > 0.0).then(|| view.now.plus_seconds(verdict.step.pause_s));
        self.suspended_until = verdict.until.max(paused);
        if !verdict.allowed {
            return Ok(false);
        }
        // Of one account the share for the mean of those broken is its own.
        let part = left * verdict.step.value();
        let quantity_btc = if left - part < LEAST_BTC { left } else { part };
        self.left.quantity_btc -= quantity_btc;
        self.under_way.push(Order {
            quantity_btc,
            due: view.now.plus_seconds(latency_s),
        });
        Ok(true)
    }
}
