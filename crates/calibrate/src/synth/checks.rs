//! What is counted twice, and what must hold.

use std::sync::Arc;

use aftershock_market::synthetic::CheckRow;
use aftershock_market::{Cash, Coin};
use aftershock_replay::world::{EntryKind, WorldRun, WorldSpec, audit};

use super::channels::Attribution;
use super::run::Stage;

/// What rounding may leave of log prices and of shares.
const ROUNDING: f64 = 1e-12;

fn row(rule_set: &Arc<str>, check: &'static str, holds: bool, detail: String) -> CheckRow {
    CheckRow {
        rule_set: Arc::clone(rule_set),
        check,
        verdict: if holds { "pass" } else { "fail" },
        detail,
    }
}

/// Reserves of each market at the start, fund and vault, settlement asset.
pub(super) fn reserves(stage: &Stage<'_>, spec: &WorldSpec) -> Vec<[Cash; 2]> {
    let of = |one: &aftershock_replay::world::InstrumentSpec| {
        let log_price = libm::log(stage.declared.assets[one.asset].price_usd);
        let to_settlement = if one.inverse { libm::exp(-log_price) } else { 1.0 };
        let pools = one.parameters.pools.iter();
        let ratio: f64 = pools.map(|pool| pool.share * pool.fund_ratio).sum();
        let vault = one.liquidation.map_or(Cash::ZERO, |one| one.vault);
        [
            Cash::from_f64(ratio * one.parameters.open_interest_usd * to_settlement),
            vault,
        ]
    };
    spec.instruments.iter().map(of).collect()
}

/// The books of a run, counted again.
pub(super) fn of_run(rule_set: &Arc<str>, run: &WorldRun, reserves: &[[Cash; 2]]) -> Vec<CheckRow> {
    let entries = run.journal.entries.len();
    let (second, agrees) = match audit(run, reserves) {
        Ok(()) => (
            format!(
                "{entries} lines of the books, read again by a naive ledger: contracts, reserves and unpaid losses are the engine's to the last unit"
            ),
            true,
        ),
        Err(error) => (error.to_string(), false),
    };
    let (contracts, money) = run.imbalance;
    let orders = run.journal.orders.len();
    let drawn = |kind| -> Cash {
        let of_kind = run.journal.entries.iter().filter(|entry| entry.kind == kind);
        of_kind.map(|entry| entry.amount).sum()
    };
    let deficit: Cash = run.journal.orders.iter().map(|order| order.deficit).sum();
    let unexplained =
        deficit - drawn(EntryKind::Draw) - drawn(EntryKind::Socialised) - drawn(EntryKind::BadDebt);
    vec![
        row(rule_set, "second ledger", agrees, second),
        row(
            rule_set,
            "contracts",
            contracts == Coin::ZERO,
            format!(
                "longs less shorts, largest after any of {orders} orders: {} units of 1e-8",
                contracts.0
            ),
        ),
        row(
            rule_set,
            "money",
            money == Cash::ZERO,
            format!(
                "residual of the books, largest after any of {orders} orders: {} units of 1e-8",
                money.0
            ),
        ),
        row(
            rule_set,
            "waterfall",
            unexplained == Cash::ZERO,
            format!(
                "losses beyond margins less what fund, vault and nobody bore: {} units of 1e-8",
                unexplained.0
            ),
        ),
    ]
}

/// Whether the truth comes out again where what was exogenous in it is given.
pub(super) fn of_drive(rule_set: &Arc<str>, truth: &WorldRun, again: &WorldRun) -> CheckRow {
    let same = truth.journal == again.journal;
    row(
        rule_set,
        "same world",
        same,
        format!(
            "under the rules of record, news, ordinary flow and the depth that it met give the truth back, {}",
            if same {
                "every row of the journal to the last bit"
            } else {
                "but not to the last bit"
            }
        ),
    )
}

/// The attribution adds up, and without any channel nothing is left to attribute.
pub(super) fn of_attribution(rule_set: &Arc<str>, attribution: &Attribution) -> Vec<CheckRow> {
    let (none, gap) = (attribution.none_from_null_log, attribution.largest_gap);
    vec![
        row(
            rule_set,
            "no channel",
            none <= ROUNDING,
            format!(
                "with every channel off, the price stands from the null off-book at most {none:.1e}, log"
            ),
        ),
        row(
            rule_set,
            "efficiency",
            gap <= ROUNDING,
            format!("the channels' shares miss their total by at most {gap:.1e}"),
        ),
    ]
}
