//! What must stand behind a position when it is opened.

use aftershock_market::{Cash, Coin, UNITS_PER_ONE};

use super::maintenance::{MarginSchedule, SizeBy, SizeLinear, first_that_holds};
use super::margin::{MarginError, checked, within};
use super::rounding::{RATE_PARTS, Rounding, parts};

/// A tier of leverage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeverageTier {
    /// Largest size.
    pub cap: f64,
    /// Largest leverage up to it.
    pub max_leverage: f64,
}

/// How initial margin is found.
#[derive(Clone, Debug, PartialEq)]
pub enum InitialTerms {
    /// Value over leverage, up to the largest leverage of the position's bracket.
    ByLeverage {
        /// Largest leverage where the maintenance schedule has no brackets.
        max_leverage: f64,
    },
    /// Value over leverage, up to the largest leverage of the position's tier (OKX, BitMEX risk limits).
    ByTier {
        /// What edges are counted in.
        by: SizeBy,
        /// Tiers in rising order; the last holds everything above it too.
        tiers: Vec<LeverageTier>,
    },
    /// A ratio that grows with the position.
    SizeLinear(SizeLinear),
    /// A ratio that grows with open interest, see [`super::maintenance::open_interest_initial_ratio`].
    OpenInterestScaled {
        /// Ratio below the lower cap.
        base_ratio: f64,
        /// Open interest up to which it holds, USD.
        lower_cap_usd: f64,
        /// Open interest from which a position needs all of its value, USD.
        upper_cap_usd: f64,
    },
}

impl InitialTerms {
    /// Initial margins of [`MarginSchedule::risk_limits`]: `ratio` up to the `base` limit, `ratio_step` more for each
    /// `step` above.
    pub fn risk_limits(base: f64, step: f64, ratio: f64, ratio_step: f64, count: usize) -> Self {
        let tier = |at: usize| LeverageTier {
            cap: base + at as f64 * step,
            max_leverage: 1.0 / (ratio + at as f64 * ratio_step),
        };
        Self::ByTier {
            by: SizeBy::Value,
            tiers: (0..count).map(tier).collect(),
        }
    }

    /// Whether leverages, caps and ratios are in their range and order.
    pub(super) fn check(&self) -> Result<(), MarginError> {
        let leverage = |given: f64| {
            let right = given > 0.0 && given.is_finite();
            within("largest leverage", given, right, "above 0 and finite")
        };
        match self {
            Self::ByLeverage { max_leverage } => leverage(*max_leverage),
            Self::ByTier { tiers, .. } => {
                let (mut cap, mut most) = (0.0, f64::INFINITY);
                within("count of leverage tiers", 0.0, !tiers.is_empty(), "1 or more")?;
                for tier in tiers {
                    leverage(tier.max_leverage)?;
                    within(
                        "cap of a leverage tier",
                        tier.cap,
                        tier.cap > cap,
                        "above the one before",
                    )?;
                    let falls = tier.max_leverage <= most;
                    within(
                        "leverage of a tier",
                        tier.max_leverage,
                        falls,
                        "no more than of the one before",
                    )?;
                    (cap, most) = (tier.cap, tier.max_leverage);
                }
                Ok(())
            }
            Self::SizeLinear(ratio) => checked(*ratio).map(|_| ()),
            Self::OpenInterestScaled {
                base_ratio,
                lower_cap_usd,
                upper_cap_usd,
            } => {
                let base = *base_ratio > 0.0 && *base_ratio <= 1.0;
                within("base ratio", *base_ratio, base, "above 0 and at most 1")?;
                within("lower cap", *lower_cap_usd, *lower_cap_usd >= 0.0, "at least 0")?;
                let upper = *upper_cap_usd > *lower_cap_usd && *upper_cap_usd <= 1e14;
                within(
                    "upper cap",
                    *upper_cap_usd,
                    upper,
                    "above the lower, at most 1e14",
                )
            }
        }
    }

    /// The largest leverage that is stated for a size; `None` where a ratio says.
    pub(super) fn largest_leverage(
        &self,
        maintenance: &MarginSchedule,
        value: Cash,
        quantity: Coin,
    ) -> Option<f64> {
        match self {
            Self::ByLeverage { max_leverage } => Some(match maintenance {
                MarginSchedule::Brackets(table) => {
                    table.tiers()[maintenance.tier_of(value, quantity)].max_leverage
                }
                _ => *max_leverage,
            }),
            Self::ByTier { by, tiers } => {
                let tier = first_that_holds(tiers, |tier| tier.cap, *by, value, quantity);
                Some(tiers[tier].max_leverage)
            }
            Self::SizeLinear(_) | Self::OpenInterestScaled { .. } => None,
        }
    }

    /// The least initial margin where a ratio says.
    pub(super) fn least_by_ratio(&self, value: Cash, open_interest: Cash) -> Cash {
        match *self {
            Self::OpenInterestScaled {
                base_ratio,
                lower_cap_usd,
                upper_cap_usd,
            } => {
                let (lower, upper) = (Cash::from_f64(lower_cap_usd), Cash::from_f64(upper_cap_usd));
                let (base, width) = (parts(base_ratio), (upper - lower).0);
                let over = open_interest.clamp(lower, upper) - lower;
                let ratio = base * width + (RATE_PARTS - base) * over.0;
                Cash(Rounding::Up.scale(value.0, ratio, RATE_PARTS * width))
            }
            Self::SizeLinear(ratio) => ratio.charge(value, 0),
            Self::ByLeverage { .. } | Self::ByTier { .. } => value,
        }
    }
}

/// `value` over a leverage to the nearest 1e-8, rounded up.
pub(super) fn over_leverage(value: Cash, leverage: f64) -> Cash {
    let units = (leverage * UNITS_PER_ONE as f64).round() as i128;
    Cash(Rounding::Up.scale(value.0, i128::from(UNITS_PER_ONE), units.max(1)))
}
