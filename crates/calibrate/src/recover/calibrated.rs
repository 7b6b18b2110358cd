//! Everything that a tape prints, draw by draw over the structural cells.

use aftershock_protocol::Brackets;
use aftershock_replay::{DecayTable, Parameters, ReplayError};
use rand_distr::{Distribution, StandardNormal};

use super::cells::{Cell, cells};
use super::closed::{BIN_S, Clock, Closed, closed};
use super::{Figures, Interval, Refused, open, resting};
use crate::clocked::Clocked;
use crate::fit::cells::{OfCells, fit_cells, structural};
use crate::fit::impact::ImpactShape;
use crate::fit::leverage::{Fitting, reference_prior};
use crate::fit::positions::Assumed;
use crate::fit::reporting::{Reporting, reporting};
use crate::fit::weigh::{Weighed, weigh};
use crate::observed::Observed;
use crate::{Priors, Recorded};

/// Shortest time from a trigger to its fill that is taken for granted, s: fills earlier in a step were triggered before it.
pub const LEAST_LATENCY_S: f64 = 0.4;
/// From the trigger to the fill in the regenerated loop, s.
const LATENCY_S: f64 = 1.0;
/// How fast a draw loses weight with the variance, on the tape's own clock, of the price without forced flow: half the number of
/// returns that would be counted as independent. An impact that makes the null rougher than the record has been given news
/// that undo it; one-sided in effect, and weak, because news that move the flow tempt the same way.
const ROUGHNESS: f64 = 5.0;
/// Most that `Y` is taken for over its least squares, times: the rest is for their error.
pub(crate) const MOST_OF_LEAST_SQUARES: f64 = 1.25;
/// Step of a sequence that spreads evenly over an interval.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Log amplification below which nothing can be said to be in proportion to it.
const LEAST_LOG_AMPLIFICATION: f64 = 0.002;
/// Most that another form makes of an effect, times.
const MOST_TIMES: f64 = 10.0;
/// What an effect may be beyond the spread of its draws, share of the upper end of log amplification. Positions are seen through
/// the few levels that broke, and what a rule moves is those that did not: on crashes 0 to 59 of either family the truth lay
/// further out than the draws by up to 0.25 (85 % of them) to 0.35 (90 %) of it.
const EFFECT_DOUBT: f64 = 0.3;
/// Bootstrap mixes of each cell of positions.
const MIXES: usize = 60;

/// What is asked of a tape, and what the calibration may be told beside it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// All that is printed.
    pub observed: &'a Observed,
    /// The same on a clock.
    pub clocked: &'a Clocked,
    /// What is believed without a tape.
    pub priors: &'a Priors,
    /// The venue's margin brackets.
    pub brackets: &'a Brackets,
    /// Keys the draws.
    pub name: &'a str,
    /// Draws of amplification from printed flow.
    pub draws: u32,
    /// Draws of the closed loop, each two replays.
    pub replays: u32,
}

/// What a tape says, and how it comes about.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// What the record holds before and on the clock.
    pub recorded: Recorded,
    /// Impact under every structural form.
    pub cells: Vec<Cell>,
    /// Weight of each cell in the amplification below; they sum to one.
    pub weights: Vec<f64>,
    /// Positions, or why the tape says nothing of them.
    pub positions: Result<OfCells, String>,
    /// Open interest of one side at the clock's start, USD, where the tape has it.
    pub open_interest_usd: Option<f64>,
    /// Which share of liquidations the feed prints.
    pub reporting: Reporting,
    /// How far regenerated flow agrees with what was printed; `None` where nothing was.
    pub weighed: Option<Weighed>,
    /// Amplification from printed flow, and the effect of the rule from regenerated flow.
    pub figures: Figures,
    /// Draws of the closed loop that ran away: impact and positions beyond the critical point. They are left out of the
    /// effect, which is therefore too small where there are many.
    pub runaways: u32,
}

/// What everything that is printed says.
///
/// # Errors
/// A tape that cannot be replayed.
pub fn calibrated(asked: &Asked<'_>) -> Result<Calibrated, Refused> {
    let Asked {
        observed, clocked, ..
    } = *asked;
    let recorded = Recorded::of_tape(observed, clocked)?;
    let depth_ratio = resting::depth_ratio(observed, clocked);
    let cells = cells(
        asked.priors,
        (observed, clocked),
        &recorded,
        depth_ratio.as_deref(),
        LEAST_LATENCY_S,
    );
    let positions = positions(asked);
    let sum = positions.as_ref().map_or(0.0, |found| {
        found.found[found.best]
            .as_ref()
            .map_or(0.0, |best| best.reported_sum)
    });
    let to = clocked.from.plus_seconds(clocked.step_s * clocked.len() as f64);
    let reporting = reporting(observed, clocked.from, to, sum, 1);
    let printed_flow = amplified(asked, &cells, depth_ratio.as_deref(), &reporting);
    let log_amplification = printed_flow.figures;
    let weights = printed_flow.cells.clone();
    let open_interest_usd = held_at_start(observed, clocked);
    let loops = Loops {
        asked,
        recorded: &recorded,
        cells: &cells,
        mixes: positions.as_ref().map_or(&[][..], |found| &found.ensemble[..]),
        open_interest_usd,
        depth_ratio: depth_ratio.as_deref(),
        share: reporting.interval.1,
        printed_flow: &printed_flow,
    };
    let nobody = open_interest_usd == Some(0.0);
    let answers = if nobody { Vec::new() } else { loops.answers()? };
    let drawn = answers.len();
    let answers: Vec<Closed> = answers.into_iter().flatten().collect();
    let runaways = (drawn - answers.len()) as u32;
    let printed = bins(clocked, answers.first().map_or(0, |one| one.forced_usd.len()));
    let regenerated: Vec<&[f64]> = answers.iter().map(|one| one.forced_usd.as_slice()).collect();
    let weighed = weigh(&regenerated, &printed, reporting.interval.1);
    let weight = |place: usize| weighed.as_ref().map_or(1.0, |weighed| weighed.weights[place]);
    let over = |pick: &dyn Fn(&Closed) -> Option<f64>| {
        let draws = answers.iter().enumerate();
        Interval::of(draws.filter_map(|(place, one)| Some((pick(one)?, weight(place)))))
    };
    let nothing = Interval {
        low: 0.0,
        median: 0.0,
        high: 0.0,
    };
    // Who holds nothing is not liquidated, under whatever rule.
    let of_loop = |pick: &dyn Fn(&Closed, usize) -> Option<f64>| {
        std::array::from_fn(|clock| {
            if nobody {
                log_amplification[clock].map(|_| nothing)
            } else {
                over(&|one| pick(one, clock))
            }
        })
    };
    Ok(Calibrated {
        figures: Figures {
            log_amplification,
            log_effect: doubted(of_loop(&|one, clock| one.log_effect[clock]), &log_amplification),
        },
        runaways,
        recorded,
        cells,
        weights,
        positions,
        open_interest_usd,
        reporting,
        weighed,
    })
}

/// Effects with what their draws do not spread over.
fn doubted(
    effects: [Option<Interval>; 4],
    log_amplification: &[Option<Interval>; 4],
) -> [Option<Interval>; 4] {
    std::array::from_fn(|clock| {
        let (effect, amplification) = (effects[clock]?, log_amplification[clock]?);
        let more = EFFECT_DOUBT * amplification.high.max(0.0);
        Some(Interval {
            low: effect.low - more,
            median: effect.median,
            high: effect.high + more,
        })
    })
}

/// Open interest of one side at the start, USD.
fn held_at_start(observed: &Observed, clocked: &Clocked) -> Option<f64> {
    let read = &observed.open_interest;
    let last = read.at.iter().rposition(|at| *at <= clocked.from)?;
    Some(observed.usd(read.quantity[last], libm::exp(clocked.log_mid[0])))
}

fn positions(asked: &Asked<'_>) -> Result<OfCells, String> {
    let Asked {
        observed, clocked, ..
    } = *asked;
    let maintenance_ratio = asked.brackets.tiers()[0].maintenance_ratio;
    let around = Assumed::new(maintenance_ratio);
    let fitting = Fitting {
        draws: MIXES,
        ..Fitting::new(reference_prior(&around.classes))
    };
    let span_s = (0.0, clocked.step_s * clocked.len() as f64);
    fit_cells(observed, clocked, &structural(&around), &fitting, span_s).map_err(|why| why.to_string())
}

/// Printed forced flow, buying less selling, USD a bin.
fn bins(clocked: &Clocked, count: usize) -> Vec<f64> {
    let mut bins = vec![0.0; count];
    for (step, usd) in clocked.forced_usd.iter().enumerate() {
        let bin = ((step as f64 + 0.5) * clocked.step_s / BIN_S) as usize;
        if let Some(slot) = bins.get_mut(bin) {
            *slot += usd;
        }
    }
    bins
}

/// What printed flow says of amplification.
struct PrintedFlow {
    /// Over weighted draws.
    figures: [Option<Interval>; 4],
    /// Weight of each cell.
    cells: Vec<f64>,
    /// Draws, in falling weight as often as their weight asks for: equally likely.
    likely: Vec<[Option<f64>; 4]>,
}

fn amplified(
    asked: &Asked<'_>,
    cells: &[Cell],
    depth_ratio: Option<&[f64]>,
    reporting: &Reporting,
) -> PrintedFlow {
    let draws: Vec<[Option<f64>; 4]> = (0..asked.draws)
        .map(|number| {
            let cell = &cells[number as usize % cells.len()];
            let y = drawn_y(asked, cell, number, "open");
            let ratio = if cell.thin { depth_ratio } else { None };
            let share = reporting.draws[number as usize % reporting.draws.len()];
            open::open(asked.clocked, &cell.form, y, share, ratio)
        })
        .collect();
    // The finest clock that the tape has.
    let finest = |one: &[Option<f64>; 4]| one.iter().flatten().next().copied();
    let smoothest = draws.iter().filter_map(finest).fold(f64::NEG_INFINITY, f64::max);
    let weight =
        |one: &[Option<f64>; 4]| finest(one).map_or(1.0, |log| libm::exp(ROUGHNESS * (log - smoothest)));
    let figures = std::array::from_fn(|clock| {
        Interval::of(draws.iter().filter_map(|one| Some((one[clock]?, weight(one)))))
    });
    let mut by_cell = vec![0.0; cells.len()];
    for (number, one) in draws.iter().enumerate() {
        by_cell[number % cells.len()] += weight(one);
    }
    let all: f64 = by_cell.iter().sum();
    by_cell.iter_mut().for_each(|weight| *weight /= all);
    // Systematic resampling.
    let mut likely = Vec::with_capacity(draws.len());
    let mut below = 0.0;
    for one in &draws {
        below += weight(one) / all * draws.len() as f64;
        while (likely.len() as f64) + 0.5 < below {
            likely.push(*one);
        }
    }
    PrintedFlow {
        figures,
        cells: by_cell,
        likely,
    }
}

fn drawn_y(asked: &Asked<'_>, cell: &Cell, number: u32, what: &str) -> f64 {
    let mut rng = asked.priors.stream(asked.name, 1, number, what);
    let z: f64 = StandardNormal.sample(&mut rng);
    let fit = &cell.fitted.fit;
    let y = fit.y * libm::exp(fit.sd_log * z);
    // Least squares is too large where news and flow lean the same way: what the instrument says beyond it is drift.
    fit.y_ols
        .filter(|ols| *ols > 0.0)
        .map_or(y, |ols| y.min(MOST_OF_LEAST_SQUARES * ols))
}

/// The closed loop: forced flow comes of fitted positions.
struct Loops<'a> {
    asked: &'a Asked<'a>,
    recorded: &'a Recorded,
    cells: &'a [Cell],
    mixes: &'a [Vec<f64>],
    open_interest_usd: Option<f64>,
    depth_ratio: Option<&'a [f64]>,
    share: f64,
    printed_flow: &'a PrintedFlow,
}

impl Loops<'_> {
    /// One a draw; `None` where it runs away.
    fn answers(&self) -> Result<Vec<Option<Closed>>, Refused> {
        // The engine knows the square root alone.
        let of_engine: Vec<&Cell> = self
            .cells
            .iter()
            .filter(|cell| matches!(cell.form.shape, ImpactShape::SquareRoot { .. }))
            .collect();
        let tables: Vec<DecayTable> = of_engine.iter().map(|cell| table(cell)).collect();
        let clock = Clock::Waypoints(self.asked.clocked.step_s);
        let path = &self.recorded.paths[0];
        (0..self.asked.replays)
            .map(|number| {
                let place = number as usize % of_engine.len();
                let parameters = self.parameters(of_engine[place], number);
                match closed(path, clock, &parameters, &tables[place]) {
                    Err(ReplayError::Runaway { .. }) => Ok(None),
                    answer => {
                        let mut answer = answer?;
                        self.to_other_forms(&mut answer, of_engine[place], parameters.impact.y, number);
                        Ok(Some(answer))
                    }
                }
            })
            .collect()
    }

    /// The engine has one form of impact; what the others make of the effect is taken to be in proportion to what they make of
    /// amplification, draw against draw.
    fn to_other_forms(&self, answer: &mut Closed, cell: &Cell, y: f64, number: u32) {
        let likely = &self.printed_flow.likely;
        if likely.is_empty() {
            return;
        }
        let ratio = if cell.thin { self.depth_ratio } else { None };
        let here = open::open(self.asked.clocked, &cell.form, y, self.share, ratio);
        // Another draw each time, spread over all of them.
        let place = (f64::from(number) + 0.5) * GOLDEN;
        let other = likely[((place - place.floor()) * likely.len() as f64) as usize];
        for (effect, (here, other)) in answer.log_effect.iter_mut().zip(here.iter().zip(&other)) {
            if let (Some(effect), Some(here), Some(other)) = (effect, here, other)
                && *here > LEAST_LOG_AMPLIFICATION
            {
                *effect *= (other / here).clamp(0.0, MOST_TIMES);
            }
        }
    }

    fn parameters(&self, cell: &Cell, number: u32) -> Parameters {
        let asked = self.asked;
        let priors = asked.priors;
        let draw = priors.draw(asked.name, 1, number + 1, self.recorded, asked.brackets);
        let mut parameters = draw.parameters;
        let y = drawn_y(asked, cell, number, "closed");
        let before = parameters.impact.y;
        parameters.book_usd_per_log *= (before / y) * (before / y);
        parameters.impact.y = y;
        parameters.latency_s = LATENCY_S;
        if !cell.thin {
            parameters.depth_elasticity = 0.0;
        }
        if let Some(open_interest_usd) = self.open_interest_usd {
            parameters.open_interest_usd = open_interest_usd;
        }
        if !self.mixes.is_empty() {
            let mix = &self.mixes[number as usize % self.mixes.len()];
            let classes = crate::fit::positions::CLASSES
                .iter()
                .copied()
                .zip(mix.iter().copied());
            parameters.mix.classes = classes.filter(|class| class.1 > 0.0).collect();
        }
        parameters
    }
}

fn table(cell: &Cell) -> DecayTable {
    let mut half_lives = [3_600.0; 7];
    for (slot, half_life) in half_lives.iter_mut().zip(&cell.form.half_lives_s) {
        *slot = *half_life;
    }
    DecayTable::new(half_lives)
}
