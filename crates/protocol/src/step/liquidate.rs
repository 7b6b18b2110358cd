use aftershock_market::Side;

use super::Step;
use crate::{Cut, Part};

/// How a liquidated position is sold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sale {
    /// A market order on the book.
    Book,
    /// A Dutch auction: the price begins above the market and falls until a keeper takes the whole lot, who then sells it on.
    DutchAuction {
        /// First price over the mark, as a ratio above it (below it for a short).
        above_ratio: f64,
        /// By which share the price falls a step.
        cut_ratio: f64,
        /// Length of a step, whole s.
        step_s: u32,
        /// Time after which an auction that nobody took begins anew at the mark of then, whole s.
        tail_s: u32,
    },
}

/// Positions of one side and bracket whose liquidation price the mark has crossed.
#[derive(Clone, Debug, PartialEq)]
pub struct Liquidate {
    /// Side of the positions.
    pub side: Side,
    /// Bracket, from 1.
    pub tier: i32,
    /// Their value at the mark, USD.
    pub notional_usd: f64,
    /// Mean account of those, USD: above the first bracket as their margins say, in it by what is believed of sizes.
    pub account_usd: f64,
    /// Where the bracket begins, USD: what an account must come under to stand in the one before.
    pub tier_floor_usd: f64,
    /// Maintenance margin over notional in force, of those without an offset elsewhere.
    pub maintenance_ratio: f64,
    /// Their margin and result at the mark, together over their value; below zero where they owe more than they have.
    pub equity_ratio: f64,
    /// Which part of each position is closed now.
    pub part: Part,
    /// The most of each position that is closed now, (0, 1]; the rest is proposed again at the next check.
    pub fraction: f64,
    /// Whether what is closed takes nothing but its loss, and all other margin stays with the rest, which then stands further
    /// from liquidation. Else it takes its share of the margin with it.
    pub keeps_margin: bool,
    /// Time until what is left in the bracket may be looked at again, s.
    pub pause_s: f64,
    /// How it is sold.
    pub sale: Sale,
}

impl Liquidate {
    /// What is closed, as the step stands.
    pub fn cut(&self) -> Cut {
        Cut {
            part: self.part,
            fraction: self.fraction,
            keeps_margin: self.keeps_margin,
        }
    }

    /// Whether all of every position is closed.
    pub fn is_whole(&self) -> bool {
        self.fraction == 1.0 && self.part == Part::Share
    }
}

impl Step for Liquidate {
    const NAME: &'static str = "liquidate";
    fn breach(&self) -> Option<String> {
        if !(self.fraction > 0.0 && self.fraction <= 1.0) {
            return Some(format!("0 < fraction {} <= 1", self.fraction));
        }
        if self.pause_s.is_nan() || self.pause_s < 0.0 {
            return Some(format!("pause {} s >= 0", self.pause_s));
        }
        match self.part {
            Part::ToHealth {
                target_ratio,
                cost_ratio,
                ..
            } if !(target_ratio > 0.0 && (0.0..1.0).contains(&cost_ratio)) => {
                return Some(format!(
                    "target {target_ratio} of equity over value > 0 and cost {cost_ratio} in [0, 1)"
                ));
            }
            Part::InBand { beyond_ratio, .. } if !(0.0..1.0).contains(&beyond_ratio) => {
                return Some(format!("loss beyond the margin {beyond_ratio} in [0, 1)"));
            }
            _ => {}
        }
        match self.sale {
            Sale::Book => None,
            Sale::DutchAuction {
                above_ratio,
                cut_ratio,
                step_s,
                tail_s,
            } => (!(above_ratio >= 0.0
                && cut_ratio > 0.0
                && cut_ratio < 1.0
                && step_s > 0
                && tail_s >= step_s))
            .then(|| {
                format!(
                    "first price {above_ratio} above the mark >= 0, cut {cut_ratio} in (0, 1), step {step_s} s > 0 and tail \
                     {tail_s} s no shorter"
                )
            }),
        }
    }
    fn value(&self) -> f64 {
        match self.part {
            Part::Share => self.fraction,
            Part::ToHealth { mean, .. } | Part::InBand { mean, .. } => self.fraction.min(mean),
        }
    }
}
