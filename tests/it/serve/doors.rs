//! Who gets in, and what nobody gets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use aftershock_query::CatalogTables;
use aftershock_serve::{Access, Error, Limits, Options, Server, Tls};
use anyhow::{Context, Result, ensure};

use super::{Serving, aside, exchange, refusal, texts};
use crate::sql::fixture;

const TOKEN: &str = "correct horse battery staple";

#[test]
fn writes_and_files_are_refused_in_the_words_of_the_command_line() -> Result<()> {
    let serving = Serving::usual()?;
    let session = fixture()?;
    let outside = tempfile::tempdir()?;
    let stolen = outside.path().join("stolen.csv");
    let file = outside.path().join("secret.csv");
    std::fs::write(&file, "secret\nhunter2\n")?;
    let (stolen_text, file_text) = (stolen.display(), file.display());
    let statements = [
        "CREATE TABLE t AS SELECT 1".to_owned(),
        "CREATE VIEW replayed.v AS SELECT 1".to_owned(),
        "CREATE SCHEMA s".to_owned(),
        "CREATE FUNCTION f() RETURNS INT RETURN 1".to_owned(),
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{file_text}'"),
        "DROP TABLE replayed.prices".to_owned(),
        "INSERT INTO replayed.prices SELECT * FROM replayed.prices".to_owned(),
        "UPDATE replayed.prices SET mark_usd = 0".to_owned(),
        "DELETE FROM replayed.prices".to_owned(),
        "TRUNCATE TABLE replayed.prices".to_owned(),
        format!("COPY replayed.prices TO '{stolen_text}'"),
        format!("COPY (SELECT 1) TO '{stolen_text}' STORED AS CSV"),
        format!("EXPLAIN ANALYZE COPY (SELECT 1) TO '{stolen_text}' STORED AS CSV"),
        "EXPLAIN INSERT INTO replayed.prices SELECT 1".to_owned(),
        "PREPARE p AS SELECT 1".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "RESET datafusion.execution.batch_size".to_owned(),
        format!("SELECT * FROM '{file_text}'"),
        format!("SELECT * FROM \"{file_text}\""),
        format!("SELECT * FROM \"file://{file_text}\""),
        format!("SELECT * FROM read_csv('{file_text}')"),
        format!("SELECT * FROM read_parquet('{file_text}')"),
        format!("SELECT * FROM parquet_metadata('{file_text}')"),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT * FROM 'file.parquet'".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "SELECT 1; DROP TABLE replayed.prices".to_owned(),
    ];
    exchange(async {
        let (mut flight, client) = (serving.flight().await?, serving.postgres().await?);
        for sql in &statements {
            let said = aside(|| session.sql(sql))
                .err()
                .with_context(|| format!("answered: {sql}"))?;
            let refused = flight.refusal(sql).await?;
            ensure!(
                refused.contains(&said.to_string()),
                "{sql}: {refused}, not {said}"
            );
            // Functions that are not served are not proposed either.
            let hint = said
                .hint()
                .filter(|_| !sql.contains('(') || sql.contains("(SELECT"));
            let hint = hint.unwrap_or_default();
            ensure!(refused.contains(&hint), "{sql}: {refused}, not {hint}");
            let update = flight.0.execute_update(sql.clone(), None).await;
            ensure!(update.is_err(), "{sql}");
            // Settings are the client's own business there, and end with it.
            if !sql.starts_with("RESET") {
                let refused = refusal(&client, sql).await?;
                ensure!(
                    refused.contains(&said.to_string()) || refused.contains("not SET"),
                    "{sql}: {refused}, not {said}"
                );
                ensure!(client.query(sql.as_str(), &[]).await.is_err(), "{sql}");
            }
        }
        for name in [
            "<script>alert(1)</script>",
            "Robert'); DROP TABLE prices;--",
            "ü ∑ 🦀",
            "a\"\"b",
            "%s%n",
            "..",
            "\\x00",
        ] {
            let sql = format!("SELECT 1 AS \"{name}\"");
            let plain = name.replace("\"\"", "\"");
            let found = flight.ask(&sql).await?;
            ensure!(*found[0].schema().field(0).name() == plain, "{name}");
            let row = client.query_one(sql.as_str(), &[]).await?;
            ensure!(row.columns()[0].name() == plain, "{name}");
            let refused = refusal(&client, &format!("SELECT * FROM replayed.\"{name}\"")).await?;
            ensure!(refused.starts_with("42000 no table is named"), "{refused}");
        }
        Ok(())
    })?;
    ensure!(!stolen.exists());
    serving.stop()
}

#[test]
fn without_the_token_nobody_gets_in_by_either_way() -> Result<()> {
    let serving = Serving::new(Limits::default(), Some(TOKEN))?;
    exchange(async {
        let client = serving.postgres_as(TOKEN).await?;
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);
        for wrong in ["", "correct horse", "CORRECT HORSE BATTERY STAPLE"] {
            let refused = serving.postgres_as(wrong).await.err().context("a wrong token")?;
            let refused = format!("{refused:#}");
            ensure!(
                refused.contains("the token is missing or wrong") || wrong.is_empty(),
                "{refused}"
            );
        }

        let mut flight = serving.flight().await?;
        let refused = flight.refusal("SELECT 1").await?;
        ensure!(refused.contains("the token is missing or wrong"), "{refused}");
        ensure!(flight.0.get_catalogs().await.is_err());
        ensure!(flight.0.prepare("SELECT 1".to_owned(), None).await.is_err());
        ensure!(flight.0.handshake("anybody", "wrong").await.is_err());
        let guessed = arrow_flight::Ticket::new("anything");
        ensure!(flight.0.do_get(guessed).await.is_err());
        flight.0.set_token("wrong".to_owned());
        ensure!(flight.ask("SELECT 1").await.is_err());
        flight.0.set_token(TOKEN.to_owned());
        ensure!(flight.ask("SELECT 1").await?[0].num_rows() == 1);
        let mut other = serving.flight().await?;
        other.0.handshake("anybody", TOKEN).await?;
        ensure!(other.ask("SELECT 1").await?[0].num_rows() == 1);
        Ok(())
    })?;
    serving.stop()
}

/// Messages of the protocol, <https://www.postgresql.org/docs/16/protocol-message-formats.html>.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend((body.len() as u32 + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn startup() -> Vec<u8> {
    let body = [&196_608_u32.to_be_bytes()[..], b"user\0anybody\0\0"].concat();
    [&(body.len() as u32 + 4).to_be_bytes()[..], &body].concat()
}

/// What the server sends until it has nothing more to say: the kinds of its messages.
fn kinds(address: SocketAddr, sent: &[Vec<u8>]) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(3)))?;
    for bytes in sent {
        // Whoever was thrown out cannot write any more.
        if stream.write_all(bytes).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let (mut found, mut rest) = (String::new(), bytes.as_slice());
    while let [kind, a, b, c, d, ..] = rest {
        found.push(char::from(*kind));
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        rest = rest.get(1 + length..).unwrap_or_default();
    }
    Ok(found)
}

#[test]
fn whoever_breaks_the_handshake_is_not_let_in() -> Result<()> {
    let serving = Serving::new(Limits::default(), Some(TOKEN))?;
    let query = message(b'Q', b"SELECT 1\0");
    let extended = [
        message(b'P', b"\0SELECT 1\0\0\0"),
        message(b'B', b"\0\0\0\0\0\0\0\0"),
        message(b'E', b"\0\0\0\0\0"),
        message(b'S', b""),
    ]
    .concat();
    let first = message(
        b'p',
        &[
            &b"SCRAM-SHA-256\0"[..],
            &32_u32.to_be_bytes(),
            b"n,,n=anybody,r=0123456789abcdefgh",
        ]
        .concat(),
    );
    let attacks: [Vec<Vec<u8>>; 9] = [
        vec![startup(), query.clone()],
        vec![startup(), extended.clone()],
        vec![
            startup(),
            message(b'p', b"garbage\0"),
            query.clone(),
            extended.clone(),
        ],
        vec![startup(), message(b'p', TOKEN.as_bytes()), query.clone()],
        vec![startup(), first.clone(), query.clone()],
        vec![
            startup(),
            first.clone(),
            message(b'p', b"c=biws,r=x,p=AAAA"),
            query.clone(),
            extended.clone(),
        ],
        vec![
            startup(),
            first.clone(),
            message(b'p', b""),
            message(b'S', b""),
            query.clone(),
        ],
        vec![startup(), message(b'S', b""), query.clone()],
        vec![
            startup(),
            startup(),
            message(b'?', b""),
            query.clone(),
            extended.clone(),
        ],
    ];
    for attack in attacks {
        let said = kinds(serving.postgres, &attack)?;
        // Neither a welcome (Z), nor columns (T), rows (D) or an end of a query (C); authentication is asked for at most.
        let let_in = said.contains(['T', 'D', 'C', '1', '2']);
        ensure!(!let_in, "{said} for {attack:?}");
    }
    // A message that never ends is not read to its end.
    let mut endless = vec![b'Q'];
    endless.extend((512_u32 << 20).to_be_bytes());
    endless.resize(1 << 20, b'x');
    ensure!(!kinds(serving.postgres, &[startup(), endless])?.contains(['T', 'D', 'C']));
    exchange(async {
        let client = serving.postgres_as(TOKEN).await?;
        ensure!(texts(&client, "SELECT 1").await?.len() == 1);
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn beyond_this_machine_nothing_is_served_in_the_open() -> Result<()> {
    let bind = |address: &str, access: Access| -> Result<Result<Server, Error>> {
        let options = Options {
            flight: None,
            postgres: Some(address.parse()?),
            access,
            limits: Limits::default(),
        };
        let folder = tempfile::tempdir()?;
        let path = folder.path().to_owned();
        let open = move || {
            let session = aftershock_query::Session::open(&path, CatalogTables::empty())?;
            Ok(session.reader().clone())
        };
        Ok(Server::bind(options, Arc::new(open)))
    };
    let token = |token: &str| Access {
        token: Some(token.to_owned()),
        ..Access::default()
    };
    for (access, said) in [
        (Access::default(), "no token is given"),
        (token("short"), "fewer than 16 letters"),
        (token(TOKEN), "in plain text"),
    ] {
        let refused = bind("0.0.0.0:0", access)?.err().context("refused")?;
        ensure!(refused.to_string().contains(said), "{refused}");
        ensure!(refused.hint().is_some());
    }
    let mut open = token(TOKEN);
    open.plain_text = true;
    ensure!(bind("0.0.0.0:0", open)?.is_ok());
    let mut broken = token(TOKEN);
    broken.tls = Some(Tls {
        certificate: b"nothing".to_vec(),
        key: b"nothing".to_vec(),
    });
    let refused = bind("127.0.0.1:0", broken)?.err().context("refused")?;
    ensure!(matches!(refused, Error::Certificate(_)), "{refused}");
    Ok(())
}
