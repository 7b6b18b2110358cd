//! Functions in SQL against an independent implementation in Python: in groups, over windows, in any order and partition.

use std::collections::BTreeSet;
use std::sync::Arc;

use aftershock_query::cells::{Cell, Rows};
use aftershock_query::{CatalogTables, Session, functions};
use anyhow::{Context, Result, bail, ensure};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use serde_json::Value;

use crate::workspace::{root, text};

const FOLDER: &str = "tests/fixtures/functions";
/// What two ways of summing may differ by.
const TOLERANCE: f64 = 1e-9;
/// What two ways of climbing to the same summit may differ by.
const CLIMBED: f64 = 1e-6;

fn zoned() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The rows of the fixture, with their instants as `kind`.
fn fixture(kind: &DataType) -> Result<RecordBatch> {
    let mut reader = csv::Reader::from_path(root().join(FOLDER).join("rows.csv"))?;
    let headers = reader.headers()?.clone();
    let records = reader.records().collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<(&str, ArrayRef, bool)> = Vec::new();
    for (place, name) in headers.iter().enumerate() {
        let cells = records
            .iter()
            .map(|record| record.get(place).filter(|cell| !cell.is_empty()));
        let whole = || cells.clone().map(|cell| cell.map(str::parse::<i64>).transpose());
        let column: ArrayRef = match name {
            "g" => Arc::new(cells.clone().collect::<StringArray>()),
            "id" => Arc::new(whole().collect::<Result<Int64Array, _>>()?),
            "at" => {
                let micros = whole().collect::<Result<Int64Array, _>>()?;
                let stamps = cast(&micros, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                let stamps = cast(&stamps, &zoned())?;
                cast(&stamps, kind)?
            }
            _ => {
                let numbers = cells.clone().map(|cell| cell.map(str::parse::<f64>).transpose());
                Arc::new(numbers.collect::<Result<Float64Array, _>>()?)
            }
        };
        columns.push((name, column, true));
    }
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// A session of the engine with our functions and the rows as table `t`, dealt out to so many partitions.
fn session(rows: &RecordBatch, order: &[u32], partitions: usize, batch: usize) -> Result<SessionContext> {
    let order = UInt32Array::from(order.to_vec());
    let columns = rows
        .columns()
        .iter()
        .map(|column| take(column, &order, None))
        .collect::<Result<Vec<_>, _>>()?;
    let shuffled = RecordBatch::try_new(rows.schema(), columns)?;
    let mut parts = vec![Vec::new(); partitions];
    for (number, start) in (0..shuffled.num_rows()).step_by(batch).enumerate() {
        let length = batch.min(shuffled.num_rows() - start);
        parts[number % partitions].push(shuffled.slice(start, length));
    }
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(batch);
    let context = SessionContext::new_with_config(config);
    functions::register(&context);
    context.register_table("t", Arc::new(MemTable::try_new(rows.schema(), parts)?))?;
    Ok(context)
}

fn answers(context: &SessionContext, sql: &str) -> Result<Rows> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let batches = runtime
        .block_on(async { context.sql(sql).await?.collect().await })
        .with_context(|| sql.to_owned())?;
    Ok(Rows::of(&batches))
}

fn refused(context: &SessionContext, sql: &str) -> Result<String> {
    match answers(context, sql) {
        Ok(rows) => bail!("{sql} answers {rows:?}"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

/// Orders in which the rows are handed over: as they are, backwards, and dealt like cards.
fn orders(rows: usize) -> [Vec<u32>; 3] {
    let all: Vec<u32> = (0..).take(rows).collect();
    let backwards = all.iter().rev().copied().collect();
    // 211 has no factor in common with the number of rows, so that every row is dealt once.
    let dealt = (0..rows).map(|row| ((row * 211) % rows) as u32).collect();
    [all, backwards, dealt]
}

fn expected() -> Result<Value> {
    Ok(serde_json::from_str(&text(&format!("{FOLDER}/expected.json"))?)?)
}

/// The columns that a call is asked for, with the field of the answer each is.
fn columns_of(call: &str, answers: &Value) -> Result<Vec<(String, Option<String>)>> {
    let answers = answers.as_object().context("answers by place")?;
    let fields = answers.values().find_map(Value::as_object);
    Ok(match fields {
        None => vec![(call.to_owned(), None)],
        Some(fields) => fields
            .keys()
            .map(|field| (format!("{call}['{field}']"), Some(field.clone())))
            .collect(),
    })
}

fn check(call: &str, place: &str, found: &Cell, expected: &Value) -> Result<()> {
    // A branching ratio is of order one, and what is climbed to near 0 is known as well as what is far from it.
    let (tolerance, floor) = if call.starts_with("hawkes") {
        (CLIMBED, 1.0)
    } else {
        (TOLERANCE, f64::from(*expected == 0.0))
    };
    let same = match (found, expected) {
        (Cell::Null, Value::Null) => true,
        (Cell::Float(a), Value::Number(b)) => b
            .as_f64()
            .is_some_and(|b| (a - b).abs() <= tolerance * b.abs().max(floor)),
        _ => false,
    };
    ensure!(same, "{call} in {place}: {found:?}, expected {expected}");
    Ok(())
}

/// The value of one answer, or of one field of it.
fn part<'a>(answer: &'a Value, field: &Option<String>) -> &'a Value {
    match field {
        Some(field) => answer.get(field).unwrap_or(&Value::Null),
        None => answer,
    }
}

#[test]
fn groups_agree_with_python_in_any_order_and_partition_to_the_last_bit() -> Result<()> {
    let expected = expected()?;
    let groups = expected["groups"].as_object().context("answers by call")?;
    let known: BTreeSet<&str> = functions::list().iter().map(|function| function.name).collect();
    let asked: BTreeSet<&str> = groups.keys().filter_map(|call| call.split('(').next()).collect();
    ensure!(
        known.difference(&asked).eq([&"time_bucket"]),
        "not asked: {:?}",
        known.difference(&asked)
    );
    let rows = fixture(&zoned())?;
    let orders = orders(rows.num_rows());
    for (call, answers_by_group) in groups {
        for (column, field) in columns_of(call, answers_by_group)? {
            let sql = format!("SELECT g, {column} FROM t GROUP BY g ORDER BY g");
            let mut first = None;
            for (order, partitions, batch) in [(0, 1, 8192), (1, 1, 64), (2, 4, 37), (2, 3, 1)] {
                let context = session(&rows, &orders[order], partitions, batch)?;
                let found = answers(&context, &sql)?;
                ensure!(found.rows.len() == 3, "{sql}: {found:?}");
                for row in &found.rows {
                    let [Cell::Text(group), cell] = &row[..] else {
                        bail!("{row:?}");
                    };
                    check(call, group, cell, part(&answers_by_group[group.as_str()], &field))?;
                }
                let first = first.get_or_insert_with(|| found.clone());
                ensure!(*first == found, "{sql}: {first:?} became {found:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn windows_agree_with_python() -> Result<()> {
    let expected = expected()?;
    let preceding = &expected["preceding"];
    let rows = fixture(&zoned())?;
    let context = session(&rows, &orders(rows.num_rows())[2], 3, 50)?;
    for (call, by_row) in expected["window"].as_object().context("answers by call")? {
        for (column, field) in columns_of(call, by_row)? {
            let frame = format!(
                "OVER (PARTITION BY g ORDER BY id ROWS BETWEEN {preceding} PRECEDING AND CURRENT ROW)"
            );
            let windowed = match &field {
                None => format!("{call} {frame}"),
                Some(field) => format!("({call} {frame})['{field}']"),
            };
            let sql = format!("SELECT id, {windowed} FROM t WHERE g = 'a' ORDER BY id");
            let found = answers(&context, &sql)?;
            ensure!(found.rows.len() == 400, "{sql}");
            let mut compared = 0;
            for row in &found.rows {
                let id = row[0].to_string();
                if let Some(answer) = by_row.get(&id) {
                    check(&column, &id, &row[1], part(answer, &field))?;
                    compared += 1;
                }
            }
            ensure!(compared == 11, "{compared} rows of {call}");
        }
    }
    Ok(())
}

#[test]
fn instants_may_have_a_zone_or_none_and_any_unit() -> Result<()> {
    let sql = "SELECT g, realized_variance(at, price, INTERVAL '10 seconds') FROM t GROUP BY g ORDER BY g";
    let mut first = None;
    for kind in [
        zoned(),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Nanosecond, Some("+02:00".into())),
    ] {
        let rows = fixture(&kind)?;
        let found = answers(&session(&rows, &orders(rows.num_rows())[0], 1, 100)?, sql)?;
        let first = first.get_or_insert_with(|| found.clone());
        ensure!(*first == found, "{kind}: {found:?}");
    }
    Ok(())
}

#[test]
fn buckets_agree_with_the_calendar() -> Result<()> {
    let rows = fixture(&zoned())?;
    let context = session(&rows, &[0], 1, 1)?;
    for row in expected()?["buckets"].as_array().context("rows")? {
        let (width, at, start) = (&row[0], &row[1], &row[2]);
        let width = width.as_str().context("a width")?;
        let sql = format!(
            "SELECT CAST(time_bucket(INTERVAL '{width}', at) AS BIGINT) FROM (SELECT arrow_cast({at}, 'Timestamp(us, \"UTC\")') AS at)"
        );
        let found = answers(&context, &sql)?;
        ensure!(
            found.rows[0][0] == Cell::Int(start.as_i64().context("micros")?),
            "{width} at {at}: {found:?}, expected {start}"
        );
    }
    // The same as columns, where neighbours may share a span.
    let all = expected()?["buckets"].as_array().context("rows")?.clone();
    for width in all
        .iter()
        .filter_map(|row| row[0].as_str())
        .collect::<BTreeSet<_>>()
    {
        let asked: Vec<(i64, i64)> = all
            .iter()
            .filter(|row| row[0] == width)
            .filter_map(|row| Some((row[1].as_i64()?, row[2].as_i64()?)))
            .flat_map(|pair| [pair, pair])
            .collect();
        let values: Vec<String> = asked.iter().map(|(at, _)| format!("({at})")).collect();
        let sql = format!(
            "SELECT CAST(time_bucket(INTERVAL '{width}', arrow_cast(at, 'Timestamp(us, \"UTC\")')) AS BIGINT) \
             FROM (VALUES (CAST(NULL AS BIGINT)), {}) AS v(at)",
            values.join(", ")
        );
        let found = answers(&context, &sql)?;
        ensure!(
            found.rows.len() == asked.len() + 1 && found.rows[0][0] == Cell::Null,
            "{width}"
        );
        for (row, (at, start)) in found.rows[1..].iter().zip(&asked) {
            ensure!(
                row[0] == Cell::Int(*start),
                "{width} at {at}: {row:?}, expected {start}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_clock_may_differ_from_group_to_group_and_not_within() -> Result<()> {
    let rows = fixture(&zoned())?;
    let context = session(&rows, &orders(rows.num_rows())[2], 2, 60)?;
    let sql = "SELECT g, clock, realized_variance(at, price, clock) FROM t, (VALUES (INTERVAL '10 seconds'), (INTERVAL '1 minute')) AS c(clock) \
               GROUP BY g, clock ORDER BY g, clock";
    let found = answers(&context, sql)?;
    let expected = expected()?;
    for (number, row) in found.rows.iter().enumerate() {
        let clock = ["10 seconds", "1 minute"][number % 2];
        let call = format!("realized_variance(at, price, INTERVAL '{clock}')");
        let group = row[0].to_string();
        check(&call, &group, &row[2], &expected["groups"][&call][&group])?;
    }
    let mixed = sql
        .replace("GROUP BY g, clock ORDER BY g, clock", "GROUP BY g")
        .replace("g, clock, ", "g, ");
    let said = refused(&context, &mixed)?;
    ensure!(
        said.contains("`clock` of realized_variance must be the same in all rows of a group"),
        "{said}"
    );
    Ok(())
}

#[test]
fn what_cannot_be_measured_is_null_and_never_zero() -> Result<()> {
    let rows = fixture(&zoned())?;
    let context = session(&rows, &orders(rows.num_rows())[0], 1, 100)?;
    for call in expected()?["groups"]
        .as_object()
        .context("answers by call")?
        .keys()
    {
        for filter in ["false", "id = 0 AND g = 'c'"] {
            let found = answers(&context, &format!("SELECT {call} FROM t WHERE {filter}"))?;
            let single = filter != "false"
                && ["ohlc", "value_at_risk", "expected_shortfall"]
                    .iter()
                    .any(|f| call.starts_with(f));
            ensure!(
                found.rows[0][0].is_null() != single,
                "{call} of {filter}: {found:?}"
            );
        }
    }
    // A price that is none spoils the path, a null is passed over.
    for (price, null) in [
        ("0.0", true),
        ("-price", true),
        ("'NaN'::DOUBLE", true),
        ("'inf'::DOUBLE", true),
        ("NULL", false),
    ] {
        let spoilt = format!("CASE WHEN id = 50 THEN {price} ELSE price END");
        for call in [
            "realized_variance(at, X)",
            "medrv(at, X)",
            "max_drawdown(at, X)",
            "amihud(at, X, volume)",
            "kyle_lambda(at, X, signed)",
            "realized_kernel(at, X, INTERVAL '20 seconds')",
            "amplification(at, X, null_price)",
        ] {
            let sql = format!("SELECT {} FROM t WHERE g = 'a'", call.replace('X', &spoilt));
            ensure!(answers(&context, &sql)?.rows[0][0].is_null() == null, "{sql}");
        }
    }
    Ok(())
}

#[test]
fn a_setting_that_makes_no_sense_is_named() -> Result<()> {
    let rows = fixture(&zoned())?;
    let context = session(&rows, &orders(rows.num_rows())[0], 1, 1000)?;
    for (call, said) in [
        (
            "realized_variance(at, price, INTERVAL '0 seconds')",
            "`clock` of realized_variance must be an interval longer than zero, such as INTERVAL '1 minute', not 0 s",
        ),
        ("realized_variance(at, price, INTERVAL '-1 minute')", "not -60 s"),
        (
            "realized_variance(at, price, INTERVAL '1 month')",
            "not 1 month (of no fixed length)",
        ),
        (
            "realized_variance(at, price, 60)",
            "`clock` of realized_variance must be an interval longer than zero, such as INTERVAL '1 minute', not a number",
        ),
        (
            "realized_variance(at, price, NULL)",
            "`clock` of realized_variance must be an interval longer than zero, such as INTERVAL '1 minute', not NULL",
        ),
        (
            "realized_variance(at, price, INTERVAL '1 microsecond')",
            "more than 20000000",
        ),
        (
            "realized_variance(price, at)",
            "`at` of realized_variance must be a timestamp, not a number",
        ),
        (
            "realized_variance(at, g)",
            "`price` of realized_variance must be a number, not text",
        ),
        (
            "realized_variance(price)",
            "realized_variance is called as realized_variance(at, price[, clock]); 1 argument is given",
        ),
        ("realized_variance(DISTINCT at, price)", "DISTINCT has no meaning"),
        (
            "semivariance(at, price, 'left')",
            "`side` of semivariance must be 'down' or 'up', not 'left'",
        ),
        (
            "value_at_risk(value, 1.0)",
            "`level` of value_at_risk must be a number above 0 and below 1, not 1",
        ),
        (
            "expected_shortfall(value, 95)",
            "`level` of expected_shortfall must be a number above 0 and below 1, not 95",
        ),
        (
            "hill_tail_index(value, 0.0)",
            "`tail_share` of hill_tail_index must be a number above 0 and below 1, not 0",
        ),
        (
            "vpin(at, price, volume, -1)",
            "`bucket_volume` of vpin must be a number above 0, not -1",
        ),
        (
            "hawkes_branching(at, INTERVAL '1 second', 0)",
            "`knots` of hawkes_branching must be a whole number of at least 1, not 0",
        ),
        (
            "hawkes_branching(at, INTERVAL '1 second', 1.5)",
            "`knots` of hawkes_branching must be a whole number of at least 1, not a number",
        ),
        (
            "max(time_bucket(INTERVAL '0 seconds', at))",
            "`width` of time_bucket must be an interval longer than zero, such as INTERVAL '1 minute', not 0 s",
        ),
        (
            "max(time_bucket(INTERVAL '1 month 1 day', at))",
            "`width` of time_bucket must be whole months, or days and times, not both",
        ),
    ] {
        let found = refused(&context, &format!("SELECT {call} FROM t WHERE g = 'a'"))?;
        ensure!(found.contains(said), "{call}: {found}");
    }
    Ok(())
}

#[test]
fn every_function_has_its_row_and_every_row_its_function() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    let bare = SessionContext::new().state();
    let engine: BTreeSet<String> = [
        bare.scalar_functions().keys().cloned().collect::<Vec<_>>(),
        bare.aggregate_functions().keys().cloned().collect(),
        bare.window_functions().keys().cloned().collect(),
        bare.table_functions().keys().cloned().collect(),
    ]
    .concat()
    .into_iter()
    .collect();
    let ours: BTreeSet<String> = session
        .functions()
        .into_iter()
        .filter(|name| !engine.contains(name))
        .collect();
    let rows = Rows::of(&session.sql("SELECT * FROM catalog.functions ORDER BY name")?);
    let called = rows.rows.iter().filter(|row| row[1].text() != Some("join"));
    let listed: BTreeSet<String> = called.map(|row| row[0].to_string()).collect();
    ensure!(listed == ours, "listed {listed:?}, registered {ours:?}");
    ensure!(
        listed.len() + 1 == rows.rows.len() && listed.len() >= 18,
        "{listed:?}"
    );
    for row in &rows.rows {
        ensure!(
            row.iter()
                .all(|cell| cell.text().is_some_and(|text| !text.is_empty())),
            "{row:?}"
        );
        let kind = row[1].text().unwrap_or_default();
        ensure!(
            ["scalar", "aggregate", "window", "table", "join"].contains(&kind),
            "{row:?}"
        );
    }
    Ok(())
}

/// A sorted tape is grouped by time without a sort.
#[test]
fn buckets_keep_the_order_of_the_tape() -> Result<()> {
    let folder = root().join("tests/fixtures/sql");
    let session = Session::open(&folder.join("data"), CatalogTables::empty())?;
    let sql = "EXPLAIN SELECT time_bucket(INTERVAL '1 minute', traded_at) AS minute_at, realized_variance(traded_at, price) \
               FROM recorded.trades WHERE instrument = 'BTCUSDT' GROUP BY minute_at";
    let plan = Rows::of(&session.sql(sql)?);
    let physical = plan.rows[1][1].text().context("a plan")?;
    ensure!(!physical.contains("SortExec"), "{physical}");
    ensure!(physical.contains("ordering_mode=Sorted"), "{physical}");
    Ok(())
}

/// As it is defined, on the straight line between two neighbours: of 0, 1 and 2 billion nine tenths of the way to the last.
#[test]
fn percentiles_between_two_values_lose_no_digits() -> Result<()> {
    let rows = fixture(&zoned())?;
    let context = session(&rows, &[0], 1, 1)?;
    let of =
        |what: &str, values: &str| format!("SELECT percentile_cont({what}) FROM (VALUES {values}) AS v(x)");
    let billions = "(0.0), (1e9), (NULL), (2e9)";
    for (sql, expected) in [
        (of("0.95) WITHIN GROUP (ORDER BY x", billions), Some(1.9e9)),
        (of("0.95) WITHIN GROUP (ORDER BY x DESC", billions), Some(0.1e9)),
        (of("0.5) WITHIN GROUP (ORDER BY x", billions), Some(1e9)),
        (of("x, 0.0", billions), Some(0.0)),
        (of("x, 1.0", billions), Some(2e9)),
        (of("5e-7) WITHIN GROUP (ORDER BY x", "(0.0), (1e9)"), Some(500.0)),
        (of("DISTINCT x, 0.5", "(1.0), (1.0), (1.0), (3.0)"), Some(2.0)),
        (of("0.25) WITHIN GROUP (ORDER BY x", "(1), (2)"), Some(1.25)),
        (
            of(
                "0.5) WITHIN GROUP (ORDER BY x",
                "('inf'::double), ('inf'::double)",
            ),
            Some(f64::INFINITY),
        ),
        (
            of("0.5) WITHIN GROUP (ORDER BY x", "(CAST(NULL AS DOUBLE))"),
            None,
        ),
        (
            "SELECT quantile_cont(x, 0.3) FROM (VALUES (7.0)) AS v(x)".to_owned(),
            Some(7.0),
        ),
    ] {
        let found = answers(&context, &sql)?;
        let found = found.rows[0][0].number();
        let same = match (found, expected) {
            (Some(found), Some(expected)) => found == expected || (found / expected - 1.0).abs() < 1e-12,
            (found, expected) => found == expected,
        };
        ensure!(same, "{sql}: {found:?}");
    }
    let over = "SELECT percentile_cont(x, 0.25) OVER (ORDER BY k ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) \
                FROM (VALUES (1, 8.0), (2, 4.0), (3, 4.0), (4, NULL), (5, 12.0)) AS v(k, x) ORDER BY k";
    let found = answers(&context, over)?;
    let found: Vec<_> = found.rows.iter().map(|row| row[0].number()).collect();
    ensure!(found == [8.0, 5.0, 4.0, 4.0, 12.0].map(Some), "{found:?}");
    let groups = "SELECT k % 2 AS odd, percentile_cont(0.1) WITHIN GROUP (ORDER BY x) FROM \
                  (VALUES (1, 10.0), (2, 4.0), (3, 20.0), (4, 8.0)) AS v(k, x) GROUP BY odd ORDER BY odd";
    let found = answers(&context, groups)?;
    let found: Vec<_> = found.rows.iter().map(|row| row[1].number()).collect();
    ensure!(found == [4.4, 11.0].map(Some), "{found:?}");
    ensure!(answers(&context, &of("1.5) WITHIN GROUP (ORDER BY x", billions)).is_err());
    Ok(())
}

/// Points on a line, near a price: 1, group by group.
#[test]
fn correlation_within_groups_does_not_lose_its_digits() -> Result<()> {
    let rows = fixture(&zoned())?;
    let context = session(&rows, &[0], 1, 1)?;
    let sql = "SELECT g, corr(p, q) FROM (VALUES (1, 60000.00, 1.0), (1, 60000.01, 2.0), (1, 60000.02, 3.0), \
               (2, 60000.02, 1.0), (2, 60000.01, 2.0), (2, 60000.00, 3.0)) AS v(g, p, q) GROUP BY g ORDER BY g";
    let found = answers(&context, sql)?;
    for (row, expected) in found.rows.iter().zip([1.0, -1.0]) {
        let Cell::Float(value) = row[1] else {
            anyhow::bail!("{row:?}");
        };
        ensure!((value - expected).abs() < 1e-6, "{row:?}");
    }
    Ok(())
}
