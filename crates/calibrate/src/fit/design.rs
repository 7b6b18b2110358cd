//! What each leverage class would have had liquidated along the recorded mark, if all openings had been of it.
//!
//! No price answers here: the mark is the recorded one, so that this is checked apart from impact.

use aftershock_market::MICROS_PER_SECOND;

use super::attrition::Stock;
use super::history::{NODES, SIGNS, smear};
use super::positions::Positions;
use crate::clocked::Clocked;
use crate::observed::Observed;

/// Within the tape positions are opened and closed once in this many s.
const BEAT_S: f64 = 60.0;

/// Liquidations that the mark brings about, a column each, in no order that means anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossings {
    /// When the order would print, s after the clock's start.
    pub at_s: Vec<f64>,
    /// Log mark at that instant, which stands for the fill.
    pub log_price: Vec<f64>,
    /// Log of the level.
    pub log_level: Vec<f64>,
    /// Place of the class in which it was opened.
    pub class: Vec<usize>,
    /// Whether a short is closed.
    pub short: Vec<bool>,
    /// Whether it was opened within the tape; what was opened before is to be scaled to open interest.
    pub within: Vec<bool>,
    /// What is liquidated, USD.
    pub usd: Vec<f64>,
}

impl Crossings {
    /// Follows positions along a clock's mark.
    pub fn new(observed: &Observed, clocked: &Clocked, positions: &Positions) -> Self {
        let walk = Walk::new(observed, clocked, positions);
        walk.run()
    }

    fn push(&mut self, walk: &Walk<'_>, row: &Row, step: usize, quantity: f64) {
        let latency_s = walk.positions.assumed.latency_s;
        let steps_late = (latency_s / walk.clocked.step_s).round() as usize;
        let last = walk.clocked.log_mark.len() - 1;
        let log_price = walk.clocked.log_mark[(step + 1 + steps_late).min(last)];
        self.at_s
            .push((step + 1) as f64 * walk.clocked.step_s + latency_s);
        self.log_price.push(log_price);
        self.log_level.push(row.log_level);
        self.class.push(row.class);
        self.short.push(row.side == 1);
        self.within.push(row.within);
        self.usd.push(walk.observed.usd(quantity, libm::exp(log_price)));
    }
}

/// A level on its way.
#[derive(Clone, Copy)]
struct Row {
    side: usize,
    node: usize,
    class: usize,
    log_level: f64,
    part: f64,
    within: bool,
}

/// Positions on their way through the tape.
struct Walk<'a> {
    observed: &'a Observed,
    clocked: &'a Clocked,
    positions: &'a Positions,
    /// Steps a beat.
    steps: usize,
    beats: usize,
    /// Furthest mark so far, by step end: lows, highs.
    so_far: [Vec<f64>; 2],
    /// Furthest mark of each beat.
    of_beat: [Vec<f64>; 2],
    /// Furthest mark of each beat and all later ones.
    to_come: [Vec<f64>; 2],
}

impl<'a> Walk<'a> {
    fn new(observed: &'a Observed, clocked: &'a Clocked, positions: &'a Positions) -> Self {
        let steps = ((BEAT_S / clocked.step_s).round() as usize).max(1);
        let beats = clocked.len().div_ceil(steps);
        let marks = &clocked.log_mark[1..];
        let furthest = |side: usize, values: &[f64]| {
            let further = |a: f64, b: &f64| if side == 0 { a.min(*b) } else { a.max(*b) };
            values.iter().fold(SIGNS[side] * f64::INFINITY, further)
        };
        let of_beat = [0, 1].map(|side| {
            marks
                .chunks(steps)
                .map(|beat| furthest(side, beat))
                .collect::<Vec<f64>>()
        });
        let running = |side: usize, values: &mut dyn Iterator<Item = f64>| {
            let mut last = SIGNS[side] * f64::INFINITY;
            let mut all = Vec::with_capacity(marks.len());
            for value in values {
                last = furthest(side, &[last, value]);
                all.push(last);
            }
            all
        };
        let so_far = [0, 1].map(|side| running(side, &mut marks.iter().copied()));
        let to_come = [0, 1].map(|side| {
            let mut all = running(side, &mut of_beat[side].iter().rev().copied());
            all.reverse();
            all
        });
        Self {
            observed,
            clocked,
            positions,
            steps,
            beats,
            so_far,
            of_beat,
            to_come,
        }
    }

    /// The step at which a level is crossed that stands from the start.
    fn first(&self, side: usize, log_level: f64) -> usize {
        let sign = SIGNS[side];
        self.so_far[side].partition_point(|mark| sign * (mark - log_level) > 0.0)
    }

    /// The step at which a level is crossed that stands from a beat on.
    fn first_from(&self, side: usize, beat: usize, log_level: f64) -> Option<usize> {
        let crossed = |mark: &f64| SIGNS[side] * (mark - log_level) <= 0.0;
        if !self.to_come[side].get(beat).is_some_and(crossed) {
            return None;
        }
        let beat = beat + self.of_beat[side][beat..].iter().position(crossed)?;
        let from = beat * self.steps;
        let marks = &self.clocked.log_mark[1..];
        let place = marks[from..].iter().position(crossed)?;
        Some(from + place)
    }

    fn run(&self) -> Crossings {
        let mut crossings = Crossings::default();
        let mut due: Vec<Vec<(usize, Row)>> = vec![Vec::new(); self.beats];
        let mut stocks = self.positions.stocks.clone();
        self.stand_at_start(&mut due);
        let flows = self.flows();
        for beat in 0..self.beats {
            for (step, row) in &due[beat] {
                let quantity = stocks[row.side].held(row.node) * row.part;
                if quantity > 0.0 {
                    crossings.push(self, row, *step, quantity);
                }
            }
            for (side, stock) in stocks.iter_mut().enumerate() {
                self.turn(stock, side, beat, &flows, &mut due);
            }
        }
        crossings
    }

    fn stand_at_start(&self, due: &mut [Vec<(usize, Row)>]) {
        let (cohorts, assumed) = (&self.positions.cohorts, &self.positions.assumed);
        for place in 0..cohorts.class.len() {
            let side = usize::from(cohorts.short[place]);
            let row = Row {
                side,
                node: cohorts.node[place],
                class: cohorts.class[place],
                log_level: cohorts.log_level[place],
                part: cohorts.part[place],
                within: false,
            };
            let step = self.first(side, row.log_level);
            if step >= self.clocked.len() {
                continue;
            }
            // The time since it came near is taken for the time that it was near.
            let near = self.first(side, row.log_level + SIGNS[side] * self.positions.levels.near);
            let hours = (step - near) as f64 * self.clocked.step_s / 3_600.0;
            let moved = -libm::expm1(-assumed.top_up_per_h * hours);
            let stands = cohorts.stands[place];
            let mut place_row = |part: f64, log_level: f64, step: usize| {
                if step < self.clocked.len() {
                    due[step / self.steps].push((
                        step,
                        Row {
                            part,
                            log_level,
                            ..row
                        },
                    ));
                }
            };
            if moved > 0.0 && stands > 0 && stands == row.class {
                place_row(row.part * (1.0 - moved), row.log_level, step);
                let lower = self
                    .positions
                    .levels
                    .log(side, cohorts.log_entry[place], stands - 1);
                place_row(row.part * moved, lower, self.first(side, lower));
            } else {
                place_row(row.part, row.log_level, step);
            }
        }
    }

    /// Closes and opens at the end of a beat.
    fn turn(
        &self,
        stock: &mut Stock,
        side: usize,
        beat: usize,
        flows: &Flows,
        due: &mut [Vec<(usize, Row)>],
    ) {
        let assumed = &self.positions.assumed;
        let (low, high) = (self.of_beat[0][beat], self.of_beat[1][beat]);
        // What opened less what holders closed is what open interest gained and liquidations took.
        let net = flows.gained[beat] + flows.liquidated[side][beat] / assumed.reporting;
        let opens = (assumed.churn_within * flows.traded[beat]).max(net);
        let closes = opens - net;
        let share = closes / flows.held[beat].max(closes).max(f64::MIN_POSITIVE);
        let last = self.clocked.log_mark[((beat + 1) * self.steps).min(self.clocked.len())];
        stock.close(assumed.attrition, share * stock.total(), last, SIGNS[side]);
        if opens <= 0.0 {
            return;
        }
        for (log_entry, part) in smear(low, high) {
            let node = stock.log_entry.len();
            stock.open(log_entry, part * opens);
            for class in (0..assumed.classes.len()).filter(|class| self.positions.levels.opens[*class]) {
                let log_level = self.positions.levels.log(side, log_entry, class);
                if let Some(step) = self.first_from(side, beat + 1, log_level) {
                    let row = Row {
                        side,
                        node,
                        class,
                        log_level,
                        part: 1.0,
                        within: true,
                    };
                    due[step / self.steps].push((step, row));
                }
            }
        }
        debug_assert_eq!(stock.log_entry.len() % NODES, 0);
    }

    /// What trades, readings and prints say of each beat, in the market's unit.
    fn flows(&self) -> Flows {
        let mut flows = Flows {
            traded: vec![0.0; self.beats],
            held: vec![self.positions.open_interest; self.beats],
            gained: vec![0.0; self.beats],
            liquidated: [vec![0.0; self.beats], vec![0.0; self.beats]],
        };
        for (step, usd) in self.clocked.volume_usd.iter().enumerate() {
            let one_usd = self.observed.usd(1.0, libm::exp(self.clocked.log_mid[step]));
            flows.traded[step / self.steps] += usd / one_usd;
        }
        let beat_us = (self.steps as f64 * self.clocked.step_s * MICROS_PER_SECOND as f64).round() as i64;
        let read = &self.observed.open_interest;
        let (mut next, mut last) = (0, self.positions.open_interest);
        for beat in 0..self.beats {
            flows.held[beat] = last;
            let end = self.clocked.from.0 + (beat as i64 + 1) * beat_us;
            while next < read.at.len() && read.at[next].0 <= end {
                if read.at[next] > self.clocked.from {
                    last = read.quantity[next];
                }
                next += 1;
            }
            flows.gained[beat] = last - flows.held[beat];
        }
        let prints = &self.observed.liquidations;
        for place in 0..prints.len() {
            let beat = (prints.at[place].0 - self.clocked.from.0 + beat_us - 1).div_euclid(beat_us) - 1;
            if let Some(beat) = usize::try_from(beat).ok().filter(|beat| *beat < self.beats) {
                flows.liquidated[usize::from(prints.buys[place])][beat] += prints.quantity[place];
            }
        }
        flows
    }
}

/// Quantities of each beat.
struct Flows {
    traded: Vec<f64>,
    /// Open interest at its start.
    held: Vec<f64>,
    gained: Vec<f64>,
    /// Printed: longs, shorts.
    liquidated: [Vec<f64>; 2],
}

#[cfg(test)]
mod tests;
