//! Which part of a broken position is closed, and where what is left of it stands.

use aftershock_market::{Cash, Side};

use crate::{Brackets, Position, Slot};

/// How far below its mark a rest that was sold down to it is looked at again, ratio: less than any price moves.
const NEXT_BELOW: f64 = 1e-12;
/// An account that stands above an edge by less than rounding stands on it.
const ON_EDGE: f64 = 1e-9;

/// Which part of each broken position is closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// The same share of each.
    Share,
    /// What brings its equity back to a share of its value, see [`health_fraction`].
    ToHealth {
        /// Equity over value of what is left.
        target_ratio: f64,
        /// What closing costs, over the value closed.
        cost_ratio: f64,
        /// What that comes to for the mean of those broken: told, not used.
        mean: f64,
    },
    /// By how deep the mark stands between its liquidation price and the price at which it has lost more than its margin by a
    /// share of its value, see [`band_fraction`]. What is left is looked at again below the mark it was sold down to.
    InBand {
        /// That loss beyond the margin, over value.
        beyond_ratio: f64,
        /// What that comes to for the mean of those broken, of what they were at first: told, not used.
        mean: f64,
    },
}

/// What is closed of the broken positions of a bracket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Which part of each.
    pub part: Part,
    /// The most of each, (0, 1].
    pub fraction: f64,
    /// Whether the margin that the sale leaves stays with the rest.
    pub keeps_margin: bool,
}

/// Share of a position whose sale at the mark, at `cost_ratio` of what is sold, leaves equity at `target_ratio` of the value of
/// the rest: `equity - cost · f = target · (1 - f)`, all over value. All of it where no share does.
///
/// Source: Aave v4, `LiquidationLogic.sol`, `_calculateDebtToTargetHealthFactor` (Certora/aave-v4-pub): debt to repay is
/// `debt · (target - health) / (target - bonus · collateral factor)`; with `target = 1 - factor / target health`, `cost = 1 - 1 /
/// bonus` and equity over collateral it is this.
pub fn health_fraction(equity_ratio: f64, target_ratio: f64, cost_ratio: f64) -> f64 {
    let (missing, gained) = (target_ratio - equity_ratio, target_ratio - cost_ratio);
    if missing <= 0.0 {
        0.0
    } else if gained <= missing {
        1.0
    } else {
        missing / gained
    }
}

/// Share of what is left at `top` that has been sold at `mark` where it is sold in proportion to the price between `top` and
/// `end`; all of it where there is nothing between them. Prices of a short rise from `top` to `end`.
pub fn band_fraction(side: Side, top: f64, end: f64, mark: f64) -> f64 {
    let width = side.sign() * (top - end);
    if width <= 0.0 {
        return 1.0;
    }
    (side.sign() * (top - mark) / width).clamp(0.0, 1.0)
}

impl Cut {
    /// Share of a position that is closed. Prices are less funding so far, `trigger` is that of its liquidation.
    pub(crate) fn fraction_of(
        &self,
        side: Side,
        held: &Position,
        trigger: f64,
        mark: f64,
        funding: f64,
    ) -> f64 {
        let quantity = held.quantity.to_f64();
        let wanted = match self.part {
            Part::Share => 1.0,
            Part::ToHealth {
                target_ratio,
                cost_ratio,
                ..
            } => {
                let result = side.sign() * (quantity * mark - held.entry_value.to_f64());
                let equity = held.margin.to_f64() + result;
                health_fraction(equity / (quantity * (mark + funding)), target_ratio, cost_ratio)
            }
            Part::InBand { beyond_ratio, .. } => {
                let bankrupt = (held.entry_value.to_f64() - side.sign() * held.margin.to_f64()) / quantity;
                let beyond = side.sign() * beyond_ratio;
                let end = (bankrupt - beyond * funding) / (1.0 + beyond);
                band_fraction(side, trigger, end, mark)
            }
        };
        wanted.min(self.fraction)
    }

    /// Key of what stays in the book: its own, unless it was sold down to the mark.
    pub(crate) fn key_left(
        &self,
        side: Side,
        held: &Position,
        maintenance_ratio: f64,
        mark: f64,
        funding: f64,
    ) -> f64 {
        match self.part {
            Part::InBand { .. } => {
                let ratio = side.sign() * maintenance_ratio;
                let next = mark * (1.0 - side.sign() * NEXT_BELOW);
                next * (1.0 - ratio) - ratio * funding
            }
            Part::Share | Part::ToHealth { .. } => held.key,
        }
    }
}

/// What is left of a position of which a part was closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// Where the whole stood.
    pub slot: Slot,
    /// What is left, with the whole's key and its own share of the whole's margin.
    pub position: Position,
    /// The margin that the sale has left it: at first that share.
    pub margin: Cash,
    /// Its share of the whole's contracts, (0, 1).
    pub share: f64,
}

impl Left {
    /// The rest with the margin that the sale has left it: in which bracket its holders stand now, and its key.
    ///
    /// A level stands for many accounts alike. How many is what the maintenance amount in its key says, and so how large one
    /// has become at `unit_value`, what a contract is worth: above the first bracket it may come down to a lower one, with its
    /// ratio and amount. In the first there is no amount and nothing below. `exposure_ratio` is the share at risk that its key was counted
    /// with.
    pub fn stands(
        self,
        side: Side,
        brackets: &Brackets,
        exposure_ratio: f64,
        unit_value: f64,
    ) -> (Slot, Position) {
        let Self {
            slot,
            mut position,
            margin,
            share,
        } = self;
        let (quantity, entry_value) = (position.quantity.to_f64(), position.entry_value.to_f64());
        let tiers = brackets.tiers();
        let cushion = side.sign() * (entry_value - position.key * quantity);
        let mut amount = cushion - position.margin.to_f64() / exposure_ratio;
        let mut tier = slot.tier;
        let accounts = amount / share / tiers[tier].maintenance_amount_usd;
        if tier > 0 && accounts.is_finite() && accounts > 0.0 {
            let account = quantity * unit_value / accounts;
            tier = brackets.index_of(account * (1.0 - ON_EDGE)).min(tier);
            amount = accounts * tiers[tier].maintenance_amount_usd;
        }
        position.margin = margin;
        position.key = (entry_value - side.sign() * (margin.to_f64() / exposure_ratio + amount)) / quantity;
        (Slot { tier, ..slot }, position)
    }
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
