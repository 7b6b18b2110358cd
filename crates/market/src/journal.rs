//! The rows of a journal: all that a run did, in the order of the tables under a run's folder.
//!
//! Ratios are plain (0.05 is five percent), variances and drawdowns are of log prices.

use crate::{BarOrder, Timestamp};

/// The price at one waypoint of the central draw.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceRow {
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Instant of the waypoint.
    pub event_at: Timestamp,
    /// The record, USD.
    pub recorded_usd: f64,
    /// The replayed mark under this run's rules, USD.
    pub mark_usd: f64,
    /// The same machinery with forced flow taken off the book, USD.
    pub null_usd: f64,
    /// Impact that stands in the mark: h(J), log price.
    pub impact_log: f64,
    /// What rests in the thinner side of the book after this waypoint, over normal, (0, 1].
    pub depth_ratio: f64,
    /// Whether trading was halted by a rule.
    pub halted: bool,
    /// Whether the waypoint is a bar's close; variance clocks use only these.
    pub bar_close: bool,
}

/// A forced order of the central draw, at its execution.
#[derive(Clone, Debug, PartialEq)]
pub struct ForcedOrderRow {
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Number of the row within the replay, from 0: a batch is written a row for each leverage and pool.
    pub order_id: i64,
    /// Number of the batch in the order of sending, from 0: what one mark broke on one side, sent as one order.
    pub batch_id: i64,
    /// The batch but for which this one would not have come by then; absent where the null would have brought it too.
    pub parent_id: Option<i64>,
    /// 0 where there is no parent, else one more than the parent's.
    pub generation: i32,
    /// Whether the null never came to the mark that triggered it: with a parent and without this it only came sooner.
    pub additional: bool,
    /// When the mark crossed the liquidation price.
    pub triggered_at: Timestamp,
    /// When the order met the book.
    pub event_at: Timestamp,
    /// The clearing pool that held the position.
    pub venue: String,
    /// `sell` closes longs, `buy` closes shorts.
    pub side: &'static str,
    /// Notional at entry over margin of the positions closed.
    pub leverage: f64,
    /// Whether the holder owns an offsetting position elsewhere.
    pub linked: bool,
    /// Quantity closed, BTC.
    pub quantity_btc: f64,
    /// Value at the fill, USD.
    pub notional_usd: f64,
    /// Mark that triggered it, USD.
    pub trigger_usd: f64,
    /// Average fill, USD.
    pub fill_usd: f64,
    /// Loss beyond the margin, USD.
    pub shortfall_usd: f64,
    /// Part of the shortfall that insurance paid, USD.
    pub insurance_usd: f64,
    /// Part of the shortfall that nobody covered, USD.
    pub bad_debt_usd: f64,
}

/// A decision other than accept.
#[derive(Clone, Debug, PartialEq)]
pub struct InterventionRow {
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// When it was decided.
    pub event_at: Timestamp,
    /// Name of the rule.
    pub rule: String,
    /// Step it was put to.
    pub step: &'static str,
    /// `amend`, `reject`, `defer` or `halt`.
    pub decision: &'static str,
    /// What it was about, such as a margin tier.
    pub subject: String,
    /// The value proposed, where there is one.
    pub before: Option<f64>,
    /// The value decided.
    pub after: Option<f64>,
    /// End of a deferral or halt.
    pub until_at: Option<Timestamp>,
    /// The rule's reason, verbatim.
    pub reason: String,
}

/// Margin in force for one tier from an instant on.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginRow {
    /// From when.
    pub event_at: Timestamp,
    /// The venue whose bracket it is.
    pub venue: String,
    /// Bracket, from 1.
    pub tier: i32,
    /// Initial margin over notional.
    pub initial_ratio: f64,
    /// Maintenance margin over notional.
    pub maintenance_ratio: f64,
}

/// What the model's accounts of one side and step of liquidation price held at the start or a whole hour, in the central draw.
///
/// Steps are of two percent of the first recorded price. Positions whose closing order is under way are in none.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountStateRow {
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// The first waypoint, or a whole hour at which a bar ended.
    pub event_at: Timestamp,
    /// Side of the positions: `long` or `short`.
    pub side: &'static str,
    /// Lower end of the step of liquidation price, USD; 0 also for positions that no price liquidates.
    pub from_usd: f64,
    /// Upper end, which is not part of it, USD; absent for positions that no price liquidates.
    pub to_usd: Option<f64>,
    /// Number of positions that the model keeps apart; each stands for all that are alike.
    pub positions: i64,
    /// Size, BTC.
    pub quantity_btc: f64,
    /// Value at the mark, USD.
    pub notional_usd: f64,
    /// Margin posted, USD.
    pub margin_usd: f64,
    /// Gain at the mark that is not realised, funding included, USD; a loss is negative.
    pub profit_usd: f64,
}

/// Reserves after a change.
#[derive(Clone, Debug, PartialEq)]
pub struct FundRow {
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// When it changed.
    pub event_at: Timestamp,
    /// The clearing pool.
    pub venue: String,
    /// What is left of the insurance fund, USD.
    pub insurance_usd: f64,
    /// Uncovered shortfall so far, USD.
    pub bad_debt_usd: f64,
}

/// What one draw came to.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRow {
    /// Draw, 0 is the central one.
    pub draw: i32,
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Largest fall of the record from a running high, log.
    pub recorded_drawdown: f64,
    /// The same of the replayed mark; during a halt, of the price as it would have stood were trading open.
    pub mark_drawdown: f64,
    /// The same of the null.
    pub null_drawdown: f64,
    /// Forced selling, USD at the fill.
    pub forced_sell_usd: f64,
    /// Forced buying, USD at the fill.
    pub forced_buy_usd: f64,
    /// Open interest of one side at the start, USD.
    pub open_interest_usd: f64,
    /// The same in BTC.
    pub open_interest_btc_before: f64,
    /// In BTC at the end.
    pub open_interest_btc_after: f64,
    /// Uncovered shortfall, USD.
    pub bad_debt_usd: f64,
    /// Paid by insurance, USD.
    pub insurance_used_usd: f64,
    /// Of the margins of positions closed by force, what their losses took, fees of the forced orders included, USD.
    pub margin_lost_usd: f64,
    /// Fees that rules charge on forced orders, USD.
    pub forced_fees_usd: f64,
    /// Loss charged to holders who had gained, USD.
    pub socialised_usd: f64,
    /// Closed against winners at the price at which those they win from had nothing left, USD.
    pub deleveraged_usd: f64,
    /// Profit at the mark that those winners gave up, USD.
    pub deleveraged_profit_usd: f64,
    /// Time under a halt, s.
    pub halted_s: f64,
    /// Largest absolute jump at a reopening, log; absent without a halt.
    pub reopening_gap_log: Option<f64>,
    /// Mark minus record at the end, log.
    pub end_gap_log: f64,
    /// When the replay first traded within half a percent of the record's low, s from its start; absent where it never did. A
    /// rule under which that comes later and the fall is no smaller has only delayed it.
    pub low_reached_s: Option<f64>,
    /// Time in which the last price that traded stood further than half a percent from the one at which the market would have
    /// stood were it open, s.
    pub stale_s: f64,
    /// Volume in scope that traded in the record while trading was halted here, USD.
    pub volume_lost_usd: f64,
    /// Margin called from positions that stood, because what is asked of them rose, USD: each rise times the open interest at the
    /// start.
    pub margin_called_usd: f64,
    /// Highest initial margin over the lowest, over the brackets by the share of open interest believed to be in each.
    pub margin_peak_to_trough: f64,
    /// Largest growth of that initial margin within a day, ratio.
    pub margin_growth_1d: f64,
}

/// Amplification of one draw on one clock.
#[derive(Clone, Debug, PartialEq)]
pub struct AmplificationRow {
    /// Draw, 0 is the central one.
    pub draw: i32,
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Length of the sampling interval, s.
    pub clock_s: i32,
    /// Number of returns.
    pub n: i32,
    /// Realized variance of the record.
    pub recorded_rv: f64,
    /// Realized variance of the replayed mark.
    pub mark_rv: f64,
    /// Realized variance of the null.
    pub null_rv: f64,
    /// `mark_rv / null_rv`; absent where it is not measurable.
    pub amplification: Option<f64>,
    /// Why it is not measurable.
    pub reason: Option<String>,
}

/// Amplification of one draw on one day of a quiet time, where there is nothing to amplify.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietDayRow {
    /// Draw, 0 is the central one.
    pub draw: i32,
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Start of the 24 hours.
    pub from_at: Timestamp,
    /// Length of the sampling interval, s: the record's bar.
    pub clock_s: i32,
    /// Number of returns.
    pub n: i32,
    /// Realized variance of the replayed mark.
    pub mark_rv: f64,
    /// Realized variance of the null.
    pub null_rv: f64,
    /// `mark_rv / null_rv`; absent where the null does not move or there are too few returns.
    pub amplification: Option<f64>,
}

/// Attribution of one draw's log amplification to a mechanism.
#[derive(Clone, Debug, PartialEq)]
pub struct ShapleyRow {
    /// Draw, 0 is the central one.
    pub draw: i32,
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Clock of the amplification, s.
    pub clock_s: i32,
    /// `liquidation` or `depth_withdrawal`.
    pub mechanism: &'static str,
    /// Shapley value.
    pub phi: f64,
    /// Value of the mechanism alone.
    pub first_in: f64,
    /// Loss of value when it is taken out last.
    pub last_out: f64,
    /// Log amplification of all mechanisms together.
    pub log_amplification: f64,
}

/// A parameter's value in one draw.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterRow {
    /// Draw, 0 is the central one.
    pub draw: i32,
    /// Name of the parameter.
    pub name: &'static str,
    /// Its value, in the unit that `assumptions` gives.
    pub value: f64,
}

/// Something the run takes as given.
#[derive(Clone, Debug, PartialEq)]
pub struct AssumptionRow {
    /// Name of the input.
    pub name: String,
    /// Its value, where it is a number.
    pub value: Option<f64>,
    /// In words.
    pub text: String,
    /// Unit of the value.
    pub unit: String,
    /// `recorded`, `published`, `derived`, `prior` or `declared`.
    pub origin: &'static str,
    /// Where it comes from.
    pub source: String,
}

/// The verdict of one gate.
#[derive(Clone, Debug, PartialEq)]
pub struct GateRow {
    /// `G0`, `G1`, …
    pub gate: &'static str,
    /// `pass`, `fail` or `not measurable`.
    pub verdict: &'static str,
    /// The figure it was judged by, or why it cannot be.
    pub detail: String,
}

/// The outcome over a declared share of positions that offset each other across venues.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlapRow {
    /// Declared overlap, 0 to 1.
    pub overlap: f64,
    /// Clock of the amplification, s.
    pub clock_s: i32,
    /// Median drawdown, log.
    pub mark_drawdown: f64,
    /// Median amplification; absent where it is not measurable.
    pub amplification: Option<f64>,
    /// Median forced selling, USD.
    pub forced_sell_usd: f64,
    /// Median uncovered shortfall, USD.
    pub bad_debt_usd: f64,
}

/// What became of one margin account of the user's own in one draw.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnAccountRow {
    /// Draw, 0 is the central one.
    pub draw: i32,
    /// Intra-bar order of this replay.
    pub bar_order: BarOrder,
    /// Number of the margin account in the order of the file, from 1.
    pub number: i32,
    /// The account's name.
    pub account: String,
    /// Its venue.
    pub venue: String,
    /// What it holds.
    pub instrument: String,
    /// `isolated`: one position with collateral of its own; `cross`: all cross positions of the account and venue.
    pub margin: &'static str,
    /// Its positions in words: `long 2 at 8000`.
    pub holding: String,
    /// Longs less shorts, BTC.
    pub net_btc: f64,
    /// Posted, USD.
    pub collateral_usd: f64,
    /// Mark at which its equity meets the maintenance margin under the rules of record, USD; absent where it has several
    /// positions, or no mark closes it.
    pub closing_usd: Option<f64>,
    /// `survived`; `reduced`: closed in part; `liquidated`: closed; `closing`: its last order waited at the end.
    pub fate: &'static str,
    /// When its equity first met its maintenance margin and a closing order went out.
    pub triggered_at: Option<Timestamp>,
    /// Mark at that instant, USD.
    pub trigger_usd: Option<f64>,
    /// When its last closing order met the book.
    pub filled_at: Option<Timestamp>,
    /// Average fill of its closing orders, USD.
    pub fill_usd: Option<f64>,
    /// Collateral less what is left of it at the end, USD; negative is a gain, and it never exceeds the collateral.
    pub loss_usd: f64,
    /// Loss beyond the collateral, USD.
    pub bad_debt_usd: f64,
    /// Lowest equity over maintenance margin while it was held.
    pub lowest_ratio: Option<f64>,
    /// When that was.
    pub lowest_at: Option<Timestamp>,
    /// What is left at the window's end, open positions at the last mark, USD; never below zero.
    pub end_equity_usd: f64,
}

/// One spread of the ensemble at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct BandRow {
    /// Bar close.
    pub event_at: Timestamp,
    /// `mark_usd`, `null_usd`, `forced_sell_usd` or `forced_buy_usd`.
    pub series: &'static str,
    /// 5th percentile over draws and orders; absent below 100 draws.
    pub p05: Option<f64>,
    /// Median.
    pub p50: f64,
    /// 95th percentile; absent below 100 draws.
    pub p95: Option<f64>,
}

/// All tables of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    /// Central draw's price path.
    pub prices: Vec<PriceRow>,
    /// Ensemble spread.
    pub bands: Vec<BandRow>,
    /// Central draw's forced orders.
    pub forced_orders: Vec<ForcedOrderRow>,
    /// Central draw's interventions.
    pub interventions: Vec<InterventionRow>,
    /// Central draw's margins.
    pub margins: Vec<MarginRow>,
    /// What the central draw's accounts held, by liquidation price.
    pub account_states: Vec<AccountStateRow>,
    /// Central draw's reserves.
    pub fund_balances: Vec<FundRow>,
    /// One row a draw and order.
    pub outcomes: Vec<OutcomeRow>,
    /// One row a draw, order and clock.
    pub amplification: Vec<AmplificationRow>,
    /// One row a draw, order, clock and mechanism.
    pub shapley: Vec<ShapleyRow>,
    /// One row a draw and parameter.
    pub parameters: Vec<ParameterRow>,
    /// What the run takes as given.
    pub assumptions: Vec<AssumptionRow>,
    /// Verdicts.
    pub gates: Vec<GateRow>,
    /// Outcome over declared overlaps.
    pub overlap_curve: Vec<OverlapRow>,
    /// One row a draw, order and margin account of the user's own; empty where none is given.
    pub own_accounts: Vec<OwnAccountRow>,
    /// One row a draw, order and day of a quiet time; empty for a crash.
    pub quiet_days: Vec<QuietDayRow>,
}
