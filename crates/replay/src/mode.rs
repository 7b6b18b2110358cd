//! One instrument over the waypoints of a path: what a replay is given and what it comes to.

use aftershock_market::{Cash, Coin, Timestamp};
use aftershock_protocol::RuleSet;

use crate::decay::DecayTable;
use crate::inventory::Start;
use crate::observer::{ForcedOrder, Fund, Liquidity, MarginInForce, Noted, Observer, Standing, Waypoint};
use crate::world::{self, Channels, Grid, OrderRow, World, WorldRun, WorldSpec, WorldTape};
use crate::{Mechanisms, Parameters, Path, ReplayError};

/// What is held fixed while rules change: abducted from the record by a run with [`Drive::Record`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exogenous {
    /// Log price less the impact that stood in it, per waypoint from `path.first` on.
    pub log_price: Vec<f64>,
    /// Ordinary flow, USD, per waypoint from `path.first` on: the record's, less the forced flow that is part of it.
    pub ordinary_usd: Vec<f64>,
    /// Depth that ordinary flow met, per waypoint from `path.first` on.
    pub ordinary_depth: Vec<f64>,
    /// Log price with forced flow off the book, per waypoint from `path.first` on: the null.
    pub log_null: Vec<f64>,
}

/// Where the price comes from.
#[derive(Clone, Copy, Debug)]
pub enum Drive<'a> {
    /// The record is the price; what is exogenous follows from it.
    Record,
    /// What is exogenous is given; the price follows from it and the flow.
    Exogenous(&'a Exogenous),
    /// The path's prices are news, without any impact: a crash is made up. What is exogenous is returned.
    News,
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
    /// Of the margins of what was closed by force, what its losses took, fees included.
    pub margin_lost: Cash,
    /// Fees of forced orders.
    pub fees: Cash,
    /// Charged to winners.
    pub socialised: Cash,
    /// Closed against winners, USD.
    pub deleveraged_usd: f64,
    /// Profit that they gave up, USD.
    pub deleveraged_profit_usd: f64,
    /// Time under a halt, s.
    pub halted_s: f64,
    /// The longest halt, s; 0 without one.
    pub longest_halt_s: f64,
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
    /// The same, but during a halt the price at which the market would have stood were it open; empty under the
    /// rules of record, which never halt.
    pub log_open: Vec<f64>,
    /// Whether trading was halted, per waypoint; empty as `log_open`.
    pub halted: Vec<bool>,
    /// Margins in force from the start on, each when it changed, bracket by bracket; empty as `log_open`.
    pub margins: Vec<MarginInForce>,
    /// What was exogenous, where it was not given.
    pub exogenous: Option<Exogenous>,
    /// Forced orders in the order of execution, each with its parent.
    pub orders: Vec<OrderRow>,
    /// Sums.
    pub totals: Totals,
}

/// How a replay is driven.
#[derive(Clone, Copy, Debug)]
pub struct Mode<'a> {
    /// Where the price comes from.
    pub drive: Drive<'a>,
    /// The machinery that is switched on.
    pub mechanisms: Mechanisms,
}

impl<'a> Mode<'a> {
    /// The record drives, forced flow is regenerated from positions: what is exogenous follows.
    pub const ABDUCT: Mode<'static> = Mode {
        drive: Drive::Record,
        mechanisms: Mechanisms::ALL,
    };

    /// Exogenous inputs drive, forced flow is regenerated.
    pub fn closed_loop(exogenous: &'a Exogenous, mechanisms: Mechanisms) -> Self {
        Self {
            drive: Drive::Exogenous(exogenous),
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
    /// Replays the path from `path.first` on: a world of one market, whose ticks are the waypoints.
    ///
    /// # Errors
    /// A broken path, or a rule that breaks a step.
    ///
    /// # Panics
    /// Where a given exogenous path is shorter than the replay, or the record is to drive under rules (which change
    /// what the record would have been).
    pub fn run(
        &self,
        start: Start,
        mode: Mode<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Replayed, ReplayError> {
        self.path.check()?;
        let waypoints = self.path.len() - self.path.first;
        let given = match mode.drive {
            Drive::Record => {
                assert!(self.rules.is_record(), "the record cannot drive a counterfactual");
                None
            }
            Drive::News => None,
            Drive::Exogenous(given) => {
                assert!(
                    given.log_price.len() >= waypoints,
                    "the exogenous path covers the replay"
                );
                Some(given)
            }
        };
        let spec = WorldSpec::of_one(self.parameters, self.table)?;
        let tape = self.tape(given);
        let channels = Channels {
            liquidation: mode.mechanisms.liquidation,
            depth_withdrawal: mode.mechanisms.depth_withdrawal,
            ..Channels::from_mask(0)
        };
        let before = self.path.first - 1;
        let open_interest_before = start.open_interest;
        let mut marks = Marks::new(observer, given, self.path.first, waypoints);
        let mut world = World::of_one(
            &spec,
            self.rules,
            channels,
            start,
            self.path.at[before],
            self.path.log_price[before],
        );
        world = world.observed(&mut marks);
        if !cfg!(debug_assertions) {
            world = world.without_books();
        }
        let drive = match mode.drive {
            Drive::Record => world::Drive::Record,
            Drive::News => world::Drive::News,
            Drive::Exogenous(given) => world::Drive::Exogenous {
                log_news: &given.log_price[..waypoints],
                depth: &given.ordinary_depth[..waypoints],
            },
        };
        let run = world.run(&tape, drive)?;
        Ok(self.came_to(run, marks, open_interest_before))
    }

    /// The waypoints as a tape.
    fn tape(&self, given: Option<&Exogenous>) -> WorldTape {
        let (path, first) = (self.path, self.path.first);
        let mut tape = WorldTape::with_capacity(path.len() - first);
        for i in first..path.len() {
            let tick = world::WorldEvent::Tick {
                market: 0,
                log_price: path.log_price[i],
                ordinary_usd: given.map_or(path.ordinary_usd[i], |given| given.ordinary_usd[i - first]),
            };
            tape.push(path.at[i], tick);
        }
        tape.on_grid(Grid {
            recorded: path.recorded[first..].to_vec(),
            bar_close: path.bar_close[first..].to_vec(),
            ordinary_holds_forced: path.ordinary_holds_forced,
        })
    }

    fn came_to(&self, run: WorldRun, mut marks: Marks<'_>, open_interest_before: Coin) -> Replayed {
        let path = self.path;
        let end = path.at[path.len() - 1];
        let mut totals = Totals {
            open_interest_before,
            open_interest_after: run.open_interest[0][0],
            imbalance: run.imbalance,
            forced_orders: run.journal.orders.len() as u64,
            ..Totals::default()
        };
        for row in &run.journal.orders {
            totals.forced_usd[row.side.index()] += row.notional_usd;
            totals.insurance_used += row.covered;
            totals.bad_debt += row.bad_debt;
            totals.margin_lost += row.margin_lost;
            totals.fees += row.fees;
            totals.socialised += row.socialised;
            totals.deleveraged_usd += row.deleveraged_usd;
            totals.deleveraged_profit_usd += row.deleveraged_profit_usd;
        }
        let ended = run.journal.halts.iter().map(|halt| (halt.from_at, halt.until_at));
        let open = run.halted[0].map(|(began, until)| (began, end.min(until)));
        for (from, until) in ended.chain(open) {
            let seconds = until.seconds_since(from);
            totals.halted_s += seconds;
            totals.longest_halt_s = totals.longest_halt_s.max(seconds);
        }
        for halt in &run.journal.halts {
            let gap = (halt.log_reopening - halt.log_edge).abs();
            let widest = &mut totals.reopening_gap_log;
            *widest = Some(widest.map_or(gap, |seen| seen.max(gap)));
        }
        if self.rules.is_record() {
            marks.log_open.clear();
            marks.halted.clear();
            marks.margins.clear();
        }
        Replayed {
            log_mark: marks.log_mark,
            log_open: marks.log_open,
            halted: marks.halted,
            margins: marks.margins,
            exogenous: marks.found,
            orders: run.journal.orders,
            totals,
        }
    }
}

/// Keeps the path of a replay, and passes on what it is told to who listens.
struct Marks<'o> {
    observer: Option<&'o mut dyn Observer>,
    given: Option<&'o Exogenous>,
    first: usize,
    log_mark: Vec<f64>,
    log_open: Vec<f64>,
    halted: Vec<bool>,
    margins: Vec<MarginInForce>,
    found: Option<Exogenous>,
}

impl<'o> Marks<'o> {
    fn new(
        observer: &'o mut dyn Observer,
        given: Option<&'o Exogenous>,
        first: usize,
        waypoints: usize,
    ) -> Self {
        let room = || Vec::with_capacity(waypoints);
        Self {
            observer: observer.listens().then_some(observer),
            given,
            first,
            log_mark: room(),
            log_open: room(),
            halted: Vec::with_capacity(waypoints),
            margins: Vec::new(),
            found: given.is_none().then(|| Exogenous {
                log_price: room(),
                ordinary_usd: room(),
                ordinary_depth: room(),
                log_null: room(),
            }),
        }
    }
}

impl Observer for Marks<'_> {
    fn listens(&self) -> bool {
        self.observer.is_some()
    }

    fn waypoint(&mut self, waypoint: &Waypoint) {
        self.log_mark.push(waypoint.log_mark);
        self.log_open.push(waypoint.log_open);
        self.halted.push(waypoint.halted);
        if let Some(found) = &mut self.found {
            found.log_price.push(waypoint.log_news);
            found.ordinary_usd.push(waypoint.ordinary_usd);
            found.ordinary_depth.push(waypoint.ordinary_depth);
            found.log_null.push(waypoint.log_null);
        }
        if let Some(observer) = &mut self.observer
            && waypoint.eventful
        {
            // The null belongs to what is exogenous, and does not change with the rules.
            let log_null = self
                .given
                .map_or(waypoint.log_null, |given| given.log_null[waypoint.index]);
            observer.waypoint(&Waypoint {
                index: self.first + waypoint.index,
                log_null,
                ..*waypoint
            });
        }
    }

    fn forced_order(&mut self, order: &ForcedOrder) {
        if let Some(observer) = &mut self.observer {
            observer.forced_order(order);
        }
    }

    fn intervention(&mut self, noted: &Noted<'_>) {
        if let Some(observer) = &mut self.observer {
            observer.intervention(noted);
        }
    }

    fn margin(&mut self, margin: &MarginInForce) {
        self.margins.push(*margin);
        if let Some(observer) = &mut self.observer {
            observer.margin(margin);
        }
    }

    fn liquidity(&mut self, at: Timestamp, log_mark: f64, liquidity: &Liquidity) {
        if let Some(observer) = &mut self.observer {
            observer.liquidity(at, log_mark, liquidity);
        }
    }

    fn margin_call(&mut self, view: &aftershock_protocol::View<'_>) {
        if let Some(observer) = &mut self.observer {
            observer.margin_call(view);
        }
    }

    fn standing(&mut self, at: Timestamp, standing: &Standing<'_>) {
        if let Some(observer) = &mut self.observer {
            observer.standing(at, standing);
        }
    }

    fn fund(&mut self, fund: &Fund) {
        if let Some(observer) = &mut self.observer {
            observer.fund(fund);
        }
    }
}
