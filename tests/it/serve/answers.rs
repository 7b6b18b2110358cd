//! Over the wire comes what `aftershock sql` says.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aftershock_query::cells::Rows;
use aftershock_query::{RecordBatch, Session, queries};
use aftershock_serve::{Access, Limits};
use aftershock_study::{catalog, sql};
use anyhow::{Context, Result, ensure};
use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::types::Type;

use super::{Serving, aside, exchange, refusal, texts};
use crate::sql::{Page, fixture, pages};

#[test]
fn every_question_has_the_same_answer_over_flight() -> Result<()> {
    let serving = Serving::usual()?;
    let session = fixture()?;
    exchange(async {
        let mut flight = serving.flight().await?;
        for path in pages()? {
            let page = Page::read(&path)?;
            let parameters: Vec<(&str, &str)> = page
                .parameters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let sql = queries::named(&page.query)?.sql;
            let expected = aside(|| session.sql_with(sql, &parameters))?;
            let mut prepared = flight.0.prepare(sql.to_owned(), None).await?;
            ensure!(
                prepared.dataset_schema()?.fields().len() == expected[0].num_columns(),
                "{}",
                page.query
            );
            if !parameters.is_empty() {
                let columns = parameters.iter().map(|(name, value)| {
                    let column: ArrayRef = Arc::new(StringArray::from(vec![*value]));
                    (*name, column)
                });
                prepared.set_parameters(RecordBatch::try_from_iter(columns)?)?;
            }
            let info = prepared.execute().await.context(page.query.clone())?;
            let found = flight.fetch(info).await.with_context(|| page.query.clone())?;
            ensure!(!Rows::of(&found).rows.is_empty(), "{} has no rows", page.query);
            ensure!(Rows::of(&found) == Rows::of(&expected), "{}", page.query);
            prepared.close().await?;
        }
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn columns_are_announced_with_the_types_that_their_rows_have() -> Result<()> {
    let serving = Serving::usual()?;
    let sql = "WITH said AS (SELECT NULL AS word, 1 AS number UNION ALL SELECT 'x', 0.5), both AS (SELECT * FROM said)
               SELECT word, number FROM both ORDER BY number";
    exchange(async {
        let client = serving.postgres().await?;
        let statement = client.prepare(sql).await?;
        let kinds: Vec<&Type> = statement
            .columns()
            .iter()
            .map(tokio_postgres::Column::type_)
            .collect();
        ensure!(kinds == [&Type::TEXT, &Type::FLOAT8], "{kinds:?}");
        let rows = client.query(&statement, &[]).await?;
        let rows: Vec<(Option<&str>, f64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        ensure!(rows == [(Some("x"), 0.5), (None, 1.0)], "{rows:?}");
        let mut flight = serving.flight().await?;
        let rows = Rows::of(&flight.ask(sql).await?);
        ensure!(rows.rows.len() == 2, "{rows:?}");
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn many_rows_come_whole_and_in_order_to_two_clients_at_once() -> Result<()> {
    let serving = Serving::usual()?;
    let sql = "SELECT value, value * 2 AS twice, CAST(value AS VARCHAR) AS text FROM generate_series(1, 200000) ORDER BY 1";
    exchange(async {
        let (mut one, two) = (serving.flight().await?, serving.postgres().await?);
        let (over_flight, over_postgres) = tokio::join!(one.ask(sql), two.query(sql, &[]));
        let mut next = 1;
        for batch in over_flight? {
            for value in batch.column(0).as_primitive::<Int64Type>().values() {
                ensure!(*value == next, "{value} where {next} should be");
                next += 1;
            }
        }
        ensure!(next == 200_001, "{next}");
        let rows = over_postgres?;
        ensure!(rows.len() == 200_000, "{}", rows.len());
        for (row, at) in rows.iter().zip(1_i64..) {
            let (value, twice, text): (i64, i64, &str) = (row.get(0), row.get(1), row.get(2));
            ensure!(
                value == at && twice == 2 * at && text == at.to_string(),
                "{value} {twice} {text}"
            );
        }
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn every_kind_of_value_comes_as_text_and_in_binary() -> Result<()> {
    let serving = Serving::usual()?;
    let sql = "SELECT true AS b, CAST(-7 AS SMALLINT) AS s, 7 AS i, 0.1 AS f, 'ü\"''' AS t, DATE '1999-12-31' AS d,
                      TIMESTAMP '2020-03-12T10:44:00.25Z' AS at,
                      arrow_cast('2020-03-12T10:44:00', 'Timestamp(Nanosecond, Some(\"UTC\"))') AS zoned,
                      CAST(18446744073709551615 AS BIGINT UNSIGNED) AS seed, CAST(-12345.678 AS DECIMAL(20, 4)) AS money,
                      [1, NULL, 3] AS list, named_struct('a', 1, 'b', 'x') AS pair, NULL AS nothing,
                      CAST(200 AS TINYINT UNSIGNED) AS byte, CAST('-Infinity' AS DOUBLE) AS low, CAST(1e300 AS DOUBLE) AS high,
                      arrow_cast('abc', 'Binary') AS bytes, CAST(NULL AS BIGINT) AS absent";
    exchange(async {
        let client = serving.postgres().await?;
        let found = texts(&client, sql).await?;
        let found: Vec<Option<&str>> = found[0].iter().map(Option::as_deref).collect();
        // As PostgreSQL 16 prints them, and DataFusion's JSON for lists and structs.
        let expected = [
            Some("t"),
            Some("-7"),
            Some("7"),
            Some("0.1"),
            Some("ü\"'"),
            Some("1999-12-31"),
            Some("2020-03-12 10:44:00.25"),
            Some("2020-03-12 10:44:00+00"),
            Some("18446744073709551615"),
            Some("-12345.6780"),
            Some("[1,null,3]"),
            Some("{\"a\":1,\"b\":\"x\"}"),
            None,
            Some("200"),
            Some("-Infinity"),
            Some("1e300"),
            Some("\\x616263"),
            None,
        ];
        ensure!(found == expected, "{found:?}");

        let row = client.query_one(sql, &[]).await?;
        ensure!(row.get::<_, bool>("b") && row.get::<_, i16>("s") == -7 && row.get::<_, i64>("i") == 7);
        ensure!(row.get::<_, f64>("f") == 0.1 && row.get::<_, &str>("t") == "ü\"'");
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_584_009_840_250);
        ensure!(
            row.get::<_, SystemTime>("at") == at,
            "{:?}",
            row.get::<_, SystemTime>("at")
        );
        let zoned = SystemTime::UNIX_EPOCH + Duration::from_secs(1_584_009_840);
        ensure!(row.get::<_, SystemTime>("zoned") == zoned);
        ensure!(row.get::<_, i16>("byte") == 200 && row.get::<_, f64>("low") == f64::NEG_INFINITY);
        ensure!(row.get::<_, f64>("high") == 1e300 && row.get::<_, &[u8]>("bytes") == b"abc");
        ensure!(
            row.get::<_, Option<i64>>("absent").is_none() && row.get::<_, Option<&str>>("nothing").is_none()
        );
        let kinds: Vec<&Type> = row.columns().iter().map(tokio_postgres::Column::type_).collect();
        ensure!(
            kinds[6..12]
                == [
                    &Type::TIMESTAMP,
                    &Type::TIMESTAMPTZ,
                    &Type::NUMERIC,
                    &Type::NUMERIC,
                    &Type::JSON,
                    &Type::JSON
                ]
        );
        // Count, weight, sign and scale of `numeric`, then 1844 6744 0737 0955 1615 and 1 2345 6780 in base 10,000.
        let digits = |name: &str| row.get::<_, Digits>(name).0;
        ensure!(
            digits("seed")
                == [
                    0, 5, 0, 4, 0, 0, 0, 0, 7, 0x34, 0x1a, 0x58, 2, 0xe1, 3, 0xbb, 6, 0x4f
                ],
            "{:?}",
            digits("seed")
        );
        ensure!(
            digits("money") == [0, 3, 0, 1, 0x40, 0, 0, 4, 0, 1, 9, 0x29, 0x1a, 0x7c],
            "{:?}",
            digits("money")
        );
        Ok(())
    })?;
    serving.stop()
}

/// The bytes of a `numeric` as they came.
struct Digits(Vec<u8>);

impl<'a> tokio_postgres::types::FromSql<'a> for Digits {
    fn from_sql(
        _kind: &Type,
        bytes: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(bytes.to_vec()))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }
}

#[test]
fn parameters_have_types_and_absent_values() -> Result<()> {
    let serving = Serving::usual()?;
    exchange(async {
        let client = serving.postgres().await?;
        let sql =
            "SELECT run, draw FROM replayed.outcomes WHERE rule_set = $1 AND draw >= $2 ORDER BY run, draw";
        let statement = client.prepare(sql).await?;
        ensure!(statement.params()[0] == Type::TEXT, "{:?}", statement.params());
        let session = aside(fixture)?;
        let literal = sql.replace("$1", "'record'").replace("$2", "1");
        let expected = aside(move || session.sql(&literal))?;
        let expected = Rows::of(&expected).rows.len();
        ensure!(expected > 0);
        let kind = statement.params()[1].clone();
        let found = match kind {
            Type::INT8 => client.query(&statement, &[&"record", &1_i64]).await?,
            _ => client.query(&statement, &[&"record", &1_i32]).await?,
        };
        ensure!(found.len() == expected, "{} rows of {expected}", found.len());
        // Twice the same statement, and a null that nothing equals.
        let none: Option<&str> = None;
        let found = match kind {
            Type::INT8 => client.query(&statement, &[&none, &1_i64]).await?,
            _ => client.query(&statement, &[&none, &1_i32]).await?,
        };
        ensure!(found.is_empty());
        // Text that looks like SQL is text.
        let found = client
            .query_one("SELECT $1 AS said", &[&"'; DROP TABLE prices; --"])
            .await?;
        ensure!(found.get::<_, &str>("said") == "'; DROP TABLE prices; --");
        let refused = refusal(&client, "SELECT $1").await?;
        ensure!(
            refused == "08P01 the query asks for $1, which is not given\nhint: give 1=<value>",
            "{refused}"
        );

        let mut flight = serving.flight().await?;
        let mut prepared = flight.0.prepare("SELECT $1 + 1 AS next".to_owned(), None).await?;
        let value: ArrayRef = Arc::new(Int64Array::from(vec![41]));
        prepared.set_parameters(RecordBatch::try_from_iter([("anything", value)])?)?;
        let info = prepared.execute().await?;
        let found = flight.fetch(info).await?;
        ensure!(found[0].column(0).as_primitive::<Int64Type>().value(0) == 42);
        let two: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        prepared.set_parameters(RecordBatch::try_from_iter([("anything", two)])?)?;
        let refused = prepared.execute().await.err().context("two rows are refused")?;
        ensure!(
            refused.to_string().contains("2 rows of parameters are given"),
            "{refused}"
        );
        let unbound = flight.refusal("SELECT $1").await?;
        ensure!(
            unbound.contains("the query asks for $1, which is not given"),
            "{unbound}"
        );
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn an_error_in_the_middle_ends_the_query_and_not_the_conversation() -> Result<()> {
    let serving = Serving::usual()?;
    let sql = "SELECT 10 / (150000 - value) AS q FROM generate_series(1, 200000)";
    exchange(async {
        let client = serving.postgres().await?;
        let refused = refusal(&client, sql).await?;
        ensure!(
            refused.starts_with("22000 the query cannot be computed: "),
            "{refused}"
        );
        ensure!(client.query(sql, &[]).await.is_err());
        ensure!(texts(&client, "SELECT 1").await? == [[Some("1".to_owned())]]);
        let mut flight = serving.flight().await?;
        let refused = flight.refusal(sql).await?;
        ensure!(refused.contains("the query cannot be computed: "), "{refused}");
        ensure!(flight.ask("SELECT 1").await?[0].num_rows() == 1);
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn transactions_and_settings_end_with_the_connection() -> Result<()> {
    let serving = Serving::new(Limits::default(), None)?;
    exchange(async {
        let client = serving.postgres().await?;
        client.batch_execute("SET application_name = 'test'").await?;
        client.batch_execute("BEGIN").await?;
        ensure!(refusal(&client, "SELECT nothing").await?.starts_with("42000 "));
        let refused = refusal(&client, "SELECT 1").await?;
        ensure!(
            refused.starts_with("25P02 an earlier query of this transaction failed"),
            "{refused}"
        );
        client.batch_execute("ROLLBACK").await?;
        let together = texts(&client, "BEGIN; SELECT 'a;b' AS t; -- all\nCOMMIT").await?;
        ensure!(together == [[Some("a;b".to_owned())]], "{together:?}");
        for (sql, said) in [
            ("SELECT 1; SELECT 2", "42000 there is more than one statement"),
            (
                "BEGIN; SELECT 1; SELECT 2",
                "42000 several statements were sent at once",
            ),
            (
                "COMMIT; DROP TABLE catalog.runs",
                "25006 only queries are allowed here, not DROP",
            ),
        ] {
            let refused = refusal(&client, sql).await?;
            ensure!(refused.starts_with(said), "{sql}: {refused}");
            client.batch_execute("ROLLBACK").await?;
        }
        ensure!(client.prepare("BEGIN; SELECT 1").await.is_err());
        ensure!(texts(&client, "SHOW standard_conforming_strings").await? == [[Some("on".to_owned())]]);
        let refused = refusal(&client, "SET timezone = 'Europe/Berlin'").await?;
        ensure!(
            refused.starts_with("25006 only queries are allowed here, not SET timezone europe/berlin"),
            "{refused}"
        );
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn an_error_says_where_in_the_query_it_is() -> Result<()> {
    let serving = Serving::usual()?;
    exchange(async {
        let client = serving.postgres().await?;
        let at = |error: tokio_postgres::Error| -> Result<Option<u32>> {
            let error = error.as_db_error().context("an error of the server")?;
            Ok(match error.position() {
                Some(ErrorPosition::Original(place)) => Some(*place),
                _ => None,
            })
        };
        // The character of the whole query, counted from 1, as libpq draws its caret; umlauts are one each.
        for (sql, place) in [
            ("SELECT marc_usd FROM replayed.prices", Some(8)),
            ("SELECT 'ü',\n  marc_usd FROM replayed.prices", Some(15)),
            ("SELECT 1\nFROM replayed.prises", Some(15)),
            ("SELECT medrv(1)", Some(8)),
            ("SELECT 1 +", Some(11)),
        ] {
            let error = client.simple_query(sql).await.err().context("refused")?;
            ensure!(at(error)? == place, "{sql}");
            let error = client.prepare(sql).await.err().context("refused")?;
            ensure!(at(error)? == place, "{sql}, prepared");
        }
        let together = client
            .simple_query("BEGIN;\n SELECT 'ü', marc FROM replayed.prices; END")
            .await;
        ensure!(at(together.err().context("refused")?)? == Some(21));
        client.batch_execute("ROLLBACK").await?;
        for (sql, place) in [
            // What is asked in other words has no place in those of the client.
            ("SELECT relnome FROM pg_class", None),
        ] {
            let error = client.simple_query(sql).await.err().context("refused")?;
            ensure!(at(error)? == place, "{sql}");
            let error = client.prepare(sql).await.err().context("refused")?;
            ensure!(at(error)? == place, "{sql}, prepared");
        }
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn parameters_reach_a_replay_by_both_ways() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().to_owned();
    let session = move || {
        let session = Session::open(&data, catalog::tables(&[], &[])?)?;
        Ok(session.with(&sql::functions(&data))?)
    };
    let serving = Serving::of(session, Limits::default(), Access::default())?;
    let sql = "SELECT count(*) AS rows FROM replay($1, $2, 'outcomes', draws => $3) WHERE rule_set = $2";
    exchange(async {
        let client = serving.postgres().await?;
        let statement = client.prepare(sql).await?;
        ensure!(
            statement.params() == [Type::TEXT, Type::TEXT, Type::INT8],
            "{:?}",
            statement.params()
        );
        for (draws, rows) in [(1_i64, 4_i64), (2, 6)] {
            let found = client
                .query_one(&statement, &[&"2026-02-05", &"record", &draws])
                .await?;
            ensure!(found.get::<_, i64>(0) == rows, "{found:?}");
        }
        let wrong = client
            .query_one(&statement, &[&"2026-02-05", &"record", &0_i64])
            .await;
        let wrong = wrong.err().context("no draws are refused")?;
        let wrong = wrong.as_db_error().context("an error of the server")?;
        ensure!(
            wrong.message() == "draws of replay is 0, allowed is 1 to 1000",
            "{wrong}"
        );

        let mut flight = serving.flight().await?;
        let mut prepared = flight.0.prepare(sql.to_owned(), None).await?;
        let word = |word: &str| -> ArrayRef { Arc::new(StringArray::from(vec![word])) };
        let draws: ArrayRef = Arc::new(Int64Array::from(vec![2]));
        let values = [("1", word("2026-02-05")), ("2", word("record")), ("3", draws)];
        prepared.set_parameters(RecordBatch::try_from_iter(values)?)?;
        let info = prepared.execute().await?;
        let found = flight.fetch(info).await?;
        ensure!(found[0].column(0).as_primitive::<Int64Type>().value(0) == 6);
        Ok(())
    })?;
    serving.stop()
}
