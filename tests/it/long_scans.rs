//! Groups in the order of a tape, and files read ahead, beside the same questions asked without either.

use std::fmt::Write;
use std::path::Path;

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use aftershock_ingest::{Options, Progress, ingest};
use aftershock_query::cells::Rows;
use aftershock_query::{CatalogTables, Session};
use anyhow::Result;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

/// More than a row group of a tape has, so that a part has several.
const LONG: u64 = 400_000;
/// More than the engine has in a batch.
const SHORT: u64 = 40_000;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _files: usize, _bytes: u64) {}
    fn advance(&self, _bytes: u64, _records: u64) {}
    fn commit(&self) {}
}

/// Trades of a day: some seconds without any, one with a quarter of all; prices and quantities are exact in binary, so that sums are
/// the same in any order.
fn trades(rows: u64) -> String {
    let mut text = String::from(
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n",
    );
    let (mut state, mut at) = (88_172_645_463_325_252_u64, 1_704_067_200_000_u64);
    for row in 0..rows {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let crowded = (rows / 2..rows / 4 * 3).contains(&row);
        at += if crowded { 0 } else { state >> 40 & 255 };
        let price = 40_000.0 + (state >> 8 & 0xffff) as f64 / 4.0;
        let quantity = (1 + (state >> 24 & 0xff_ffff)) as f64 / 1024.0;
        let maker = if state & 1 == 0 { "true" } else { "false" };
        writeln!(text, "{row},{price},{quantity},{row},{row},{at},{maker}").expect("a text takes all");
    }
    text
}

fn session(folder: &Path, rows: u64) -> Result<Session> {
    let file = folder.join("BTCUSDT-aggTrades-2024-01.csv");
    std::fs::write(&file, trades(rows))?;
    let tape = Tape::new(Store::open(&folder.join("tape").to_string_lossy())?);
    ingest(
        &tape,
        &[file.to_string_lossy().into_owned()],
        &Options::default(),
        &Silent,
    )?;
    Ok(Session::open(folder, CatalogTables::empty())?)
}

fn cells(session: &Session, sql: &str) -> Result<Vec<Vec<String>>> {
    let found = Rows::of(&session.sql(sql)?);
    Ok(found
        .rows
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect())
}

fn plan(session: &Session, sql: &str) -> Result<String> {
    let rows = cells(session, &format!("EXPLAIN {sql}"))?;
    Ok(rows.into_iter().flatten().collect())
}

/// Each question once of the tape in its order, once of the same rows in the order of their sizes, which the engine groups by
/// a table of groups.
#[test]
fn groups_in_runs_are_the_engine_s_own_groups() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path(), SHORT)?;
    let answers = "count(*) AS n, count(first_trade_id) AS ids, sum(quantity) AS volume, max(price) AS high, min(price) AS low, \
                   avg(price) AS mean, sum(quantity) FILTER (WHERE side = 'buy') AS bought, \
                   count(*) FILTER (WHERE price > 56000) AS dear, \
                   last_value(price ORDER BY traded_at, trade_id) AS close, first_value(quantity ORDER BY traded_at, trade_id) AS first, \
                   count(DISTINCT side) AS sides, median(price) AS middle, realized_variance(traded_at, price) AS rv, \
                   vpin_signed(traded_at, CASE side WHEN 'buy' THEN quantity ELSE -quantity END, 65536.0) FILTER (WHERE trade_id % 3 > 0) AS vpin";
    // The limit keeps the engine from leaving the order out.
    let shuffled = "(SELECT * FROM recorded.trades ORDER BY quantity, trade_id LIMIT 1000000)";
    for (key, groups) in [
        ("time_bucket(INTERVAL '1 second', traded_at)", 3_000),
        ("time_bucket(INTERVAL '1 hour', traded_at)", 2),
        ("traded_at", 25_000),
        ("time_bucket(INTERVAL '1 month', traded_at)", 1),
    ] {
        let asked = |from: &str| format!("SELECT {key} AS at, {answers} FROM {from} GROUP BY at ORDER BY at");
        let (runs, table) = (asked("recorded.trades"), asked(shuffled));
        assert!(plan(&session, &runs)?.contains("RunsExec"), "{key}");
        assert!(!plan(&session, &table)?.contains("RunsExec"), "{key}");
        let found = cells(&session, &runs)?;
        assert!(found.len() >= groups, "{key}: {} groups", found.len());
        let expected = cells(&session, &table)?;
        assert_eq!(found.len(), expected.len(), "{key}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{key}");
        }
    }
    Ok(())
}

#[test]
fn groups_of_nothing_and_by_two_keys() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path(), SHORT)?;
    let nothing = "SELECT traded_at, count(*), last_value(price ORDER BY traded_at) FROM recorded.trades \
                   WHERE price < 0 GROUP BY traded_at";
    assert!(plan(&session, nothing)?.contains("RunsExec"));
    assert!(cells(&session, nothing)?.is_empty());
    // A second key that is not in order leaves the engine its table.
    let by_side = "SELECT time_bucket(INTERVAL '1 hour', traded_at) AS at, side, count(*) AS n FROM recorded.trades \
                   GROUP BY at, side";
    assert!(!plan(&session, by_side)?.contains("RunsExec"));
    let rows = cells(&session, &format!("SELECT sum(n), count(*) FROM ({by_side})"))?;
    assert_eq!(rows[0][0], SHORT.to_string());
    Ok(())
}

#[test]
fn a_file_read_ahead_comes_in_its_order_and_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path(), LONG)?;
    let ids = "SELECT trade_id FROM recorded.trades";
    assert!(plan(&session, ids)?.contains("AheadExec"));
    let mut next = 0;
    for batch in session.sql(ids)? {
        let rows = Rows::of(&[batch]);
        for row in &rows.rows {
            assert_eq!(row[0].to_string(), next.to_string());
            next += 1;
        }
    }
    assert_eq!(next, LONG);
    // A limit stops what was begun; a fault in a late row is an error, not an end.
    assert_eq!(cells(&session, &format!("{ids} LIMIT 3"))?, [["0"], ["1"], ["2"]]);
    let late = "SELECT sum(1 / (trade_id - 390000)) FROM recorded.trades";
    assert!(session.sql(late).is_err());
    Ok(())
}

/// Two instruments of one day follow no common order, so that nothing but their files' order holds the rows in place.
#[test]
fn files_without_a_common_order_keep_their_own() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let tape = Tape::new(Store::open(&folder.path().join("tape").to_string_lossy())?);
    let text = trades(LONG);
    let mut files = Vec::new();
    for instrument in ["BTCUSDT", "ETHUSDT"] {
        let file = folder.path().join(format!("{instrument}-aggTrades-2024-01.csv"));
        std::fs::write(&file, &text)?;
        files.push(file.to_string_lossy().into_owned());
    }
    ingest(&tape, &files, &Options::default(), &Silent)?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    let ids = "SELECT trade_id FROM recorded.trades";
    assert!(plan(&session, ids)?.contains("AheadExec"));
    for _ in 0..3 {
        let found: Vec<i64> = session
            .sql(ids)?
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
            .collect();
        let once = 0..LONG as i64;
        assert!(found.into_iter().eq(once.clone().chain(once)));
    }
    Ok(())
}
