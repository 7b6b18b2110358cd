//! Liquidations 2.0: a vault goes to a Dutch auction whole, as far as two limits allow.

use super::cat::Seized;
use super::{Ilk, Limit, Refused, Vault};
use crate::fixed::{self, U256, Unfit, WAD};

/// The liquidation module of 2.0 for one collateral type.
///
/// Source: makerdao/dss, `src/dog.sol` @3f30552a.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dog {
    /// Debt and penalty over debt, wad.
    pub chop: U256,
    /// Limit on auctions of all collateral types (`Hole`); what others run is in `used`.
    pub all: Limit,
    /// Limit on auctions of this one (`hole`).
    pub own: Limit,
}

impl Dog {
    /// Takes from an unsafe vault what there is room for.
    ///
    /// All of it where the rest would have less debt than `dust`: only then do the limits come to be exceeded, by
    /// less than `dust` and its penalty.
    ///
    /// # Errors
    /// A safe vault, a limit reached, room for less debt than `dust`, nothing to sell.
    pub fn bark(&mut self, ilk: &Ilk, vault: &mut Vault) -> Result<Seized, Refused> {
        if !ilk.unsafe_vault(vault)? {
            return Err(Refused::VaultSafe);
        }
        let room = self.all.room().min(self.own.room());
        if room.is_zero() {
            return Err(Refused::LimitHit);
        }
        let mut debt = vault.debt.min(debt_of(room, ilk.rate, self.chop)?);
        if vault.debt > debt {
            if fixed::mul(vault.debt - debt, ilk.rate)? < ilk.dust {
                debt = vault.debt;
            } else if fixed::mul(debt, ilk.rate)? < ilk.dust {
                return Err(Refused::DustyAuction);
            }
        }
        let lot = fixed::mul_div(vault.collateral, debt, vault.debt)?;
        if lot.is_zero() {
            return Err(Refused::Nothing);
        }
        let due = fixed::mul(debt, ilk.rate)?;
        let tab = fixed::wmul(due, self.chop)?;
        let (mut all, mut own) = (self.all, self.own);
        all.put(tab)?;
        own.put(tab)?;
        (self.all, self.own) = (all, own);
        vault.collateral = fixed::sub(vault.collateral, lot)?;
        vault.debt = fixed::sub(vault.debt, debt)?;
        Ok(Seized { lot, debt, due, tab })
    }

    /// Takes off both limits what an auction raised or gave up.
    ///
    /// # Errors
    /// More than all auctions were to raise.
    pub fn digs(&mut self, tab: U256) -> Result<(), Unfit> {
        let (mut all, mut own) = (self.all, self.own);
        all.take_back(tab)?;
        own.take_back(tab)?;
        (self.all, self.own) = (all, own);
        Ok(())
    }

    /// The least that a partial take must leave to raise: a vault's least debt with the penalty, rad (`chost`).
    pub fn chost(&self, ilk: &Ilk) -> Result<U256, Unfit> {
        fixed::wmul(ilk.dust, self.chop)
    }
}

/// Normalised debt that `tab` covers with its penalty, wad.
pub(super) fn debt_of(tab: U256, rate: U256, chop: U256) -> Result<U256, Unfit> {
    fixed::div(fixed::mul_div(tab, WAD, rate)?, chop)
}
