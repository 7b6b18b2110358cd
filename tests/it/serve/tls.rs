//! Both ways in over TLS, with a certificate that was made a moment ago.

use std::sync::Arc;

use aftershock_serve::{Access, Limits, Tls};
use anyhow::{Context, Result, bail, ensure};
use arrow_flight::sql::client::FlightSqlServiceClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

use super::{Flight, Serving, exchange, texts};

const TOKEN: &str = "correct horse battery staple";

/// A certificate for this machine that nobody else has signed.
fn certificate() -> Result<Tls> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    Ok(Tls {
        certificate: made.cert.pem().into_bytes(),
        key: made.signing_key.serialize_pem().into_bytes(),
    })
}

fn serving(tls: &Tls) -> Result<Serving> {
    let access = Access {
        token: Some(TOKEN.to_owned()),
        tls: Some(tls.clone()),
        ..Access::default()
    };
    Serving::of(crate::sql::fixture, Limits::default(), access)
}

/// A connection to the Postgres port that trusts one certificate; as libpq begins it with sslmode=verify-full.
async fn ciphered(serving: &Serving, trusted: &[u8]) -> Result<TlsStream<TcpStream>> {
    let mut stream = TcpStream::connect(serving.postgres).await?;
    // SSLRequest, <https://www.postgresql.org/docs/16/protocol-message-formats.html>.
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await?;
    ensure!(stream.read_u8().await? == b'S', "the server does not offer TLS");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted)?)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

async fn flight(serving: &Serving, trusted: &[u8]) -> Result<Flight> {
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(trusted))
        .domain_name("localhost");
    let channel = Channel::from_shared(format!("https://{}", serving.flight))?
        .tls_config(tls)?
        .connect()
        .await?;
    Ok(Flight(FlightSqlServiceClient::new(channel)))
}

#[test]
fn postgres_is_ciphered_for_who_trusts_the_certificate_and_for_nobody_else() -> Result<()> {
    let (ours, other) = (certificate()?, certificate()?);
    let serving = serving(&ours)?;
    exchange(async {
        let mut config = tokio_postgres::Config::new();
        config
            .user("anybody")
            .password(TOKEN)
            .dbname("aftershock")
            // What lies below is ciphered already.
            .ssl_mode(SslMode::Disable);
        let stream = ciphered(&serving, &ours.certificate).await?;
        let (client, connection) = config.connect_raw(stream, NoTls).await?;
        let talking = tokio::spawn(connection);
        ensure!(texts(&client, "SELECT count(*) FROM catalog.runs").await?.len() == 1);
        drop(client);
        talking.await??;

        let refused = ciphered(&serving, &other.certificate).await;
        let refused = refused.err().context("another certificate is trusted")?;
        ensure!(format!("{refused:#}").contains("certificate"), "{refused:#}");

        config.host("127.0.0.1").port(serving.postgres.port());
        let Err(plain) = config.connect(NoTls).await else {
            bail!("answered in plain text");
        };
        let plain = plain.as_db_error().context("an error of the server")?;
        ensure!(plain.message() == "this server speaks TLS alone", "{plain}");
        ensure!(plain.hint() == Some("connect with sslmode=require"), "{plain:?}");
        Ok(())
    })?;
    serving.stop()
}

#[test]
fn flight_is_ciphered_for_who_trusts_the_certificate_and_for_nobody_else() -> Result<()> {
    let (ours, other) = (certificate()?, certificate()?);
    let serving = serving(&ours)?;
    exchange(async {
        let mut client = flight(&serving, &ours.certificate).await?;
        ensure!(
            client.ask("SELECT 1").await.is_err(),
            "the token was not asked for"
        );
        client.0.set_token(TOKEN.to_owned());
        let found = client.ask("SELECT count(*) FROM replayed.outcomes").await?;
        ensure!(found[0].num_rows() == 1);

        ensure!(flight(&serving, &other.certificate).await.is_err());
        let mut plain = match serving.flight().await {
            Ok(plain) => plain,
            // Whether the connection or the first call fails is the library's affair.
            Err(_) => return Ok(()),
        };
        plain.0.set_token(TOKEN.to_owned());
        ensure!(plain.ask("SELECT 1").await.is_err(), "answered in plain text");
        Ok(())
    })?;
    serving.stop()
}
