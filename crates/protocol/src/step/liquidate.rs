use aftershock_market::Side;

use super::Step;

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
        /// Length of a step, s.
        step_s: f64,
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
    /// Mean account of those in this bracket by what is believed of sizes, USD.
    pub account_usd: f64,
    /// Where the bracket begins, USD: what an account must come under to stand in the one before.
    pub tier_floor_usd: f64,
    /// Maintenance margin over notional in force.
    pub maintenance_ratio: f64,
    /// Share of each position that is closed now, (0, 1]; the rest is proposed again at the next check.
    pub fraction: f64,
    /// Absent where what is closed takes its share of the margin with it. Else it takes what it has lost by the mark and this
    /// share of its value for the sale, and all other margin stays with the rest, which then stands further from liquidation.
    pub allowance_ratio: Option<f64>,
    /// Time until what is left may be looked at again, s.
    pub pause_s: f64,
    /// How it is sold.
    pub sale: Sale,
}

impl Step for Liquidate {
    const NAME: &'static str = "liquidate";
    fn breach(&self) -> Option<String> {
        if !(self.fraction > 0.0 && self.fraction <= 1.0) {
            return Some(format!("0 < fraction {} <= 1", self.fraction));
        }
        if !(self.pause_s >= 0.0
            && self
                .allowance_ratio
                .is_none_or(|ratio| (0.0..1.0).contains(&ratio)))
        {
            return Some(format!(
                "pause {} s >= 0 and allowance {} in [0, 1)",
                self.pause_s,
                self.allowance_ratio.unwrap_or(0.0)
            ));
        }
        match self.sale {
            Sale::Book => None,
            Sale::DutchAuction {
                above_ratio,
                cut_ratio,
                step_s,
            } => (!(above_ratio >= 0.0 && cut_ratio > 0.0 && cut_ratio < 1.0 && step_s > 0.0)).then(|| {
                format!(
                    "first price {above_ratio} above the mark >= 0, cut {cut_ratio} in (0, 1) and step {step_s} s > 0"
                )
            }),
        }
    }
    fn value(&self) -> f64 {
        self.fraction
    }
}
