//! What is measured on one replay.

use aftershock_market::journal::{AmplificationRow, OutcomeRow, QuietDayRow};
use aftershock_market::{BarOrder, MICROS_PER_SECOND, Timestamp};
use aftershock_measure::{drawdown::max_drawdown_log, variance};
use aftershock_protocol::Brackets;
use aftershock_replay::{LeverageMix, MarginInForce, Path, Replayed};

use crate::Case;

/// Fewer returns than this measure no amplification.
const LEAST_RETURNS: usize = 30;

/// Marks of one replay at the bar closes of the window, with the last price before it.
pub(crate) struct Closes {
    pub(crate) at_us: Vec<i64>,
    pub(crate) log_price: Vec<f64>,
}

impl Closes {
    /// Bar closes of `log_marks`, which run from `path.first` on.
    pub(crate) fn new(path: &Path, log_marks: &[f64]) -> Self {
        let mut at_us = vec![path.at[path.first - 1].0];
        let mut log_price = vec![path.log_price[path.first - 1]];
        for (i, log_mark) in (path.first..path.len()).zip(log_marks) {
            if path.bar_close[i] {
                at_us.push(path.at[i].0);
                log_price.push(*log_mark);
            }
        }
        Self { at_us, log_price }
    }

    fn variance(&self, clock_s: i32) -> (usize, f64) {
        let (Some(first), Some(last)) = (self.at_us.first(), self.at_us.last()) else {
            return (0, 0.0);
        };
        self.variance_between(clock_s, *first, *last)
    }

    fn variance_between(&self, clock_s: i32, from_us: i64, to_us: i64) -> (usize, f64) {
        let step = i64::from(clock_s) * MICROS_PER_SECOND;
        let sampled = variance::sample_previous_tick(&self.at_us, &self.log_price, from_us, to_us, step);
        let returns: Vec<f64> = sampled.windows(2).map(|pair| pair[1] - pair[0]).collect();
        (returns.len(), variance::realized_variance(&returns))
    }
}

/// What keeps a rule set's amplification from being measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// Shortest time in which its rules act, s.
    pub(crate) fastest_s: Option<f64>,
    /// The longest halt, s; 0 without one.
    pub(crate) longest_halt_s: f64,
}

/// Amplification on every clock.
pub(crate) fn amplification(
    case: &Case<'_>,
    (draw, bar_order): (u32, BarOrder),
    recorded: &Closes,
    mark: &Closes,
    null: &Closes,
    limits: Limits,
) -> Vec<AmplificationRow> {
    case.clocks_s()
        .into_iter()
        .map(|clock_s| {
            let (n, recorded_rv) = recorded.variance(clock_s);
            let (_, mark_rv) = mark.variance(clock_s);
            let (_, null_rv) = null.variance(clock_s);
            let reason = if case.shock.is_some() {
                Some("part of the price is made up".to_owned())
            } else if limits
                .fastest_s
                .is_some_and(|fastest| fastest < f64::from(case.bar_s))
            {
                Some("the rule acts faster than the record's bars".to_owned())
            } else if f64::from(clock_s) <= limits.longest_halt_s {
                Some("the clock is not longer than the halt".to_owned())
            } else if n < LEAST_RETURNS {
                Some(format!("fewer than {LEAST_RETURNS} returns"))
            } else if null_rv <= 0.0 {
                Some("the null does not move".to_owned())
            } else {
                None
            };
            AmplificationRow {
                draw: draw as i32,
                bar_order,
                clock_s,
                n: n as i32,
                recorded_rv,
                mark_rv,
                null_rv,
                amplification: reason.is_none().then(|| mark_rv / null_rv),
                reason,
            }
        })
        .collect()
}

/// Amplification on the record's clock in each whole 24 hours of the window.
pub(crate) fn quiet_days(
    case: &Case<'_>,
    (draw, bar_order): (u32, BarOrder),
    mark: &Closes,
    null: &Closes,
) -> Vec<QuietDayRow> {
    const DAY_US: i64 = 86_400 * MICROS_PER_SECOND;
    let (Some(first), Some(last)) = (mark.at_us.first(), mark.at_us.last()) else {
        return Vec::new();
    };
    let clock_s = case.bar_s as i32;
    let whole = (last - first) / DAY_US;
    (0..whole)
        .map(|day| {
            let (from_us, to_us) = (first + day * DAY_US, first + (day + 1) * DAY_US);
            let (n, mark_rv) = mark.variance_between(clock_s, from_us, to_us);
            let (_, null_rv) = null.variance_between(clock_s, from_us, to_us);
            QuietDayRow {
                draw: draw as i32,
                bar_order,
                from_at: Timestamp(from_us),
                clock_s,
                n: n as i32,
                mark_rv,
                null_rv,
                amplification: (n >= LEAST_RETURNS && null_rv > 0.0).then(|| mark_rv / null_rv),
            }
        })
        .collect()
}

/// One row of outcomes.
pub(crate) fn outcome(
    (draw, bar_order): (u32, BarOrder),
    path: &Path,
    replayed: &Replayed,
    log_null: &[f64],
    open_interest_usd: f64,
    (brackets, mix): (&Brackets, &LeverageMix),
) -> OutcomeRow {
    let (log_mark, totals) = (&replayed.log_mark, &replayed.totals);
    // A low inside a halt is not avoided by not being traded: the fall is that of the price as if trading were open.
    let fallen = if replayed.log_open.is_empty() {
        log_mark
    } else {
        &replayed.log_open
    };
    let recorded = &path.log_price[path.first..];
    let margins = procyclicality(path, &replayed.margins, brackets, mix);
    OutcomeRow {
        draw: draw as i32,
        bar_order,
        recorded_drawdown: max_drawdown_log(recorded),
        mark_drawdown: max_drawdown_log(fallen),
        null_drawdown: max_drawdown_log(log_null),
        forced_sell_usd: totals.forced_usd[0],
        forced_buy_usd: totals.forced_usd[1],
        open_interest_usd,
        open_interest_btc_before: totals.open_interest_before.to_f64(),
        open_interest_btc_after: totals.open_interest_after.to_f64(),
        bad_debt_usd: totals.bad_debt.to_f64(),
        insurance_used_usd: totals.insurance_used.to_f64(),
        margin_lost_usd: totals.margin_lost.to_f64(),
        forced_fees_usd: totals.fees.to_f64(),
        socialised_usd: totals.socialised.to_f64(),
        deleveraged_usd: totals.deleveraged_usd,
        deleveraged_profit_usd: totals.deleveraged_profit_usd,
        halted_s: totals.halted_s,
        reopening_gap_log: totals.reopening_gap_log,
        end_gap_log: match (log_mark.last(), recorded.last()) {
            (Some(mark), Some(record)) => mark - record,
            _ => 0.0,
        },
        low_reached_s: low_reached_s(path, replayed),
        stale_s: stale_s(path, replayed),
        volume_lost_usd: (path.first..path.len())
            .zip(&replayed.halted)
            .filter(|(_, halted)| **halted)
            .map(|(i, _)| path.volume_usd[i])
            .sum(),
        margin_called_usd: margins.called_ratio * open_interest_usd,
        margin_peak_to_trough: margins.peak_to_trough,
        margin_growth_1d: margins.growth_1d,
    }
}

/// A price this near to another is at it, log: half a percent.
const NEAR_LOG: f64 = 0.005;

/// When a price first traded near the record's low, s from the start.
fn low_reached_s(path: &Path, replayed: &Replayed) -> Option<f64> {
    let low = path.log_price[path.first..]
        .iter()
        .copied()
        .min_by(f64::total_cmp)?;
    let traded = |at: usize| !replayed.halted.get(at).copied().unwrap_or(false);
    let reached =
        (0..replayed.log_mark.len()).find(|at| traded(*at) && replayed.log_mark[*at] <= low + NEAR_LOG)?;
    Some(path.at[path.first + reached].seconds_since(path.at[path.first]))
}

/// Time in which the last price stood further from where the market would have stood than is near, s.
fn stale_s(path: &Path, replayed: &Replayed) -> f64 {
    let pairs = replayed.log_mark.iter().zip(&replayed.log_open).enumerate();
    pairs
        .filter(|(at, (mark, open))| *at > 0 && (*mark - *open).abs() > NEAR_LOG)
        .map(|(at, _)| path.at[path.first + at].seconds_since(path.at[path.first + at - 1]))
        .sum()
}

/// How much more margin was asked for as the crash went on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Procyclicality {
    /// All rises of the mean initial ratio.
    called_ratio: f64,
    peak_to_trough: f64,
    growth_1d: f64,
}

/// Of the initial ratio in force, the mean over brackets by the share of open interest that accounts of their sizes are
/// believed to hold (Murphy, Vasios and Vause, Bank of England SWP 597: peak to trough, and growth over a horizon).
fn procyclicality(
    path: &Path,
    margins: &[MarginInForce],
    brackets: &Brackets,
    mix: &LeverageMix,
) -> Procyclicality {
    const DAY_S: f64 = 86_400.0;
    let mut shares = vec![0.0; brackets.tiers().len()];
    for (size_usd, share) in &mix.account_sizes {
        shares[brackets.index_of(*size_usd)] += share;
    }
    let mut ratios: Vec<f64> = brackets
        .tiers()
        .iter()
        .map(|tier| 1.0 / tier.max_leverage)
        .collect();
    let mean = |ratios: &[f64]| {
        shares
            .iter()
            .zip(ratios)
            .map(|(share, ratio)| share * ratio)
            .sum::<f64>()
    };
    let mut series: Vec<(Timestamp, f64)> = Vec::new();
    for batch in margins.chunk_by(|a, b| a.at == b.at) {
        for one in batch {
            ratios[one.tier as usize - 1] = one.initial_ratio;
        }
        series.push((batch[0].at, mean(&ratios)));
    }
    if series.is_empty() {
        series.push((path.at[path.first], mean(&ratios)));
    }
    let (low, high) = series
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(low, high), (_, ratio)| {
            (low.min(*ratio), high.max(*ratio))
        });
    let mut growth_1d = 0.0_f64;
    for (turn, (at, ratio)) in series.iter().enumerate() {
        // What was in force a day ago counts, though it was set before.
        let from = series[..turn]
            .iter()
            .rposition(|(earlier, _)| at.seconds_since(*earlier) >= DAY_S)
            .unwrap_or(0);
        for (_, earlier) in &series[from..turn] {
            growth_1d = growth_1d.max(ratio / earlier - 1.0);
        }
    }
    Procyclicality {
        called_ratio: series
            .windows(2)
            .map(|pair| (pair[1].1 - pair[0].1).max(0.0))
            .sum(),
        peak_to_trough: high / low,
        growth_1d,
    }
}
