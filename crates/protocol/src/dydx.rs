//! What dYdX v4's chain decides when an account falls short: the quote at which a part of a position leaves the account
//! neither better nor worse off ([`Subaccount::bankruptcy_quote`]), the worst price at which a liquidation order may be
//! filled ([`Subaccount::fillable_price`]), how much of it goes in one block ([`limits`]), and the offset against the
//! other side where the insurance fund cannot pay ([`offset`]).
//!
//! Exact integers: quantities are 1e-8 coin, money and prices 1e-8 dollars, ratios parts per million as the chain keeps
//! them. The chain counts dollars in units of 1e-6; nothing here is rounded that far.
//!
//! Source: dydxprotocol/v4-chain, `protocol/x/clob/keeper/liquidations.go` and `deleveraging.go`. Not modelled: which of
//! several positions is liquidated first (a pseudo-random one), isolated insurance funds, final settlement.

pub mod limits;
pub mod offset;
mod ratio;

use aftershock_market::{Cash, Coin, Price, Side, UNITS_PER_ONE};

use crate::venue::perpetual::Perpetual;
use crate::venue::rounding::Rounding;
use limits::BlockLimits;
use ratio::Ratio;

/// Parts per million in one.
pub const MILLION: u32 = 1_000_000;

/// Margin of a liquidity tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierMargin {
    /// Initial margin over value, ppm.
    pub initial_ppm: u32,
    /// Maintenance margin over initial margin, ppm.
    pub maintenance_fraction_ppm: u32,
}

impl TierMargin {
    /// Maintenance margin of `quantity` at `price`: initial margin rounded up, then its fraction rounded up.
    ///
    /// Source: `protocol/x/perpetuals/lib`, margin requirements.
    pub fn maintenance(self, quantity: Coin, price: Price) -> Cash {
        let value = Rounding::Up.divide(quantity.0 as i128 * price.0 as i128, UNITS_PER_ONE as i128);
        let part = |amount: i128, ppm: u32| Rounding::Up.divide(amount * ppm as i128, MILLION as i128);
        Cash(part(part(value, self.initial_ppm), self.maintenance_fraction_ppm))
    }
}

/// One position of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Side.
    pub side: Side,
    /// Quantity, above zero.
    pub quantity: Coin,
    /// Oracle price, by which the chain values it.
    pub oracle: Price,
    /// Its tier's margin.
    pub margin: TierMargin,
}

impl Leg {
    /// What closing `quantity` at the oracle price brings the account: paid to a long, by a short. Rounded up as the
    /// whole of it is.
    fn value(&self, quantity: Coin) -> Cash {
        let value = |rounding: Rounding| {
            rounding.divide(quantity.0 as i128 * self.oracle.0 as i128, UNITS_PER_ONE as i128)
        };
        Cash(match self.side {
            Side::Long => value(Rounding::Up),
            Side::Short => -value(Rounding::Down),
        })
    }

    fn maintenance(&self) -> Cash {
        self.margin.maintenance(self.quantity, self.oracle)
    }

    /// Maintenance margin that closing `quantity` frees.
    fn freed(&self, quantity: Coin) -> Cash {
        self.maintenance() - self.margin.maintenance(self.quantity - quantity, self.oracle)
    }
}

/// An account in all: what it is worth and what it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subaccount {
    /// Net collateral: cash and positions at oracle prices. Below zero where it is bankrupt.
    pub collateral: Cash,
    /// Maintenance margin of all its positions, above zero.
    pub maintenance: Cash,
}

/// How the price of a liquidation order may move away from the oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillablePrice {
    /// How fast the account's rating falls with its collateral, ppm; one million or more.
    pub bankruptcy_adjustment_ppm: u32,
    /// Largest distance from the oracle over the position's maintenance margin, ppm.
    pub spread_to_maintenance_ppm: u32,
}

/// Why a quote or a price cannot be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// More than is held, or nothing.
    #[error("a close of {close:?} should lie above zero and within the {held:?} that are held")]
    Quantity {
        /// Asked for.
        close: Coin,
        /// Held.
        held: Coin,
    },
    /// Nothing must be held.
    #[error("maintenance margin {0:?} of an account with positions should be above zero")]
    Maintenance(Cash),
    /// Numbers beyond 128 bits.
    #[error("the exact price needs more than 128 bits; the account is larger than any that is known")]
    TooLarge,
    /// Below zero.
    #[error("the fillable price lies below zero; the spread should stay below the position's value")]
    BelowZero,
}

impl Subaccount {
    /// The quote that closing `close` of `leg` must bring so that the account keeps its collateral over maintenance:
    /// `-change of value - collateral * freed maintenance / maintenance`, rounded up. Paid to a long; negative, thus
    /// paid by it, for a short.
    ///
    /// # Errors
    /// A quantity that is not held, an account that must hold nothing.
    pub fn bankruptcy_quote(&self, leg: &Leg, close: Coin) -> Result<Cash, CloseError> {
        self.check(leg, close)?;
        Ok(leg.value(close) - self.given_up(leg, close)?)
    }

    /// Collateral that goes with `close`: its share by maintenance margin, rounded down, so that the quote is rounded
    /// up and the insurance fund never pays for rounding.
    fn given_up(&self, leg: &Leg, close: Coin) -> Result<Cash, CloseError> {
        let share = self.collateral.0.checked_mul(leg.freed(close).0);
        let share = share.ok_or(CloseError::TooLarge)?;
        Ok(Cash(Rounding::Down.divide(share, self.maintenance.0)))
    }

    /// The worst price at which a liquidation order of `leg` may be filled: `oracle -+ rating * spread * maintenance of
    /// the position / quantity`, the rating `adjustment * (1 - collateral / maintenance)` held in [0, 1].
    ///
    /// The chain rounds it up for a long and down for a short, to a tick; here to 1e-8 dollars, as `rounding` says.
    ///
    /// # Errors
    /// As [`Subaccount::bankruptcy_quote`]; numbers too large to be exact; a price below zero.
    pub fn fillable_price(
        &self,
        leg: &Leg,
        terms: &FillablePrice,
        rounding: Rounding,
    ) -> Result<Price, CloseError> {
        self.check(leg, leg.quantity)?;
        let missing = (self.maintenance - self.collateral).0.max(0);
        let adjusted = Ratio::of(missing, self.maintenance.0)
            .times(terms.bankruptcy_adjustment_ppm as i128, MILLION as i128)
            .ok_or(CloseError::TooLarge)?;
        let rating = if adjusted.exceeds_one() {
            Ratio::ONE
        } else {
            adjusted
        };
        let away = rating
            .times(terms.spread_to_maintenance_ppm as i128, MILLION as i128)
            .and_then(|spread| spread.times(leg.maintenance().0, leg.quantity.0 as i128))
            .and_then(|spread| spread.times(UNITS_PER_ONE as i128, 1))
            .ok_or(CloseError::TooLarge)?;
        let price = match leg.side {
            Side::Long => away.taken_from(leg.oracle.0 as i128, rounding),
            Side::Short => away.added_to(leg.oracle.0 as i128, rounding),
        };
        let price = price.ok_or(CloseError::TooLarge)?;
        if price < 0 {
            return Err(CloseError::BelowZero);
        }
        i64::try_from(price).map(Price).map_err(|_| CloseError::TooLarge)
    }

    fn check(&self, leg: &Leg, close: Coin) -> Result<(), CloseError> {
        if close <= Coin::ZERO || close > leg.quantity {
            let held = leg.quantity;
            return Err(CloseError::Quantity { close, held });
        }
        if self.maintenance <= Cash::ZERO {
            return Err(CloseError::Maintenance(self.maintenance));
        }
        Ok(())
    }
}

/// What a liquidation fill pays the insurance fund, or is paid by it (negative).
///
/// A fill better than bankruptcy leaves the account a rest, of which the fund takes no more than `max_fee_ppm` of the
/// quote; a fill worse than bankruptcy is made good by the fund. Both quotes are signed as in
/// [`Subaccount::bankruptcy_quote`].
///
/// Source: `GetLiquidationInsuranceFundDelta`.
pub fn insurance_delta(filled: Cash, bankruptcy: Cash, max_fee_ppm: u32) -> Cash {
    let rest = filled - bankruptcy;
    let most = Cash(Rounding::Down.divide(filled.0.abs() * max_fee_ppm as i128, MILLION as i128));
    rest.min(most)
}

/// How the chain liquidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidations {
    /// Price of a liquidation order.
    pub price: FillablePrice,
    /// Largest fee over the quote, ppm; all of it goes to the insurance fund.
    pub max_fee_ppm: u32,
    /// How much goes in one block.
    pub limits: BlockLimits,
}

/// Premium votes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PremiumVotes {
    /// Largest premium of a vote, over initial less maintenance margin.
    pub clamp_factor: f64,
    /// Votes below which a sample is filled up with zeros.
    pub fewest: u32,
}

/// A market of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// Contract, margin, mark, funding and deleveraging.
    pub perpetual: Perpetual,
    /// Margin of its tier, as the chain counts it.
    pub margin: TierMargin,
    /// How it liquidates.
    pub liquidations: Liquidations,
    /// What a premium vote may be.
    pub votes: PremiumVotes,
}

#[cfg(test)]
#[path = "dydx/tests.rs"]
mod tests;
