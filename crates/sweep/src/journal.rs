//! Writes down the central draw.

use std::collections::BTreeSet;

use aftershock_market::journal::{ForcedOrderRow, FundRow, InterventionRow, Journal, MarginRow, PriceRow};
use aftershock_market::{BarOrder, Timestamp};
use aftershock_replay::{
    ForcedOrder, Fund, MarginInForce, Noted, Observer, Path, Replayed, Standing, Waypoint,
};

use crate::levels::account_states;

/// What is held is written down this often, µs.
const HOUR_US: i64 = 3_600_000_000;

/// An observer that keeps every row.
pub(crate) struct Scribe<'a> {
    pub(crate) path: &'a Path,
    pub(crate) bar_order: BarOrder,
    pub(crate) pools: &'a [String],
    pub(crate) venues: &'a str,
    pub(crate) rows: Journal,
}

impl<'a> Scribe<'a> {
    pub(crate) fn new(path: &'a Path, bar_order: BarOrder, pools: &'a [String], venues: &'a str) -> Self {
        Self {
            path,
            bar_order,
            pools,
            venues,
            rows: Journal::default(),
        }
    }

    /// Writes down which orders the null would never have brought, now that it has come to its end.
    pub(crate) fn end(&mut self, replayed: &Replayed) {
        let additional: BTreeSet<i64> = replayed
            .orders
            .iter()
            .filter(|order| order.additional)
            .map(|order| i64::from(order.id))
            .collect();
        for row in &mut self.rows.forced_orders {
            row.additional = additional.contains(&row.batch_id);
        }
    }
}

impl Observer for Scribe<'_> {
    fn waypoint(&mut self, waypoint: &Waypoint) {
        let i = waypoint.index;
        self.rows.prices.push(PriceRow {
            bar_order: self.bar_order,
            event_at: self.path.at[i],
            recorded_usd: libm::exp(self.path.log_price[i]),
            mark_usd: libm::exp(waypoint.log_mark),
            null_usd: libm::exp(waypoint.log_null),
            impact_log: waypoint.impact_log,
            depth_ratio: waypoint.depth_ratio,
            halted: waypoint.halted,
            bar_close: self.path.bar_close[i],
        });
    }

    fn forced_order(&mut self, order: &ForcedOrder) {
        self.rows.forced_orders.push(ForcedOrderRow {
            bar_order: self.bar_order,
            order_id: self.rows.forced_orders.len() as i64,
            batch_id: i64::from(order.order),
            parent_id: order.parent.map(i64::from),
            generation: order.generation as i32,
            // Known once the null has come to its end.
            additional: false,
            triggered_at: order.triggered_at,
            event_at: order.executed_at,
            venue: self.pools[order.pool].clone(),
            side: order.side.closing_order(),
            leverage: order.leverage,
            linked: order.linked,
            quantity_btc: order.quantity_btc,
            notional_usd: order.notional_usd,
            trigger_usd: order.trigger_usd,
            fill_usd: order.fill_usd,
            shortfall_usd: order.shortfall_usd,
            insurance_usd: order.insurance_usd,
            bad_debt_usd: order.bad_debt_usd,
        });
    }

    fn intervention(&mut self, noted: &Noted<'_>) {
        self.rows.interventions.push(InterventionRow {
            bar_order: self.bar_order,
            event_at: noted.at,
            rule: noted.rule.into(),
            step: noted.step,
            decision: noted.decision,
            subject: noted.subject.clone(),
            before: noted.before,
            after: noted.after,
            until_at: noted.until,
            reason: noted.reason.into(),
        });
    }

    fn margin(&mut self, margin: &MarginInForce) {
        if self.bar_order == BarOrder::HighFirst {
            self.rows.margins.push(MarginRow {
                event_at: margin.at,
                venue: self.venues.into(),
                tier: margin.tier,
                initial_ratio: margin.initial_ratio,
                maintenance_ratio: margin.maintenance_ratio,
            });
        }
    }

    fn standing(&mut self, at: Timestamp, standing: &Standing<'_>) {
        let start = self.path.first;
        if at == self.path.at[start] || at.micros() % HOUR_US == 0 {
            let first_usd = libm::exp(self.path.log_price[start]);
            let states = account_states(self.bar_order, at, first_usd, standing);
            self.rows.account_states.extend(states);
        }
    }

    fn fund(&mut self, fund: &Fund) {
        self.rows.fund_balances.push(FundRow {
            bar_order: self.bar_order,
            event_at: fund.at,
            venue: self.pools[fund.pool].clone(),
            insurance_usd: fund.insurance.to_f64(),
            bad_debt_usd: fund.bad_debt.to_f64(),
        });
    }
}
