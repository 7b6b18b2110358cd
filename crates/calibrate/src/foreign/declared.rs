//! What a foreign crash is declared to be: every parameter with its unit and a default.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::synth::{Coverage, Ramp, Target};
use crate::toml_file::{self, FileError};

/// Clocks on which the truth tells amplification and effects, s.
pub const CLOCKS_S: [u32; 4] = [1, 10, 60, 300];
/// No venue opens a position at more than this.
pub const MOST_LEVERAGE: f64 = 125.0;

/// Which equations make prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// News and past flow, whose weight decays with a power of its age.
    Propagator,
    /// A limit order book that agents fill, sweep and leave.
    OrderBook,
}

impl Kind {
    /// Its name in a declaration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Propagator => "propagator",
            Self::OrderBook => "order-book",
        }
    }
}

/// All parameters of a foreign crash. In TOML any of them can be left out; [`Declared::TEMPLATE`] lists all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// Which equations make prices.
    pub kind: Kind,
    /// Names all noise.
    pub seed: u64,
    /// Length of the tape, s; a step is one second.
    pub duration_s: u32,
    /// Price at the start, USD.
    pub price_usd: f64,
    /// Mean volume of ordinary flow, USD a day.
    pub volume_daily_usd: f64,
    /// Volatility of news, log, a day.
    pub news_volatility_daily: f64,
    /// Standard deviation of net ordinary flow over a second, in seconds of mean volume.
    pub ordinary_flow: f64,
    /// Correlation of ordinary flow in a second with the news of that second, [0, 1).
    pub news_flow_correlation: f64,
    /// Standard deviation of the logarithm of the factor that scales news and ordinary flow from second to second.
    pub volatility_spread: f64,
    /// Half-life of that factor's distance from its mean, s.
    pub volatility_half_life_s: f64,
    /// Variance of the mid over that of the null `off-book`, reached by scaling open interest.
    pub amplification: Target,
    /// Clock on which `amplification` is measured, s; one of [`CLOCKS_S`].
    pub amplification_clock_s: u32,
    /// How far the logarithm of what is reached may lie from the logarithm of `amplification`.
    pub amplification_tolerance: f64,
    /// What of its liquidations the venue prints.
    pub coverage: Coverage,
    /// The fall that news brings.
    pub ramp: Ramp,
    /// Who holds what at the start.
    pub positions: Positions,
    /// Prices of the kind `propagator`.
    pub propagator: Propagator,
    /// Prices of the kind `order-book`.
    pub order_book: OrderBook,
}

/// Who holds what at the start. Each long has a short; both sides are opened along the bars before the tape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Positions {
    /// Open interest of one side over daily volume, before it is scaled for the amplification.
    pub open_interest_ratio: f64,
    /// Length of the bars before the tape, h.
    pub history_h: f64,
    /// Half-life of a position's age, h.
    pub age_half_life_h: f64,
    /// `[leverage, share of open interest]`; shares sum to 1.
    pub leverage: Vec<(f64, f64)>,
    /// Logarithm of leverage goes with this many times the log return of the `trend_h` before the entry.
    pub leverage_trend: f64,
    /// That window, h.
    pub trend_h: f64,
    /// Maintenance margin over notional.
    pub maintenance_ratio: f64,
    /// Share of positions that have a stop-loss, [0, 1].
    pub stop_share: f64,
    /// Where stop-losses stand between entry (0) and liquidation (1): from here to there, evenly.
    pub stop_between: (f64, f64),
    /// Median of the log-normal time from trigger to fill, drawn for each order, s.
    pub latency_median_s: f64,
    /// Standard deviation of its logarithm.
    pub latency_spread: f64,
}

/// `log price = news + sum over steps of G(age) f(q)`, with `G(l) = gamma0 / (l0^2 + l^2)^(beta/2)` and
/// `f(q) = sign(q) |q|^psi` of the net flow of a second in seconds of mean volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Propagator {
    /// `beta`, the power of age with which impact decays.
    pub beta: f64,
    /// `l0`, the age below which it does not, s.
    pub l0_s: f64,
    /// `psi`, the power of flow; 1 is linear.
    pub psi: f64,
    /// Sets `gamma0`: half a percent of daily volume, worked evenly over a minute, moves the price at its end by `y` times
    /// daily volatility times the square root of that half percent.
    pub y: f64,
    /// What the printed book shows within one percent of a calm price, USD a side; impact does not depend on it.
    pub shown_depth_usd: f64,
    /// The shown book goes with volatility to minus this where it is above normal.
    pub shown_elasticity: f64,
}

/// A book of price levels. Depth and impact come out of what agents do in it. Printed volume is two to three times that of
/// ordinary flow, since makers take what others left standing far beyond fair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderBook {
    /// Distance between price levels, USD.
    pub tick_usd: f64,
    /// Limit orders of agents without intelligence, a second and side, in the mean.
    pub limit_orders_per_s: f64,
    /// Their mean size, USD.
    pub limit_order_usd: f64,
    /// Half of them lie nearer than this to the best opposite price, log distance; the tail is a power law.
    pub limit_reach: f64,
    /// Mean life of one at the best price, s; it grows in proportion to one plus distance over `limit_reach`.
    pub limit_life_s: f64,
    /// Number of market makers.
    pub makers: u32,
    /// Inventory at which one stops quoting the side that adds to it, USD.
    pub maker_limit_usd: f64,
    /// Mean distance of its best quotes from what it takes for fair, log.
    pub maker_spread: f64,
    /// What one takes in a second at most of what stands farther than two spreads beyond fair, USD a side.
    pub maker_take_usd: f64,
    /// How far it moves both quotes at its inventory limit, log.
    pub maker_skew: f64,
    /// Mean delay with which it learns the fair value, s.
    pub maker_delay_s: f64,
    /// Error of what it learns, standard deviation, log.
    pub maker_error: f64,
    /// Half-life with which it sheds inventory elsewhere, s.
    pub maker_unwind_s: f64,
    /// Multiple of normal volatility, over ten seconds, at which the median maker leaves.
    pub maker_volatility_limit: f64,
    /// Bursts an hour in which most makers leave for no reason of the market.
    pub withdrawals_per_h: f64,
    /// Mean length of a burst, s.
    pub withdrawal_s: f64,
}

impl Default for Declared {
    fn default() -> Self {
        Self {
            kind: Kind::Propagator,
            seed: 1,
            duration_s: 7_200,
            price_usd: 40_000.0,
            volume_daily_usd: 2e10,
            news_volatility_daily: 0.03,
            ordinary_flow: 1.08,
            news_flow_correlation: 0.3,
            volatility_spread: 0.2,
            volatility_half_life_s: 900.0,
            amplification: Target::Ratio(1.25),
            amplification_clock_s: 60,
            amplification_tolerance: 0.01,
            coverage: Coverage::Complete,
            ramp: Ramp {
                start_s: 3_600.0,
                ..Ramp::default()
            },
            positions: Positions::default(),
            propagator: Propagator::default(),
            order_book: OrderBook::default(),
        }
    }
}

impl Default for Positions {
    fn default() -> Self {
        Self {
            open_interest_ratio: 0.3,
            history_h: 48.0,
            age_half_life_h: 16.6,
            leverage: vec![
                (3.0, 0.2),
                (5.0, 0.25),
                (10.0, 0.3),
                (20.0, 0.15),
                (50.0, 0.07),
                (100.0, 0.03),
            ],
            leverage_trend: 15.0,
            trend_h: 6.0,
            maintenance_ratio: 0.005,
            stop_share: 0.15,
            stop_between: (0.3, 0.9),
            latency_median_s: 0.7,
            latency_spread: 0.8,
        }
    }
}

impl Default for Propagator {
    fn default() -> Self {
        Self {
            beta: 0.4,
            l0_s: 5.0,
            psi: 1.0,
            y: 1.0,
            shown_depth_usd: 2e8,
            shown_elasticity: 0.7,
        }
    }
}

impl Default for OrderBook {
    fn default() -> Self {
        Self {
            tick_usd: 4.0,
            limit_orders_per_s: 20.0,
            limit_order_usd: 2.5e5,
            limit_reach: 0.006,
            limit_life_s: 15.0,
            makers: 16,
            maker_limit_usd: 1e7,
            maker_spread: 2e-4,
            maker_take_usd: 2e5,
            maker_skew: 4e-3,
            maker_delay_s: 2.0,
            maker_error: 1e-4,
            maker_unwind_s: 600.0,
            maker_volatility_limit: 3.0,
            withdrawals_per_h: 3.0,
            withdrawal_s: 90.0,
        }
    }
}

impl Declared {
    /// The default of a kind: of an order book, which need not come near a target, open interest as declared.
    pub fn of(kind: Kind) -> Self {
        let mut declared = Self {
            kind,
            ..Self::default()
        };
        if kind == Kind::OrderBook {
            declared.amplification = Target::AsDeclared;
            declared.positions.open_interest_ratio = 0.08;
        }
        declared
    }

    /// A file that declares the default, with every parameter and its unit.
    pub const TEMPLATE: &'static str = include_str!("default.toml");

    /// Reads a declaration; `file` is named in errors. What it leaves out is as in [`Declared::default`].
    ///
    /// # Errors
    /// Malformed TOML, an unknown key, or a value that [`Declared::check`] refuses.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let declared: Self = toml_file::read(file, text)?;
        declared.check().map_err(|reason| FileError {
            file: file.into(),
            reason,
        })?;
        Ok(declared)
    }

    /// As [`Declared::parse`], for a file that may leave its kind out and may not say another.
    ///
    /// # Errors
    /// As [`Declared::parse`], and another kind.
    pub fn parse_as(kind: Kind, file: &str, text: &str) -> Result<Self, FileError> {
        let says: toml::Table = toml_file::read(file, text)?;
        let mut declared = Self::parse(file, text)?;
        if says.contains_key("kind") && declared.kind != kind {
            return Err(FileError {
                file: file.into(),
                reason: format!(
                    "kind is {:?}, should be {kind:?} as asked for, or left out",
                    declared.kind
                ),
            });
        }
        declared.kind = kind;
        Ok(declared)
    }

    /// The whole declaration as TOML, defaults included.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a checked declaration has a TOML form")
    }

    /// SHA-256 of [`Declared::to_toml`], hex: equal for equal parameters, however they were written down.
    pub fn sha256(&self) -> String {
        let digest = Sha256::digest(self.to_toml().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Mean volume of a second, USD.
    pub(super) fn volume_usd_per_s(&self) -> f64 {
        self.volume_daily_usd / super::DAY_S
    }

    /// Volatility of news over a second, log.
    pub(super) fn news_volatility_per_s(&self) -> f64 {
        self.news_volatility_daily / super::DAY_S.sqrt()
    }
}
