//! What a generated tape is declared to be: every parameter with its unit and a default.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Target;
use super::ramp::Ramp;
use crate::toml_file::{self, FileError};

/// All parameters of a generated tape. In TOML any of them can be left out;
/// [`Declared::TEMPLATE`] lists all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// Names all noise: equal seeds share news, ordinary flow and what feeds leave out, whatever else is declared.
    pub seed: u64,
    /// Length of the tape, s.
    pub duration_s: u32,
    /// Ticks a second and market.
    pub ticks_per_s: f64,
    /// Correlation of a market's ordinary flow in a tick with the news of the same tick, [0, 1).
    pub news_flow_correlation: f64,
    /// Variance of the price over that of the null `off-book`, all markets together, on `amplification_clock_s` over
    /// the whole tape. It is reached by scaling the open interest of all venues by one number, found by bisection.
    pub amplification: Target,
    /// Clock on which `amplification` is measured, s.
    pub amplification_clock_s: u32,
    /// How far the logarithm of what is reached may lie from the logarithm of `amplification`.
    pub amplification_tolerance: f64,
    /// Correlation of the news of two assets, [0, 1).
    pub asset_correlation: f64,
    /// Cross impact: what forced flow in one asset does to the other, in units in which what it does to its own is 1, [0, 1].
    pub cross_impact: f64,
    /// The fall that news brings.
    pub ramp: Ramp,
    /// How flow moves prices, and how deep books are.
    pub impact: Impact,
    /// Who holds what when the tape begins.
    pub positions: Positions,
    /// Who holds venues together.
    pub arbitrage: Arbitrage,
    /// Who is short of the perpetual against spot.
    pub carry: Carry,
    /// What is read how often.
    pub snapshots: Snapshots,
    /// One or two assets; every venue trades each.
    pub assets: Vec<Asset>,
    /// One to six venues. The first that trades spot is the reference of index and arbitrage, else the first.
    pub venues: Vec<Venue>,
}

/// How flow moves prices, and how deep books are, in all markets alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Impact {
    /// `Y` of the square-root law, no unit.
    pub y: f64,
    /// Flow below which impact is close to linear, in seconds of a market's mean volume.
    pub floor_s: f64,
    /// Half-lives of the six impact states, s.
    pub half_lives_s: [f64; 6],
    /// Weights of the states; sum to 1.
    pub weights: [f64; 6],
    /// Depth goes with volatility to minus this where it is above normal; 0 freezes depth.
    pub depth_elasticity: f64,
    /// Least depth, share of normal.
    pub depth_floor: f64,
    /// Log distance at which the book holds what moves the price as far by the square-root law.
    pub book_distance: f64,
    /// Log distance at which the book ends.
    pub book_end: f64,
    /// Half-life with which the book fills up while an order is worked, s.
    pub book_refill_s: f64,
}

/// Who holds what when the tape begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Positions {
    /// Positions were opened along a random walk of this length before the tape, h, in steps of five minutes.
    pub history_h: f64,
    /// Half-life of a position's age, h.
    pub age_half_life_h: f64,
    /// Share of a forced order that meets a newly opened position rather than a closing one, [0, 1].
    pub reopen_share: f64,
    /// `[account notional in USD, share of notional]`: the sizes of orders that a venue prints; shares sum to 1.
    pub account_sizes: Vec<(f64, f64)>,
}

/// Arbitrage between a market and its asset's reference market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arbitrage {
    /// Half-life of the gap that forced flow opens, while capital is there, s; `inf` for no arbitrage.
    pub half_life_s: f64,
    /// Capital a market, USD.
    pub capital_usd: f64,
    /// Half-life with which spent capital comes back, s.
    pub return_half_life_s: f64,
}

/// Holders of spot who are short of the perpetual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Carry {
    /// Part of the open interest at the start that is theirs, [0, 1]; 0 for none.
    pub share: f64,
    /// Part of the spot they sell after their short was taken from them, [0, 1].
    pub resold: f64,
    /// Time constant of that selling, s.
    pub resell_s: f64,
}

/// What is read how often. All are whole multiples of half the time between two ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snapshots {
    /// From one reading of open interest to the next, s.
    pub open_interest_s: f64,
    /// From one reading of depth to the next, s.
    pub depth_s: f64,
    /// Distances from the price up to which depth is read, percent, each side.
    pub depth_bands_pct: Vec<f64>,
    /// From one mark to the next, s.
    pub mark_s: f64,
}

/// What is traded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asset {
    /// Name, of capitals and digits.
    pub name: String,
    /// Price at the start, USD.
    pub price_usd: f64,
    /// Volatility of its news, log, a day; the `σ` of its impact too.
    pub news_volatility_daily: f64,
    /// How much of the ramp it takes part in, share.
    pub ramp_share: f64,
}

/// A venue. All but `name`, `contract`, `volume_daily_usd` and `ordinary_flow` is about perpetuals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Venue {
    /// Name, of small letters and digits; on the tape it is `synthetic-` and this.
    pub name: String,
    /// What it trades.
    pub contract: Contract,
    /// Normal volume of each of its markets, USD a day: the `V` of impact.
    pub volume_daily_usd: f64,
    /// Standard deviation of net ordinary flow over a second, in seconds of mean volume.
    pub ordinary_flow: f64,
    /// Open interest of one side over daily volume, before it is scaled for `amplification`.
    pub open_interest_ratio: f64,
    /// `[leverage, share of open interest]`; shares sum to 1.
    pub leverage: Vec<(f64, f64)>,
    /// Maintenance margin over notional.
    pub maintenance_ratio: f64,
    /// From the trigger of a liquidation to the book, s.
    pub latency_s: f64,
    /// How a position is worked off.
    pub engine: Engine,
    /// What the liquidation engine can send, USD a second; `inf` where nothing limits it.
    pub throughput_usd_per_s: f64,
    /// Insurance fund over open interest.
    pub insurance_ratio: f64,
    /// Vault behind the insurance fund, over open interest.
    pub vault_ratio: f64,
    /// What is left of a liquidated margin goes to the insurance fund and not to the holder.
    pub keeps_remainder: bool,
    /// Winners are closed at the bankruptcy price where no reserve is left; otherwise it is bad debt.
    pub deleverages: bool,
    /// What margin is valued at.
    pub mark: Mark,
    /// From one funding payment to the next, h, a whole part of a day; 0 for no funding.
    pub funding_interval_h: f64,
    /// What of its liquidations it prints.
    pub coverage: Coverage,
}

/// What a venue trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contract {
    /// A perpetual of one coin, settled in USD.
    Linear,
    /// A perpetual of one USD, settled in coin.
    Inverse,
    /// The coin itself.
    Spot,
}

/// How a venue works broken positions off. Positions are kept as levels: what a rule says of an account of the mean of
/// `positions.account_sizes` is done to each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Engine {
    /// At once.
    Whole,
    /// Above a notional a fraction first, and after a cooldown all of the rest.
    FractionThenAll {
        /// The notional, USD.
        threshold_usd: f64,
        /// The fraction, (0, 1).
        fraction: f64,
        /// Time before the second order, s.
        cooldown_s: f64,
    },
    /// Small orders until the rest can stand.
    Incremental {
        /// Size of an order, USD at the start.
        step_usd: f64,
        /// From one order to the next, s.
        pause_s: f64,
    },
}

/// What margin is valued at; all but `last` are looked at once a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The price of the market.
    Last,
    /// Binance's: the median of the index with funding to come, the index with its mean basis of thirty seconds, and the
    /// last price.
    MedianOfThree,
    /// BitMEX's: the index with funding to come.
    FundingBasis,
    /// Hyperliquid's: the median of the index with its fading basis and the book.
    OracleMedian,
}

/// What of its liquidations a venue prints.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Coverage {
    /// All of them.
    Complete,
    /// The largest of each second and market, as Binance's stream `forceOrder` is documented
    /// (<https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/Liquidation-Order-Streams>;
    /// earlier versions of that page say the latest).
    OneASecond,
    /// Each with this probability, (0, 1].
    Share(f64),
}

impl Declared {
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

    /// The whole declaration as TOML, defaults included.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a checked declaration has a TOML form")
    }

    /// SHA-256 of [`Declared::to_toml`], hex: equal for equal parameters, however they were written down.
    pub fn sha256(&self) -> String {
        let digest = Sha256::digest(self.to_toml().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
