//! What a rule set came to, in each market and in all of them.

use std::sync::Arc;

use aftershock_market::Timestamp;
use aftershock_market::synthetic::{AmplificationRow, OutcomeRow, Place};
use aftershock_measure::drawdown::max_drawdown_log;
use aftershock_replay::world::WorldRun;

use super::borne::Borne;
use super::half_tick_us;
use super::run::Stage;
use super::under::Under;

impl Stage<'_> {
    /// Amplification on all clocks, over the whole tape and over the crash.
    pub(super) fn amplification_rows(
        &self,
        rule_set: &Arc<str>,
        run: &WorldRun,
        places: &[Place],
    ) -> Vec<AmplificationRow> {
        let (price, null) = (self.paths(run, false), self.paths(run, true));
        let mut rows = Vec::new();
        for (span, bounds_s) in [("whole", self.whole_s()), ("crash", self.crash_s())] {
            for told in self.amplifications(&price, &null, bounds_s) {
                let ratios = std::iter::once(told.all).chain(told.markets);
                for (place, ratio) in with_all(places).into_iter().zip(ratios) {
                    let market = place.market.map(|market| market as usize);
                    let amplification =
                        ratio.filter(|_| f64::from(told.clock_s) > longest_halt_s(run, market));
                    rows.push(AmplificationRow {
                        rule_set: Arc::clone(rule_set),
                        span,
                        clock_s: told.clock_s as i32,
                        place,
                        returns: told.returns as i32,
                        amplification,
                    });
                }
            }
        }
        rows
    }

    /// Outcomes of all markets together, then of each.
    pub(super) fn outcome_rows(
        &self,
        rule_set: &Arc<str>,
        under: &Under,
        borne: &[Borne],
        amplification: &[AmplificationRow],
        places: &[Place],
    ) -> Vec<OutcomeRow> {
        let clock_s = self.declared.amplification_clock_s as i32;
        let falls = |run: &WorldRun, null: bool| -> Vec<f64> {
            let paths = self.paths(run, null);
            paths.0.iter().map(|path| max_drawdown_log(path)).collect()
        };
        let run = &under.held;
        let (fell, null, free) = (falls(run, false), falls(run, true), falls(&under.free, false));
        let deepest = |falls: &[f64]| falls.iter().copied().fold(0.0, f64::max);
        let of = |place: Place| {
            let market = place.market.map(|market| market as usize);
            let pick = |falls: &[f64]| market.map_or_else(|| deepest(falls), |market| falls[market]);
            let told = amplification
                .iter()
                .find(|row| row.span == "whole" && row.clock_s == clock_s && row.place == place);
            let mut row = OutcomeRow {
                rule_set: Arc::clone(rule_set),
                fall_log: pick(&fell),
                null_fall_log: pick(&null),
                free_fall_log: pick(&free),
                clock_s,
                amplification: told.and_then(|row| row.amplification),
                place,
                forced_orders: 0,
                forced_usd: 0.0,
                deleveraged_usd: 0.0,
                fund_usd: 0.0,
                vault_usd: 0.0,
                bad_debt_usd: 0.0,
                backlog_peak_usd: 0.0,
                halts: 0,
                halted_s: 0.0,
                closed_at_end: 0,
                hastened_share: None,
                additional_share: None,
            };
            self.orders_of(run, borne, market, &mut row);
            self.clock_of(run, market, &mut row);
            row
        };
        with_all(places).into_iter().map(of).collect()
    }

    fn orders_of(&self, run: &WorldRun, borne: &[Borne], market: Option<usize>, row: &mut OutcomeRow) {
        let (mut all, mut hastened, mut additional) = (0.0, 0.0, 0.0);
        for (order, borne) in run.journal.orders.iter().zip(borne) {
            if market.is_some_and(|market| market != order.market) {
                continue;
            }
            row.forced_orders += 1;
            row.forced_usd += order.notional_usd;
            row.deleveraged_usd += order.deleveraged_usd;
            row.fund_usd += borne.fund_usd;
            row.vault_usd += borne.vault_usd;
            row.bad_debt_usd += borne.bad_debt_usd;
            let usd = order.notional_usd + order.deleveraged_usd;
            all += usd;
            hastened += if order.parent.is_some() { usd } else { 0.0 };
            additional += if order.additional { usd } else { 0.0 };
        }
        if all > 0.0 {
            row.hastened_share = Some(hastened / all);
            row.additional_share = Some(additional / all);
        }
    }

    fn clock_of(&self, run: &WorldRun, market: Option<usize>, row: &mut OutcomeRow) {
        let beat_s = half_tick_us(self.declared.ticks_per_s) as f64 * 1e-6;
        let mut closed_before = vec![false; self.markets()];
        let (mut at, mut backlog_usd) = (Timestamp(i64::MIN), 0.0);
        let mine =
            |price: &&aftershock_replay::world::PriceRow| market.is_none_or(|market| market == price.market);
        for price in run.journal.prices.iter().filter(mine) {
            if price.at != at {
                (at, backlog_usd) = (price.at, 0.0);
            }
            backlog_usd += price.backlog_usd;
            row.backlog_peak_usd = row.backlog_peak_usd.max(backlog_usd);
            if price.closed {
                row.halted_s += beat_s;
                row.halts += i32::from(!closed_before[price.market]);
            }
            closed_before[price.market] = price.closed;
        }
        row.closed_at_end = closed_before.iter().map(|closed| i32::from(*closed)).sum();
    }
}

/// The longest time that a rule stopped a market, or any of them, s; below zero where none did. On a clock no longer than
/// that, one jump at the reopening stands where the null has many moves, and the two variances are of different things.
fn longest_halt_s(run: &WorldRun, market: Option<usize>) -> f64 {
    let mine = |of: usize| market.is_none_or(|market| market == of);
    let ended = run
        .journal
        .halts
        .iter()
        .filter(|halt| mine(halt.market))
        .map(|halt| halt.until_at.seconds_since(halt.from_at));
    let standing = run.halted.iter().enumerate().filter_map(|(market, halt)| {
        let (from, until) = (*halt).filter(|_| mine(market))?;
        Some(until.seconds_since(from))
    });
    ended.chain(standing).fold(-1.0, f64::max)
}

/// All markets together, then each.
fn with_all(places: &[Place]) -> Vec<Place> {
    let all = Place {
        market: None,
        venue: "all".into(),
        instrument: "all".into(),
    };
    std::iter::once(all).chain(places.iter().cloned()).collect()
}
