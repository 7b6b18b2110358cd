//! Aave: the health factor over all of an account's assets, and a liquidation of one debt for one collateral.
//!
//! Source: aave/protocol-v2, `LendingPoolCollateralManager.sol` and `GenericLogic.sol`; aave/aave-v3-core @e0bfed13 and
//! aave-dao/aave-v3-origin @027aaed7 (3.3), `LiquidationLogic.sol`. The threshold of an account is its collaterals'
//! average in whole basis points, as in the code up to 3.2; later code (@00cec228) divides only once, which moves the
//! health factor of a mixed account by less than one basis point of threshold.

use super::Refused;
use crate::fixed::{self, U256, Unfit, WAD};

/// How much of a debt may be repaid at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseRule {
    /// A share of the debt of the asset (v2: half).
    Share {
        /// That share, basis points.
        share_bp: u32,
    },
    /// That share of the debt of the asset above a health factor, all of it at or below (v3.0 to 3.2: half, 0.95).
    ShareAbove {
        /// That share, basis points.
        share_bp: u32,
        /// That health factor, wad.
        health: U256,
    },
    /// All of the debt of the asset; but no more than that share of the whole account's debt where the health factor
    /// is above a bound and neither this debt nor this collateral is small (v3.3: half, 0.95, 2,000 USD). Collateral
    /// that is all gone leaves the rest of the debt as the protocol's deficit, and neither a debt nor a collateral
    /// below half of small may be left over.
    WholeUnlessLarge {
        /// That share, basis points.
        share_bp: u32,
        /// That health factor, wad.
        health: U256,
        /// Value from which nothing is small, base currency.
        large: U256,
    },
}

/// Terms of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Smallest units in one token.
    pub unit: U256,
    /// Share of its value that carries debt, basis points; 0: it is no collateral.
    pub threshold_bp: u32,
    /// Collateral seized over debt repaid, by value, basis points (10,500 for a bonus of 5 %).
    pub bonus_bp: u32,
    /// Share of the bonus that goes to the protocol, basis points.
    pub fee_bp: u32,
}

/// What an account has of an asset, in the asset's smallest units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Supplied and used as collateral.
    pub collateral: U256,
    /// Borrowed.
    pub debt: U256,
}

/// An account at prices of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Value of collateral, base currency.
    pub collateral: U256,
    /// Value of debt, base currency.
    pub debt: U256,
    /// Collateral's value times its average threshold, over debt, wad; `None` without debt.
    pub factor: Option<U256>,
}

/// A call to liquidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which asset to seize.
    pub collateral: usize,
    /// Which asset to repay.
    pub debt: usize,
    /// Of it, at most.
    pub cover: U256,
}

/// What a liquidation moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidated {
    /// Debt repaid.
    pub repaid: U256,
    /// Collateral to the liquidator.
    pub seized: U256,
    /// Collateral to the protocol.
    pub fee: U256,
    /// Whether the account's last collateral went and its debts became the protocol's.
    pub written_off: bool,
}

/// A market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// How much may be repaid at once.
    pub close: CloseRule,
    /// Its assets.
    pub assets: Vec<Asset>,
    /// Debt of each that nobody owes any more.
    pub deficit: Vec<U256>,
}

const WHOLE_BP: u32 = 10_000;

impl Market {
    /// A market without deficit.
    pub fn new(close: CloseRule, assets: Vec<Asset>) -> Self {
        let deficit = vec![U256::ZERO; assets.len()];
        Self {
            close,
            assets,
            deficit,
        }
    }

    /// An account's health; accounts and prices are by asset, in the market's order.
    ///
    /// # Errors
    /// A number that does not fit.
    pub fn health(&self, account: &[Balance], prices: &[U256]) -> Result<Health, Unfit> {
        let (mut collateral, mut debt, mut carried) = (U256::ZERO, U256::ZERO, U256::ZERO);
        for ((asset, held), price) in self.assets.iter().zip(account).zip(prices) {
            if asset.threshold_bp > 0 {
                let value = fixed::mul_div(held.collateral, *price, asset.unit)?;
                collateral = fixed::add(collateral, value)?;
                carried = fixed::add(carried, fixed::mul(value, U256::from(asset.threshold_bp))?)?;
            }
            debt = fixed::add(debt, fixed::mul_div(held.debt, *price, asset.unit)?)?;
        }
        let average = carried.checked_div(collateral).unwrap_or_default();
        let carries = fixed::mul_div_nearest(collateral, average, U256::from(WHOLE_BP))?;
        let factor = match debt.is_zero() {
            true => None,
            false => Some(fixed::mul_div_nearest(carries, WAD, debt)?),
        };
        Ok(Health {
            collateral,
            debt,
            factor,
        })
    }

    /// Repays debt of an account below a health factor of 1 and seizes collateral for it.
    ///
    /// Less is repaid than asked for where the close factor or the collateral does not go that far.
    ///
    /// # Errors
    /// A sound account, no such debt or collateral, or a rest too small to be left.
    pub fn liquidate(
        &mut self,
        account: &mut [Balance],
        prices: &[U256],
        call: Call,
    ) -> Result<Liquidated, Refused> {
        let health = self.health(account, prices)?;
        let factor = health
            .factor
            .filter(|factor| *factor < WAD)
            .ok_or(Refused::Sound)?;
        let (security, held, worth) = self.of(call.collateral, account, prices)?;
        let (borrowed, owed, cost) = self.of(call.debt, account, prices)?;
        if security.threshold_bp == 0 || held.collateral.is_zero() {
            return Err(Refused::NoCollateral);
        }
        if owed.debt.is_zero() {
            return Err(Refused::NoDebt);
        }
        let held_value = fixed::mul_div(held.collateral, worth, security.unit)?;
        let owed_value = fixed::mul_div(owed.debt, cost, borrowed.unit)?;
        let most = match self.close {
            CloseRule::Share { share_bp } => part(owed.debt, share_bp)?,
            CloseRule::ShareAbove { share_bp, health } if factor > health => part(owed.debt, share_bp)?,
            CloseRule::ShareAbove { .. } => owed.debt,
            CloseRule::WholeUnlessLarge {
                share_bp,
                health: bound,
                large,
            } => {
                let at_most = part(health.debt, share_bp)?;
                let capped = held_value >= large && owed_value >= large && factor > bound;
                match capped && owed_value > at_most {
                    true => fixed::mul_div(at_most, borrowed.unit, cost)?,
                    false => owed.debt,
                }
            }
        };
        let cover = call.cover.min(most);

        // Not through the values above: one division by both scales keeps every decimal.
        let (give, take) = (
            fixed::mul(cost, security.unit)?,
            fixed::mul(worth, borrowed.unit)?,
        );
        let wanted = match self.close {
            CloseRule::Share { .. } => {
                let with_bonus = part(fixed::mul(give, cover)?, security.bonus_bp)?;
                fixed::div(with_bonus, take)?
            }
            _ => part(fixed::mul_div(give, cover, take)?, security.bonus_bp)?,
        };
        let (gone, repaid) = if wanted > held.collateral {
            let base = fixed::mul_div(take, held.collateral, give)?;
            (held.collateral, over(base, security.bonus_bp)?.min(cover))
        } else {
            (wanted, cover)
        };
        let fee = match security.fee_bp {
            0 => U256::ZERO,
            fee_bp => part(fixed::sub(gone, over(gone, security.bonus_bp)?)?, fee_bp)?,
        };
        let seized = fixed::sub(gone, fee)?;

        let mut written_off = false;
        if let CloseRule::WholeUnlessLarge { large, .. } = self.close {
            if repaid < owed.debt && gone < held.collateral {
                let least = large / U256::from(2);
                let debt_left = fixed::mul_div(owed.debt - repaid, cost, borrowed.unit)?;
                let held_left = fixed::mul_div(held.collateral - seized, worth, security.unit)?;
                if debt_left < least || held_left < least {
                    return Err(Refused::LeavesDust);
                }
            }
            written_off = health.collateral == fixed::mul_div(gone, worth, security.unit)?;
        }
        let left = fixed::sub(owed.debt, repaid)?;
        account[call.collateral].collateral = fixed::sub(held.collateral, gone)?;
        account[call.debt].debt = left;
        if written_off {
            for (held, deficit) in account.iter_mut().zip(&mut self.deficit) {
                *deficit = fixed::add(*deficit, held.debt)?;
                held.debt = U256::ZERO;
            }
        }
        Ok(Liquidated {
            repaid,
            seized,
            fee,
            written_off,
        })
    }

    fn of(
        &self,
        asset: usize,
        account: &[Balance],
        prices: &[U256],
    ) -> Result<(Asset, Balance, U256), Refused> {
        let found = (self.assets.get(asset), account.get(asset), prices.get(asset));
        match found {
            (Some(terms), Some(held), Some(price)) => Ok((*terms, *held, *price)),
            _ => Err(Refused::NoAsset(asset)),
        }
    }
}

/// A share of an amount, to the nearest, halves up (`percentMul`).
fn part(amount: U256, share_bp: u32) -> Result<U256, Unfit> {
    fixed::mul_div_nearest(amount, U256::from(share_bp), U256::from(WHOLE_BP))
}

/// The amount of which `amount` is a share, to the nearest, halves up (`percentDiv`).
fn over(amount: U256, share_bp: u32) -> Result<U256, Unfit> {
    fixed::mul_div_nearest(amount, U256::from(WHOLE_BP), U256::from(share_bp))
}

#[cfg(test)]
#[path = "aave_tests.rs"]
mod tests;
