//! Maintenance brackets and the liquidation-price algebra of linear contracts.
//!
//! Equity of a position is `margin + side (quantity · mark - entry value)`; it is liquidated where equity meets
//! the maintenance margin `ratio · quantity · mark - amount` of its bracket, and bankrupt where equity is zero.
//! Maintenance is charged on the value at the mark (Binance USD-M convention), not on the entry value.

use aftershock_market::Side;

/// One bracket of a margin table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier {
    /// Smallest notional, USD.
    pub floor_usd: f64,
    /// Largest notional, USD; infinite for the last bracket.
    pub cap_usd: f64,
    /// Maintenance margin over notional.
    pub maintenance_ratio: f64,
    /// Highest leverage that may be opened.
    pub max_leverage: f64,
    /// Taken off the maintenance margin so that it is continuous across brackets, USD.
    pub maintenance_amount_usd: f64,
}

/// Why a margin table is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct BracketError {
    /// The bracket, from 1.
    pub tier: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl std::fmt::Display for BracketError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bracket {}: {}", self.tier, self.reason)
    }
}

impl std::error::Error for BracketError {}

/// A margin table: brackets in rising order of notional, without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Brackets(Vec<Tier>);

impl Brackets {
    /// Checks a table.
    ///
    /// # Errors
    /// A gap or overlap between brackets, a ratio outside (0, 1), a leverage whose initial margin is below the
    /// maintenance margin, or an amount that makes the maintenance margin jump.
    pub fn new(tiers: Vec<Tier>) -> Result<Self, BracketError> {
        let fail = |tier: usize, reason: String| {
            Err(BracketError {
                tier: tier + 1,
                reason,
            })
        };
        if tiers.is_empty() {
            return fail(0, "missing; a margin table needs at least one".into());
        }
        let (mut floor, mut ratio, mut amount, mut leverage) = (0.0, 0.0, 0.0, f64::INFINITY);
        for (index, tier) in tiers.iter().enumerate() {
            if tier.floor_usd != floor || tier.cap_usd.is_nan() || tier.cap_usd <= tier.floor_usd {
                return fail(
                    index,
                    format!(
                        "runs from {} to {}, should start at {floor}",
                        tier.floor_usd, tier.cap_usd
                    ),
                );
            }
            if !(tier.maintenance_ratio > ratio && tier.maintenance_ratio < 1.0) {
                return fail(
                    index,
                    format!(
                        "maintenance ratio {} should lie in ({ratio}, 1)",
                        tier.maintenance_ratio
                    ),
                );
            }
            if !(tier.max_leverage >= 1.0 && 1.0 / tier.max_leverage >= tier.maintenance_ratio) {
                return fail(
                    index,
                    format!(
                        "leverage {} leaves less initial than maintenance margin",
                        tier.max_leverage
                    ),
                );
            }
            if tier.max_leverage > leverage {
                return fail(
                    index,
                    format!(
                        "leverage {} should be at most the {leverage} of smaller positions",
                        tier.max_leverage
                    ),
                );
            }
            let continuous = if index == 0 {
                0.0
            } else {
                amount + floor * (tier.maintenance_ratio - ratio)
            };
            let off = (tier.maintenance_amount_usd - continuous).abs();
            if off.is_nan() || off > 0.01 {
                return fail(
                    index,
                    format!(
                        "maintenance amount {} should be {continuous}",
                        tier.maintenance_amount_usd
                    ),
                );
            }
            (floor, ratio, amount) = (tier.cap_usd, tier.maintenance_ratio, tier.maintenance_amount_usd);
            leverage = tier.max_leverage;
        }
        Ok(Self(tiers))
    }

    /// The brackets in rising order.
    pub fn tiers(&self) -> &[Tier] {
        &self.0
    }

    /// Index of the bracket of `notional_usd`; a notional on an edge belongs to the lower bracket.
    pub fn index_of(&self, notional_usd: f64) -> usize {
        self.0
            .iter()
            .position(|tier| notional_usd <= tier.cap_usd)
            .unwrap_or(self.0.len() - 1)
    }

    /// Maintenance margin of a notional, USD.
    pub fn maintenance_usd(&self, notional_usd: f64) -> f64 {
        let tier = &self.0[self.index_of(notional_usd)];
        notional_usd * tier.maintenance_ratio - tier.maintenance_amount_usd
    }

    /// The bracket in which a position stands when its mark reaches the liquidation price, and that price.
    ///
    /// The maintenance margin is continuous and convex in the notional, so the bracket that contains its own
    /// liquidation notional is unique. `None` where no positive price liquidates (a long at leverage 1 or less).
    pub fn liquidation(
        &self,
        side: Side,
        quantity: f64,
        entry_usd: f64,
        margin_usd: f64,
    ) -> Option<(usize, f64)> {
        let at = |tier: &Tier| {
            liquidation_price(
                side,
                quantity,
                entry_usd,
                margin_usd,
                tier.maintenance_ratio,
                tier.maintenance_amount_usd,
            )
        };
        let found = self.0.iter().enumerate().find_map(|(index, tier)| {
            let price = at(tier);
            (self.index_of(quantity * price) == index).then_some((index, price))
        });
        found.filter(|(_, price)| *price > 0.0)
    }
}

/// The mark at which a linear position is liquidated, USD: equity equals `ratio · q · P - amount`.
///
/// `(margin + amount - s q P0) / (q (ratio - s))`, with s = +1 for a long and -1 for a short. Not positive where
/// a long cannot be liquidated.
///
/// ```
/// use aftershock_market::Side;
/// // 10x long of one coin at 100,000 under 0.4 % maintenance
/// let price = aftershock_protocol::liquidation_price(Side::Long, 1.0, 100_000.0, 10_000.0, 0.004, 0.0);
/// assert!((price - 90_361.445_783_132_53).abs() < 1e-6);
/// ```
pub fn liquidation_price(
    side: Side,
    quantity: f64,
    entry_usd: f64,
    margin_usd: f64,
    maintenance_ratio: f64,
    maintenance_amount_usd: f64,
) -> f64 {
    let cushion = margin_usd + maintenance_amount_usd;
    let (over, under) = crossing_value(side.sign(), quantity * entry_usd, cushion, maintenance_ratio, 0.0);
    over / (quantity * under)
}

/// The value at the mark at which `cushion + paid (value - opening)` equals `rate * value + per_unit * value^2`,
/// as a numerator over a denominator; `paid` is +1 where the holder gains as the value rises, else -1.
///
/// The one closed form of every liquidation and bankruptcy price, linear or inverse. With `per_unit` it is the
/// root on the branch where a unit of value needs less than itself; NaN where there is none.
pub(crate) fn crossing_value(paid: f64, opening: f64, cushion: f64, rate: f64, per_unit: f64) -> (f64, f64) {
    let (over, under) = (paid * opening - cushion, paid - rate);
    if per_unit == 0.0 {
        return (over, under);
    }
    // 2c / (a + sqrt(a^2 - 4kc)) does not cancel where k is small.
    let root = libm::sqrt(under * under - 4.0 * per_unit * over);
    (2.0 * over, under + paid * root)
}

/// The mark at which a linear position's equity is zero, USD.
pub fn bankruptcy_price(side: Side, quantity: f64, entry_usd: f64, margin_usd: f64) -> f64 {
    liquidation_price(side, quantity, entry_usd, margin_usd, 0.0, 0.0)
}

#[cfg(test)]
#[path = "margin_tests.rs"]
mod tests;
