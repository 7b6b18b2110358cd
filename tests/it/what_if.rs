//! "What if" inside SQL: replays and liquidation prices as functions, beside the commands that answer the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aftershock_archive::{journal, list_runs};
use aftershock_query::cells::{Cell, Rows};
use aftershock_query::{Error, RecordBatch, Session};
use aftershock_study::{catalog, sql};
use anyhow::{Context, Result, bail, ensure};
use arrow::array::AsArray;
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, UInt32Type, UInt64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::cli::User;

/// A session with the functions on a folder that need not be there.
fn session(data: &Path) -> Result<Session> {
    let session = Session::open(data, catalog::tables(&[], &[])?)?;
    Ok(session.with(&sql::functions(data))?)
}

/// Rows of one batch, whatever they came in.
fn whole(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let schema = batches.first().context("an answer has a batch")?.schema();
    Ok(concat_batches(&schema, batches)?)
}

fn stored(path: &Path) -> Result<RecordBatch> {
    let file = fs::File::open(path).with_context(|| path.display().to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let schema = Schema::new(builder.schema().fields().clone());
    let batches = builder.build()?.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema.into(), &batches)?)
}

/// The one folder of a rule set's run below a user's data.
fn run_of(data: &Path, rule_set: &str) -> Result<(String, PathBuf)> {
    let runs = list_runs(data)?.runs;
    let mut of: Vec<_> = runs.into_iter().filter(|run| run.rule_set == rule_set).collect();
    ensure!(of.len() == 1, "{} runs of {rule_set}", of.len());
    let run = of.remove(0).run;
    let folder = aftershock_archive::run_path(data, &run);
    Ok((run, folder))
}

#[test]
fn every_cell_is_that_of_the_run_of_the_command() -> Result<()> {
    let user = User::new()?;
    let command = "replay 2026-02-05 --rules price-band+close-factor --draws 5 --seed 3";
    user.says(&command.split(' ').collect::<Vec<_>>())?.fine()?;
    let (run, folder) = run_of(&user.path("data"), "price-band-then-close-factor")?;

    let elsewhere = tempfile::tempdir()?;
    let data = elsewhere.path().join("none");
    let session = session(&data)?;
    for table in journal::table_names() {
        let call = format!(
            "SELECT * FROM replay('2026-02-05', 'price-band+close-factor', '{table}', draws => 5, seed => 3)"
        );
        let found = whole(&session.sql(&call)?)?;
        let expected = stored(&folder.join(format!("{table}.parquet")))?;
        let columns = expected.num_columns();
        ensure!(
            found.num_rows() == expected.num_rows(),
            "{table}: {} rows",
            found.num_rows()
        );
        for (index, field) in expected.schema().fields().iter().enumerate() {
            let name = field.name();
            ensure!(
                found.schema().field(index) == field.as_ref(),
                "{table}.{name} is {:?}",
                found.schema().field(index)
            );
            ensure!(
                found.column(index) == expected.column(index),
                "{table}.{name} differs"
            );
        }
        let place: Vec<_> = found.schema().fields()[columns..]
            .iter()
            .map(|field| field.name().clone())
            .collect();
        ensure!(place == ["run", "draws", "seed", "provenance"], "{place:?}");
        for row in 0..found.num_rows() {
            let word = |column: usize| found.column(columns + column).as_string::<i32>().value(row);
            ensure!(
                word(0) == run && word(3) == "replayed",
                "{table}: {} {}",
                word(0),
                word(3)
            );
            ensure!(found.column(columns + 1).as_primitive::<UInt32Type>().value(row) == 5);
            ensure!(found.column(columns + 2).as_primitive::<UInt64Type>().value(row) == 3);
        }
    }
    ensure!(!data.exists(), "a question wrote into the data folder");
    Ok(())
}

/// `catalog.gates` says which gates a replay decides; those of a replay are all there, and no others are decided.
#[test]
fn the_gates_of_a_replay_are_those_that_the_catalog_says() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path())?;
    let odd = "SELECT g.gate, r.gate AS replayed, g.in_replays, r.verdict
               FROM catalog.gates AS g FULL JOIN replay('2026-02-05', 'record', 'gates', draws => 1) AS r ON r.gate = g.gate
               WHERE (g.gate IS DISTINCT FROM 'G11') AND (g.in_replays IS DISTINCT FROM (r.verdict <> 'not measurable'))
                  AND NOT (r.verdict IS NULL AND NOT g.in_replays)";
    let odd = Rows::of(&session.sql(odd)?);
    ensure!(odd.rows.is_empty(), "{odd:?}");
    let all = Rows::of(&session.sql("SELECT gate FROM catalog.gates")?);
    let numbers: Vec<Cell> = (0..=19).map(|number| Cell::Text(format!("G{number}"))).collect();
    ensure!(all.rows.concat() == numbers, "{all:?}");
    Ok(())
}

/// A rule set may be text, and several go into one call; each run is the one that the command makes.
#[test]
fn rule_sets_come_as_names_text_or_an_array() -> Result<()> {
    let own = "name = \"own-band\"\ntitle = \"A wide band\"\nsummary = \"s\"\ncosts = \"c\"\n\n[[rule]]\nkind = \"price-band\"\n";
    let user = User::new()?;
    fs::write(user.path("own.toml"), own)?;
    let command = "replay 2026-02-05 --rules own.toml --draws 2 --shock -10%";
    user.says(&command.split(' ').collect::<Vec<_>>())?.fine()?;
    let data = user.path("data");
    let runs = [run_of(&data, "own-band")?.0, run_of(&data, "record")?.0];

    let session = session(&data)?;
    let question = format!(
        "SELECT DISTINCT rule_set, run, episode, provenance
         FROM replay('2026-02-05', ['{own}', 'record'], draws => 2, shock => '-10%') ORDER BY rule_set"
    );
    let found = Rows::of(&session.sql(&question)?);
    let expected = ["own-band", "record"]
        .into_iter()
        .zip(&runs)
        .map(|(rule_set, run)| {
            vec![
                Cell::Text(rule_set.into()),
                Cell::Text(run.clone()),
                Cell::Text("2026-02-05-day-long-slide.shock-minus-10pct-over-10m".into()),
                Cell::Text("replayed with a made-up move".into()),
            ]
        });
    ensure!(found.rows == expected.collect::<Vec<_>>(), "{:?}", found.rows);

    // What is kept in the folder and what is replayed here go side by side.
    let both = "SELECT count(*) AS rows, count(DISTINCT total) AS totals FROM (
            SELECT run, draw, bar_order, forced_sell_usd AS total FROM replayed.outcomes WHERE rule_set = 'own-band'
            UNION
            SELECT run, draw, bar_order, forced_sell_usd FROM replay('2026-02-05', $$ own $$, draws => 2, shock => '-10%'))"
        .replace("$$ own $$", &format!("'{own}'"));
    let found = Rows::of(&session.sql(&both)?);
    ensure!(found.get(0, "rows") == Some(&Cell::Int(6)), "{:?}", found.rows);
    Ok(())
}

#[test]
fn a_replay_joins_the_record_and_itself() -> Result<()> {
    let user = User::new()?;
    user.says(&["replay", "2026-02-05", "--rules", "record", "--draws", "2"])?
        .fine()?;
    let session = session(&user.path("data"))?;
    // The record in the replay is the record in the cut, at every close of a bar that both have.
    let closes = "SELECT count(*) AS bars, max(abs(p.recorded_usd / b.close_usd - 1)) AS off
        FROM replay('2026-02-05', 'price-band', 'prices', draws => 2) AS p
        JOIN catalog.episodes AS e USING (episode)
        JOIN recorded.episode_bars AS b
          ON b.episode = p.episode AND b.close_at = p.event_at AND b.venue || ':' || b.instrument = e.instrument
        WHERE p.bar_close AND p.bar_order = 'high_first'";
    let found = Rows::of(&session.sql(closes)?);
    let bars = found.get(0, "bars").and_then(|cell| cell.number());
    let off = found.get(0, "off").and_then(|cell| cell.number());
    ensure!(
        bars >= Some(90.0) && off.is_some_and(|off| off < 1e-12),
        "{:?}",
        found.rows
    );
    // Under the rules of record the replay is the record, and a draw has one outcome in each order.
    let paired = "SELECT count(*) AS pairs, min(other.mark_drawdown - history.mark_drawdown) AS least
        FROM replay('2026-02-05', 'record', draws => 2) AS history
        JOIN replay('2026-02-05', 'record', draws => 2) AS other USING (draw, bar_order)";
    let found = Rows::of(&session.sql(paired)?);
    ensure!(
        found.rows == [[Cell::Int(6), Cell::Float(0.0)]],
        "{:?}",
        found.rows
    );
    Ok(())
}

/// A thousand draws of sixteen rule sets take many minutes: a plan of them takes none.
#[test]
fn a_plan_replays_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path())?;
    let names = Rows::of(&session.sql(
        "SELECT rule_set FROM catalog.rule_sets WHERE rule_set IN ('record', 'price-band', 'volatility-margin')",
    )?);
    ensure!(names.rows.len() == 3, "{:?}", names.rows);
    let began = Instant::now();
    let plan = session.sql(
        "EXPLAIN SELECT * FROM replay('black-thursday', ['record', 'price-band', 'volatility-margin'], draws => 1000)",
    )?;
    ensure!(whole(&plan)?.num_rows() > 0);
    ensure!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    Ok(())
}

/// The user's mistake: what is wrong, and what would have been right.
fn refused(session: &Session, sql: &str, words: &[&str]) -> Result<()> {
    let Err(error) = session.sql(sql) else {
        bail!("answered: {sql}");
    };
    ensure!(error.is_users(), "{sql}: {error}");
    let said = format!("{error} ({})", error.hint().unwrap_or_default());
    for word in words {
        ensure!(said.contains(word), "{sql}: no `{word}` in: {said}");
    }
    let hint = error.hint().unwrap_or_default();
    ensure!(!hint.contains(".toml"), "SQL reads no files: {hint}");
    Ok(())
}

#[test]
fn what_cannot_be_replayed_is_refused_with_what_can() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("own.toml"), "name = \"own\"")?;
    let session = session(&user.path("data"))?;
    let path = user.path("own.toml").display().to_string();
    let cases: &[(&str, &[&str])] = &[
        (
            "replay('black-thirsday', 'record')",
            &[
                "no episode `black-thirsday` (did you mean black-thursday",
                "catalog.episodes has all; files are not read here",
            ],
        ),
        (
            "replay('2026-02-05', 'catalogue+record')",
            &[
                "all rule sets",
                "name them; rule sets that act together are written 'a+b'",
            ],
        ),
        (
            "replay('2026-02-05', 'record+')",
            &["has no name", "write 'a+b', of names; catalog.rule_sets has them"],
        ),
        (
            "replay('2026-02-05', 'price-bond')",
            &["no rule set 'price-bond'", "did you mean price-band?"],
        ),
        (
            "replay('2026-02-05', 'catalogue')",
            &["all rule sets", "catalog.rule_sets"],
        ),
        (
            "replay('2026-02-05')",
            &["rules of replay is missing", "such as replay("],
        ),
        ("replay()", &["episode of replay is missing"]),
        ("replay('2026-02-05', '')", &["has no name"]),
        ("replay('2026-02-05', 3)", &["rules of replay is 3", "text"]),
        (
            "replay('2026-02-05', ['record', NULL])",
            &["rules of replay", "array of texts"],
        ),
        (
            "replay('2026-02-05', 'record', 'forced_order')",
            &["'forced_order'", "did you mean forced_orders?"],
        ),
        (
            "replay('2026-02-05', 'record', draws => 0)",
            &["draws of replay is 0", "1 to 1000"],
        ),
        (
            "replay('2026-02-05', 'record', draws => 1001)",
            &["draws of replay is 1001", "--draws"],
        ),
        (
            "replay('2026-02-05', 'record', draws => 'five')",
            &["draws of replay is five", "whole number"],
        ),
        ("replay('2026-02-05', 'record', draws => 1.5)", &["whole number"]),
        (
            "replay('2026-02-05', 'record', seed => -1)",
            &["seed of replay is -1"],
        ),
        (
            "replay('2026-02-05', 'record', drows => 5)",
            &["no parameter `drows`", "did you mean draws?"],
        ),
        (
            "replay('2026-02-05', rules => 'record', 5)",
            &["without a name", "replay(episode, rules"],
        ),
        (
            "replay('2026-02-05', 'record', episode => '2026-02-05')",
            &["given twice"],
        ),
        (
            "replay('2026-02-05', 'record', 'prices', 1, 1, '-1%', '1m', 1)",
            &["7 parameters"],
        ),
        (
            "replay('2026-02-05', 'record', shock => '-30')",
            &["shock of replay is `-30`", "-30%"],
        ),
        (
            "replay('2026-02-05', 'record', shock_over => '5m')",
            &["without a shock"],
        ),
        (
            "replay('2026-02-05', 'record', draws => 1, shock => '-1%', shock_over => '900h')",
            &["takes longer"],
        ),
        (
            "replay('2026-02-05', 'name = \"x\"')",
            &["the TOML in the query", "missing field"],
        ),
        (
            "replay((SELECT '2026-02-05'), 'record')",
            &["episode of replay", "written out"],
        ),
        (
            "(VALUES ('2026-02-05')) AS v(e), LATERAL replay(v.e, 'record')",
            &["episode of replay", "written out"],
        ),
        ("replay($episode, 'record')", &["$episode"]),
    ];
    for (call, words) in cases {
        refused(&session, &format!("SELECT * FROM {call}"), words)?;
    }
    // A file would be read on the machine of whoever serves the question.
    refused(
        &session,
        &format!("SELECT * FROM replay('2026-02-05', '{path}')"),
        &["there is no rule set", "files are not read here"],
    )?;
    Ok(())
}

/// What a replay holds counts against what the query may hold, before it is replayed.
#[test]
fn a_replay_too_large_for_its_query_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut session = session(folder.path())?;
    session.limit(Some(100_000_000), None)?;
    let large = "SELECT count(*) FROM replay('2026-02-05', ['record', 'price-band'], draws => 1000)";
    let begun = Instant::now();
    let Err(error) = session.sql(large) else {
        bail!("a thousand draws go into 100 MB");
    };
    ensure!(begun.elapsed() < Duration::from_secs(5), "it was replayed first");
    ensure!(matches!(error, Error::Limit { .. }), "{error:?}");
    let said = format!("{error}; {}", error.hint().unwrap_or_default());
    for word in [
        "1000 draws under 2 rule sets",
        "the memory that the query may hold",
        "raise --memory",
    ] {
        ensure!(said.contains(word), "{said}");
    }
    let small = "SELECT count(*) AS n FROM replay('2026-02-05', ['record', 'price-band'], draws => 2)";
    ensure!(Rows::of(&session.sql(small)?).rows == [[Cell::Int(12)]]);
    Ok(())
}

/// Parameters of the query stand where values do; only the table decides which columns there are.
#[test]
fn arguments_may_be_parameters_of_the_query() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path())?;
    let asked = |call: &str| {
        format!(
            "SELECT rule_set, run, draws, seed, count(*) AS rows, sum(forced_sell_usd) AS sold
             FROM {call} AS r GROUP BY rule_set, run, draws, seed ORDER BY rule_set"
        )
    };
    let written = asked("replay('2026-02-05', ['record', 'price-band'], draws => 2, seed => 7)");
    let open = asked("replay($episode, ['record', $rules], draws => $draws, seed => $seed)");
    let values = [
        ("episode", "2026-02-05"),
        ("rules", "price-band"),
        ("draws", "2"),
        ("seed", "7"),
    ];
    let expected = Rows::of(&session.sql(&written)?);
    ensure!(expected.rows.len() == 2 && expected.get(0, "rows") == Some(&Cell::Int(6)));
    ensure!(Rows::of(&session.sql_with(&open, &values)?) == expected);
    // Other values are another replay, a plan replays nothing, and a join knows its columns.
    let one = Rows::of(&session.sql_with(&open, &[&values[..2], &[("draws", "1"), ("seed", "7")]].concat())?);
    ensure!(one.get(0, "rows") == Some(&Cell::Int(4)), "{one:?}");
    let plan = session.sql_with(&format!("EXPLAIN {open}"), &values)?;
    ensure!(format!("{:?}", Rows::of(&plan)).contains("StreamingTableExec"));
    let joined = "SELECT count(*) AS rows FROM replay($episode, 'record', draws => $draws) AS a
                  JOIN replay($episode, 'price-band', draws => $draws) AS b USING (draw, bar_order) WHERE a.draw > 0";
    let joined = session.sql_with(joined, &[values[0], values[2]])?;
    ensure!(Rows::of(&joined).rows == [[Cell::Int(4)]], "{joined:?}");

    type Given<'a> = &'a [(&'a str, &'a str)];
    let wrong: [(&str, Given<'_>, &[&str]); 4] = [
        (
            "SELECT * FROM replay($episode, 'record', draws => $draws)",
            &[values[0], ("draws", "many")],
            &["draws of replay is many", "whole number"],
        ),
        (
            "SELECT * FROM replay('2026-02-05', 'record', draws => $draws)",
            &[("draws", "0")],
            &["draws of replay is 0, allowed is 1 to 1000"],
        ),
        (
            "SELECT * FROM replay($episode, 'record')",
            &[("episode", "2026-02-06")],
            &["no episode `2026-02-06`"],
        ),
        (
            "SELECT * FROM replay($episode, 'record', $table)",
            &[values[0], ("table", "prices")],
            &[
                "table of replay is $table, should be written out",
                "which columns",
            ],
        ),
    ];
    for (sql, values, words) in wrong {
        let Err(error) = session.sql_with(sql, values) else {
            bail!("answered: {sql}");
        };
        let said = format!("{error}; {}", error.hint().unwrap_or_default());
        for word in words {
            ensure!(said.contains(word), "no `{word}` in: {said}");
        }
        ensure!(error.is_users(), "{said}");
    }

    // The price of the README's table, with everything given from outside.
    let price = "SELECT liquidation_price($venue, $instrument, $side, CAST($contracts AS DOUBLE), CAST($entry AS DOUBLE),
                                          CAST($leverage AS DOUBLE), at => $at) AS usd";
    let values = [
        ("venue", "bitmex"),
        ("instrument", "XBTUSD"),
        ("side", "long"),
        ("contracts", "1000000"),
        ("entry", "8000"),
        ("leverage", "25"),
        ("at", "2020-03-12"),
    ];
    let found = Rows::of(&session.sql_with(price, &values)?);
    ensure!(found.rows[0][0].to_string() == "7735.26570102", "{found:?}");
    let bare = price.replace("CAST($contracts AS DOUBLE)", "$contracts");
    let Err(error) = session.sql_with(&bare, &values) else {
        bail!("answered: {bare}");
    };
    ensure!(
        error.to_string().contains("CAST($contracts AS DOUBLE)"),
        "{error}"
    );
    Ok(())
}

/// What the record cannot measure is refused in the words of `aftershock replay`.
#[test]
fn both_ways_refuse_alike() -> Result<()> {
    let user = User::new()?;
    let session = session(&user.path("data"))?;
    let unmeasured = aftershock_study::rule_sets::all()?
        .into_iter()
        .find(|set| aftershock_study::rule_sets::lacks(set).is_some())
        .context("a rule set that no embedded record can measure")?;
    let name = &unmeasured.name;
    let said = user.says(&["replay", "2026-02-05", "--rules", name])?;
    let Err(error) = session.sql(&format!("SELECT * FROM replay('2026-02-05', '{name}')")) else {
        bail!("{name} was replayed");
    };
    ensure!(
        error
            .to_string()
            .contains("is not measurable on the record of 2026-02-05-day-long-slide")
    );
    said.refused(&[&error.to_string(), &error.hint().unwrap_or_default()])
}

/// Source: as in `venues.rs` by hand: BitMEX at 100x with 0.075 % of the value at the mark set aside,
/// 10,000 (1 + 0.00075) / (1 + 0.01 - 0.005) = 9,957.71; Binance, short of 2 at 43,000 with 20x,
/// (4,300 + 50 + 86,000) / (2 · 1.005) = 44,950.24875621.
#[test]
fn liquidation_prices_are_the_venues() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path())?;
    let prices = "SELECT name, liquidation_price(venue, instrument, side, contracts, entry, leverage, at => day) AS price
        FROM (VALUES
            ('bitmex', 'bitmex', 'XBTUSD', 'long', 1000000, 10000, 100, DATE '2020-03-12'),
            ('binance', 'binance-usdm', 'BTCUSDT', 'short', 2, 43000, 20, DATE '2021-05-19'),
            ('too much leverage', 'binance-usdm', 'BTCUSDT', 'long', 200, 43000, 50, DATE '2021-05-19'),
            ('before any rule', 'binance-usdm', 'BTCUSDT', 'long', 1, 43000, 10, DATE '2010-01-01'),
            ('unknown', 'bitmex', 'XBTUSD', 'long', 1000000, NULL, 100, DATE '2020-03-12'),
            ('no price closes it', 'binance-usdm', 'BTCUSDT', 'long', 2, 43000, 1, DATE '2021-05-19')
        ) AS v(name, venue, instrument, side, contracts, entry, leverage, day) ORDER BY name";
    let found = Rows::of(&session.sql(prices)?);
    let price = |name: &str| -> Result<Option<&str>> {
        let row = found.rows.iter().find(|row| row[0].text() == Some(name));
        Ok(row.with_context(|| name.to_owned())?[1].text())
    };
    ensure!(price("binance")? == Some("44950.24875621"), "{:?}", found.rows);
    ensure!(
        price("bitmex")?.is_some_and(|price| price.starts_with("9957.7114")),
        "{:?}",
        found.rows
    );
    for name in [
        "too much leverage",
        "before any rule",
        "unknown",
        "no price closes it",
    ] {
        ensure!(price(name)?.is_none(), "{name}: {:?}", found.rows);
    }
    let cases: &[(&str, &[&str])] = &[
        (
            "('bitmax', 'XBTUSD', 'long', 1, 1, 1, '2020-03-12')",
            &["no venue 'bitmax'", "did you mean bitmex?"],
        ),
        (
            "('bitmex', 'XBTUSX', 'long', 1, 1, 1, '2020-03-12')",
            &["'XBTUSX'", "XBTUSD"],
        ),
        (
            "('bitmex', 'XBTUSD', 'buy', 1, 1, 1, '2020-03-12')",
            &["side", "'buy'", "'long' or 'short'"],
        ),
        (
            "('bitmex', 'XBTUSD', 'long', 0, 1, 1, '2020-03-12')",
            &["contracts", "is 0"],
        ),
        (
            "('bitmex', 'XBTUSD', 'long', 1, 1, -2, '2020-03-12')",
            &["leverage", "is -2"],
        ),
        (
            "('bitmex', 'XBTUSD', 'long', '1', 1, 1, '2020-03-12')",
            &["contracts", "no number"],
        ),
        (
            "('bitmex', 'XBTUSD', 'long', 1, 1, 1)",
            &["7 arguments", "entry_usd", "not 6"],
        ),
        (
            "('maker', 'ETH-A', 'long', 1, 200, 2, '2020-03-12')",
            &["no positions with a liquidation price"],
        ),
    ];
    for (arguments, words) in cases {
        refused(&session, &format!("SELECT liquidation_price{arguments}"), words)?;
    }
    Ok(())
}

/// The same figure as `aftershock venues` prints, to its last digit, at every venue that has positions.
#[test]
fn the_function_and_the_command_agree_to_the_last_digit() -> Result<()> {
    let user = User::new()?;
    let session = session(&user.path("data"))?;
    let venues = [
        ("bitmex", "XBTUSD", "8000", "10000"),
        ("binance-usdm", "ETHUSDT", "2000", "3"),
        ("bybit", "BTCUSD", "30000", "5000"),
        ("gmx-v2", "BTC", "30000", "0.5"),
        ("synthetix-perps-v2", "sBTCPERP", "30000", "0.5"),
    ];
    let mut compared = 0;
    for (venue, instrument, entry, contracts) in venues {
        for side in ["long", "short"] {
            let flag = format!("--{side}");
            let at = "2023-06-01";
            let arguments = [
                "venues",
                venue,
                "--instrument",
                instrument,
                "--at",
                at,
                &flag,
                contracts,
                "--entry",
                entry,
                "--leverage",
                "7",
            ];
            let said = user.says(&arguments)?;
            let question = format!(
                "SELECT CAST(liquidation_price('{venue}', '{instrument}', '{side}', {contracts}, {entry}, 7, '{at}') AS VARCHAR) AS price"
            );
            let found = match session.sql(&question) {
                Ok(found) => Rows::of(&found),
                Err(Error::Query { .. }) if said.code == Some(1) => continue,
                Err(error) => bail!("{question}: {error}"),
            };
            if said.code == Some(1) {
                ensure!(
                    found.rows == [[Cell::Null]],
                    "{question}: {:?}, {}",
                    found.rows,
                    said.stderr
                );
                continue;
            }
            let said = said.fine()?;
            let line = said
                .text()?
                .lines()
                .find(|line| line.contains("liquidation price, USD"))
                .with_context(|| said.stderr.clone())?;
            let price = found
                .get(0, "price")
                .and_then(|cell| cell.text())
                .unwrap_or_default();
            ensure!(line.contains(&format!(" {price} ")), "{line} is not {price}");
            compared += 1;
        }
    }
    ensure!(compared >= 6, "{compared} prices were compared");
    Ok(())
}

/// Source: dss, whose ttl was 10 minutes until the executive of 2020-03-12, and six hours after it.
#[test]
fn the_catalogue_has_venues_and_rules() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path())?;
    let at = |day: &str| -> Result<Vec<Vec<Cell>>> {
        let sql = format!(
            "SELECT value, number, unit FROM catalog.venues
             WHERE venue = 'maker' AND parameter = 'flip_ttl_s' AND (instrument = 'ETH-A' OR instrument IS NULL)
               AND since_at <= TIMESTAMP '{day}' AND (until_at IS NULL OR until_at > TIMESTAMP '{day}')"
        );
        Ok(Rows::of(&session.sql(&sql)?).rows)
    };
    let ttl = |value: &str, number: f64| {
        vec![
            Cell::Text(value.into()),
            Cell::Float(number),
            Cell::Text("s".into()),
        ]
    };
    ensure!(
        at("2020-03-12")? == [ttl("600", 600.0)],
        "{:?}",
        at("2020-03-12")?
    );
    ensure!(
        at("2020-04-01")? == [ttl("21600", 21_600.0)],
        "{:?}",
        at("2020-04-01")?
    );

    let rules = Rows::of(&session.sql(
        "SELECT rule, count(parameter) AS parameters FROM catalog.rules
         WHERE default_value IS NULL OR (default_value >= lowest AND default_value <= highest)
         GROUP BY rule ORDER BY rule",
    )?);
    let mut kinds: Vec<_> = aftershock_rules::kinds()
        .map(|kind| {
            vec![
                Cell::Text(kind.name.into()),
                Cell::Int(kind.parameters.len() as i64),
            ]
        })
        .collect();
    kinds.sort_by(|a, b| a[0].text().cmp(&b[0].text()));
    ensure!(rules.rows == kinds, "{:?}", rules.rows);

    let functions = Rows::of(&session.sql(
        "SELECT name, kind FROM catalog.functions WHERE name IN ('replay', 'liquidation_price', 'time_bucket') ORDER BY name",
    )?);
    let kinds = [
        ["liquidation_price", "scalar"],
        ["replay", "table"],
        ["time_bucket", "scalar"],
    ];
    let kinds = kinds.map(|row| row.map(|word| Cell::Text(word.into())).to_vec());
    ensure!(functions.rows == kinds, "{:?}", functions.rows);

    for table in session.tables() {
        ensure!(
            session.about(table).is_some(),
            "nothing says what a row of {table} is"
        );
        for row in Rows::of(&session.sql(&format!("DESCRIBE {table}"))?).rows {
            let column = row[0].text().unwrap_or_default();
            ensure!(
                session.column_about(table, column).is_some(),
                "nothing says what {table}.{column} means"
            );
        }
    }
    Ok(())
}
