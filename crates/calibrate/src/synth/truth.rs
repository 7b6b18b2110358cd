//! What really happened: for those who score an estimate, and for nobody who makes one.

use serde::Serialize;

use super::Tried;
use super::declared::Declared;
use super::nulls::Null;

/// The truth of a generated tape. Times are s from the start of the tape, prices USD a coin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// What this is.
    pub about: &'static str,
    /// All parameters.
    pub declared: Declared,
    /// Their digest, which the tape's list of sources carries too.
    pub declared_sha256: String,
    /// Start of the tape.
    pub start_at: String,
    /// The search for the open interest that amplifies as declared; the last one is the tape's.
    pub search: Vec<Tried>,
    /// The factual path, called `none`, and the nulls, with amplification against each.
    pub nulls: [Null; 4],
    /// How much forced flow forced flow brought about.
    pub branching: Branching,
    /// Markets, in the order of all lists by market.
    pub markets: Vec<Market>,
    /// Where positions were opened: `[log distance from the price at the start, share]`.
    pub entries: Vec<(f64, f64)>,
    /// Every forced order.
    pub orders: Orders,
    /// What came from outside.
    pub exogenous: Exogenous,
    /// Largest difference between long and short contracts after any order, 1e-8 contracts: 0.
    pub contracts_imbalance: i64,
    /// Largest residual of the books after any order, 1e-8 of the settlement asset: 0.
    pub money_imbalance: i64,
}

/// Branching ratios. Shares of the value of all forced orders; absent where there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branching {
    /// Orders that the null `off-book` had not triggered by then.
    pub by_then: Option<f64>,
    /// Orders that it never triggered.
    pub at_all: Option<f64>,
    /// Spectral radius of the response matrix (slope of impact as it stands, times what a fall of 1 % would break), at its
    /// largest. Impact is concave, so that this is far above what finite flow does.
    pub structural_largest: Option<f64>,
    /// The same, its mean over the instants at which a forced order was on its way.
    pub structural_while_forced: Option<f64>,
}

/// A market in truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Market {
    /// Venue, without the prefix of the tape.
    pub venue: String,
    /// Instrument.
    pub instrument: String,
    /// Asset that it settles in.
    pub settles_in: String,
    /// `Y` of the square-root law.
    pub impact_y: f64,
    /// `σ` of it, log, a day.
    pub impact_sigma_daily: f64,
    /// `V` of it, USD a day.
    pub impact_volume_daily_usd: f64,
    /// `J0` of it, USD.
    pub impact_j0_usd: f64,
    /// Half-lives of its states, s.
    pub impact_half_lives_s: [f64; 6],
    /// Their weights.
    pub impact_weights: [f64; 6],
    /// Normal depth, USD a unit of log price, each side.
    pub depth_usd_per_log: f64,
    /// Open interest of one side at the start, USD.
    pub open_interest_usd: f64,
    /// Contracts at the start, long and short.
    pub contracts_at_start: [f64; 2],
    /// Contracts at the end, long and short.
    pub contracts_at_end: [f64; 2],
    /// Leverage of those who hold them at the start: declared, and what is left after those who would have been broken
    /// before the tape.
    pub leverage: Vec<LeverageClass>,
    /// Forced orders and what of them is printed.
    pub feed: Feed,
    /// Closed against winners, USD.
    pub deleveraged_usd: f64,
    /// Insurance fund at the start and the end, settlement asset.
    pub fund: [f64; 2],
    /// Vault behind it, likewise.
    pub vault: [f64; 2],
    /// Losses that nobody paid, settlement asset.
    pub bad_debt: f64,
}

/// Shares of open interest of one leverage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeverageClass {
    /// Leverage at entry.
    pub leverage: f64,
    /// Share as declared.
    pub declared: f64,
    /// Share of the longs at the start.
    pub long: f64,
    /// Share of the shorts.
    pub short: f64,
}

/// What a feed shows of what was liquidated.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Feed {
    /// Accounts liquidated.
    pub liquidated: usize,
    /// Their value, USD.
    pub liquidated_usd: f64,
    /// Accounts printed.
    pub printed: usize,
    /// Their value, USD.
    pub printed_usd: f64,
}

/// Forced orders, a column each, in the order of execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Orders {
    /// Number, in the order of sending.
    pub id: Vec<u32>,
    /// The order without which it would not have been sent by then.
    pub parent: Vec<Option<u32>>,
    /// 0 without a parent, else one more than the parent's.
    pub generation: Vec<u32>,
    /// Whether the null never came to its trigger.
    pub additional: Vec<bool>,
    /// Why.
    pub cause: Vec<&'static str>,
    /// Place of the market.
    pub market: Vec<usize>,
    /// Side that was closed: `long` or `short`.
    pub closes: Vec<&'static str>,
    /// When its mark was crossed, s.
    pub triggered_s: Vec<f64>,
    /// When it met the book, s.
    pub executed_s: Vec<f64>,
    /// Mark that triggered it.
    pub trigger_usd: Vec<f64>,
    /// Mean price of its fill.
    pub fill_usd: Vec<f64>,
    /// Contracts on the book.
    pub quantity: Vec<f64>,
    /// Their value, USD.
    pub notional_usd: Vec<f64>,
    /// Closed against winners, USD.
    pub deleveraged_usd: Vec<f64>,
    /// Loss beyond margins, settlement asset.
    pub deficit: Vec<f64>,
    /// Left of it after fund and vault.
    pub bad_debt: Vec<f64>,
}

/// What came from outside, tick by tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exogenous {
    /// First tick, s.
    pub first_s: f64,
    /// From one tick to the next, s.
    pub step_s: f64,
    /// Log price less all impact, an asset each.
    pub log_price: Vec<Vec<f64>>,
    /// Ordinary flow, USD, buys positive, a market each.
    pub ordinary_usd: Vec<Vec<f64>>,
    /// Depth over normal that it met, likewise.
    pub depth: Vec<Vec<f64>>,
}

impl Truth {
    /// Amplification that was declared and is reached: all markets against `off-book` on the declared clock.
    pub fn amplification(&self) -> Option<f64> {
        let clock_s = self.declared.amplification_clock_s;
        let off_book = self.nulls.iter().find(|null| null.name == "off-book")?;
        off_book.whole.iter().find(|one| one.clock_s == clock_s)?.all
    }

    /// The truth as JSON, one line; numbers that are not finite, such as a throughput without limit, are null.
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("the truth has a JSON form");
        bytes.push(b'\n');
        bytes
    }
}
