//! What a tape lets one say: amplification and the effect of a rule, each with its interval, from the tape alone.
//!
//! [`prior_only`] is what the frozen priors make of the prices, as a replay of a record without forced flow does;
//! the calibrated answer uses everything that is printed. Gate G13 scores both on crashes whose truth is known.

mod calibrated;
mod cells;
mod closed;
mod coarse;
mod interval;
mod open;
mod resting;

use aftershock_protocol::{BracketError, Brackets, Tier};
use aftershock_replay::ReplayError;

pub(crate) use calibrated::MOST_OF_LEAST_SQUARES;
pub use calibrated::{Asked, Calibrated, LEAST_LATENCY_S, calibrated};
pub use cells::Cell;
pub use interval::Interval;

use crate::clocked::Clocked;
use crate::observed::Observed;
use crate::{Priors, Recorded, RecordedError};
use closed::{Clock, Closed, closed};

/// Amplification and the effect of a cap of leverage, log, on the clocks of [`crate::known::CLOCKS_S`].
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Figures {
    /// Log of amplification against the null off-book.
    pub log_amplification: [Option<Interval>; 4],
    /// Log variance under a cap of leverage at [`crate::known::CAP`] less that under the rules of record.
    pub log_effect: [Option<Interval>; 4],
}

/// One bracket without end: what is known of a venue that publishes one maintenance ratio.
///
/// # Errors
/// A ratio that is none.
pub fn one_bracket(maintenance_ratio: f64) -> Result<Brackets, BracketError> {
    Brackets::new(vec![Tier {
        floor_usd: 0.0,
        cap_usd: f64::INFINITY,
        maintenance_ratio,
        max_leverage: 125.0,
        maintenance_amount_usd: 0.0,
    }])
}

/// Why a tape says nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The tape cannot be put on a clock.
    #[error(transparent)]
    Clock(#[from] crate::clocked::ClockError),
    /// It cannot be replayed.
    #[error(transparent)]
    Recorded(#[from] RecordedError),
    /// The replay stops.
    #[error(transparent)]
    Replay(ReplayError),
}

/// What the priors alone say of bars of five minutes, as of an embedded episode: forced flow is regenerated from prior
/// positions, and nothing that is printed but prices and taker flow is used. `name` keys the draws.
///
/// # Errors
/// A tape that cannot be replayed.
pub fn prior_only(
    priors: &Priors,
    name: &str,
    (observed, clocked): (&Observed, &Clocked),
    brackets: &Brackets,
    draws: u32,
) -> Result<Figures, Refused> {
    let recorded = coarse::coarse(observed, clocked)?;
    let table = priors.decay_table();
    let mut answers = Vec::new();
    for number in 1..=draws {
        let draw = priors.draw(name, 1, number, &recorded, brackets);
        for path in &recorded.paths {
            answers.push(closed(
                path,
                Clock::Bars(coarse::BAR_S),
                &draw.parameters,
                &table,
            )?);
        }
    }
    Ok(figures(answers.iter().map(|answer| (answer, 1.0))))
}

/// The same on the tape's own clock, which is finer than any embedded record.
///
/// # Errors
/// A tape that cannot be replayed.
pub fn prior_on_clock(
    priors: &Priors,
    name: &str,
    (observed, clocked): (&Observed, &Clocked),
    brackets: &Brackets,
    draws: u32,
) -> Result<Figures, Refused> {
    let recorded = Recorded::of_tape(observed, clocked)?;
    let table = priors.decay_table();
    let mut answers = Vec::new();
    for number in 1..=draws {
        let draw = priors.draw(name, 1, number, &recorded, brackets);
        let path = &recorded.paths[0];
        answers.push(closed(
            path,
            Clock::Waypoints(clocked.step_s),
            &draw.parameters,
            &table,
        )?);
    }
    Ok(figures(answers.iter().map(|answer| (answer, 1.0))))
}

fn figures<'a>(answers: impl Iterator<Item = (&'a Closed, f64)> + Clone) -> Figures {
    let over = |pick: &dyn Fn(&Closed) -> Option<f64>| {
        Interval::of(
            answers
                .clone()
                .filter_map(|(answer, weight)| Some((pick(answer)?, weight))),
        )
    };
    Figures {
        log_amplification: std::array::from_fn(|clock| over(&|one| one.log_amplification[clock])),
        log_effect: std::array::from_fn(|clock| over(&|one| one.log_effect[clock])),
    }
}
