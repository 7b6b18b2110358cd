//! G13: what a calibration says of crashes whose truth is known, from their tapes alone.
//!
//! Half of the crashes obey the replay's own equations with everything drawn, half those of [`crate::foreign`]: a
//! propagator with power-law memory, and a book of agents. Each is calibrated, and answered from the frozen priors alone
//! beside it, and both answers are scored. Coverage can be bought with width, so the interval score decides.

mod score;

use rayon::prelude::*;

pub use score::{Score, scores};

use super::{CheckError, Finding, Gate, Verdict};
use crate::Priors;
use crate::clocked::Clocked;
use crate::foreign::{self, Kind};
use crate::known::Known;
use crate::recover::{self, Asked, Figures, Refused};
use crate::synth::{self, START};

/// Whose equations a crash obeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The replay's own.
    Own,
    /// A propagator, and a book of agents, in turn.
    Foreign,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Own, Self::Foreign];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Foreign => "foreign",
        }
    }
}

/// How much is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Crashes of each family.
    pub crashes: u32,
    /// Number of the first.
    pub first: u64,
    /// Draws of amplification from printed flow.
    pub draws: u32,
    /// Draws of each closed loop.
    pub replays: u32,
}

impl Extent {
    /// A hundred crashes of each family, none of which the calibration was developed on (those were 0 to 59): seed 1
    /// begins at 1000.
    pub const fn of_seed(seed: u64) -> Self {
        Self {
            crashes: 100,
            first: seed.saturating_mul(1_000),
            draws: 180,
            replays: 40,
        }
    }
}

/// What was said of a crash, and what was true.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Whose equations it obeys.
    pub family: Family,
    /// What it is, in one line.
    pub about: String,
    /// Log amplification and log effect of the cap, in truth, by clock.
    pub truth: [[Option<f64>; 4]; 2],
    /// From everything that is printed.
    pub calibrated: Figures,
    /// From the priors and the tape's prices on its own clock.
    pub prior: Figures,
    /// From the priors and bars of five minutes, as an embedded episode is answered.
    pub bars: Figures,
}

/// Calibrates and answers every crash of both families; `progress` is told after each.
///
/// # Errors
/// A crash that is not made, or a tape that cannot be replayed.
pub fn answered(
    priors: &Priors,
    extent: Extent,
    progress: &(dyn Fn() + Sync),
) -> Result<Vec<Answered>, CheckError> {
    let jobs: Vec<(Family, u64)> = Family::ALL
        .into_iter()
        .flat_map(|family| (0..u64::from(extent.crashes)).map(move |one| (family, extent.first + one)))
        .collect();
    jobs.into_par_iter()
        .map(|(family, number)| {
            let known = match family {
                Family::Own => synth::known(number)?,
                Family::Foreign if number % 2 == 0 => foreign::known(Kind::Propagator, number / 2)?,
                Family::Foreign => foreign::known(Kind::OrderBook, number / 2)?,
            };
            let answered = answer(priors, extent, family, &known)?;
            progress();
            Ok(answered)
        })
        .collect()
}

fn answer(priors: &Priors, extent: Extent, family: Family, known: &Known) -> Result<Answered, CheckError> {
    let observed = &known.observed;
    let to = *observed.marks.at.last().unwrap_or(&START);
    let clocked = Clocked::new(observed, START, to, 1.0).map_err(Refused::from)?;
    let brackets =
        recover::one_bracket(known.maintenance_ratio).map_err(|why| CheckError::Recover(why.to_string()))?;
    let asked = Asked {
        observed,
        clocked: &clocked,
        priors,
        brackets: &brackets,
        name: &known.about,
        draws: extent.draws,
        replays: extent.replays,
    };
    let tape = (observed, &clocked);
    let half = extent.replays.div_ceil(2);
    Ok(Answered {
        family,
        about: known.about.clone(),
        truth: [known.log_amplification, known.log_effect],
        calibrated: recover::calibrated(&asked)?.figures,
        prior: recover::prior_on_clock(priors, &known.about, tape, &brackets, extent.replays)?,
        bars: recover::prior_only(priors, &known.about, tape, &brackets, half)?,
    })
}

/// The verdict: on every clock and for both families, nine tenths cover 85 % at least, the median error of log
/// amplification is 0.03 at most, the median has the sign of 95 % of effects of 0.05 and more, and the interval score is
/// better than that of the priors alone.
pub fn verdict(scores: &[Score]) -> Finding {
    let mut failures: Vec<String> = Vec::new();
    for one in scores.iter().filter(|one| one.by == "calibrated") {
        let place = format!("{} {} {} s", one.family.name(), one.figure, one.clock_s);
        if one.covered() < 0.85 {
            failures.push(format!("{place}: covers {:.2}", one.covered()));
        }
        if one.figure == "amplification" && one.median_error > 0.03 {
            failures.push(format!("{place}: median error {:.3}", one.median_error));
        }
        if one.figure == "effect" && one.large.1 > 0 && f64::from(one.large.0) < 0.95 * f64::from(one.large.1)
        {
            failures.push(format!("{place}: signs {} of {}", one.large.0, one.large.1));
        }
        let prior = scores.iter().find(|other| {
            other.by == "prior-only"
                && (other.family, other.figure, other.clock_s) == (one.family, one.figure, one.clock_s)
        });
        if prior.is_some_and(|prior| prior.interval_score <= one.interval_score) {
            failures.push(format!("{place}: no better than the priors"));
        }
    }
    let calibrated = scores.iter().filter(|one| one.by == "calibrated").count();
    Finding {
        gate: Gate::Recovery,
        figure: if failures.is_empty() {
            format!("all of {calibrated} figures and clocks hold")
        } else {
            failures.join("; ")
        },
        verdict: if failures.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Fail
        },
    }
}
