//! The Parquet is plain: DuckDB and Polars find in the tape and in the runs what our SQL finds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use aftershock_query::cells::Rows;
use aftershock_query::{CatalogTables, Session};
use anyhow::{Context, Result, ensure};

use crate::cli::User;
use crate::ingest::TRADES;
use crate::workspace::root;

/// Rows with a value, and their sum where one can be made; by column.
type Columns = BTreeMap<String, (i64, Option<f64>)>;

/// A Python that has both libraries, of the versions it says.
fn python() -> Option<String> {
    let python = std::env::var("AFTERSHOCK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let both = "import duckdb, polars; print(duckdb.__version__, polars.__version__)";
    let asked = Command::new(&python).args(["-c", both]).output();
    let found = asked.is_ok_and(|said| said.status.success());
    if !found {
        println!("skipped: {python} has no duckdb and polars; AFTERSHOCK_PYTHON names one that has");
    }
    found.then_some(python)
}

/// Names of what lies in a folder and passes.
fn names(folder: &Path, passes: impl Fn(&Path) -> bool) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if passes(&path) {
            found.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(found)
}

/// What our SQL says of a table, in the terms of `read.py`.
fn ours(session: &Session, table: &str) -> Result<Columns> {
    let described = Rows::of(&session.sql(&format!("DESCRIBE {table}"))?);
    let mut columns = Columns::new();
    for row in &described.rows {
        let [name, kind] = [0, 1].map(|at| row[at].text().unwrap_or_default());
        let quoted = format!("\"{name}\"");
        let number = match kind {
            kind if kind.starts_with("Timestamp") => format!("CAST({quoted} AS BIGINT)"),
            "Utf8" | "Utf8View" => format!("char_length({quoted})"),
            "Boolean" => format!("CAST({quoted} AS INT)"),
            kind if ["Int", "UInt", "Float", "Decimal"]
                .iter()
                .any(|one| kind.starts_with(one)) =>
            {
                quoted.clone()
            }
            _ => "NULL".to_owned(),
        };
        let sql = format!("SELECT count({quoted}) AS n, sum(CAST({number} AS DOUBLE)) AS total FROM {table}");
        let found = Rows::of(&session.sql(&sql).with_context(|| sql.clone())?);
        let count = found.get(0, "n").and_then(|cell| cell.number());
        let total = found.get(0, "total").and_then(|cell| cell.number());
        columns.insert(name.to_owned(), (count.context("a count")? as i64, total));
    }
    Ok(columns)
}

fn same(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9),
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

#[test]
fn duckdb_and_polars_read_tape_and_runs_as_we_do() -> Result<()> {
    let Some(python) = python() else {
        return Ok(());
    };
    let user = User::new()?;
    let files = [
        TRADES,
        "tests/fixtures/ingest/tardis/*.csv",
        "tests/fixtures/ingest/bitmex/trade",
    ];
    for path in files {
        let path = root().join(path).to_string_lossy().into_owned();
        user.says(&["ingest", &path])?.fine()?;
    }
    user.says(&["replay", "2026-02-05", "--draws", "3", "--rules", "price-band"])?
        .fine()?;
    let data = user.path("data");
    let session = Session::open(&data, CatalogTables::empty())?;

    let shown = |path: &Path| {
        path.file_name()
            .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
    };
    let tape = names(&data.join("tape"), |path| path.is_dir() && shown(path))?;
    let run = fs::read_dir(data.join("runs"))?.next().context("a run")??.path();
    let runs = names(&run, |path| {
        path.extension().is_some_and(|kind| kind == "parquet")
    })?;
    ensure!(tape.len() >= 4 && runs.len() >= 15, "{tape:?} {runs:?}");
    let recorded = tape.iter().map(|kind| {
        let pattern = format!("{}/tape/{kind}/*/*/*.parquet", data.display());
        (format!("recorded.{kind}"), pattern)
    });
    let replayed = runs.iter().map(|table| {
        let pattern = format!("{}/runs/*/{table}.parquet", data.display());
        (format!("replayed.{table}"), pattern)
    });
    let tables: Vec<(String, String)> = recorded.chain(replayed).collect();

    let script = root().join("tests/fixtures/plain/read.py");
    let patterns = tables.iter().map(|(name, pattern)| format!("{name}={pattern}"));
    let said = Command::new(&python).arg(script).args(patterns).output()?;
    let stderr = String::from_utf8_lossy(&said.stderr);
    ensure!(said.status.success(), "{stderr}");
    let found: BTreeMap<String, BTreeMap<String, Columns>> = serde_json::from_slice(&said.stdout)?;
    ensure!(found.keys().map(String::as_str).eq(["duckdb", "polars"]));

    let (mut compared, mut rows) = (0, 0);
    for (table, _) in &tables {
        let mut expected = ours(&session, table)?;
        if table.starts_with("recorded.") {
            // In no file: which episode's window holds the row.
            expected.remove("episode");
        }
        rows += expected.values().map(|(count, _)| *count).max().unwrap_or(0);
        for (engine, found) in &found {
            let found = &found[table];
            ensure!(
                found.keys().eq(expected.keys()),
                "{engine} finds {:?} in {table}, not {:?}",
                found.keys(),
                expected.keys()
            );
            for (column, (count, total)) in &expected {
                let (its_count, its_total) = found[column];
                ensure!(
                    its_count == *count && same(its_total, *total),
                    "{engine} makes {its_count} values and {its_total:?} of {table}.{column}, not {count} and {total:?}"
                );
                compared += 1;
            }
        }
    }
    ensure!(
        compared > 300 && rows > 500,
        "{compared} columns of {rows} rows compared"
    );
    Ok(())
}
