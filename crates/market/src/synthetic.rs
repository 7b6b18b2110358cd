//! The rows of a made-up crash: what its world did under each rule set, in the order of the tables of `synthetic`.
//!
//! None of it happened. Money of a market is in the asset that it settles in (`_settled`), or in USD at the price that
//! is named; contracts are coins, or dollars where the contract is inverse.

use std::sync::Arc;

use crate::{Cash, Coin, Timestamp};

/// A made-up crash.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldRow {
    /// One line.
    pub title: String,
    /// Names all its noise.
    pub seed: i64,
    /// How it was declared: as the template has it, or how many parameters differ.
    pub template: String,
    /// Digest of the declaration.
    pub declared_sha256: String,
    /// The declaration, TOML.
    pub declared_toml: String,
    /// Its start.
    pub start_at: Timestamp,
    /// Its end.
    pub end_at: Timestamp,
    /// Where the fall of news begins.
    pub ramp_from_at: Timestamp,
    /// Where it ends.
    pub ramp_to_at: Timestamp,
    /// How far news fall in it, log.
    pub ramp_fall_log: f64,
    /// Number of markets.
    pub markets: i32,
    /// What the declared open interest was multiplied by.
    pub open_interest_scale: f64,
    /// Clock on which amplification is declared and told first, s.
    pub amplification_clock_s: i32,
    /// Amplification that was declared; absent where open interest is as declared.
    pub amplification_declared: Option<f64>,
    /// Clock of the paths that a page draws, s.
    pub path_clock_s: i32,
}

/// A rule set that the crash was run under.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSetRow {
    /// Its name.
    pub rule_set: Arc<str>,
    /// One line.
    pub title: String,
    /// What it changes.
    pub summary: String,
    /// Who is worse off, and when.
    pub cost: String,
    /// Where its parameters come from.
    pub source: String,
    /// Its TOML.
    pub toml: String,
}

/// Where a market stands: its number and its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Number, from 0; absent for all markets together.
    pub market: Option<i32>,
    /// Venue; begins with `synthetic-`.
    pub venue: Arc<str>,
    /// Instrument.
    pub instrument: Arc<str>,
}

/// A market at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketRow {
    /// Which.
    pub place: Place,
    /// The asset.
    pub asset: String,
    /// `linear`, `inverse` or `spot`.
    pub contract: &'static str,
    /// Asset that it settles in.
    pub settles_in: String,
    /// Whether arbitrage holds the asset's other markets to this one.
    pub reference: bool,
    /// Normal volume, USD a day.
    pub volume_daily_usd: f64,
    /// Open interest of one side at the start, USD.
    pub open_interest_usd: f64,
    /// Normal depth of a side, USD a unit of log price.
    pub depth_usd_per_log: f64,
    /// Maintenance margin over notional; absent on spot.
    pub maintenance_ratio: Option<f64>,
    /// From the trigger of a liquidation to the book, s; absent on spot.
    pub latency_s: Option<f64>,
    /// Insurance fund at the start, settlement asset.
    pub fund_settled: Cash,
    /// Vault behind it at the start, settlement asset.
    pub vault_settled: Cash,
}

/// A market at an instant of the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// When.
    pub event_at: Timestamp,
    /// Which.
    pub place: Place,
    /// Price on the market, USD a coin.
    pub price_usd: f64,
    /// What margin is valued at, USD a coin.
    pub mark_usd: f64,
    /// The null `off-book`, USD a coin.
    pub null_usd: f64,
    /// Depth of bids over normal.
    pub bid_depth_ratio: f64,
    /// Depth of asks over normal.
    pub ask_depth_ratio: f64,
    /// Forced orders that were sent and have not met the book, USD.
    pub backlog_usd: f64,
    /// Open interest of one side, contracts.
    pub open_interest_contracts: Coin,
    /// The same at the mark, USD.
    pub open_interest_usd: f64,
    /// Funding rate that is paid next, share of notional an interval.
    pub funding_ratio: f64,
    /// What arbitrage has traded here so far, net, USD, purchases positive.
    pub arbitrage_usd: f64,
    /// What carry traders have traded here so far, net, USD, purchases positive.
    pub carry_usd: f64,
    /// Whether the market was halted or its venue down.
    pub closed: bool,
}

/// A forced order at its execution, and who bore the loss of those it closed.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// Number, from 0, in the order of sending.
    pub order_id: i64,
    /// The order without which it would not have been sent by then.
    pub parent_id: Option<i64>,
    /// The order at the root of its family; itself where it has no parent.
    pub family_id: i64,
    /// 0 without a parent, else one more than the parent's.
    pub generation: i32,
    /// Whether the null never came to its trigger.
    pub additional: bool,
    /// `liquidation`, `margin_call` or `collateral`.
    pub cause: &'static str,
    /// Where.
    pub place: Place,
    /// Side of the contract that was closed: `long` or `short`.
    pub closes: &'static str,
    /// When the mark crossed.
    pub triggered_at: Timestamp,
    /// When it met the book.
    pub executed_at: Timestamp,
    /// Mark that triggered it, USD a coin.
    pub trigger_usd: f64,
    /// Price on the market before it, USD a coin.
    pub before_usd: f64,
    /// Average fill, USD a coin.
    pub fill_usd: f64,
    /// Filled on the book, contracts.
    pub quantity_contracts: Coin,
    /// Value of that, USD.
    pub notional_usd: f64,
    /// Closed against winners at the bankruptcy price, contracts.
    pub deleveraged_contracts: Coin,
    /// Value of that at the fill, USD.
    pub deleveraged_usd: f64,
    /// Loss that margins bore, USD at the fill.
    pub margin_usd: f64,
    /// Loss that the insurance fund bore, USD at the fill.
    pub fund_usd: f64,
    /// Loss that the vault bore, USD at the fill.
    pub vault_usd: f64,
    /// What winners were not paid, because they were closed at the bankruptcy price and not at the fill, USD.
    pub winners_usd: f64,
    /// Loss that nobody bore, USD at the fill.
    pub bad_debt_usd: f64,
}

/// A line of the books.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// Number, from 0.
    pub entry_id: i64,
    /// When.
    pub event_at: Timestamp,
    /// Where.
    pub place: Place,
    /// The order behind it; absent for positions that were there before.
    pub order_id: Option<i64>,
    /// `endow`, `open`, `close`, `draw`, `feed`, `bad_debt` or `deposit`.
    pub kind: &'static str,
    /// `fund` or `vault` where a reserve pays or takes.
    pub reserve: Option<&'static str>,
    /// Side of the contract, `long` or `short`, where a position moves.
    pub side: Option<&'static str>,
    /// Contracts that move.
    pub quantity_contracts: Coin,
    /// Margin that goes in or comes out.
    pub margin_settled: Cash,
    /// Entry value.
    pub entry_value_settled: Cash,
    /// Value at the close.
    pub exit_value_settled: Cash,
    /// Amount of draws, feeds, bad debt and deposits.
    pub amount_settled: Cash,
}

/// The world at an instant of the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// When.
    pub event_at: Timestamp,
    /// Spectral radius of the response matrix; absent where it is not finite.
    pub spectral_radius: Option<f64>,
    /// Share of capital that arbitrage has free where it has least.
    pub arbitrage_capital_ratio: f64,
}

/// An entry of the response matrix other than zero.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// When.
    pub event_at: Timestamp,
    /// The market whose price answers.
    pub to_market: i32,
    /// The market that falls.
    pub from_market: i32,
    /// Fall of the one that forced flow of the other brings about, for a fall of one in its log price.
    pub response_ratio: f64,
}

/// What a rule set came to in a market, or in all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// Where; `all` for all together.
    pub place: Place,
    /// Largest fall of the price from a running high, log; of all markets the deepest.
    pub fall_log: f64,
    /// The same of the null `off-book`.
    pub null_fall_log: f64,
    /// The same of the price where ordinary flow meets the books of this rule set's world and not those of the truth.
    pub free_fall_log: f64,
    /// Clock of the amplification, s.
    pub clock_s: i32,
    /// Variance of the price over that of the null `off-book` on this clock, whole tape; absent under thirty returns, or where a
    /// rule stopped the market for as long.
    pub amplification: Option<f64>,
    /// Forced orders.
    pub forced_orders: i64,
    /// Their value on the book, USD at the fill.
    pub forced_usd: f64,
    /// Closed against winners, USD at the fill.
    pub deleveraged_usd: f64,
    /// Loss borne by the insurance fund, USD.
    pub fund_usd: f64,
    /// Loss borne by the vault, USD.
    pub vault_usd: f64,
    /// Loss that nobody bore, USD.
    pub bad_debt_usd: f64,
    /// Most forced orders under way at once, USD.
    pub backlog_peak_usd: f64,
    /// Times that a market closed.
    pub halts: i32,
    /// Time closed, s, summed over markets.
    pub halted_s: f64,
    /// Markets that were still closed where the tape ends: a fall that they had no part in is not avoided.
    pub closed_at_end: i32,
    /// Value of orders with a parent over that of all; absent without an order.
    pub hastened_share: Option<f64>,
    /// Value of orders to whose trigger the null never came over that of all; absent without an order.
    pub additional_share: Option<f64>,
}

/// Amplification on a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct AmplificationRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// `whole` tape, or the `crash`: five minutes before the ramp to an hour after its start.
    pub span: &'static str,
    /// The clock, s.
    pub clock_s: i32,
    /// Where; `all` for the sum of variances of all markets.
    pub place: Place,
    /// Returns on the clock.
    pub returns: i32,
    /// Variance over that of the null `off-book`; absent under thirty returns, or where a rule stopped the market for as long as the
    /// clock.
    pub amplification: Option<f64>,
}

/// What a channel of the world adds under the rules of record.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapleyRow {
    /// `log_amplification` of all markets on the declared clock, or `fall_log` of the deepest.
    pub measure: &'static str,
    /// The channel.
    pub channel: &'static str,
    /// Shapley value.
    pub phi: f64,
    /// What it adds alone.
    pub first_in: f64,
    /// What is lost where it is taken out last.
    pub last_out: f64,
    /// What all channels together add.
    pub total: f64,
    /// How far the values miss the total.
    pub efficiency_gap: Option<f64>,
    /// Whether alone and last differ by more than half the value.
    pub order_dependent: bool,
}

/// Something that was counted twice or must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckRow {
    /// Under which rules.
    pub rule_set: Arc<str>,
    /// What.
    pub check: &'static str,
    /// `pass` or `fail`.
    pub verdict: &'static str,
    /// The figure it was judged by.
    pub detail: String,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterRow {
    /// Its place in the declaration, from 0.
    pub number: i32,
    /// Its name, such as `venues.alpha.latency_s`.
    pub name: String,
    /// Its value, as TOML has it.
    pub value: String,
    /// What it is, and its unit.
    pub about: String,
    /// Whether it is not as in the template.
    pub changed: bool,
}

/// What a reader must know.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitRow {
    /// Its place, from 0.
    pub number: i32,
    /// `made up`, `the comparison`, `the model` or `not modelled`.
    pub topic: &'static str,
    /// In words.
    pub text: String,
}

/// All tables of a made-up crash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    /// The crash itself: one row.
    pub worlds: Vec<WorldRow>,
    /// Rule sets, those of record first.
    pub rule_sets: Vec<RuleSetRow>,
    /// Markets.
    pub markets: Vec<MarketRow>,
    /// Prices on the clock.
    pub prices: Vec<PriceRow>,
    /// Forced orders, in the order of execution.
    pub orders: Vec<OrderRow>,
    /// The books.
    pub ledger: Vec<LedgerRow>,
    /// The world on the clock.
    pub clock: Vec<ClockRow>,
    /// Response matrices on the clock.
    pub response: Vec<ResponseRow>,
    /// What each rule set came to.
    pub outcomes: Vec<OutcomeRow>,
    /// Amplification by clock.
    pub amplification: Vec<AmplificationRow>,
    /// Attribution to channels.
    pub shapley: Vec<ShapleyRow>,
    /// What was checked.
    pub checks: Vec<CheckRow>,
    /// What was declared.
    pub parameters: Vec<ParameterRow>,
    /// What a reader must know.
    pub limits: Vec<LimitRow>,
}
