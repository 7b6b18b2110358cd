//! What must stand behind a position when it is opened and while it is held, and the prices at which it no longer
//! does: exact, in units of 1e-8, each rounding named and against the holder.
//!
//! Equity and maintenance count the same integer, the value at which the position is closed (rounded against its
//! holder), and what is needed of it is rounded up once. So a step of one unit of value never moves need by more
//! than equity, an account passes from sound to unsound at one price only, and that price is a point of the grid
//! of 1e-8 USD, the same on every machine.
//!
//! Range: contracts times coin (or dollars) of one up to 1e18, prices from 1e-8 to 9e10 USD, values up to 1e30.

use aftershock_market::{Cash, Coin, Price, Side};

use super::contract::{Contract, Holding, MaintenanceOn};
use super::grid::last_sound;
use super::initial::over_leverage;
use super::maintenance::{MarginSchedule, SizeBy, SizeLinear};
use super::rounding::{RATE_PARTS, Rounding, parts};

pub use super::initial::{InitialTerms, LeverageTier};

/// Why margin terms, or a leverage, are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MarginError {
    /// A maintenance margin that jumps with the mark.
    #[error(
        "whole-rate tiers by value cannot be charged at the mark: the margin jumps where the value passes an edge, \
         so a position may be unsound, sound and unsound again as the price moves one way; charge them on the \
         entry value, count them in contracts, or use brackets"
    )]
    JumpsWithMark,
    /// A rate that leaves no room for a position.
    #[error("{what} is {value}, should be {right}")]
    OutOfRange {
        /// Which.
        what: &'static str,
        /// As given.
        value: f64,
        /// What would be right.
        right: &'static str,
    },
    /// More leverage than is allowed.
    #[error("leverage {asked} is above {allowed}, the largest for a position of this size")]
    LeverageTooHigh {
        /// As asked for.
        asked: f64,
        /// The largest.
        allowed: f64,
    },
}

/// Margin of a venue's contract.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginTerms {
    initial: InitialTerms,
    maintenance: MarginSchedule,
    on: MaintenanceOn,
    closing_fee: f64,
}

impl MarginTerms {
    /// Terms under which every account has one liquidation price.
    ///
    /// `closing_fee` is set aside besides maintenance, over the value at the mark.
    ///
    /// # Errors
    /// Whole-rate tiers by value charged at the mark; maintenance and closing fee that together are not below one;
    /// initial terms out of their range, or tiers that do not rise in size and fall in leverage.
    pub fn new(
        initial: InitialTerms,
        maintenance: MarginSchedule,
        on: MaintenanceOn,
        closing_fee: f64,
    ) -> Result<Self, MarginError> {
        let largest = match &maintenance {
            MarginSchedule::WholeRate {
                by: SizeBy::Value,
                tiers,
            } if on == MaintenanceOn::MarkValue && tiers.len() > 1 => {
                return Err(MarginError::JumpsWithMark);
            }
            MarginSchedule::WholeRate { tiers, .. } => {
                tiers.last().map_or(0.0, |tier| tier.maintenance_ratio)
            }
            MarginSchedule::Brackets(table) => {
                table.tiers().last().map_or(0.0, |tier| tier.maintenance_ratio)
            }
            MarginSchedule::SizeLinear(ratio) => checked(*ratio)?.base,
        };
        within("closing fee", closing_fee, closing_fee >= 0.0, "at least 0")?;
        let kept = largest + closing_fee;
        within("maintenance ratio with closing fee", kept, kept < 1.0, "below 1")?;
        initial.check()?;
        Ok(Self {
            initial,
            maintenance,
            on,
            closing_fee,
        })
    }

    /// To open.
    pub fn initial(&self) -> &InitialTerms {
        &self.initial
    }

    /// To keep.
    pub fn maintenance(&self) -> &MarginSchedule {
        &self.maintenance
    }

    /// The value that maintenance is charged on.
    pub fn on(&self) -> MaintenanceOn {
        self.on
    }

    /// Fee for closing that is set aside, over the value at the mark.
    pub fn closing_fee(&self) -> f64 {
        self.closing_fee
    }

    /// What must stand behind `quantity` opened at `price`, settlement asset: its value (rounded up) over
    /// `leverage` (to 1e-8), rounded up; without a leverage, the least that is allowed. `open_interest` is in
    /// dollars and counts for terms that are scaled by it.
    ///
    /// The least is never below maintenance margin with the closing fee: a leverage that a venue states for more
    /// than its tier bears would open accounts that are unsound at once.
    ///
    /// # Errors
    /// A leverage that is not above 0, or above what the position's size (or open interest) allows, to a unit of
    /// margin where a ratio and no leverage is stated.
    pub fn initial_margin(
        &self,
        contract: Contract,
        quantity: Coin,
        price: Price,
        leverage: Option<f64>,
        open_interest: Cash,
    ) -> Result<Cash, MarginError> {
        let value = contract.value(quantity, price, Rounding::Up);
        let kept = self.maintenance.charge(value, quantity, parts(self.closing_fee));
        let stated = self.initial.largest_leverage(&self.maintenance, value, quantity);
        let (least, stated) = match stated.map(|largest| (over_leverage(value, largest), largest)) {
            Some((least, largest)) if least >= kept => (least, Some(largest)),
            Some(_) => (kept, None),
            None => (self.initial.least_by_ratio(value, open_interest).max(kept), None),
        };
        let Some(asked) = leverage else {
            return Ok(least);
        };
        within("leverage", asked, asked > 0.0 && asked.is_finite(), "above 0")?;
        let margin = over_leverage(value, asked);
        let above = stated.map_or(margin < least, |largest| asked > largest);
        if above {
            let allowed = stated.unwrap_or_else(|| value.to_f64() / least.to_f64());
            return Err(MarginError::LeverageTooHigh { asked, allowed });
        }
        Ok(margin)
    }

    /// Maintenance margin at the mark `price`, rounded up, settlement asset. On brackets' or tiers' edges the
    /// lower one counts. The closing fee is not in it.
    pub fn maintenance_margin(&self, contract: Contract, held: &Holding, price: Price) -> Cash {
        let value = match self.on {
            MaintenanceOn::EntryValue => held.opening_value,
            MaintenanceOn::MarkValue => contract.closing_value(held.side, held.quantity, price),
        };
        self.maintenance.charge(value, held.quantity, 0)
    }

    /// What equity has to meet at the mark `price`: maintenance margin and the closing fee that is set aside.
    /// Both on the value at the mark are rounded up once, together; maintenance on the entry value is rounded up
    /// by itself.
    pub fn required(&self, contract: Contract, held: &Holding, price: Price) -> Cash {
        let value = contract.closing_value(held.side, held.quantity, price);
        let fee = parts(self.closing_fee);
        match self.on {
            MaintenanceOn::EntryValue => {
                let entry = self.maintenance.charge(held.opening_value, held.quantity, 0);
                entry + Cash(Rounding::Up.scale(value.0, fee, RATE_PARTS))
            }
            MaintenanceOn::MarkValue => self.maintenance.charge(value, held.quantity, fee),
        }
    }

    /// Whether equity meets maintenance margin with the closing fee set aside; equity that just does is sound.
    pub fn is_sound(&self, contract: Contract, held: &Holding, price: Price) -> bool {
        contract.equity(held, price) >= self.required(contract, held, price)
    }

    /// The last price, from the sound side, at which the account [`is_sound`](Self::is_sound): one unit of 1e-8
    /// USD further it is not.
    ///
    /// `None` where nothing is held; where no price liquidates (a linear long or inverse short at leverage 1 or
    /// less, a short whose price would be above 9.2e10 USD); and where no price is sound. A ratio that grows with
    /// value asks, above some value, for more than each unit of it brings: beyond there a position that gains
    /// as its value rises is called sound by this search, so that the price is the one where value is lost.
    pub fn liquidation_price(&self, contract: Contract, held: &Holding) -> Option<Price> {
        if held.quantity <= Coin::ZERO {
            return None;
        }
        let peak = match (&self.maintenance, self.on) {
            (MarginSchedule::SizeLinear(ratio), MaintenanceOn::MarkValue)
                if contract.opening_is_paid(held.side) =>
            {
                ratio.peak(parts(self.closing_fee))
            }
            _ => None,
        };
        let beyond =
            |price| peak.is_some_and(|peak| contract.closing_value(held.side, held.quantity, price) > peak);
        let sound = |price: &Price| self.is_sound(contract, held, *price);
        let candidate = self.liquidation_usd(contract, held);
        last_sound(held.side, candidate, |price| beyond(price) || sound(&price)).filter(sound)
    }

    /// The last price, from the sound side, at which equity pays the closing fee that is set aside (rounded up);
    /// where none is, at which equity is not negative.
    ///
    /// `None` as for [`liquidation_price`](Self::liquidation_price).
    pub fn bankruptcy_price(&self, contract: Contract, held: &Holding) -> Option<Price> {
        if held.quantity <= Coin::ZERO {
            return None;
        }
        let fee = parts(self.closing_fee);
        let solvent = |price| {
            let value = contract.closing_value(held.side, held.quantity, price);
            contract.equity(held, price).0 >= Rounding::Up.scale(value.0, fee, RATE_PARTS)
        };
        let candidate = contract.bankruptcy_price(held, self.closing_fee);
        last_sound(held.side, candidate, solvent)
    }

    /// The liquidation price in floating point, USD: of all brackets the one that is met first.
    ///
    /// Maintenance is the largest of the brackets' lines, so an account is unsound as soon as one is unmet.
    pub fn liquidation_usd(&self, contract: Contract, held: &Holding) -> Option<f64> {
        let fee = self.closing_fee;
        let at = |constant, rate, per_unit| contract.crossing(held, constant, rate + fee, per_unit);
        if self.on == MaintenanceOn::EntryValue {
            let entry = self.maintenance.charge(held.opening_value, held.quantity, 0);
            return at(entry.to_f64(), 0.0, 0.0);
        }
        match &self.maintenance {
            MarginSchedule::Brackets(table) => {
                let prices = table
                    .tiers()
                    .iter()
                    .filter_map(|tier| at(-tier.maintenance_amount_usd, tier.maintenance_ratio, 0.0));
                prices.reduce(match held.side {
                    Side::Long => f64::max,
                    Side::Short => f64::min,
                })
            }
            MarginSchedule::WholeRate { tiers, .. } => {
                let tier = self.maintenance.tier_of(held.opening_value, held.quantity);
                at(0.0, tiers[tier].maintenance_ratio, 0.0)
            }
            MarginSchedule::SizeLinear(ratio) => at(0.0, ratio.base, ratio.per_unit),
        }
    }
}

pub(super) fn checked(ratio: SizeLinear) -> Result<SizeLinear, MarginError> {
    let base = ratio.base >= 0.0 && ratio.base < 1.0;
    within("base ratio", ratio.base, base, "at least 0 and below 1")?;
    let grows = ratio.per_unit >= 0.0 && ratio.per_unit < 1.0;
    within(
        "ratio for a unit of value",
        ratio.per_unit,
        grows,
        "at least 0 and below 1",
    )?;
    Ok(ratio)
}

pub(super) fn within(
    what: &'static str,
    value: f64,
    is: bool,
    right: &'static str,
) -> Result<(), MarginError> {
    if is {
        return Ok(());
    }
    Err(MarginError::OutOfRange { what, value, right })
}

#[cfg(test)]
#[path = "margin_vectors.rs"]
mod vectors;

#[cfg(test)]
#[path = "margin_tests.rs"]
mod tests;
