//! What must stand behind a position, in the forms that venues give it.

use aftershock_market::{Cash, Coin, UNITS_PER_ONE};

use super::rounding::{RATE_PARTS, Rounding, parts};
use crate::{BracketError, Brackets, Tier};

const UNIT: i128 = UNITS_PER_ONE as i128;

/// What a tier's edge is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeBy {
    /// The value that margins are charged on, settlement asset (BitMEX risk limits, in coin).
    Value,
    /// Contracts (OKX).
    Contracts,
}

/// A tier whose ratio holds for the whole position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateTier {
    /// Largest size.
    pub cap: f64,
    /// Maintenance margin over value.
    pub maintenance_ratio: f64,
}

/// A ratio that grows with the position: `base + per_unit * value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeLinear {
    /// Ratio of the smallest position.
    pub base: f64,
    /// Added for each unit of value, settlement asset: for each coin of an inverse contract.
    pub per_unit: f64,
}

impl SizeLinear {
    /// The ratio of a position of `value`.
    #[inline]
    pub fn ratio(self, value: f64) -> f64 {
        self.base + self.per_unit * value
    }

    /// `value * (base + fee + per_unit * value)` rounded up, `fee` in parts of one.
    pub(super) fn charge(self, value: Cash, fee: i128) -> Cash {
        let grown = parts(self.per_unit).saturating_mul(value.0);
        let ratio = ((parts(self.base) + fee) * UNIT).saturating_add(grown);
        Cash(Rounding::Up.scale(value.0, ratio, RATE_PARTS * UNIT))
    }

    /// The largest value of which a unit more, with its `fee` in parts of one, needs no more than itself; `None`
    /// where every value is such.
    pub(super) fn peak(self, fee: i128) -> Option<Cash> {
        let slope = parts(self.per_unit);
        let left = (RATE_PARTS - parts(self.base) - fee) * UNIT;
        (slope > 0).then(|| Cash(Rounding::Down.divide(left + slope, 2 * slope)))
    }
}

/// A venue's maintenance margins. Sizes are given in contracts with the value of one, settlement asset.
#[derive(Clone, Debug, PartialEq)]
pub enum MarginSchedule {
    /// A ratio less an amount, continuous in value: Binance, Bybit, Hyperliquid.
    Brackets(Brackets),
    /// The tier's ratio on everything, so that the margin jumps at an edge: OKX, BitMEX.
    WholeRate {
        /// What edges are counted in.
        by: SizeBy,
        /// Tiers in rising order; the last holds everything above it too.
        tiers: Vec<RateTier>,
    },
    /// A ratio that grows with value: Deribit.
    SizeLinear(SizeLinear),
}

impl MarginSchedule {
    /// Tiers whose ratio holds for the whole position.
    ///
    /// # Errors
    /// No tier, caps or ratios that do not rise, a ratio outside (0, 1).
    pub fn whole_rate(by: SizeBy, tiers: Vec<RateTier>) -> Result<Self, BracketError> {
        let fail = |tier, reason| Err(BracketError { tier, reason });
        if tiers.is_empty() {
            return fail(1, "a margin table needs at least one tier".into());
        }
        let (mut cap, mut ratio) = (0.0, 0.0);
        for (at, tier) in tiers.iter().enumerate() {
            if tier.cap.is_nan() || tier.cap <= cap {
                return fail(at + 1, format!("cap {} should lie above {cap}", tier.cap));
            }
            if !(tier.maintenance_ratio > ratio && tier.maintenance_ratio < 1.0) {
                return fail(
                    at + 1,
                    format!(
                        "maintenance ratio {} should lie in ({ratio}, 1)",
                        tier.maintenance_ratio
                    ),
                );
            }
            (cap, ratio) = (tier.cap, tier.maintenance_ratio);
        }
        Ok(Self::WholeRate { by, tiers })
    }

    /// `count` risk limits: `base`, then every `step` more, each with `ratio_step` more of maintenance.
    /// BitMEX XBTUSD had 200 and 100 XBT, 0.5 % and 0.5 % until 2020-04-17, and other numbers since.
    ///
    /// Source: BitMEX, "Risk limits examples": each step adds the base maintenance ratio to both margins.
    ///
    /// # Errors
    /// As [`MarginSchedule::whole_rate`].
    pub fn risk_limits(
        base: f64,
        step: f64,
        maintenance_ratio: f64,
        ratio_step: f64,
        count: usize,
    ) -> Result<Self, BracketError> {
        let tier = |at: usize| RateTier {
            cap: base + at as f64 * step,
            maintenance_ratio: maintenance_ratio + at as f64 * ratio_step,
        };
        Self::whole_rate(SizeBy::Value, (0..count).map(tier).collect())
    }

    /// Maintenance margin, settlement asset.
    #[inline]
    pub fn maintenance(&self, contracts: f64, unit_value: f64) -> f64 {
        let value = contracts * unit_value;
        match self {
            Self::Brackets(table) => table.maintenance_usd(value),
            Self::WholeRate { tiers, .. } => {
                value * tiers[self.tier(contracts, unit_value)].maintenance_ratio
            }
            Self::SizeLinear(ratio) => value * ratio.ratio(value),
        }
    }

    /// Maintenance margin of a position, and `fee` (parts of one) of its value besides, rounded up once.
    ///
    /// Of brackets the one that asks most counts: where amounts are continuous that is the bracket of the value,
    /// and where a published amount is off by part of a cent the margin does not jump.
    pub(super) fn charge(&self, value: Cash, contracts: Coin, fee: i128) -> Cash {
        let part = |ratio| Rounding::Up.scale(value.0, parts(ratio) + fee, RATE_PARTS);
        match self {
            Self::Brackets(table) => {
                let line = |tier: &Tier| {
                    part(tier.maintenance_ratio) - Cash::from_f64(tier.maintenance_amount_usd).0
                };
                Cash(table.tiers().iter().map(line).max().unwrap_or(0))
            }
            Self::WholeRate { tiers, .. } => {
                Cash(part(tiers[self.tier_of(value, contracts)].maintenance_ratio))
            }
            Self::SizeLinear(ratio) => ratio.charge(value, fee),
        }
    }

    /// The tier of a position, from 0, its size compared with each cap in units of 1e-8; a size on an edge
    /// belongs to the lower tier.
    pub fn tier_of(&self, value: Cash, contracts: Coin) -> usize {
        match self {
            Self::Brackets(table) => first_that_holds(
                table.tiers(),
                |tier| tier.cap_usd,
                SizeBy::Value,
                value,
                contracts,
            ),
            Self::WholeRate { by, tiers } => first_that_holds(tiers, |tier| tier.cap, *by, value, contracts),
            Self::SizeLinear(_) => 0,
        }
    }

    /// What maintenance margin falls by for a unit of value closed, away from an edge.
    pub fn marginal_ratio(&self, contracts: f64, unit_value: f64) -> f64 {
        let tier = self.tier(contracts, unit_value);
        match self {
            Self::Brackets(table) => table.tiers()[tier].maintenance_ratio,
            Self::WholeRate { tiers, .. } => tiers[tier].maintenance_ratio,
            Self::SizeLinear(ratio) => ratio.base + 2.0 * ratio.per_unit * contracts * unit_value,
        }
    }

    /// The tier of a position, from 0; a size on an edge belongs to the lower tier. Always 0 where there are
    /// none.
    pub fn tier(&self, contracts: f64, unit_value: f64) -> usize {
        match self {
            Self::Brackets(table) => table.index_of(contracts * unit_value),
            Self::WholeRate { by, tiers } => {
                let size = match by {
                    SizeBy::Value => contracts * unit_value,
                    SizeBy::Contracts => contracts,
                };
                let found = tiers.iter().position(|tier| size <= tier.cap);
                found.unwrap_or(tiers.len() - 1)
            }
            Self::SizeLinear(_) => 0,
        }
    }

    /// The most contracts that a tier holds; infinite where there are no tiers.
    pub fn cap_contracts(&self, tier: usize, unit_value: f64) -> f64 {
        match self {
            Self::Brackets(table) => table.tiers()[tier].cap_usd / unit_value,
            Self::WholeRate { by, tiers } => match by {
                SizeBy::Value => tiers[tier].cap / unit_value,
                SizeBy::Contracts => tiers[tier].cap,
            },
            Self::SizeLinear(_) => f64::INFINITY,
        }
    }
}

/// Index of the first tier whose cap a position does not exceed, else of the last; caps rise.
pub(super) fn first_that_holds<T>(
    tiers: &[T],
    cap: impl Fn(&T) -> f64,
    by: SizeBy,
    value: Cash,
    contracts: Coin,
) -> usize {
    let exceeds = |tier: &T| match by {
        SizeBy::Value => value > Cash::from_f64(cap(tier)),
        SizeBy::Contracts => contracts > Coin::from_f64(cap(tier)),
    };
    tiers.partition_point(exceeds).min(tiers.len().saturating_sub(1))
}

/// Brackets from lower bounds of notional and largest leverages: the maintenance ratio is half of the initial
/// one at the largest leverage, and the deduction of a bracket is the one before plus `floor * (ratio - ratio
/// before)`.
///
/// Source: Hyperliquid, "Margin tiers".
///
/// # Errors
/// As [`Brackets::new`].
///
/// ```
/// use aftershock_protocol::venue::maintenance::hyperliquid_brackets;
/// let bitcoin = hyperliquid_brackets(&[(0.0, 40.0), (150e6, 20.0)]).expect("the venue's own table");
/// assert_eq!(bitcoin.maintenance_usd(200e6), 3_125_000.0);
/// ```
pub fn hyperliquid_brackets(tiers: &[(f64, f64)]) -> Result<Brackets, BracketError> {
    let (mut ratio, mut deduction) = (0.0, 0.0);
    let brackets = tiers.iter().enumerate().map(|(at, &(floor_usd, max_leverage))| {
        let own = 0.5 / max_leverage;
        deduction += floor_usd * (own - ratio);
        ratio = own;
        Tier {
            floor_usd,
            cap_usd: tiers.get(at + 1).map_or(f64::INFINITY, |next| next.0),
            maintenance_ratio: own,
            max_leverage,
            maintenance_amount_usd: deduction,
        }
    });
    Brackets::new(brackets.collect())
}

/// Initial margin ratio that grows with open interest: `base` below the lower cap, one at the upper.
///
/// Source: dYdX v4 chain, perpetuals module: `min(base + max((OI - lower) / (upper - lower) * (1 - base), 0),
/// 1)`.
pub fn open_interest_initial_ratio(
    base: f64,
    open_interest_usd: f64,
    lower_cap_usd: f64,
    upper_cap_usd: f64,
) -> f64 {
    let share = (open_interest_usd - lower_cap_usd) / (upper_cap_usd - lower_cap_usd);
    (base + (share * (1.0 - base)).max(0.0)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::contract::{Contract, Holding, MaintenanceOn, Requirement};
    use aftershock_market::{Cash, Coin, Side};

    fn bitcoin() -> Brackets {
        hyperliquid_brackets(&[(0.0, 40.0), (150e6, 20.0)]).expect("the venue's own table")
    }

    /// V-HL1, V-HL2. Source: Hyperliquid, "Margin tiers": 2.5 % at 20x; 200M of BTC has a deduction of 1,875,000 and needs
    /// 3,125,000.
    #[test]
    fn hyperliquid_tiers() {
        let tiers = bitcoin();
        assert_eq!(tiers.tiers()[1].maintenance_ratio, 0.025);
        assert_eq!(tiers.tiers()[1].maintenance_amount_usd, 1_875_000.0);
        assert_eq!(tiers.maintenance_usd(200e6), 3_125_000.0);
    }

    /// V-HL3. Source: Hyperliquid's `LP = P - side * margin available / q / (1 - l * side)` with l = 1/80: one BTC
    /// at 100,000, margin 2,500.
    #[test]
    fn hyperliquid_liquidation_price() {
        let schedule = MarginSchedule::Brackets(bitcoin());
        assert_eq!(schedule.maintenance(1.0, 100_000.0), 1_250.0);
        let held = Holding {
            side: Side::Long,
            quantity: Coin::from_f64(1.0),
            opening_value: Cash::from_f64(100_000.0),
            margin: Cash::from_f64(2_500.0),
        };
        let need = Requirement {
            maintenance_ratio: schedule.marginal_ratio(1.0, 100_000.0),
            maintenance_amount: 0.0,
            on: MaintenanceOn::MarkValue,
            closing_fee: 0.0,
        };
        let price = Contract::COIN.liquidation_price(&held, &need).unwrap_or(0.0);
        assert!((price - 98_734.177).abs() < 5e-4, "{price}");
    }

    /// V-DER2. Source: Deribit support, "Margin changes January 2022": 100 BTC need 2.5 % initial and 1.5 %
    /// maintenance margin.
    #[test]
    fn deribit_size() {
        let near = |ratio: f64, expected: f64| assert!((ratio - expected).abs() < 1e-15, "{ratio}");
        near(SizeLinear::DERIBIT_BTC_INITIAL.ratio(100.0), 0.025);
        near(SizeLinear::DERIBIT_BTC_MAINTENANCE.ratio(100.0), 0.015);
        // 5,000,000 contracts of one dollar at 50,000 are 100 BTC.
        let schedule = MarginSchedule::SizeLinear(SizeLinear::DERIBIT_BTC_MAINTENANCE);
        near(schedule.maintenance(5e6, 1.0 / 50_000.0), 1.5);
        // The derivative of 0.01 v + 0.00005 v^2 at 100.
        near(schedule.marginal_ratio(5e6, 1.0 / 50_000.0), 0.02);
    }

    /// V-DY5. Source: dYdX v4 chain, the formula at base 5 %, caps 20M and 50M, open interest 35M.
    #[test]
    fn open_interest_raises_initial_margin() {
        let ratio = |open_interest| open_interest_initial_ratio(0.05, open_interest, 20e6, 50e6);
        assert!((ratio(35e6) - 0.525).abs() < 1e-15);
        assert_eq!((ratio(10e6), ratio(80e6)), (0.05, 1.0));
    }

    /// The limits are stated inputs.
    #[test]
    fn a_whole_rate_jumps_at_its_edge() {
        let limits = MarginSchedule::risk_limits(200.0, 100.0, 0.005, 0.005, 3).expect("rising limits");
        assert_eq!(limits.maintenance(200.0, 1.0), 1.0);
        assert_eq!(limits.maintenance(250.0, 1.0), 2.5);
        assert_eq!(limits.tier(1_000.0, 1.0), 2);
        // 2,500,000 contracts of one dollar at 10,000 are 250 coins.
        assert_eq!(limits.tier(2_500_000.0, 0.000_1), 1);
        assert_eq!(limits.cap_contracts(0, 0.000_1), 2_000_000.0);
        let tier = |cap, maintenance_ratio| RateTier {
            cap,
            maintenance_ratio,
        };
        let falling = MarginSchedule::whole_rate(SizeBy::Contracts, vec![tier(2.0, 0.01), tier(1.0, 0.02)]);
        assert_eq!(
            falling.unwrap_err().to_string(),
            "bracket 2: cap 1 should lie above 2"
        );
        let flat = MarginSchedule::whole_rate(SizeBy::Contracts, vec![tier(1.0, 0.01), tier(2.0, 0.01)]);
        assert_eq!(
            flat.unwrap_err().to_string(),
            "bracket 2: maintenance ratio 0.01 should lie in (0.01, 1)"
        );
    }
}
