//! What is held, by the price at which it is liquidated.

use std::collections::BTreeMap;

use aftershock_market::journal::AccountStateRow;
use aftershock_market::{BarOrder, Side, Timestamp};
use aftershock_replay::{Held, Standing};

/// Steps in the first recorded price: one is of two percent of it.
const STEPS: f64 = 50.0;

/// Sums of each side and step that holds something, in the order of the table. What no price liquidates stands first of a side.
pub(crate) fn account_states(
    bar_order: BarOrder,
    event_at: Timestamp,
    first_usd: f64,
    standing: &Standing<'_>,
) -> Vec<AccountStateRow> {
    let mut rows = Vec::new();
    let edge = |step: i64| first_usd * step as f64 / STEPS;
    for side in Side::BOTH {
        for (step, sum) in by_step(standing.held(side), first_usd) {
            rows.push(AccountStateRow {
                bar_order,
                event_at,
                side: side.name(),
                from_usd: step.map_or(0.0, edge),
                to_usd: step.map(|step| edge(step + 1)),
                positions: sum.positions,
                quantity_btc: sum.quantity_btc,
                notional_usd: sum.notional_usd,
                margin_usd: sum.margin_usd,
                profit_usd: sum.profit_usd,
            });
        }
    }
    rows
}

#[derive(Debug, Default, PartialEq)]
struct Sum {
    positions: i64,
    quantity_btc: f64,
    notional_usd: f64,
    margin_usd: f64,
    profit_usd: f64,
}

/// Steps of liquidation price are counted from 0; there is none where no price liquidates.
fn by_step(held: impl Iterator<Item = Held>, first_usd: f64) -> BTreeMap<Option<i64>, Sum> {
    let mut steps: BTreeMap<Option<i64>, Sum> = BTreeMap::new();
    for one in held {
        let step = one
            .liquidation_usd
            .map(|usd| (STEPS * usd / first_usd).floor() as i64);
        let sum = steps.entry(step).or_default();
        sum.positions += 1;
        sum.quantity_btc += one.quantity_btc;
        sum.notional_usd += one.notional_usd;
        sum.margin_usd += one.margin_usd;
        sum.profit_usd += one.profit_usd;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of 8,000 a step is 160, and forty-five of them are 7,200.
    #[test]
    fn a_level_on_an_edge_begins_its_step() {
        let held = |liquidation_usd, quantity_btc| Held {
            liquidation_usd,
            quantity_btc,
            notional_usd: 8_000.0 * quantity_btc,
            margin_usd: 800.0,
            profit_usd: -10.0,
            linked: false,
        };
        let all = [
            held(Some(7_200.0), 1.0),
            held(Some(7_359.9), 2.0),
            held(Some(7_360.0), 4.0),
            held(Some(7_199.9), 8.0),
            held(None, 16.0),
        ];
        let found: Vec<_> = by_step(all.into_iter(), 8_000.0)
            .into_iter()
            .map(|(step, sum)| (step, sum.positions, sum.quantity_btc, sum.profit_usd))
            .collect();
        assert_eq!(
            found,
            [
                (None, 1, 16.0, -10.0),
                (Some(44), 1, 8.0, -10.0),
                (Some(45), 2, 3.0, -20.0),
                (Some(46), 1, 4.0, -10.0),
            ]
        );
    }
}
