//! Liquidations 1.x: a vault's collateral goes to an English auction, a lot at a time.

use super::{Ilk, Limit, Refused, Vault};
use crate::fixed::{self, U256, Unfit};

/// How much of a vault one auction sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// A fixed amount of collateral, however much debt runs in auctions.
    ///
    /// Source: makerdao/dss, `src/cat.sol` up to liquidations 1.1, `lump`.
    Collateral {
        /// That amount, wad.
        lump: U256,
    },
    /// A fixed amount of debt and penalty, within a limit on all auctions.
    ///
    /// Source: makerdao/dss, `src/cat.sol` @bbc54b85 (liquidations 1.2), `dunk` and `box`.
    Debt {
        /// That amount, rad.
        dunk: U256,
        /// The limit.
        limit: Limit,
    },
}

/// The liquidation module of 1.x for one collateral type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cat {
    /// Debt and penalty over debt, wad (1.13 for 13 %).
    pub chop: U256,
    /// How much at a time.
    pub chunk: Chunk,
}

/// What goes from a vault to an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seized {
    /// Collateral, wad.
    pub lot: U256,
    /// Normalised debt, wad.
    pub debt: U256,
    /// That debt in DAI, rad: the protocol owes it from now on.
    pub due: U256,
    /// What the auction is to raise, rad: debt and penalty.
    pub tab: U256,
}

impl Cat {
    /// Takes one lot from an unsafe vault.
    ///
    /// The vault that stays may have less debt than `dust`; this module does not mind.
    ///
    /// # Errors
    /// A safe vault, no room within the limit for `dust`, nothing to sell.
    pub fn bite(&mut self, ilk: &Ilk, vault: &mut Vault) -> Result<Seized, Refused> {
        if !ilk.unsafe_vault(vault)? {
            return Err(Refused::VaultSafe);
        }
        let (lot, debt) = match &self.chunk {
            Chunk::Collateral { lump } => {
                let lot = vault.collateral.min(*lump);
                (lot, fixed::mul_div(lot, vault.debt, vault.collateral)?)
            }
            Chunk::Debt { dunk, limit } => {
                let room = limit.room();
                if room.is_zero() || room < ilk.dust {
                    return Err(Refused::LimitHit);
                }
                let whole = super::dog::debt_of(*dunk.min(&room), ilk.rate, self.chop)?;
                let debt = vault.debt.min(whole);
                (fixed::mul_div(vault.collateral, debt, vault.debt)?, debt)
            }
        };
        if lot.is_zero() || debt.is_zero() {
            return Err(Refused::Nothing);
        }
        let due = fixed::mul(debt, ilk.rate)?;
        let tab = fixed::wmul(due, self.chop)?;
        if let Chunk::Debt { limit, .. } = &mut self.chunk {
            limit.put(tab)?;
        }
        vault.collateral = fixed::sub(vault.collateral, lot)?;
        vault.debt = fixed::sub(vault.debt, debt)?;
        Ok(Seized { lot, debt, due, tab })
    }

    /// Takes an auction that ended off the limit; does nothing where there is none.
    ///
    /// # Errors
    /// More than all auctions were to raise.
    pub fn claw(&mut self, tab: U256) -> Result<(), Unfit> {
        match &mut self.chunk {
            Chunk::Collateral { .. } => Ok(()),
            Chunk::Debt { limit, .. } => limit.take_back(tab),
        }
    }
}
