//! No query takes more than it may, and what nobody waits for stops.

use std::time::Duration;

use aftershock_serve::Limits;
use anyhow::{Context, Result, ensure};
use arrow_flight::CancelFlightInfoRequest;
use arrow_flight::CancelStatus;
use futures_util::TryStreamExt;
use tokio_postgres::NoTls;

use super::{Serving, exchange, refusal, texts};

/// Runs for days on any machine, and holds next to nothing: both sides are read at once, and what is left is to join them.
const ENDLESS: &str = "SELECT sum(a.value * b.value) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 100000000) b";

#[test]
fn an_eater_of_memory_is_refused_with_the_way_to_raise_the_limit() -> Result<()> {
    let limits = Limits {
        memory: 20_000_000,
        ..Limits::default()
    };
    let serving = Serving::new(limits, None)?;
    exchange(async {
        let (mut flight, client) = (serving.flight().await?, serving.postgres().await?);
        for sql in [
            "SELECT a.value, b.value FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 100000) b ORDER BY 2, 1",
            "SELECT count(*) FROM (SELECT DISTINCT a.value * 100000 + b.value FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 100000) b)",
            "SELECT array_agg(repeat('x', 1000)) FROM generate_series(1, 1000000)",
        ] {
            let said = "the query needs more memory than the 20 MB it may hold\nhint: ask for fewer rows or columns at once, or raise --memory";
            let refused = flight.refusal(sql).await?;
            ensure!(refused.contains(said), "{sql}: {refused}");
            let refused = refusal(&client, sql).await?;
            ensure!(refused == format!("53400 {said}"), "{sql}: {refused}");
        }
        let refused = refusal(
            &client,
            "SELECT repeat('x', 1000000000) FROM generate_series(1, 8192)",
        )
        .await?;
        ensure!(refused.contains("bytes of text in one call"), "{refused}");
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn time_and_rows_are_limited() -> Result<()> {
    let limits = Limits {
        time: Duration::from_secs(10),
        rows: 1_000,
        queries: 1,
        ..Limits::default()
    };
    let serving = Serving::new(limits, None)?;
    exchange(async {
        let (mut flight, client) = (serving.flight().await?, serving.postgres().await?);
        let refused = flight.refusal(ENDLESS).await?;
        ensure!(
            refused.contains("the query takes longer than the 10 s it may"),
            "{refused}"
        );
        ensure!(refused.contains("--timeout"), "{refused}");
        let refused = refusal(&client, ENDLESS).await?;
        ensure!(
            refused.starts_with("53400 the query takes longer than the 10 s it may"),
            "{refused}"
        );

        for sql in [
            "SELECT * FROM generate_series(1, 1001)",
            "SELECT * FROM generate_series(1, 100000)",
        ] {
            let said = "the answer has more than the 1000 rows that may be sent";
            let refused = flight.refusal(sql).await?;
            ensure!(refused.contains(said) && refused.contains("--rows"), "{refused}");
            ensure!(refusal(&client, sql).await?.starts_with(&format!("53400 {said}")));
            ensure!(client.query(sql, &[]).await.is_err());
        }
        let whole = "SELECT * FROM generate_series(1, 1000)";
        ensure!(texts(&client, whole).await?.len() == 1_000);
        ensure!(
            flight
                .ask(whole)
                .await?
                .iter()
                .map(|batch| batch.num_rows())
                .sum::<usize>()
                == 1_000
        );
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn queries_beyond_the_places_wait_for_their_turn() -> Result<()> {
    let limits = Limits {
        queries: 1,
        ..Limits::default()
    };
    let serving = Serving::new(limits, None)?;
    exchange(async {
        let mut clients = Vec::new();
        for _ in 0..8 {
            clients.push(serving.postgres().await?);
        }
        let asked = clients
            .iter()
            .map(|client| texts(client, "SELECT count(*) FROM generate_series(1, 100000)"));
        for answer in futures_util::future::join_all(asked).await {
            ensure!(answer? == [[Some("100000".to_owned())]]);
        }
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn a_query_ends_when_it_is_cancelled_or_its_client_goes() -> Result<()> {
    let limits = Limits {
        queries: 1,
        time: Duration::from_secs(100),
        ..Limits::default()
    };
    let serving = Serving::new(limits, None)?;
    // With one place, an answer shows that the query before has ended.
    exchange(async {
        let (mut flight, client) = (serving.flight().await?, serving.postgres().await?);

        let cancel = client.cancel_token();
        let (refused, cancelled) = tokio::join!(refusal(&client, ENDLESS), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            cancel.cancel_query(NoTls).await
        });
        cancelled?;
        let refused = refused?;
        ensure!(refused == "57014 the query was cancelled\nhint: ", "{refused}");
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);

        let info = flight.0.execute(ENDLESS.to_owned(), None).await?;
        let ticket = info.endpoint[0].ticket.clone().context("a ticket")?;
        let other = serving.flight().await?;
        let (rows, status) = tokio::join!(
            async {
                let stream = flight.0.do_get(ticket).await?;
                stream.try_collect::<Vec<_>>().await
            },
            async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let mut client = arrow_flight::FlightClient::new_from_inner(other.0.into_inner());
                client
                    .cancel_flight_info(CancelFlightInfoRequest::new(info))
                    .await
            }
        );
        ensure!(status?.status() == CancelStatus::Cancelled);
        let refused = rows.err().context("a cancelled query has no rows")?;
        ensure!(
            refused.to_string().contains("the query was cancelled"),
            "{refused}"
        );
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);

        // A client that goes in the middle, on either way in.
        let (gone, connection) = tokio_postgres::Config::new()
            .host("127.0.0.1")
            .port(serving.postgres.port())
            .user("anybody")
            .connect(NoTls)
            .await?;
        let connection = tokio::spawn(connection);
        let asked = tokio::spawn(async move { gone.simple_query(ENDLESS).await.is_err() });
        tokio::time::sleep(Duration::from_millis(500)).await;
        connection.abort();
        ensure!(asked.await?);
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);

        let mut gone = serving.flight().await?;
        let asked = tokio::spawn(async move { gone.ask(ENDLESS).await.is_err() });
        tokio::time::sleep(Duration::from_millis(500)).await;
        asked.abort();
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn the_server_stops_while_it_is_asked() -> Result<()> {
    let serving = Serving::usual()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let client = runtime.block_on(serving.postgres())?;
    let asked = runtime.spawn(async move { client.simple_query(ENDLESS).await.is_err() });
    std::thread::sleep(Duration::from_millis(500));
    serving.stop()?;
    ensure!(runtime.block_on(asked)?);
    Ok(())
}

#[test]
fn queries_that_only_a_planner_would_choke_on_are_refused() -> Result<()> {
    let serving = Serving::usual()?;
    let mut bomb = "WITH t0 AS (SELECT 1 AS n)".to_owned();
    for level in 1..=40 {
        let below = level - 1;
        bomb.push_str(&format!(", t{level} AS (SELECT a.n FROM t{below} a, t{below} b)"));
    }
    bomb.push_str(" SELECT count(*) FROM t40");
    exchange(async {
        let (mut flight, client) = (serving.flight().await?, serving.postgres().await?);
        for (sql, said) in [
            (
                format!("SELECT {}1", "1 + ".repeat(100_000)),
                "100000 operators and joins, and 1000 are taken",
            ),
            (
                format!("SELECT pg_backend_pid() {}", "+ 1".repeat(100_000)),
                "100000 operators and joins",
            ),
            (
                format!("SELECT '{}'", "x".repeat(2 << 20)),
                "bytes long, and 1048576 are taken",
            ),
            (bomb.clone(), "or more tables, and 1000 are taken"),
            (format!("EXPLAIN {bomb}"), "or more tables, and 1000 are taken"),
            (
                format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
                "",
            ),
            (format!("SELECT {}1", "- ".repeat(100_000)), "operators"),
        ] {
            let refused = refusal(&client, &sql).await?;
            ensure!(refused.contains(said), "{refused}");
            let refused = flight.refusal(&sql).await?;
            ensure!(refused.contains(said), "{refused}");
        }
        // As deep as is taken, and still standing.
        let deep = format!("SELECT {}1", "1 + ".repeat(999));
        ensure!(texts(&client, &deep).await? == [[Some("1000".to_owned())]]);
        let deep = format!(
            "SELECT count(*) FROM (SELECT 1 {})",
            "UNION ALL SELECT 1 ".repeat(400)
        );
        ensure!(texts(&client, &deep).await? == [[Some("401".to_owned())]]);
        Ok(())
    })?;
    serving.stop()
}
