//! Margin that grows with the square root of a position.

use aftershock_market::Coin;

use super::{MILLION, TEN_THOUSAND};

/// The premium for size: `base * 4 / 5 + factor * sqrt(coins)` where that is above `base`.
///
/// Source: drift-labs/protocol-v2, `programs/drift/src/math/margin.rs`, `calculate_size_premium_liability_weight`; that it
/// raises initial and maintenance margin alike: `state/perp_market.rs` @a03b52f9, `get_margin_ratio`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizePremium {
    /// Ratio for the root of one coin, ppm.
    pub factor_ppm: u32,
}

/// The program takes the root in 1e-5 coin.
const ROOT_UNITS: u128 = 100_000;

impl SizePremium {
    /// Ratio of a position of `size` (unsigned), parts of ten thousand, rounded down as the program does.
    ///
    /// ```
    /// use aftershock_market::Coin;
    /// use aftershock_protocol::drift::size::SizePremium;
    /// let sol = SizePremium { factor_ppm: 200 };
    /// assert_eq!(sol.ratio_bp(Coin::from_f64(2_500.0), 500), 500);
    /// assert_eq!(sol.ratio_bp(Coin::from_f64(10_000.0), 500), 600);
    /// ```
    pub fn ratio_bp(self, size: Coin, base_bp: u32) -> u32 {
        if self.factor_ppm == 0 {
            return base_bp;
        }
        let root = (u128::from(size.0.unsigned_abs()) * 100 + 1).isqrt();
        let per_bp = ROOT_UNITS * u128::from(MILLION / TEN_THOUSAND);
        let premium = root * u128::from(self.factor_ppm) / per_bp;
        let raised = u128::from(base_bp - base_bp / 5) + premium;
        base_bp.max(u32::try_from(raised).unwrap_or(u32::MAX))
    }
}
