//! Collateral auctions of Maker, as its contracts decide them: English ones of liquidations 1.0 to 1.2 ([`cat`], [`flip`]),
//! Dutch ones of liquidations 2.0 ([`dog`], [`clip`], [`price`]).
//!
//! State of the protocol alone: who bids, who buys and who calls is the world's. Amounts are the contracts' (wad of
//! collateral and of normalised debt, ray of a price, rad of DAI, see [`crate::fixed`]), instants are block times in
//! whole seconds, and each division drops its rest where the contract does. Emergency shutdown and the DAI ledger
//! are not here.
//!
//! Source: makerdao/dss, `src/{cat,flip,dog,clip,abaci}.sol`; the commit stands beside each.

pub mod cat;
pub mod clip;
pub mod dog;
pub mod flip;
pub mod price;

use crate::fixed::{self, U256, Unfit};

/// A vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Collateral, wad (`ink`).
    pub collateral: U256,
    /// Normalised debt, wad (`art`): times the rate it is DAI owed.
    pub debt: U256,
}

/// A collateral type as the vaults' ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ilk {
    /// DAI per normalised debt, ray.
    pub rate: U256,
    /// Price over the collateral ratio asked for, ray.
    pub spot: U256,
    /// Least debt of a vault, rad.
    pub dust: U256,
}

/// How the vaults of one collateral type are liquidated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auctions {
    /// Collateral's value over debt below which a vault is unsafe, ray (`mat`).
    pub collateral_ratio: U256,
    /// Least debt of a vault, rad.
    pub dust: U256,
    /// Who liquidates.
    pub module: Module,
}

/// Which liquidation system runs, and with which terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// Liquidations 1.x.
    English {
        /// Takes lots from vaults.
        cat: cat::Cat,
        /// Terms of auctions.
        flip: flip::FlipTerms,
    },
    /// Liquidations 2.0.
    Dutch {
        /// Takes vaults.
        dog: dog::Dog,
        /// Terms of auctions.
        clip: Box<clip::ClipTerms>,
    },
}

/// A limit on the DAI that running auctions are to raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit, rad (`box`, `Hole`, `hole`).
    pub most: U256,
    /// What running auctions are to raise, rad (`litter`, `Dirt`, `dirt`).
    pub used: U256,
}

/// Why a call is refused; a contract reverts there and nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// `not-unsafe`.
    #[error("the vault's collateral at spot covers its debt")]
    VaultSafe,
    /// `liquidation-limit-hit`.
    #[error("auctions that run take up the limit")]
    LimitHit,
    /// `dusty-auction-from-partial-liquidation`.
    #[error("what the limit leaves room for is less debt than a vault must have")]
    DustyAuction,
    /// `null-auction`, `zero-tab`, `zero-lot`.
    #[error("there would be nothing to sell or nothing to raise")]
    Nothing,
    /// `zero-top-price`.
    #[error("the price to start at is zero")]
    ZeroPrice,
    /// `stopped-incorrect`.
    #[error("the breaker is at {level}, and this needs it below {needed}")]
    Stopped {
        /// Where it is.
        level: u8,
        /// From where on it refuses this.
        needed: u8,
    },
    /// `not-running-auction`, `guy-not-set`.
    #[error("no such auction runs")]
    NotRunning,
    /// `cannot-reset`.
    #[error("the auction has neither run out of time nor fallen far enough for a reset")]
    CannotReset,
    /// `needs-reset`.
    #[error("the auction has run out of time or fallen too far, and takes nothing before a reset")]
    NeedsReset,
    /// `too-expensive`.
    #[error("the price is above the highest that the buyer pays")]
    TooExpensive,
    /// `no-partial-purchase`.
    #[error("so little is left to raise that only the whole lot can be taken")]
    NoPartialPurchase,
    /// `not-finished`.
    #[error("the auction is not over")]
    NotFinished,
    /// `already-finished-tic`, `already-finished-end`.
    #[error("the auction or its last bid has expired")]
    Finished,
    /// `bid-already-placed`.
    #[error("there is a bid")]
    HasBid,
    /// `lot-not-matching`, `not-matching-bid`.
    #[error("a first-phase bid is for the whole lot, a second-phase one pays the whole debt")]
    NotMatching,
    /// `higher-than-tab`.
    #[error("the bid is above what is to be raised")]
    AboveDebt,
    /// `bid-not-higher`, `insufficient-increase`.
    #[error("the bid does not exceed the last one by the least increase")]
    RaiseTooSmall,
    /// `tend-not-finished`.
    #[error("the debt is not yet bid")]
    DebtNotBid,
    /// `already-dent-phase`.
    #[error("the debt is bid")]
    DebtBid,
    /// `lot-not-lower`, `insufficient-decrease`.
    #[error("the lot does not fall by the least step")]
    CutTooSmall,
    /// Arithmetic.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

impl Ilk {
    /// Whether a vault may be liquidated.
    pub fn unsafe_vault(&self, vault: &Vault) -> Result<bool, Unfit> {
        let worth = fixed::mul(vault.collateral, self.spot)?;
        Ok(self.spot > U256::ZERO && worth < fixed::mul(vault.debt, self.rate)?)
    }
}

impl Limit {
    /// Nothing running.
    pub fn new(most: U256) -> Self {
        Self {
            most,
            used: U256::ZERO,
        }
    }

    /// What may still be put up, rad; zero at the limit and above.
    pub fn room(&self) -> U256 {
        self.most.saturating_sub(self.used)
    }

    fn put(&mut self, tab: U256) -> Result<(), Unfit> {
        self.used = fixed::add(self.used, tab)?;
        Ok(())
    }

    fn take_back(&mut self, tab: U256) -> Result<(), Unfit> {
        self.used = fixed::sub(self.used, tab)?;
        Ok(())
    }
}
