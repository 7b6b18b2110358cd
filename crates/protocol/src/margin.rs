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
mod tests {
    use super::*;

    fn tier(floor: f64, cap: f64, ratio: f64, leverage: f64, amount: f64) -> Tier {
        Tier {
            floor_usd: floor,
            cap_usd: cap,
            maintenance_ratio: ratio,
            max_leverage: leverage,
            maintenance_amount_usd: amount,
        }
    }

    /// Source: Binance announcement of 2021-03-18, BTCUSDT leverage and margin tiers.
    fn binance_2021() -> Brackets {
        Brackets::new(vec![
            tier(0.0, 50e3, 0.004, 125.0, 0.0),
            tier(50e3, 250e3, 0.005, 100.0, 50.0),
            tier(250e3, 1e6, 0.01, 50.0, 1_300.0),
            tier(1e6, 10e6, 0.025, 20.0, 16_300.0),
            tier(10e6, 20e6, 0.05, 10.0, 266_300.0),
            tier(20e6, f64::INFINITY, 0.1, 5.0, 1_266_300.0),
        ])
        .unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    fn close(actual: f64, expected: f64, tolerance: f64) {
        assert!(
            (actual - expected).abs() <= tolerance,
            "{actual} is not {expected} within {tolerance}"
        );
    }

    /// Source: the closed forms `P0 (1 - 1/L) / (1 - mmr)` and `P0 (1 + 1/L) / (1 + mmr)`, evaluated in Python.
    #[test]
    fn ten_times_leverage_at_100k() {
        close(
            liquidation_price(Side::Long, 1.0, 1e5, 1e4, 0.004, 0.0),
            90_361.445_783_132_53,
            1e-9 * 1e5,
        );
        close(
            liquidation_price(Side::Short, 1.0, 1e5, 1e4, 0.004, 0.0),
            109_561.752_988_047_81,
            1e-9 * 1e5,
        );
        close(
            liquidation_price(Side::Long, 50.0, 1e5, 250e3, 0.01, 1_500.0),
            95_929.292_929_292_93,
            1e-9 * 1e5,
        );
    }

    /// V-BN7. Source: freqtrade, tests of the Binance liquidation price (q = 1, entry 10, wallet 2, 1 %, amount 0.01).
    #[test]
    fn small_wallet() {
        close(
            liquidation_price(Side::Long, 1.0, 10.0, 2.0, 0.01, 0.01),
            8.070_707_07,
            1e-8,
        );
        close(
            liquidation_price(Side::Short, 1.0, 10.0, 2.0, 0.01, 0.01),
            11.891_089_11,
            1e-8,
        );
    }

    /// V-BN4. Source: Binance "How to calculate liquidation price of USD-M futures", cross example with ETH and BTC longs;
    /// the other contract enters as wallet minus its maintenance plus its unrealised result.
    #[test]
    fn cross_margin_example_of_the_venue() {
        let wallet = 1_535_443.01;
        let (btc_maintenance, btc_result) = (71_200.811_44, -56_354.574_48);
        let (eth_maintenance, eth_result) = (356_512.508_16, -448_192.890_36);
        let eth = liquidation_price(
            Side::Long,
            3_683.979,
            1_456.84,
            wallet - btc_maintenance + btc_result,
            0.10,
            135_365.0,
        );
        close(eth, 1_153.26, 0.005);
        let btc = liquidation_price(
            Side::Long,
            109.488,
            32_481.98,
            wallet - eth_maintenance + eth_result,
            0.025,
            16_300.0,
        );
        close(btc, 26_316.89, 0.005);
    }

    /// V-BN1, V-BN2. Source: Binance "Leverage and margin of USD-M futures": 264,000 stands in the 1 % bracket; 500,000 needs
    /// 500,000 x 1 % - 1,300 = 3,700.
    #[test]
    fn brackets_of_2021() {
        let table = binance_2021();
        assert_eq!(table.tiers()[table.index_of(264_000.0)].maintenance_ratio, 0.01);
        close(table.maintenance_usd(500_000.0), 3_700.0, 1e-9);
    }

    #[test]
    fn equity_meets_maintenance_at_the_liquidation_price_across_tier_edges() {
        let table = binance_2021();
        for side in Side::BOTH {
            for leverage in [2.0, 3.0, 5.0, 9.9] {
                for notional in [
                    40e3, 50e3, 51e3, 249e3, 252e3, 1.01e6, 9.9e6, 10.2e6, 19e6, 21e6, 60e6_f64,
                ] {
                    let entry = 40_000.0;
                    let quantity = notional / entry;
                    let margin = notional / leverage;
                    let Some((tier, price)) = table.liquidation(side, quantity, entry, margin) else {
                        panic!("{side:?} {leverage} {notional} has a liquidation price");
                    };
                    let equity = margin + side.sign() * quantity * (price - entry);
                    let maintenance = table.maintenance_usd(quantity * price);
                    close(equity, maintenance, 1e-6 * notional);
                    assert_eq!(tier, table.index_of(quantity * price));
                    let bankrupt = bankruptcy_price(side, quantity, entry, margin);
                    close(
                        margin + side.sign() * quantity * (bankrupt - entry),
                        0.0,
                        1e-6 * notional,
                    );
                }
            }
        }
    }

    #[test]
    fn a_broken_table_names_its_bracket() {
        let gap = Brackets::new(vec![
            tier(0.0, 50e3, 0.004, 125.0, 0.0),
            tier(60e3, 1e6, 0.005, 100.0, 60.0),
        ]);
        assert_eq!(
            gap.unwrap_err().to_string(),
            "bracket 2: runs from 60000 to 1000000, should start at 50000"
        );
        let refused = |second: Tier| {
            let table = Brackets::new(vec![tier(0.0, 50e3, 0.004, 125.0, 0.0), second]);
            table.expect_err("it is refused").to_string()
        };
        assert_eq!(
            refused(tier(50e3, 1e6, 0.005, 126.0, 50.0)),
            "bracket 2: leverage 126 should be at most the 125 of smaller positions"
        );
        assert!(
            Brackets::new(vec![
                tier(0.0, 1e6, 0.004, 125.0, 0.0),
                tier(1e6, 2e6, 0.005, 125.0, 1e3)
            ])
            .is_ok()
        );
        for (second, word) in [
            (tier(f64::NAN, 1e6, 0.005, 100.0, 50.0), "NaN"),
            (tier(50e3, f64::NAN, 0.005, 100.0, 50.0), "NaN"),
            (tier(50e3, 1e6, f64::NAN, 100.0, 50.0), "NaN"),
            (tier(50e3, 1e6, 0.005, f64::NAN, 50.0), "NaN"),
            (tier(50e3, 1e6, 0.005, 100.0, f64::NAN), "NaN"),
        ] {
            let said = refused(second);
            assert!(said.starts_with("bracket 2: ") && said.contains(word), "{said}");
        }
        let jump = Brackets::new(vec![
            tier(0.0, 50e3, 0.004, 125.0, 0.0),
            tier(50e3, 1e6, 0.005, 100.0, 40.0),
        ]);
        assert_eq!(
            jump.unwrap_err().to_string(),
            "bracket 2: maintenance amount 40 should be 50"
        );
    }

    /// A long whose margin is its value has nothing to be liquidated at; with a cent less it has.
    #[test]
    fn no_price_liquidates_a_long_without_leverage() {
        let table = binance_2021();
        assert_eq!(table.liquidation(Side::Long, 1.0, 40_000.0, 40_000.0), None);
        assert_eq!(table.liquidation(Side::Long, 1.0, 40_000.0, 50_000.0), None);
        let near = table.liquidation(Side::Long, 1.0, 40_000.0, 39_999.99);
        assert!(near.is_some_and(|(tier, price)| tier == 0 && price > 0.0));
    }

    /// Source: by hand, Deribit's 1 % + 0.005 % a coin: 100 coins need 1.5. A holder who has gained or lost 10 on the way
    /// there and has 11.5, or 10 less, behind it meets that; the roots are those of 0.9604 and 1.0404.
    #[test]
    fn a_requirement_that_grows_with_value_is_crossed_at_its_root() {
        for (paid, opening, cushion) in [
            (1.0, 110.0, 11.5),
            (1.0, 100.0, 1.5),
            (-1.0, 90.0, 11.5),
            (-1.0, 110.0, -8.5),
        ] {
            let (over, under) = crossing_value(paid, opening, cushion, 0.01, 0.000_05);
            close(over / under, 100.0, 1e-9);
        }
    }
}
