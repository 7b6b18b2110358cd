//! What a replay is given and what it comes to.

use aftershock_market::{Cash, Coin, Side};
use aftershock_protocol::RuleSet;

use crate::decay::DecayTable;
use crate::engine::Engine;
use crate::inventory::Start;
use crate::observer::Observer;
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
    /// The same, but during a halt the price at which the market would have stood were it open; empty under the
    /// rules of record, which never halt.
    pub log_open: Vec<f64>,
    /// What was abducted, where the record drove.
    pub exogenous: Option<Exogenous>,
    /// Executions as `(waypoint index, side closed, USD)`.
    pub executions: Vec<(usize, Side, f64)>,
    /// Sums.
    pub totals: Totals,
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
