//! Compound v3 (Comet): one asset is lent against several; the protocol takes over an account whole and sells what it
//! took at a discount.
//!
//! Source: compound-finance/comet, `contracts/Comet.sol` @17a6e7ac.

use super::Refused;
use crate::fixed::{self, U256, Unfit, WAD};

/// Terms of a collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Smallest units in one token.
    pub unit: U256,
    /// Share of its value that carries debt before it is liquidated, wad.
    pub liquidate_factor: U256,
    /// Share of its value that the account is credited when it is taken over, wad.
    pub liquidation_factor: U256,
}

/// Terms of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Smallest units in one base token.
    pub base_unit: U256,
    /// Share of `1 - liquidation factor` that is a buyer's discount, wad.
    pub store_front_factor: U256,
    /// Reserves from which on nothing is sold, base units.
    pub target_reserves: U256,
}

/// An account; at most one of `supplied` and `borrowed` is not zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Base supplied, base units.
    pub supplied: U256,
    /// Base borrowed, base units.
    pub borrowed: U256,
    /// Collateral by asset, smallest units.
    pub collateral: Vec<U256>,
}

/// Prices of now, all of one scale.
#[derive(Clone, Copy, Debug)]
pub struct Prices<'a> {
    /// Of the base token.
    pub base: U256,
    /// Of each collateral.
    pub collateral: &'a [U256],
}

/// What taking over an account moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absorbed {
    /// What its collateral was credited with, base units.
    pub credited: U256,
    /// What the protocol's reserves paid so that nothing is owed: the debt, and what the account keeps on top, base
    /// units.
    pub paid_out: U256,
}

/// The market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Its terms.
    pub terms: Terms,
    /// Its collaterals.
    pub assets: Vec<Asset>,
    /// Collateral taken over and not yet sold, smallest units.
    pub taken: Vec<U256>,
}

impl Market {
    /// A market that has taken over nothing.
    pub fn new(terms: Terms, assets: Vec<Asset>) -> Self {
        let taken = vec![U256::ZERO; assets.len()];
        Self { terms, assets, taken }
    }

    /// Whether an account's collateral, each at its factor, is worth less than its debt.
    ///
    /// # Errors
    /// A number that does not fit.
    pub fn liquidatable(&self, account: &Account, prices: Prices<'_>) -> Result<bool, Unfit> {
        let debt = fixed::mul_div(account.borrowed, prices.base, self.terms.base_unit)?;
        let carried = self.valued(account, prices, |asset| asset.liquidate_factor)?;
        Ok(carried < debt)
    }

    /// Takes over an account: all of its collateral for all of its debt. Where the collateral's credit is more than
    /// the debt the account keeps the difference as base; where it is less, the protocol bears it.
    ///
    /// # Errors
    /// The collateral carries the debt.
    pub fn absorb(&mut self, account: &mut Account, prices: Prices<'_>) -> Result<Absorbed, Refused> {
        if !self.liquidatable(account, prices)? {
            return Err(Refused::Sound);
        }
        let value = self.valued(account, prices, |asset| asset.liquidation_factor)?;
        let credited = fixed::mul_div(value, self.terms.base_unit, prices.base)?;
        let kept = credited.saturating_sub(account.borrowed);
        let paid_out = fixed::add(account.borrowed, kept)?;
        for (taken, held) in self.taken.iter_mut().zip(&mut account.collateral) {
            *taken = fixed::add(*taken, *held)?;
            *held = U256::ZERO;
        }
        (account.supplied, account.borrowed) = (kept, U256::ZERO);
        Ok(Absorbed { credited, paid_out })
    }

    /// What the protocol asks for a collateral, of the prices' scale: the oracle's price less the discount.
    ///
    /// # Errors
    /// No such collateral, or a number that does not fit.
    pub fn ask(&self, asset: usize, price: U256) -> Result<U256, Refused> {
        let terms = self.assets.get(asset).ok_or(Refused::NoAsset(asset))?;
        let discount = fixed::wmul(
            self.terms.store_front_factor,
            fixed::sub(WAD, terms.liquidation_factor)?,
        )?;
        Ok(fixed::wmul(price, fixed::sub(WAD, discount)?)?)
    }

    /// Sells collateral for `base` units; the collateral sold. `reserves` is the base that the protocol has above what
    /// it owes, base units; `None` where it owes more than it has.
    ///
    /// # Errors
    /// The reserves are full, no such collateral, or not that much of it.
    pub fn buy(
        &mut self,
        asset: usize,
        base: U256,
        reserves: Option<U256>,
        prices: Prices<'_>,
    ) -> Result<U256, Refused> {
        if reserves.is_some_and(|reserves| reserves >= self.terms.target_reserves) {
            return Err(Refused::NotForSale);
        }
        let price = *prices.collateral.get(asset).ok_or(Refused::NoAsset(asset))?;
        let ask = self.ask(asset, price)?;
        let unit = self.assets.get(asset).ok_or(Refused::NoAsset(asset))?.unit;
        let scaled = fixed::mul(fixed::mul(prices.base, base)?, unit)?;
        let sold = fixed::div(fixed::div(scaled, ask)?, self.terms.base_unit)?;
        let taken = self.taken.get_mut(asset).ok_or(Refused::NoAsset(asset))?;
        *taken = taken.checked_sub(sold).ok_or(Refused::CollateralShort)?;
        Ok(sold)
    }

    fn valued(
        &self,
        account: &Account,
        prices: Prices<'_>,
        factor: impl Fn(&Asset) -> U256,
    ) -> Result<U256, Unfit> {
        let held = account.collateral.iter().zip(prices.collateral);
        self.assets
            .iter()
            .zip(held)
            .try_fold(U256::ZERO, |sum, (asset, (held, price))| {
                let value = fixed::mul_div(*held, *price, asset.unit)?;
                fixed::add(sum, fixed::wmul(value, factor(asset))?)
            })
    }
}

#[cfg(test)]
#[path = "comet_tests.rs"]
mod tests;
