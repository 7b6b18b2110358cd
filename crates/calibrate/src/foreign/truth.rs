//! What really happened in a foreign crash.

use aftershock_market::Timestamp;
use aftershock_measure::drawdown::max_drawdown_log;
use aftershock_measure::signature::changes;
use aftershock_measure::variance::realized_variance;
use serde::Serialize;

use super::declared::{CLOCKS_S, Declared};
use super::holders::{Cause, Position};
use super::run::Run;
use crate::observed::Observed;
use crate::synth::{START, Tried};

/// From one told price to the next, steps.
const PATH_EVERY: usize = 10;

/// What really happened: for scoring, never for whoever estimates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ForeignTruth {
    /// All that was declared.
    pub declared: Declared,
    /// SHA-256 of the declaration, hex.
    pub declared_sha256: String,
    /// `gamma0` of the propagator, log price times s^beta over (seconds of mean volume)^psi; of the order book none.
    pub gamma0: Option<f64>,
    /// What the declared open interest was multiplied with.
    pub open_interest_scale: f64,
    /// How it was found; nothing where it was not looked for.
    pub search: Vec<Tried>,
    /// Open interest of one side at the start, USD.
    pub open_interest_usd: f64,
    /// `[leverage at most, share of the longs' notional, of the shorts']` at the start.
    pub leverage: Vec<(f64, f64, f64)>,
    /// Share of notional whose stop-loss stands at the start, of longs and of shorts.
    pub stop_share: [f64; 2],
    /// Variance of the mid over that of the null, by clock.
    pub amplification: Vec<OnClock>,
    /// What each rule does.
    pub rules: Vec<RuleEffect>,
    /// What happened under the rules of record.
    pub record: Lived,
    /// What happened in the null `off-book`: liquidations close positions and do not reach the market, stop-losses do;
    /// both are triggered by this path.
    pub off_book: Lived,
    /// Printed liquidations, and their value, USD.
    pub printed_liquidations: (usize, f64),
}

/// A figure on a clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OnClock {
    /// The clock, s.
    pub clock_s: u32,
    /// The figure; absent where a path does not move.
    pub value: Option<f64>,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleEffect {
    /// Its name.
    pub name: &'static str,
    /// Positions of more leverage than this were opened at this, of the same notional.
    pub leverage_cap: f64,
    /// Share of the start's notional that it binds, of longs and of shorts.
    pub binds: [f64; 2],
    /// `ln` of the variance of the mid under the rule less that under the rules of record.
    pub effect_log: Vec<OnClock>,
    /// What happened under it.
    pub lived: Lived,
}

/// What happened on one path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lived {
    /// Variance of the mid over the whole tape, by clock.
    pub variance: Vec<OnClock>,
    /// Largest fall of the mid, log.
    pub drawdown_log: f64,
    /// Liquidated longs and shorts at their fills, USD.
    pub liquidated_usd: [f64; 2],
    /// Longs and shorts closed by stop-losses at their fills, USD.
    pub stopped_usd: [f64; 2],
    /// Number of liquidations and of stop-losses.
    pub orders: [usize; 2],
    /// Fill of the first liquidation, and of the last.
    pub liquidated_at: Option<[String; 2]>,
    /// Open interest at the end, coins of one side.
    pub open_interest_end: f64,
    /// Log mid every ten seconds.
    pub log_mid: Vec<f64>,
}

impl ForeignTruth {
    /// What [`ForeignTruth::amplification`] says of a clock.
    pub fn amplification_on(&self, clock_s: u32) -> Option<f64> {
        let on = self.amplification.iter().find(|one| one.clock_s == clock_s);
        on.and_then(|one| one.value)
    }

    /// The truth as a JSON document.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("a truth of numbers and names has a JSON form");
        json.push(b'\n');
        json
    }
}

/// Variance of a path of seconds on a clock.
pub(super) fn variance(log_mid: &[f64], clock_s: u32) -> f64 {
    realized_variance(&changes(log_mid, clock_s as usize))
}

/// A figure of two paths on each clock.
pub(super) fn on_clocks(a: &Run, b: &Run, figure: impl Fn(f64, f64) -> f64) -> Vec<OnClock> {
    let value = |clock_s| {
        let found = figure(variance(&a.log_mid, clock_s), variance(&b.log_mid, clock_s));
        found.is_finite().then_some(found)
    };
    CLOCKS_S
        .into_iter()
        .map(|clock_s| OnClock {
            clock_s,
            value: value(clock_s),
        })
        .collect()
}

pub(super) fn lived(run: &Run) -> Lived {
    let usd = |cause: Cause, buys: bool| -> f64 {
        let of = run
            .fills
            .iter()
            .filter(|fill| fill.cause == cause && fill.buys == buys);
        of.map(|fill| fill.coins * libm::exp(fill.log_price))
            .fold(0.0, |sum, usd| sum + usd)
    };
    let count = |cause: Cause| run.fills.iter().filter(|fill| fill.cause == cause).count();
    let mut liquidated = run.fills.iter().filter(|fill| fill.cause == Cause::Liquidation);
    let first = liquidated.next();
    let last = liquidated.next_back().or(first);
    let at = |at_us: i64| Timestamp(START.0 + at_us).to_string();
    Lived {
        variance: on_clocks(run, run, |variance, _| variance),
        drawdown_log: max_drawdown_log(&run.log_mid),
        liquidated_usd: [usd(Cause::Liquidation, false), usd(Cause::Liquidation, true)],
        stopped_usd: [usd(Cause::Stop, false), usd(Cause::Stop, true)],
        orders: [count(Cause::Liquidation), count(Cause::Stop)],
        liquidated_at: first
            .zip(last)
            .map(|(first, last)| [at(first.at_us), at(last.at_us)]),
        open_interest_end: run.open_interest.last().copied().unwrap_or(0.0),
        log_mid: run.log_mid.iter().step_by(PATH_EVERY).copied().collect(),
    }
}

/// Notional of those that `is` holds for, of longs and of shorts, over that of each side.
pub(super) fn shares(positions: &[Position], is: impl Fn(&Position) -> bool) -> [f64; 2] {
    [true, false].map(|long| {
        let of = positions.iter().filter(|one| one.long == long && is(one));
        of.map(|one| one.share).fold(0.0, |sum, share| sum + share)
    })
}

/// Steps of leverage at which its distribution is told.
pub(super) fn leverage(positions: &[Position]) -> Vec<(f64, f64, f64)> {
    [
        1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 125.0,
    ]
    .into_iter()
    .map(|most| {
        let [longs, shorts] = shares(positions, |one| one.leverage <= most);
        (most, longs, shorts)
    })
    .collect()
}

pub(super) fn printed_usd(observed: &Observed) -> (usize, f64) {
    let prints = &observed.liquidations;
    let usd = prints.quantity.iter().zip(&prints.price_usd);
    (prints.len(), usd.map(|(quantity, price)| quantity * price).sum())
}
