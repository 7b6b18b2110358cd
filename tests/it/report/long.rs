//! A run of very many rows.

use std::sync::Arc;

use aftershock_query::cells::{Cell, Rows};
use anyhow::{Context, Result, ensure};
use arrow::array::{Array, Int64Array, RecordBatch};
use arrow::compute::{SortColumn, cast, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::DataType;

use super::copies::{copied, report_on};
use super::{EPISODE, asked_again, twin_asked_again};

/// Every row as often as asked, each time a number of seconds later, in the order of a journal.
fn multiplied(batch: &RecordBatch, times: i64, seconds: i64) -> Result<RecordBatch> {
    let schema = batch.schema();
    let at = schema.index_of("event_at")?;
    let later = |time: i64| -> Result<RecordBatch> {
        let mut columns = batch.columns().to_vec();
        let whole = cast(&columns[at], &DataType::Int64)?;
        let whole = whole.as_any().downcast_ref::<Int64Array>();
        let moved: Int64Array = whole
            .context("whole numbers")?
            .unary(|value| value + time * seconds * 1_000_000);
        columns[at] = cast(&moved, columns[at].data_type())?;
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    };
    let all = concat_batches(&schema, &(0..times).map(later).collect::<Result<Vec<_>>>()?)?;
    let by = ["bar_order", "event_at"]
        .into_iter()
        .filter_map(|name| all.column_by_name(name));
    let by: Vec<SortColumn> = by
        .map(|values| SortColumn {
            values: Arc::clone(values),
            options: None,
        })
        .collect();
    Ok(take_record_batch(&all, &lexsort_to_indices(&by, None)?)?)
}

#[test]
fn a_run_of_very_many_rows_has_a_page_of_bounded_size() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // 80 closes in each bar of a quarter of an hour.
    let runs = copied(folder.path(), "price-band", |table, batch| match table {
        "prices" | "bands" | "forced_orders" | "fund_balances" => multiplied(&batch, 80, 11),
        _ => Ok(batch),
    })?;
    let (session, report) = report_on(folder.path(), &runs, None)?;
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    ensure!(
        report.html.len() < 2_000_000,
        "{} bytes of HTML",
        report.html.len()
    );
    ensure!(
        report.markdown.len() < 500_000,
        "{} bytes of Markdown",
        report.markdown.len()
    );

    let whole = Rows::of(&session.sql(
        "SELECT count(*) FILTER (WHERE bar_close) AS closes, max(event_at) FILTER (WHERE bar_close) AS last_at, \
         min(depth_ratio) AS lowest FROM replayed.prices \
         WHERE rule_set = 'record' AND bar_order = 'high_first'",
    )?);
    let closes = whole.get(0, "closes").and_then(Cell::number);
    ensure!(closes == Some(32.0 * 80.0), "{closes:?}");
    for (query, extra) in [("liquidation/depth_paths", 0.0), ("comparison/price_paths", 1.0)] {
        let query = aftershock_query::queries::named(query)?.sql;
        let rows = Rows::of(&session.sql_with(query, &[("episode", EPISODE)])?);
        let rows: Vec<_> = (0..rows.rows.len())
            .filter(|row| rows.get(*row, "rule_set") == Some(&Cell::Text("record".to_owned())))
            .map(|row| {
                (
                    rows.get(row, "event_at").cloned(),
                    rows.get(row, "lowest").and_then(Cell::number),
                )
            })
            .collect();
        // Every third: 2,560 / 3, rounded up.
        ensure!(rows.len() as f64 == 854.0 + extra, "{query}: {} rows", rows.len());
        ensure!(rows.last().and_then(|(at, _)| at.as_ref()) == whole.get(0, "last_at"));
        let lowest = rows
            .iter()
            .filter_map(|(_, lowest)| *lowest)
            .fold(f64::INFINITY, f64::min);
        ensure!(extra > 0.0 || Some(lowest) == whole.get(0, "lowest").and_then(Cell::number));
    }
    Ok(())
}
