//! The tables of a journal as Arrow columns: what the query engine sees as `replayed`.
//!
//! Every table begins with the constants of its run (see [`Labels`]); `run` itself is the name of the run's folder.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aftershock_market::journal::{
    AccountStateRow, AmplificationRow, AssumptionRow, BandRow, ForcedOrderRow, FundRow, GateRow,
    InterventionRow, Journal, MarginRow, OutcomeRow, OverlapRow, OwnAccountRow, ParameterRow, PriceRow,
    QuietDayRow, ShapleyRow,
};
use arrow::array::{ArrayRef, DynComparator, RecordBatch, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;

use crate::column::{self, Column};
use crate::manifest::TableDigest;
use crate::{file, sha256_hex};

/// What is the same in every row of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    /// The episode; a column of every table.
    pub episode: &'a str,
    /// The rule set; a column of every table.
    pub rule_set: &'a str,
    /// What was replayed, `venue:symbol`; a column of `prices`.
    pub instrument: &'a str,
}

impl Labels<'_> {
    fn columns<R: 'static>(&self, table: &str) -> Vec<Column<R>> {
        let mut columns = vec![
            Column::constant("episode", self.episode),
            Column::constant("rule_set", self.rule_set),
        ];
        if table == "prices" {
            columns.push(Column::constant("instrument", self.instrument));
        }
        columns
    }
}

macro_rules! tables {
    ($($table:ident: $row:ty { $($name:ident),* $(,)? })*) => {
        /// Names of the tables, in the order of [`Journal`].
        pub const fn table_names() -> &'static [&'static str] {
            &[$(stringify!($table)),*]
        }

        /// Columns of a table, or `None` where no table has this name.
        pub fn schema(table: &str) -> Option<SchemaRef> {
            let labels = Labels { episode: "", rule_set: "", instrument: "" };
            match table {
                $(stringify!($table) => Some(column::schema(&$table(&labels))),)*
                _ => None,
            }
        }

        /// All tables as columns, in the order of [`table_names`].
        pub fn batches(journal: &Journal, labels: &Labels<'_>) -> Vec<(&'static str, RecordBatch)> {
            vec![$((stringify!($table), column::batch(&$table(labels), &journal.$table))),*]
        }

        $(fn $table(labels: &Labels<'_>) -> Vec<Column<$row>> {
            let mut columns = labels.columns(stringify!($table));
            columns.extend([$(Column::new(stringify!($name), |row: &$row| &row.$name)),*]);
            columns
        })*
    };
}

tables! {
    prices: PriceRow {
        bar_order, event_at, recorded_usd, mark_usd, null_usd, impact_log, depth_ratio, halted, bar_close,
    }
    bands: BandRow { event_at, series, p05, p50, p95 }
    forced_orders: ForcedOrderRow {
        bar_order, order_id, batch_id, parent_id, generation, additional, triggered_at, event_at, venue, side, leverage,
        linked, quantity_btc, notional_usd, trigger_usd, fill_usd, shortfall_usd, insurance_usd, bad_debt_usd,
    }
    interventions: InterventionRow {
        bar_order, event_at, rule, step, decision, subject, before, after, until_at, reason,
    }
    margins: MarginRow { event_at, venue, tier, initial_ratio, maintenance_ratio }
    account_states: AccountStateRow {
        bar_order, event_at, side, from_usd, to_usd, positions, quantity_btc, notional_usd, margin_usd, profit_usd,
    }
    fund_balances: FundRow { bar_order, event_at, venue, insurance_usd, bad_debt_usd }
    outcomes: OutcomeRow {
        draw, bar_order, recorded_drawdown, mark_drawdown, null_drawdown, forced_sell_usd, forced_buy_usd,
        open_interest_usd, open_interest_btc_before, open_interest_btc_after, bad_debt_usd, insurance_used_usd,
        margin_lost_usd, forced_fees_usd, socialised_usd, deleveraged_usd, deleveraged_profit_usd,
        halted_s, reopening_gap_log, end_gap_log, low_reached_s, stale_s, volume_lost_usd, margin_called_usd,
        margin_peak_to_trough, margin_growth_1d,
    }
    amplification: AmplificationRow {
        draw, bar_order, clock_s, n, recorded_rv, mark_rv, null_rv, amplification, reason,
    }
    shapley: ShapleyRow {
        draw, bar_order, clock_s, mechanism, phi, first_in, last_out, log_amplification,
    }
    parameters: ParameterRow { draw, name, value }
    assumptions: AssumptionRow { name, value, text, unit, origin, source }
    gates: GateRow { gate, verdict, detail }
    overlap_curve: OverlapRow {
        overlap, mark_drawdown, amplification, clock_s, forced_sell_usd, bad_debt_usd,
    }
    own_accounts: OwnAccountRow {
        draw, bar_order, number, account, venue, instrument, margin, holding, net_btc, collateral_usd, closing_usd,
        fate,
        triggered_at, trigger_usd, filled_at, fill_usd, loss_usd, bad_debt_usd, lowest_ratio, lowest_at,
        end_equity_usd,
    }
    quiet_days: QuietDayRow { draw, bar_order, from_at, clock_s, n, mark_rv, null_rv, amplification }
}

/// The columns that the rows of a table are sorted by in every run, ascending; none where nothing is promised.
pub fn order(table: &str) -> &'static [&'static str] {
    match table {
        "prices" => &["bar_order", "event_at"],
        "account_states" => &["bar_order", "event_at", "side", "from_usd"],
        "bands" => &["event_at"],
        "forced_orders" => &["bar_order", "order_id"],
        "outcomes" | "own_accounts" | "quiet_days" => &["draw", "bar_order"],
        "amplification" | "shapley" => &["draw", "bar_order", "clock_s"],
        "parameters" => &["draw"],
        "overlap_curve" => &["overlap"],
        _ => &[],
    }
}

/// A table as it is stored: name, rows and the bytes of its file.
///
/// # Panics
/// Where the rows of a table are not in its [`order`]: whoever reads them relies on it.
pub(crate) fn files(journal: &Journal, labels: &Labels<'_>) -> Vec<(&'static str, u64, Vec<u8>)> {
    batches(journal, labels)
        .into_iter()
        .map(|(table, batch)| {
            let order = order(table);
            assert!(is_sorted(&batch, order), "{table} is not sorted by {order:?}");
            (table, batch.num_rows() as u64, file::encode(&batch, &[]))
        })
        .collect()
}

fn is_sorted(batch: &RecordBatch, order: &[&str]) -> bool {
    let columns: Vec<&ArrayRef> = order
        .iter()
        .filter_map(|name| batch.column_by_name(name))
        .collect();
    let compared: Vec<DynComparator> = columns
        .iter()
        .map(|values| make_comparator(values, values, SortOptions::default()))
        .collect::<Result<_, _>>()
        .expect("columns that a table is sorted by can be compared");
    columns.len() == order.len()
        && (1..batch.num_rows()).all(|row| {
            let compared = compared.iter().map(|compare| compare(row - 1, row));
            compared.fold(Ordering::Equal, Ordering::then) != Ordering::Greater
        })
}

/// Rows and SHA-256 of every table as [`crate::write_run`] would store it, without writing anything.
pub fn journal_digests(journal: &Journal, labels: &Labels<'_>) -> BTreeMap<String, TableDigest> {
    files(journal, labels)
        .into_iter()
        .map(|(table, rows, bytes)| {
            (
                table.to_owned(),
                TableDigest {
                    rows,
                    sha256: sha256_hex(&bytes),
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn rows_are_sorted_by_the_first_column_that_differs() {
        let batch = |names: &[&str], numbers: &[i64]| {
            let names: ArrayRef = Arc::new(StringArray::from(names.to_vec()));
            let numbers: ArrayRef = Arc::new(Int64Array::from(numbers.to_vec()));
            RecordBatch::try_from_iter([("name", names), ("number", numbers)]).unwrap()
        };
        let by = ["name", "number"];
        assert!(is_sorted(&batch(&["a", "a", "b", "b"], &[1, 1, 0, 7]), &by));
        assert!(!is_sorted(&batch(&["a", "a", "b"], &[2, 1, 3]), &by));
        assert!(!is_sorted(&batch(&["b", "a"], &[1, 2]), &by));
        assert!(is_sorted(&batch(&["b", "a"], &[1, 2]), &["number"]));
        assert!(is_sorted(&batch(&[], &[]), &by));
        assert!(!is_sorted(&batch(&["a", "b"], &[1, 2]), &["absent"]));
    }

    #[test]
    fn tables_are_ordered_by_columns_they_have() {
        for table in table_names() {
            let schema = schema(table).unwrap();
            assert!(
                order(table).iter().all(|name| schema.index_of(name).is_ok()),
                "{table}"
            );
        }
    }
}
