//! Made-up crashes of equations that no calibration of ours assumes: what a venue would have printed of them, and apart
//! from it what really happened.
//!
//! Recovering an estimate on tapes of [`crate::synth`] proves arithmetic, since the estimator knows their equations. Here
//! impact decays with a power of its age ([`Kind::Propagator`]), or nothing is declared of impact and depth and both come
//! out of agents in a book ([`Kind::OrderBook`]); leverage depends on the price before the entry, stop-losses sell beside
//! liquidations and print as trades alone, and each order has a latency of its own. Only [`Observed`] may be shown to a
//! calibration. All noise is drawn by name and second, so that runs under other rules share it.

mod book;
mod check;
mod declared;
mod drawn;
mod exogenous;
mod holders;
mod kernel;
mod known;
mod makers;
mod market;
mod order_book;
mod printed;
mod propagator;
mod run;
mod truth;

pub use declared::{CLOCKS_S, Declared, Kind, MOST_LEVERAGE, OrderBook, Positions, Propagator};
pub use known::known;
pub use truth::{ForeignTruth, Lived, OnClock, RuleEffect};

use crate::observed::Observed;
use crate::synth::target::reach;
use crate::synth::{SynthError, Target};
use holders::Position;
use market::Market;
use run::{Rules, Run};

const DAY_S: f64 = 86_400.0;
/// Length of a step, µs.
const STEP_US: i64 = 1_000_000;
/// Length of a bar before the tape, s.
const BAR_S: f64 = 300.0;
/// Largest open interest over what is declared that an amplification is looked for at.
const LARGEST_SCALE: f64 = 64.0;
/// Rules whose effect the truth tells, with the most leverage that each allows.
const RULES: [(&str, f64); 2] = [("leverage-cap-20", 20.0), ("leverage-cap-125", 125.0)];

/// A foreign crash and its truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// What the venue prints: all that a calibration may see.
    pub observed: Observed,
    /// What really happened.
    pub truth: ForeignTruth,
}

/// Makes a foreign crash: the same declaration gives the same bytes.
///
/// # Errors
/// A declaration that makes no tape, or an amplification that no open interest brings about.
pub fn generate(declared: &Declared) -> Result<Foreign, SynthError> {
    declared.check().map_err(SynthError::Declared)?;
    let stage = Stage::new(declared);
    let search = stage.search()?;
    let scale = match (&search[..], declared.amplification) {
        ([.., last], _) => last.open_interest_scale,
        (_, Target::Ratio(_)) => 0.0,
        (_, Target::AsDeclared) => 1.0,
    };
    let record = stage.run(scale, Rules::RECORD);
    let off_book = stage.run(scale, Rules::OFF_BOOK);
    let observed = printed::printed(declared, &record, stage.bars.clone());
    let held = |share: [f64; 2]| if scale > 0.0 { share } else { [0.0; 2] };
    let rules = RULES
        .into_iter()
        .map(|(name, leverage_cap)| {
            let rules = Rules {
                leverage_cap,
                ..Rules::RECORD
            };
            let under = stage.run(scale, rules);
            RuleEffect {
                name,
                leverage_cap,
                binds: held(truth::shares(&stage.positions, |one| one.leverage > leverage_cap)),
                effect_log: truth::on_clocks(&under, &record, |under, record| {
                    libm::log(under) - libm::log(record)
                }),
                lived: truth::lived(&under),
            }
        })
        .collect();
    let truth = ForeignTruth {
        declared_sha256: declared.sha256(),
        gamma0: (declared.kind == Kind::Propagator).then(|| kernel::gamma0(declared)),
        open_interest_scale: scale,
        search,
        open_interest_usd: stage.coins(scale) * declared.price_usd,
        leverage: if scale > 0.0 {
            truth::leverage(&stage.positions)
        } else {
            Vec::new()
        },
        stop_share: held(truth::shares(&stage.positions, |one| one.stop_log.is_some())),
        amplification: truth::on_clocks(&record, &off_book, |record, null| record / null),
        rules,
        record: truth::lived(&record),
        off_book: truth::lived(&off_book),
        printed_liquidations: truth::printed_usd(&observed),
        declared: declared.clone(),
    };
    Ok(Foreign { observed, truth })
}

/// What all runs of a crash share.
struct Stage<'a> {
    declared: &'a Declared,
    bars: crate::observed::Bars,
    positions: Vec<Position>,
    ground: Ground,
}

/// A market before anything happened in it.
enum Ground {
    Propagator(propagator::Ground),
    OrderBook(Box<order_book::OrderBook>),
}

impl<'a> Stage<'a> {
    fn new(declared: &'a Declared) -> Self {
        let exogenous = exogenous::exogenous(declared);
        let bars = exogenous::bars(declared);
        Self {
            positions: holders::positions(declared, &bars),
            bars,
            ground: match declared.kind {
                Kind::Propagator => Ground::Propagator(propagator::Ground::new(declared, &exogenous)),
                Kind::OrderBook => {
                    Ground::OrderBook(Box::new(order_book::OrderBook::new(declared, &exogenous)))
                }
            },
            declared,
        }
    }

    /// Open interest of one side, coins.
    fn coins(&self, scale: f64) -> f64 {
        let declared = self.declared;
        scale * declared.positions.open_interest_ratio * declared.volume_daily_usd / declared.price_usd
    }

    fn run(&self, scale: f64, rules: Rules) -> Run {
        let mut market: Box<dyn Market> = match &self.ground {
            Ground::Propagator(ground) => Box::new(propagator::Propagator::new(ground)),
            Ground::OrderBook(book) => book.clone(),
        };
        run::run(
            market.as_mut(),
            if scale > 0.0 { &self.positions } else { &[] },
            self.declared.positions.maintenance_ratio,
            self.coins(scale),
            self.declared.duration_s as usize,
            rules,
        )
    }

    /// The open interest that brings the declared amplification about; nothing where none is to be looked for.
    fn search(&self) -> Result<Vec<crate::synth::Tried>, SynthError> {
        let declared = self.declared;
        let Target::Ratio(ratio) = declared.amplification else {
            return Ok(Vec::new());
        };
        if ratio == 1.0 {
            return Ok(Vec::new());
        }
        let variance = |run: &Run| truth::variance(&run.log_mid, declared.amplification_clock_s);
        reach(ratio, declared.amplification_tolerance, LARGEST_SCALE, |scale| {
            let record = variance(&self.run(scale, Rules::RECORD));
            Ok(record / variance(&self.run(scale, Rules::OFF_BOOK)))
        })
    }
}

#[cfg(test)]
mod tests;
