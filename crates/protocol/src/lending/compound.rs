//! Compound v2: an account whose borrowing power falls short; part of one debt is repaid for receipts of one collateral.
//!
//! Source: compound-finance/compound-protocol, `Comptroller.sol` @732887b9 and `CToken.sol` @bd1b8228. A price is a
//! mantissa such that amount times price over 10^18 is USD with 18 places; an exchange rate is underlying per receipt,
//! times 10^18.

use super::Refused;
use crate::fixed::{self, U256, Unfit, WAD};

/// Terms of a market of the pool, one asset each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Share of its value that may be borrowed against, wad.
    pub collateral_factor: U256,
}

/// What an asset is worth now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Price, mantissa.
    pub price: U256,
    /// Underlying per receipt, mantissa: it grows with interest.
    pub exchange_rate: U256,
}

/// Terms of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Share of a debt that may be repaid at once, wad.
    pub close_factor: U256,
    /// Collateral seized over debt repaid, by value, wad (1.08).
    pub incentive: U256,
    /// Share of what is seized that goes to the protocol's reserves, wad.
    pub reserve_share: U256,
}

/// What an account has of an asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Receipts held as collateral, their smallest units.
    pub receipts: U256,
    /// Borrowed, the asset's smallest units.
    pub borrowed: U256,
}

/// An account at prices of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidity {
    /// What it may borrow, USD with 18 places.
    pub power: U256,
    /// What it has borrowed, USD with 18 places.
    pub borrowed: U256,
}

/// What a liquidation moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidated {
    /// Debt repaid.
    pub repaid: U256,
    /// Receipts to the liquidator.
    pub seized: U256,
    /// Receipts redeemed into the protocol's reserves.
    pub to_reserves: U256,
}

/// The pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its terms.
    pub terms: Terms,
    /// Its assets.
    pub assets: Vec<Asset>,
}

impl Pool {
    /// What an account may borrow and has; accounts and quotes are by asset, in the pool's order.
    ///
    /// # Errors
    /// A number that does not fit.
    pub fn liquidity(&self, account: &[Balance], quotes: &[Quote]) -> Result<Liquidity, Unfit> {
        let (mut power, mut borrowed) = (U256::ZERO, U256::ZERO);
        for ((asset, held), quote) in self.assets.iter().zip(account).zip(quotes) {
            let per_receipt = fixed::wmul(asset.collateral_factor, quote.exchange_rate)?;
            let per_receipt = fixed::wmul(per_receipt, quote.price)?;
            power = fixed::add(power, fixed::wmul(per_receipt, held.receipts)?)?;
            borrowed = fixed::add(borrowed, fixed::wmul(quote.price, held.borrowed)?)?;
        }
        Ok(Liquidity { power, borrowed })
    }

    /// Repays debt of an account that has borrowed more than it may, and seizes receipts for it.
    ///
    /// # Errors
    /// A sound account, no such asset or debt, more than the close factor, or more than there is to seize.
    pub fn liquidate(
        &self,
        account: &mut [Balance],
        quotes: &[Quote],
        (collateral, debt): (usize, usize),
        repaid: U256,
    ) -> Result<Liquidated, Refused> {
        let liquidity = self.liquidity(account, quotes)?;
        if liquidity.borrowed <= liquidity.power {
            return Err(Refused::Sound);
        }
        let of = |asset| match (account.get(asset), quotes.get(asset)) {
            (Some(held), Some(quote)) => Ok((*held, *quote)),
            _ => Err(Refused::NoAsset(asset)),
        };
        let (held, worth) = of(collateral)?;
        let (owed, cost) = of(debt)?;
        if owed.borrowed.is_zero() || repaid.is_zero() {
            return Err(Refused::NoDebt);
        }
        if repaid > fixed::wmul(self.terms.close_factor, owed.borrowed)? {
            return Err(Refused::TooMuch);
        }
        let give = fixed::wmul(self.terms.incentive, cost.price)?;
        let take = fixed::wmul(worth.price, worth.exchange_rate)?;
        let ratio = fixed::mul_div(give, WAD, take)?;
        let gone = fixed::wmul(ratio, repaid)?;
        if gone > held.receipts {
            return Err(Refused::CollateralShort);
        }
        let to_reserves = fixed::wmul(gone, self.terms.reserve_share)?;
        account[collateral].receipts = held.receipts - gone;
        account[debt].borrowed = fixed::sub(owed.borrowed, repaid)?;
        Ok(Liquidated {
            repaid,
            seized: gone - to_reserves,
            to_reserves,
        })
    }
}

#[cfg(test)]
#[path = "compound_tests.rs"]
mod tests;
