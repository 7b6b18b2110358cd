//! Lending pools, as their contracts decide who may be liquidated, by how much, and what that seizes.
//!
//! State of the protocol alone: liquidators and prices are the world's, and balances come in with their interest.
//! Amounts are whole units of each token, prices whole numbers of the market's own scale (see [`crate::fixed`]);
//! each division rounds as the contract does. Pauses, isolation and efficiency modes, and caps on supply are not
//! here.

pub mod aave;
pub mod comet;
pub mod compound;

use crate::fixed::Unfit;

/// The terms of one asset of a lending pool, and those of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lending {
    /// Aave.
    Aave {
        /// How much of a debt may be repaid at once.
        close: aave::CloseRule,
        /// The asset's.
        asset: aave::Asset,
    },
    /// Compound v2.
    Compound {
        /// The pool's.
        terms: compound::Terms,
        /// The asset's.
        asset: compound::Asset,
    },
    /// Compound v3.
    Comet {
        /// The market's.
        terms: comet::Terms,
        /// The collateral's.
        asset: comet::Asset,
    },
}

/// Why a call is refused; a contract reverts there and nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The account's collateral carries its debt.
    #[error("the account's collateral carries its debt")]
    Sound,
    /// No such asset in the market.
    #[error("the market has no asset {0}")]
    NoAsset(usize),
    /// The asset is no collateral, or the account has none of it.
    #[error("the account has no such collateral")]
    NoCollateral,
    /// The account has not borrowed the asset.
    #[error("the account has no such debt")]
    NoDebt,
    /// More is repaid at once than the close factor allows.
    #[error("more is repaid than may be at once")]
    TooMuch,
    /// More is to be seized than the account has of this collateral.
    #[error("the repayment seizes more of this collateral than there is")]
    CollateralShort,
    /// Too little debt or collateral would be left, and not nothing.
    #[error("what is left would be too small to be liquidated")]
    LeavesDust,
    /// The protocol has the reserves it wants and sells no collateral.
    #[error("the protocol's reserves are full, and it sells nothing")]
    NotForSale,
    /// Arithmetic.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}
