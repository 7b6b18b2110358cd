//! Who listens to a replay.

use aftershock_market::{Cash, Side, Timestamp};
use aftershock_protocol::View;

pub use self::standing::{Held, Standing};
use crate::response::book::{Book, BookParameters};

mod standing;

/// A waypoint after all that happened at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waypoint {
    /// Its place among the waypoints of the tape.
    pub index: usize,
    /// Replayed log mark.
    pub log_mark: f64,
    /// The same, but during a halt the log price at which the market would stand were it open.
    pub log_open: f64,
    /// Log price less all impact.
    pub log_news: f64,
    /// Log price without forced flow on the book.
    pub log_null: f64,
    /// Ordinary flow that traded, USD: the tape's, less the forced flow that is part of it.
    pub ordinary_usd: f64,
    /// Depth that it met, against normal.
    pub ordinary_depth: f64,
    /// Impact that stands in the mark, log.
    pub impact_log: f64,
    /// Depth of the thinner side of the book, against normal.
    pub depth_ratio: f64,
    /// Whether trading is halted.
    pub halted: bool,
    /// Whether the record has a price here, or an order was sent or filled, or a halt began or ended.
    pub eventful: bool,
}

/// The book as it stands, for orders that are too small to change it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liquidity {
    /// Both sides.
    pub book: Book,
    /// What the book is believed to do.
    pub parameters: BookParameters,
    /// Log prices outside which nothing trades, where a rule has set any.
    pub band: Option<[f64; 2]>,
}

impl Liquidity {
    /// Average log price at which `usd` of positions of a side are closed that meet the market at `log_before`.
    pub fn log_fill(&self, side: Side, usd: f64, log_before: f64) -> f64 {
        let flow_usd = -side.sign() * usd;
        let log_fill = log_before + self.book.walk(flow_usd, &self.parameters).mean(flow_usd);
        match self.band {
            Some([low, high]) => log_fill.clamp(low, high),
            None => log_fill,
        }
    }
}

/// A forced order at its execution: the positions of one batch, pool and leverage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForcedOrder {
    /// When the mark crossed its price.
    pub triggered_at: Timestamp,
    /// When it met the book.
    pub executed_at: Timestamp,
    /// Number of the order, from 0; positions of several leverages and pools stand behind one.
    pub order: u32,
    /// The order without which it would not have come by then; absent where the null would have brought it too.
    pub parent: Option<u32>,
    /// 0 where there is no parent, else one more than the parent's.
    pub generation: u32,
    /// Pool, by index.
    pub pool: usize,
    /// Side of the position closed.
    pub side: Side,
    /// Notional at entry over margin.
    pub leverage: f64,
    /// Whether the holder owns an offset elsewhere.
    pub linked: bool,
    /// BTC.
    pub quantity_btc: f64,
    /// Value at the fill, USD.
    pub notional_usd: f64,
    /// Mark at the trigger, USD.
    pub trigger_usd: f64,
    /// Average fill, USD.
    pub fill_usd: f64,
    /// Loss beyond the margin, USD.
    pub shortfall_usd: f64,
    /// Paid by insurance, USD.
    pub insurance_usd: f64,
    /// Left uncovered, USD; with what insurance pays it falls short of the loss by what winners are charged.
    pub bad_debt_usd: f64,
}

/// An intervention of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted<'a> {
    /// When.
    pub at: Timestamp,
    /// The rule.
    pub rule: &'a str,
    /// The step.
    pub step: &'static str,
    /// `amend`, `reject`, `defer` or `halt`.
    pub decision: &'static str,
    /// What it was about.
    pub subject: String,
    /// Value before.
    pub before: Option<f64>,
    /// Value after.
    pub after: Option<f64>,
    /// End of a halt or deferral.
    pub until: Option<Timestamp>,
    /// Verbatim.
    pub reason: &'a str,
}

/// Margin of a tier from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarginInForce {
    /// From when.
    pub at: Timestamp,
    /// Bracket, from 1.
    pub tier: i32,
    /// Initial ratio.
    pub initial_ratio: f64,
    /// Maintenance ratio.
    pub maintenance_ratio: f64,
    /// Share of a position that margin is asked for and gains and losses are charged on.
    pub exposure_ratio: f64,
}

/// Reserves of a pool after a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fund {
    /// When.
    pub at: Timestamp,
    /// Pool, by index.
    pub pool: usize,
    /// Left of its fund.
    pub insurance: Cash,
    /// Uncovered so far.
    pub bad_debt: Cash,
}

/// Told what happens, in order. Every method defaults to not listening.
pub trait Observer {
    /// Whether more than waypoints is wanted; books, views and orders are not put together for who does not listen.
    fn listens(&self) -> bool {
        true
    }
    /// After each waypoint.
    fn waypoint(&mut self, _waypoint: &Waypoint) {}
    /// After each forced order.
    fn forced_order(&mut self, _order: &ForcedOrder) {}
    /// After each intervention.
    fn intervention(&mut self, _noted: &Noted<'_>) {}
    /// When a tier's margin changes.
    fn margin(&mut self, _margin: &MarginInForce) {}
    /// Once the forced orders of a waypoint have traded: the mark and the book as an order would find them that is too
    /// small to be felt. Not told while trading is halted.
    fn liquidity(&mut self, _at: Timestamp, _log_mark: f64, _liquidity: &Liquidity) {}
    /// Where positions are compared with their margins, after margins were assessed. Not told during a halt.
    fn margin_call(&mut self, _view: &View<'_>) {}
    /// After the first waypoint of a tape of bars and after every one at which a bar ends, before it is told itself: what is held.
    /// Told during a halt too.
    fn standing(&mut self, _at: Timestamp, _standing: &Standing<'_>) {}
    /// When reserves change.
    fn fund(&mut self, _fund: &Fund) {}
}

/// Who listens, or nobody.
pub(crate) fn listener<'a>(
    observer: &'a mut Option<&mut dyn Observer>,
    silent: &'a mut Silent,
) -> &'a mut dyn Observer {
    match observer {
        Some(observer) => *observer,
        None => silent,
    }
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn listens(&self) -> bool {
        false
    }
}
