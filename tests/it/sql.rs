//! Every question of `queries/`, asked of the synthetic fixture and compared with what DuckDB or Python answered.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aftershock_query::cells::{Cell, Rows};
use aftershock_query::{CatalogTables, Error, RecordBatch, Session, queries};
use anyhow::{Context, Result, bail, ensure};
use arrow::datatypes::Schema;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// `percentile_cont` rounds the weight between two neighbours to a millionth; everything else is far closer.
const TOLERANCE: f64 = 1e-6;

/// The folder `tests`.
fn tests() -> PathBuf {
    crate::workspace::root().join("tests")
}

/// The tables that the program would fill from its own files.
pub fn catalog(folder: &Path) -> Result<CatalogTables> {
    let table = |name: &str| -> Result<RecordBatch> {
        let path = folder.join(format!("{name}.parquet"));
        let file = fs::File::open(&path).with_context(|| path.display().to_string())?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let schema = Schema::new(builder.schema().fields().clone());
        let batches = builder.build()?.collect::<Result<Vec<_>, _>>()?;
        Ok(arrow::compute::concat_batches(&schema.into(), &batches)?)
    };
    Ok(CatalogTables {
        episodes: table("episodes")?,
        published: table("published")?,
        rule_sets: table("rule_sets")?,
        recovery: table("recovery")?,
        ..CatalogTables::empty()
    })
}

/// A session on the synthetic fixture.
pub fn fixture() -> Result<Session> {
    let root = tests().join("fixtures/sql");
    Ok(Session::open(
        &root.join("data"),
        catalog(&root.join("catalog"))?,
    )?)
}

/// The pages of `tests/sql`, sorted.
pub fn pages() -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(tests().join("sql"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// One page of `tests/sql`: a question, its parameters and the rows it must give.
pub struct Page {
    pub query: String,
    pub parameters: Vec<(String, String)>,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Page {
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let (head, body) = text.split_once("\n----\n").context("no line `----`")?;
        let mut fields = head
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| line.split_once(' ').context("expected a name and a value"));
        let (key, query) = fields.next().context("an empty page")??;
        ensure!(key == "query", "a page begins with `query`, not `{key}`");
        let mut parameters = Vec::new();
        for field in fields {
            let (name, value) = field?;
            parameters.push((name.to_owned(), value.to_owned()));
        }
        let mut lines = body.lines();
        Ok(Self {
            query: query.to_owned(),
            parameters,
            columns: serde_json::from_str(lines.next().context("no columns")?)?,
            rows: lines.map(serde_json::from_str).collect::<Result<_, _>>()?,
        })
    }

    fn check(&self, session: &Session) -> Result<()> {
        let parameters: Vec<(&str, &str)> = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer: Rows = session.ask(&self.query, &parameters)?;
        ensure!(answer.columns == self.columns, "columns {:?}", answer.columns);
        ensure!(
            answer.rows.len() == self.rows.len(),
            "{} rows, expected {}",
            answer.rows.len(),
            self.rows.len()
        );
        for (index, (found, expected)) in answer.rows.iter().zip(&self.rows).enumerate() {
            for ((found, expected), column) in found.iter().zip(expected).zip(&self.columns) {
                ensure!(
                    same(found, expected),
                    "row {index}, `{column}`: {found:?}, expected {expected}"
                );
            }
        }
        Ok(())
    }
}

fn same(found: &Cell, expected: &Value) -> bool {
    match (found, expected) {
        (Cell::Null, Value::Null) => true,
        (Cell::Bool(a), Value::Bool(b)) => a == b,
        (Cell::Text(a), Value::String(b)) => a == b,
        (Cell::Time(at), Value::String(b)) => at.to_string() == *b,
        (Cell::Int(a), Value::Number(b)) => b.as_f64() == Some(*a as f64),
        (Cell::Float(a), Value::Number(b)) => b
            .as_f64()
            .is_some_and(|b| (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1e-9)),
        _ => false,
    }
}

#[test]
fn every_query_answers_as_computed_elsewhere() -> Result<()> {
    let session = fixture()?;
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in pages()? {
        let page = Page::read(&path).with_context(|| path.display().to_string())?;
        let question = page.query.rsplit('/').next().unwrap_or_default();
        ensure!(
            path.file_stem().is_some_and(|stem| stem == question),
            "{} asks {}",
            path.display(),
            page.query
        );
        ensure!(
            !page.rows.is_empty(),
            "{} expects no rows and so shows nothing",
            path.display()
        );
        if let Err(error) = page.check(&session) {
            wrong.push(format!("{}: {error:#}", page.query));
        }
        asked.insert(page.query);
    }
    let known: BTreeSet<String> = queries::list()
        .iter()
        .map(|query| query.name.to_owned())
        .collect();
    ensure!(asked == known, "without a page: {:?}", known.difference(&asked));
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn a_fresh_data_folder_answers_with_no_rows() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    for query in queries::list() {
        let answer = session
            .ask(
                query.name,
                &[
                    ("episode", "none"),
                    ("run", "none"),
                    ("world", "none"),
                    ("rule_set", "%"),
                ],
            )
            .with_context(|| query.name)?;
        ensure!(answer.rows.is_empty(), "{}", query.name);
        ensure!(!answer.columns.is_empty(), "{}", query.name);
    }
    Ok(())
}

#[test]
fn a_session_of_some_runs_sees_no_others() -> Result<()> {
    let root = tests().join("fixtures/sql");
    let all = fixture()?;
    let runs = all.sql("SELECT run FROM catalog.runs WHERE rule_set = 'price-band'")?;
    let run = Rows::of(&runs).rows[0][0]
        .text()
        .context("a run has a name")?
        .to_owned();
    let some = Session::open_runs(&root.join("data"), catalog(&root.join("catalog"))?, &[&run])?;
    let seen =
        Rows::of(&some.sql("SELECT DISTINCT run FROM replayed.outcomes UNION SELECT run FROM catalog.runs")?);
    ensure!(seen.rows == vec![vec![Cell::Text(run)]], "{seen:?}");
    Ok(())
}

#[test]
fn what_is_not_a_query_is_refused_and_slips_are_met_with_near_names() -> Result<()> {
    let session = fixture()?;
    let cases = [
        (
            "CREATE TABLE t AS SELECT 1",
            "only queries are allowed here, not CREATE MEMORY TABLE",
            "SELECT, WITH",
        ),
        (
            "DROP TABLE prices",
            "only queries are allowed here, not DROP TABLE",
            "SELECT, WITH",
        ),
        (
            "INSERT INTO prices SELECT * FROM prices",
            "only queries are allowed here, not INSERT INTO",
            "SELECT, WITH",
        ),
        (
            "COPY prices TO 'stolen.csv'",
            "only queries are allowed here, not COPY",
            "SELECT, WITH",
        ),
        (
            "SET datafusion.execution.batch_size = 1",
            "only queries are allowed here, not SET VARIABLE",
            "SELECT, WITH",
        ),
        (
            "SELECT marc_usd FROM replayed.prices",
            "no column is named `marc_usd`",
            "did you mean mark_usd?",
        ),
        (
            "SELECT 1 FROM replayed.prises",
            "no table is named `replayed.prises`",
            "did you mean replayed.prices?",
        ),
        (
            "SELECT 1 FROM episode_bars",
            "no table is named `replayed.episode_bars`",
            "did you mean recorded.episode_bars?",
        ),
        (
            "SELECT midian(p50) FROM bands",
            "no function is named `midian`",
            "did you mean median?",
        ),
        (
            "SELECT 1 WHERE 'a' = $run",
            "the query asks for $run, which is not given",
            "give run=<value>",
        ),
        (
            "SELECT 1; SELECT 2",
            "there is more than one statement",
            "ask one query at a time",
        ),
    ];
    for (sql, message, hint) in cases {
        let Err(error) = session.sql(sql) else {
            bail!("answered: {sql}");
        };
        ensure!(error.to_string() == message, "{sql}: {error}");
        ensure!(
            error.hint().unwrap_or_default().starts_with(hint),
            "{sql}: {:?}",
            error.hint()
        );
        ensure!(error.is_users());
    }
    Ok(())
}

/// A query, the line, column and width that are shown, and how message and hint begin.
type Shown<'a> = (&'a str, Option<(usize, usize, usize)>, &'a str, &'a str);

/// A mistake is shown where it stands: line, column and the characters that are meant, then what is said and advised.
#[test]
fn a_mistake_is_shown_where_it_stands() -> Result<()> {
    let session = fixture()?;
    let cases: [Shown; 18] = [
        (
            "SELEC 1",
            Some((1, 1, 5)),
            "expected an SQL statement, found SELEC",
            "",
        ),
        (
            "SELECT run FROM prices WHERE (run = 'a'",
            Some((1, 40, 1)),
            "expected ), found the end",
            "",
        ),
        (
            "SELECT run\nFROM prices LIMIT",
            Some((2, 18, 1)),
            "found the end",
            "",
        ),
        (
            "SELECT run,\n  marc_usd FROM prices",
            Some((2, 3, 8)),
            "no column is named `marc_usd`",
            "did you mean mark_usd?",
        ),
        (
            "SELECT p.marc_usd FROM prices p",
            Some((1, 8, 10)),
            "no column is named `p.marc_usd`",
            "did you mean mark_usd?",
        ),
        (
            "SELECT 1 FROM prises",
            Some((1, 15, 6)),
            "no table is named `replayed.prises`",
            "did you mean replayed.prices?",
        ),
        (
            "SELECT 1 FROM recorded.zzz",
            Some((1, 15, 12)),
            "no table is named `recorded.zzz`",
            "there is recorded.episode_bars",
        ),
        (
            "SELECT realised_variance(event_at, mark_usd) FROM prices",
            Some((1, 8, 17)),
            "no function is named `realised_variance`",
            "did you mean realized_variance?",
        ),
        (
            "SELECT count(*) FROM prices WHERE run = \"x y\"",
            Some((1, 41, 5)),
            "no column is named `x y`",
            "double quotes name a column; text is written 'x y'",
        ),
        (
            "SELECT run FROM prices p JOIN outcomes o ON p.run = o.run",
            Some((1, 8, 3)),
            "`run` is a column of more than one table here",
            "write p.run or o.run",
        ),
        (
            "SELECT run, count(*) FROM prices",
            Some((1, 8, 3)),
            "`run` is neither grouped by nor inside an aggregate",
            "add it to GROUP BY",
        ),
        (
            "SELECT max(min(mark_usd)) FROM prices",
            Some((1, 16, 8)),
            "aggregate function calls cannot be nested",
            "compute the inner one in a subquery",
        ),
        (
            "SELECT lag(mark_usd) FROM prices",
            Some((1, 8, 3)),
            "lag looks at other rows and needs a window",
            "write lag(…) OVER (ORDER BY …)",
        ),
        (
            "SELECT sum(run) FROM prices",
            Some((1, 8, 3)),
            "sum does not take String",
            "",
        ),
        (
            "SELECT medrv(event_at, mark_usd, 60) FROM prices",
            Some((1, 8, 5)),
            "`clock` of medrv must be an interval longer than zero, such as INTERVAL '1 minute', not a number",
            "",
        ),
        (
            "SELECT value_at_risk(mark_usd, 99) FROM prices",
            Some((1, 8, 13)),
            "`level` of value_at_risk must be a number above 0 and below 1, not 99",
            "",
        ),
        (
            "SELECT 1 FROM prices WHERE event_at > 'yesterday'",
            Some((1, 39, 11)),
            "'yesterday'",
            "",
        ),
        (
            "SELECT run FROM prices UNION SELECT run, episode FROM prices",
            Some((1, 1, 60)),
            "UNION queries have different number of columns",
            "",
        ),
    ];
    for (sql, place, message, hint) in cases {
        let Err(error) = session.sql(sql) else {
            bail!("answered: {sql}");
        };
        let found = error.place().map(|place| (place.line, place.column, place.width));
        ensure!(found == place, "{sql}: {found:?}: {error}");
        ensure!(error.to_string().contains(message), "{sql}: {error}");
        let advised = error.hint().unwrap_or_default();
        ensure!(
            advised.starts_with(hint) && advised.is_empty() == hint.is_empty(),
            "{sql}: {advised}"
        );
        ensure!(error.is_users(), "{sql}");
    }
    Ok(())
}

#[test]
fn a_damaged_file_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let source = tests().join("fixtures/sql/data/runs");
    let run = fs::read_dir(&source)?.next().context("the fixture has runs")??;
    let target = folder.path().join("runs").join(run.file_name());
    fs::create_dir_all(&target)?;
    for file in fs::read_dir(run.path())? {
        let file = file?;
        fs::copy(file.path(), target.join(file.file_name()))?;
    }
    let broken = target.join("prices.parquet");
    let whole = fs::read(&broken)?;
    fs::write(&broken, &whole[..whole.len() / 2])?;
    // A table that the manifest does not know is none that is missing.
    let manifest = target.join("manifest.json");
    let mut known: serde_json::Value = serde_json::from_str(&fs::read_to_string(&manifest)?)?;
    let tables = known["tables"].as_object_mut().context("tables")?;
    tables.remove("bands").context("bands")?;
    fs::write(&manifest, serde_json::to_string_pretty(&known)?)?;
    fs::remove_file(target.join("bands.parquet"))?;
    fs::remove_file(target.join("margins.parquet"))?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    ensure!(Rows::of(&session.sql("SELECT count(*) AS n FROM bands")?).get(0, "n") == Some(&Cell::Int(0)));
    match session.sql("SELECT count(*) FROM margins") {
        Err(Error::Data { path, .. }) => ensure!(path.ends_with("margins.parquet"), "{}", path.display()),
        other => bail!("{other:?}"),
    }
    ensure!(session.sql("SELECT count(*) FROM outcomes").is_ok());
    match session.sql("SELECT sum(mark_usd) FROM prices") {
        Err(Error::Data { path, .. }) => ensure!(path.ends_with("prices.parquet"), "{}", path.display()),
        other => bail!("{other:?}"),
    }
    Ok(())
}

#[test]
fn a_tape_is_read_through_its_list_and_only_where_rows_can_be() -> Result<()> {
    let session = fixture()?;
    let one = |sql: &str| -> Result<Vec<Cell>> {
        let rows = Rows::of(&session.sql(sql)?).rows;
        rows.into_iter().next().context("a row")
    };
    // A part that no list names lies beside the others: 61, 5 and 2 rows are listed.
    ensure!(one("SELECT count(*), count(traded_at) FROM recorded.trades")? == [Cell::Int(68), Cell::Int(68)]);
    // Both made-up episodes span 12:00 to 20:00; the first by id has the rows, 50 of them.
    let episodes = Rows::of(&session.sql(
        "SELECT episode, count(*) AS n, min(traded_at) AS first FROM recorded.trades GROUP BY episode ORDER BY n",
    )?);
    ensure!(episodes.rows.len() == 2, "{episodes:?}");
    ensure!(
        episodes.rows[0][..2] == [Cell::Null, Cell::Int(18)],
        "{episodes:?}"
    );
    ensure!(
        episodes.rows[1][..2] == [Cell::Text("2000-01-01-made-up".into()), Cell::Int(50)],
        "{episodes:?}"
    );
    ensure!(
        episodes.rows[1][2].to_string() == "2000-01-01T12:01:00Z",
        "{episodes:?}"
    );
    let counted = "SELECT count(*) FROM recorded.trades WHERE ";
    for (filter, rows) in [
        ("episode = '2000-01-01-made-up'", 50),
        ("episode IS NOT NULL AND venue = 'made-up'", 50),
        ("NOT (episode = '2000-01-01-made-up')", 0),
        ("episode IS DISTINCT FROM '2000-01-01-made-up'", 18),
        ("episode IN ('2000-01-01-made-up', 'other') OR trade_id = 0", 53),
        ("episode = 'other'", 0),
        ("instrument = 'ETH/USDT'", 2),
        ("traded_at >= '2000-01-02'", 7),
    ] {
        let found = one(&format!("{counted}{filter}"))?;
        ensure!(found == [Cell::Int(rows)], "{filter}: {found:?}");
    }
    // Which files are opened.
    for (filter, files) in [
        ("true", 3),
        ("traded_at >= TIMESTAMP '2000-01-02 00:00:00'", 2),
        ("traded_at < '2000-01-02' AND venue = 'made-up'", 1),
        ("episode = '2000-01-01-made-up'", 1),
        ("instrument IN ('ETH/USDT', 'other')", 1),
        ("venue = 'other'", 0),
    ] {
        let plan = session.sql(&format!(
            "EXPLAIN SELECT price FROM recorded.trades WHERE {filter}"
        ))?;
        let plan = Rows::of(&plan);
        let text = plan
            .rows
            .iter()
            .filter_map(|row| row[1].text())
            .collect::<String>();
        ensure!(text.matches(".parquet").count() == files, "{filter}: {text}");
    }
    // Rows of one instrument come in order, so that nothing sorts them.
    let sorted = "EXPLAIN SELECT price FROM recorded.trades WHERE instrument = 'BTCUSDT' ORDER BY traded_at";
    let plan = Rows::of(&session.sql(sorted)?);
    let physical = plan.rows[1][1].text().context("a plan")?;
    ensure!(!physical.contains("SortExec"), "{physical}");
    Ok(())
}

#[test]
fn every_table_of_a_tape_is_there_and_explained() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    let recorded: Vec<&String> = session
        .tables()
        .iter()
        .filter(|name| name.starts_with("recorded.") && !name.starts_with("recorded.episode_"))
        .collect();
    ensure!(
        recorded.len() == aftershock_archive::tape::Kind::ALL.len() + 3,
        "{recorded:?}"
    );
    for table in recorded {
        ensure!(
            session.about(table).is_some_and(|about| !about.is_empty()),
            "{table}"
        );
        for row in Rows::of(&session.sql(&format!("DESCRIBE {table}"))?).rows {
            let column = row[0].text().context("a name")?;
            let about = session.column_about(table, column);
            ensure!(about.is_some_and(|about| !about.is_empty()), "{table}.{column}");
        }
        let rows = Rows::of(&session.sql(&format!("SELECT * FROM {table}"))?);
        ensure!(rows.rows.is_empty() && !rows.columns.is_empty(), "{table}");
    }
    Ok(())
}

#[test]
fn every_table_of_a_made_up_crash_is_explained_and_says_what_it_is() -> Result<()> {
    let session = fixture()?;
    let tables: Vec<&String> = session
        .tables()
        .iter()
        .filter(|name| name.starts_with("synthetic."))
        .collect();
    ensure!(tables.len() == 14, "{tables:?}");
    for table in tables {
        ensure!(
            session.about(table).is_some_and(|about| !about.is_empty()),
            "{table}"
        );
        for row in Rows::of(&session.sql(&format!("DESCRIBE {table}"))?).rows {
            let column = row[0].text().context("a name")?;
            let about = session.column_about(table, column);
            ensure!(about.is_some_and(|about| !about.is_empty()), "{table}.{column}");
        }
        let said = Rows::of(&session.sql(&format!("SELECT DISTINCT provenance FROM {table}"))?);
        ensure!(
            said.rows == [[Cell::Text("synthetic".into())]],
            "{table}: {said:?}"
        );
    }
    let worlds = Rows::of(&session.sql("SELECT world FROM synthetic.worlds ORDER BY world")?);
    ensure!(
        worlds.rows == [[Cell::Text("1-made-up".into())], [Cell::Text("2-made-up".into())]],
        "{worlds:?}"
    );
    Ok(())
}

#[test]
fn a_part_that_is_gone_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let list = fs::read(tests().join("fixtures/sql/data/tape/tape.json"))?;
    fs::create_dir_all(folder.path().join("tape"))?;
    fs::write(folder.path().join("tape/tape.json"), list)?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    match session.sql("SELECT sum(price) FROM recorded.trades") {
        Err(Error::Data { path, .. }) => {
            ensure!(path.to_string_lossy().contains("2000-01"), "{}", path.display())
        }
        other => bail!("{other:?}"),
    }
    fs::write(folder.path().join("tape/tape.json"), "{}")?;
    let opened = Session::open(folder.path(), CatalogTables::empty());
    ensure!(matches!(opened, Err(Error::Data { .. })));
    Ok(())
}
