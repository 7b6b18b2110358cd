//! How much of a position is sold, how fast, and for which fee.

use aftershock_market::{Cash, Coin, Price, UNITS_PER_ONE};

use super::{MILLION, TEN_THOUSAND};
use crate::venue::rounding::Rounding;

const UNIT: i128 = UNITS_PER_ONE as i128;

/// How a market's positions are liquidated. Ratios in parts per million of the value at the oracle price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Liquidation {
    /// Maintenance margin; of a large position what [`super::size::SizePremium`] makes of it.
    pub maintenance_ppm: u32,
    /// Margin above it that ends a liquidation.
    pub buffer_ppm: u32,
    /// What whoever takes the position over is paid.
    pub liquidator_fee_ppm: u32,
    /// What the insurance fund is paid.
    pub insurance_fee: InsuranceFee,
    /// How fast.
    pub pace: Pace,
    /// How the fee grows of a liquidation that nobody takes.
    pub growth: FeeGrowth,
    /// A position of no more value than this goes whole.
    pub whole_up_to: Cash,
}

/// The insurance fund's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsuranceFee {
    /// Largest, ppm of the value.
    pub max_ppm: u32,
    /// Share of what margin leaves over that it may take, ppm; `None` where the largest is always charged.
    pub room_ppm: Option<u32>,
}

/// An account that falls short, with one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// What it holds, unsigned, above zero.
    pub held: Coin,
    /// Smallest tradable quantity.
    pub lot: Coin,
    /// Maintenance margin and buffer less collateral, above zero.
    pub shortage: Cash,
    /// Margin that this liquidation has freed so far.
    pub freed: Cash,
    /// Slots since it began.
    pub slots: u64,
    /// Oracle price of the coin, above zero.
    pub oracle: Price,
    /// Oracle price of the dollar that the market is settled in, above zero.
    pub quote: Price,
}

impl Liquidation {
    /// What may be sold now: nothing, whole lots, or everything.
    ///
    /// Source: drift-labs/protocol-v2, `programs/drift/src/controller/liquidation.rs` @e88cc473, `liquidate_perp`.
    pub fn quantity(&self, at: &Shortfall) -> Coin {
        let share_bp = self.pace.share_bp(at.shortage, at.freed, at.slots);
        if share_bp == 0 {
            return Coin::ZERO;
        }
        if at.held.value_floor(at.oracle) <= self.whole_up_to {
            return at.held;
        }
        let Some(cover) = self.to_cover(at) else {
            return at.held;
        };
        let lots = |units: i128| Rounding::Up.divide(units, i128::from(at.lot.0)) * i128::from(at.lot.0);
        let allowed = lots(cover.0.into()) * i128::from(share_bp) / i128::from(TEN_THOUSAND);
        i64::try_from(lots(allowed)).map_or(at.held, |units| Coin(units).min(at.held))
    }

    /// The quantity whose sale makes the shortage good under this market's fees; `None` where none does.
    pub fn to_cover(&self, at: &Shortfall) -> Option<Coin> {
        to_cover(
            at.shortage,
            self.ratio_ppm(),
            self.liquidator_fee_ppm,
            self.insurance_fee_ppm(at),
            at.oracle,
            at.quote,
        )
    }

    /// The insurance fund's fee: no more than its share of what is left of margin and buffer once the shortage and the
    /// liquidator's fee are taken, ppm. Zero where margin leaves nothing.
    ///
    /// Source: drift-labs/protocol-v2, `programs/drift/src/math/liquidation.rs` @0fd8f61c, `calculate_perp_if_fee`; the share
    /// of 95 %: the same function in velocity-exchange/velocity-v1 (`programs/drift/src/math/liquidation.rs` @f86250e4).
    pub fn insurance_fee_ppm(&self, at: &Shortfall) -> u32 {
        let InsuranceFee { max_ppm, room_ppm } = self.insurance_fee;
        let Some(room_ppm) = room_ppm else {
            return max_ppm;
        };
        let value = Rounding::Down.scale(i128::from(at.oracle.0), i128::from(at.quote.0), UNIT)
            * i128::from(at.held.0);
        let short = Rounding::Down.scale(at.shortage.0, i128::from(MILLION) * UNIT, value.max(1));
        let left = i128::from(self.ratio_ppm()) - i128::from(self.liquidator_fee_ppm) - short;
        let room = left.max(0) * i128::from(room_ppm) / i128::from(MILLION);
        u32::try_from(room).map_or(max_ppm, |room| room.min(max_ppm))
    }

    /// Largest that a growing liquidator's fee may become: a multiple of the fee, at most the maintenance margin, ppm.
    ///
    /// Source: drift-labs/protocol-v2, pull request 1232, `get_max_liquidation_fee`.
    pub fn max_fee_ppm(&self) -> u32 {
        let multiple = self.liquidator_fee_ppm.saturating_mul(self.growth.max_multiple);
        multiple.min(self.maintenance_ppm)
    }

    /// Margin and buffer that end a liquidation.
    fn ratio_ppm(&self) -> u32 {
        self.maintenance_ppm + self.buffer_ppm
    }
}

/// The quantity whose sale frees `shortage`: `shortage / (oracle * quote * (ratio - fee) - oracle * insurance fee)`, rounded
/// down to 1e-8 coin; `None` where fees eat what a sale frees, so that none does.
///
/// Ratio and fees in parts per million. The program has the quote's price in the first term alone.
///
/// Source: drift-labs/protocol-v2, `programs/drift/src/math/liquidation.rs` @0fd8f61c,
/// `calculate_base_asset_amount_to_cover_margin_shortage`.
///
/// ```
/// use aftershock_market::{Cash, Coin, Price};
/// use aftershock_protocol::drift::liquidation::to_cover;
/// let (oracle, quote) = (Price::from_f64(100.0), Price::from_f64(1.0));
/// let sold = to_cover(Cash::from_f64(10.0), 100_000, 10_000, 10_000, oracle, quote);
/// assert_eq!(sold, Some(Coin::from_f64(1.25)));
/// ```
pub fn to_cover(
    shortage: Cash,
    ratio_ppm: u32,
    fee_ppm: u32,
    insurance_fee_ppm: u32,
    oracle: Price,
    quote: Price,
) -> Option<Coin> {
    let kept = i128::from(ratio_ppm) - i128::from(fee_ppm);
    if kept <= 0 {
        return None;
    }
    let freed = i128::from(quote.0) * kept - UNIT * i128::from(insurance_fee_ppm);
    let freed = i128::from(oracle.0)
        .checked_mul(freed)
        .filter(|freed| *freed > 0)?;
    let units = Rounding::Down.scale(shortage.0, UNIT * UNIT * i128::from(MILLION), freed);
    i64::try_from(units).ok().map(Coin)
}

/// How fast a shortage may be made good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Share of all the shortage that may be freed at once, parts of ten thousand.
    pub initial_bp: u32,
    /// Slots in which another whole share is added; at 0 everything may go at once.
    pub slots: u64,
    /// A shortage below this may be made good at once.
    pub small: Cash,
}

impl Pace {
    /// Share of the present shortage that may be made good, parts of ten thousand, `slots` after the liquidation began
    /// and with `freed` made good by it. Each quotient is rounded down, as in the program.
    ///
    /// Source: drift-labs/protocol-v2, `programs/drift/src/math/liquidation.rs` @0fd8f61c, `calculate_max_pct_to_liquidate`; that
    /// a small shortage goes at once: `CHANGELOG.md`, 2.43.0, and that function in later copies.
    pub fn share_bp(&self, shortage: Cash, freed: Cash, slots: u64) -> u32 {
        let whole = i128::from(TEN_THOUSAND);
        if shortage < self.small || shortage <= Cash::ZERO || self.slots == 0 {
            return TEN_THOUSAND;
        }
        let grown = i128::from(slots) * whole / i128::from(self.slots);
        let share = (grown + i128::from(self.initial_bp)).min(whole);
        let micros = |cash: Cash| cash.0 / super::MICRO;
        let most = (micros(shortage) + micros(freed)) * share / whole;
        let left = (most - micros(freed)).max(0);
        let bp = left * whole / micros(shortage).max(1);
        u32::try_from(bp).map_or(TEN_THOUSAND, |bp| bp.min(TEN_THOUSAND))
    }
}

/// How the liquidator's fee grows with the slots since a liquidation began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeGrowth {
    /// Slots before which it does not.
    pub grace_slots: u64,
    /// What a slot adds, ppm, those of the grace counted too; 0 where it does not grow.
    pub per_slot_ppm: u32,
    /// Largest multiple of the fee.
    pub max_multiple: u32,
}

impl FeeGrowth {
    /// The fee after `slots`, ppm.
    ///
    /// Source: drift-labs/protocol-v2, pull request 1185, `get_liquidation_fee`: of liquidations that fill against resting
    /// orders.
    pub fn fee_ppm(&self, base_ppm: u32, max_ppm: u32, slots: u64) -> u32 {
        if slots < self.grace_slots {
            return base_ppm;
        }
        let grown = slots.saturating_mul(self.per_slot_ppm.into());
        let fee = u64::from(base_ppm).saturating_add(grown).min(max_ppm.into());
        u32::try_from(fee).unwrap_or(max_ppm)
    }
}
