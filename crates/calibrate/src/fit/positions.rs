//! Who may hold what when a tape begins: positions by where they were opened, with which leverage, on which side.
//!
//! What stands here is assumption and conservation, not measurement: openings follow volume, closings follow one of
//! [`Attrition`], and both sides hold the open interest that is on the tape. What a class would have had liquidated is
//! [`super::design`]; how much of it there is, is [`super::leverage`].

use super::attrition::{Attrition, Stock};
use super::history::{History, Levels, NODES, SIGNS, Tilt, smear};
use crate::clocked::Clocked;
use crate::observed::Observed;

/// Leverage classes of the method notes.
pub const CLASSES: [f64; 14] = [
    1.5, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 35.0, 50.0, 75.0, 100.0, 125.0,
];
/// Bounds of [`Assumed::churn`].
pub const CHURN: (f64, f64) = (0.05, 0.5);

/// Which levels are gone when the tape begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Survival {
    /// Those that a bar's low or high has crossed since, or the first mark has.
    #[default]
    Path,
    /// Those alone whose bankruptcy price lies within this share of the first mark or beyond it; what happened between is
    /// forgotten. Generated tapes begin so, with 0.02.
    AtStart(f64),
}

/// What is assumed of positions. Every field is a structural cell or a bounded unknown: a tape does not tell them.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumed {
    /// Leverage classes, rising.
    pub classes: Vec<f64>,
    /// Maintenance margin over notional.
    pub maintenance_ratio: f64,
    /// Share of the volume before the tape that opened a position, [`CHURN`].
    pub churn: f64,
    /// The same during the tape.
    pub churn_within: f64,
    /// Whether entries lie all over a bar, or at its close.
    pub smeared: bool,
    /// Who closes.
    pub attrition: Attrition,
    /// Who is gone when the tape begins.
    pub survival: Survival,
    /// Hazard with which a holder within twice the maintenance ratio of liquidation adds margin and so falls to the
    /// class below, 1/h. A holder does so once.
    pub top_up_per_h: f64,
    /// How leverage at opening follows the return of the day before, both in standard deviations: a class of `x` deviations
    /// above the mean log leverage is opened `exp(trend·x·return)` times as often.
    pub trend: f64,
    /// From the mark's crossing to the print, s.
    pub latency_s: f64,
    /// Share of liquidations that the feed prints, (0, 1], for what holders closed by themselves.
    pub reporting: f64,
}

impl Assumed {
    /// The defaults of the method notes with a venue's maintenance ratio.
    pub fn new(maintenance_ratio: f64) -> Self {
        Self {
            classes: CLASSES.into(),
            maintenance_ratio,
            churn: 0.2,
            churn_within: 0.2,
            smeared: true,
            attrition: Attrition::Proportional,
            survival: Survival::Path,
            top_up_per_h: 0.1,
            trend: 0.0,
            latency_s: 1.0,
            reporting: 1.0,
        }
    }
}

/// Why a tape says nothing of positions.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PositionsError {
    /// No open interest to scale to.
    #[error("{0} has no open interest at or before the start; positions need its size")]
    NoOpenInterest(String),
    /// No bars before the tape.
    #[error("{0} has no bars with volume before the start; entries need some, 48 hours rather than less")]
    NoHistory(String),
    /// Assumptions that hold no position.
    #[error("{0}")]
    Assumed(String),
    /// Numbers that do not fit.
    #[error("not measurable: {0}")]
    NotMeasurable(#[from] aftershock_measure::NotMeasurable),
}

/// Positions at the start of the tape, a column each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cohorts {
    /// Log of the price at which they were opened, USD a coin.
    pub log_entry: Vec<f64>,
    /// Log of the mark that liquidates them.
    pub log_level: Vec<f64>,
    /// Place of the class in which they were opened.
    pub class: Vec<usize>,
    /// Whether they are short.
    pub short: Vec<bool>,
    /// What is held, in the market's unit, if all openings were of this class.
    pub quantity: Vec<f64>,
    /// Node of entry in the side's stock.
    pub(super) node: Vec<usize>,
    /// Part of the node's stock.
    pub(super) part: Vec<f64>,
    /// Class whose margin they have now.
    pub(super) stands: Vec<usize>,
}

/// What is believed of positions when the tape begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Positions {
    /// What was assumed.
    pub assumed: Assumed,
    /// Open interest of one side, in the market's unit.
    pub open_interest: f64,
    /// The same, USD at the first mark.
    pub open_interest_usd: f64,
    /// Positions, each as if all openings were of its class.
    pub cohorts: Cohorts,
    /// Share of what a class opened and did not close that is not liquidated before the tape: long, short.
    pub survived: [Vec<f64>; 2],
    pub(super) stocks: [Stock; 2],
    pub(super) levels: Levels,
}

impl Positions {
    /// Positions at the start of a clock, from the bars before it.
    ///
    /// # Errors
    /// No open interest, no bars, or assumptions out of range.
    pub fn new(observed: &Observed, clocked: &Clocked, assumed: Assumed) -> Result<Self, PositionsError> {
        check(&assumed)?;
        let name = || format!("{}:{}", observed.venue, observed.instrument);
        let read = &observed.open_interest;
        let at_start = read.at.iter().rposition(|at| *at <= clocked.from);
        let open_interest = at_start
            .map(|place| read.quantity[place])
            .filter(|quantity| quantity.is_finite() && *quantity > 0.0)
            .ok_or_else(|| PositionsError::NoOpenInterest(name()))?;
        let bars = &observed.bars;
        let count = bars.close_at.iter().take_while(|at| **at <= clocked.from).count();
        if !bars.volume_usd[..count].iter().any(|volume| *volume > 0.0) {
            return Err(PositionsError::NoHistory(name()));
        }
        let levels = Levels::new(&assumed, observed.quantity_unit == "quote");
        let log_mark = clocked.log_mark[0];
        let history = History::new(bars, count, log_mark);
        let mut positions = Self {
            open_interest,
            open_interest_usd: observed.usd(open_interest, libm::exp(log_mark)),
            cohorts: Cohorts::default(),
            survived: [vec![0.0; assumed.classes.len()], vec![0.0; assumed.classes.len()]],
            stocks: [Stock::new(), Stock::new()],
            levels,
            assumed,
        };
        for side in 0..2 {
            positions.stocks[side] = positions.opened(observed, count, side);
            positions.survivors(&history, side);
        }
        Ok(positions)
    }

    /// Share of open interest that classes of these opening weights hold of one side in all, before anything is scaled
    /// to the recorded open interest.
    pub fn survived_of(&self, weights: &[f64]) -> [f64; 2] {
        let of = |side: usize| -> f64 {
            let parts = self.survived[side].iter().zip(weights);
            parts.map(|(survived, weight)| survived * weight).sum()
        };
        [of(0), of(1)]
    }

    /// Shares of open interest at the start by class, long and short, for shares at opening that sum to one.
    pub fn shares(&self, weights: &[f64]) -> [Vec<f64>; 2] {
        let all = self.survived_of(weights);
        let of = |side: usize| {
            let parts = self.survived[side].iter().zip(weights);
            parts
                .map(|(survived, weight)| survived * weight / all[side])
                .collect()
        };
        [of(0), of(1)]
    }

    /// The positions of a mix of shares at opening: both sides hold the open interest of the start.
    pub fn of_mix(&self, weights: &[f64]) -> Cohorts {
        let all = self.survived_of(weights);
        let mut cohorts = self.cohorts.clone();
        let rows = cohorts
            .quantity
            .iter_mut()
            .zip(&cohorts.class)
            .zip(&cohorts.short);
        for ((quantity, class), short) in rows {
            *quantity *= weights[*class] / all[usize::from(*short)];
        }
        cohorts
    }

    /// What a side has opened and not closed by its own will, scaled to the open interest.
    fn opened(&self, observed: &Observed, count: usize, side: usize) -> Stock {
        let (bars, assumed) = (&observed.bars, &self.assumed);
        let sign = SIGNS[side];
        let mut stock = Stock::new();
        for bar in 0..count {
            let log_price = libm::log(bars.close_usd[bar]);
            let one_usd = observed.usd(1.0, bars.close_usd[bar]);
            let opens = assumed.churn * bars.volume_usd[bar].max(0.0) / one_usd;
            let closes = match assumed.attrition {
                // As many close of what is known as would of an open interest that was always full.
                Attrition::Proportional | Attrition::Disposition => {
                    stock.total() * (opens / self.open_interest).min(1.0)
                }
                Attrition::OldestFirst | Attrition::NewestFirst => stock.total() + opens - self.open_interest,
            };
            stock.close(assumed.attrition, closes, log_price, sign);
            let (low, high) = if assumed.smeared {
                (libm::log(bars.low_usd[bar]), libm::log(bars.high_usd[bar]))
            } else {
                (log_price, log_price)
            };
            for (log_entry, part) in smear(low, high) {
                stock.open(log_entry, part * opens);
            }
        }
        stock.rescale(self.open_interest / stock.total());
        stock
    }

    fn survivors(&mut self, history: &History, side: usize) {
        let tilt = Tilt::new(&self.assumed);
        for node in 0..self.stocks[side].log_entry.len() {
            let (log_entry, held) = (self.stocks[side].log_entry[node], self.stocks[side].held(node));
            if held <= 0.0 {
                continue;
            }
            for class in 0..self.assumed.classes.len() {
                if !self.levels.opens[class] {
                    continue;
                }
                let stays = 1.0 - self.topped_up(history, side, node, class);
                let below = class.saturating_sub(1);
                let tilted = tilt.of(history.trailing[node / NODES], class);
                for (stands, part) in [(class, stays * tilted), (below, (1.0 - stays) * tilted)] {
                    if part > 0.0 && self.stands(history, side, node, stands) {
                        self.survived[side][class] += held * part / self.open_interest;
                        let cohorts = &mut self.cohorts;
                        cohorts.log_entry.push(log_entry);
                        cohorts.log_level.push(self.levels.log(side, log_entry, stands));
                        cohorts.class.push(class);
                        cohorts.short.push(side == 1);
                        cohorts.quantity.push(held * part);
                        cohorts.node.push(node);
                        cohorts.part.push(part);
                        cohorts.stands.push(stands);
                    }
                }
            }
        }
    }

    /// Whether a level opened at a node has not been crossed.
    fn stands(&self, history: &History, side: usize, node: usize, class: usize) -> bool {
        let log_entry = self.stocks[side].log_entry[node];
        match self.assumed.survival {
            Survival::Path => {
                let level = self.levels.log(side, log_entry, class);
                SIGNS[side] * (history.furthest[side][node / NODES] - level) > 0.0
            }
            Survival::AtStart(margin) => {
                let bankrupt = log_entry + self.levels.bankrupt[side][class];
                SIGNS[side] * (history.log_mark - bankrupt) > libm::log1p(margin)
            }
        }
    }

    /// Share of a class at a node that has added margin by the start, or by its liquidation.
    fn topped_up(&self, history: &History, side: usize, node: usize, class: usize) -> f64 {
        if self.assumed.top_up_per_h <= 0.0 || class == 0 || self.assumed.survival != Survival::Path {
            return 0.0;
        }
        let (bar, sign) = (node / NODES, SIGNS[side]);
        let level = self.levels.log(side, self.stocks[side].log_entry[node], class);
        let near = level + sign * self.levels.near;
        if sign * (history.furthest[side][bar] - near) > 0.0 {
            return 0.0;
        }
        let (mut hours, extremes) = (0.0, &history.extremes[side][bar + 1..]);
        for (extreme, length_h) in extremes.iter().zip(&history.length_h[bar + 1..]) {
            if sign * (extreme - level) <= 0.0 {
                break;
            }
            if sign * (extreme - near) <= 0.0 {
                hours += length_h;
            }
        }
        -libm::expm1(-self.assumed.top_up_per_h * hours)
    }
}

fn check(assumed: &Assumed) -> Result<(), PositionsError> {
    let refuse = |words: String| Err(PositionsError::Assumed(words));
    let ratio = assumed.maintenance_ratio;
    if !(ratio > 0.0 && ratio < 0.5) {
        return refuse(format!(
            "maintenance ratio {ratio}: it should be above 0 and below 0.5"
        ));
    }
    let rises = assumed.classes.windows(2).all(|pair| pair[0] < pair[1]);
    if !(rises && assumed.classes.first().is_some_and(|least| *least >= 1.0)) {
        return refuse("leverage classes: they should rise from 1 or more".into());
    }
    for (name, share) in [("churn", assumed.churn), ("reporting", assumed.reporting)] {
        if !(share > 0.0 && share <= 1.0) {
            return refuse(format!("{name} {share}: it should be above 0 and 1 at most"));
        }
    }
    if !(0.0..=1.0).contains(&assumed.churn_within) {
        return refuse(format!(
            "churn within the tape {}: it should be from 0 to 1",
            assumed.churn_within
        ));
    }
    Ok(())
}
