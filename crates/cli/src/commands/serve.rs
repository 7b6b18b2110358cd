//! `aftershock serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aftershock_query::Error as QueryError;
use aftershock_serve::{Access, Limits, Open, Options, Server, Tls};
use anyhow::{Context, Result};

use super::asking::Tables;
use crate::failure::Mistake;
use crate::limits;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where Arrow Flight SQL listens: a port, an address with a port, or off
    #[arg(long, value_name = "ADDRESS", default_value = "8815", value_parser = listens)]
    flight: Listens,
    /// Where the Postgres wire listens: a port, an address with a port, or off
    #[arg(long, value_name = "ADDRESS", default_value = "5433", value_parser = listens)]
    postgres: Listens,
    /// A file with the token that clients must show; AFTERSHOCK_TOKEN holds it otherwise
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the server's certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A file with the certificate's private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Listen beyond this machine without a certificate: whoever is on the way reads the token and all answers
    #[arg(long, conflicts_with = "tls_cert")]
    plain_text: bool,
    /// Memory that a query may hold, such as 512MB or 4GB; nothing is written to disk instead
    #[arg(long, value_name = "SIZE", default_value = "1GB", value_parser = limits::size)]
    memory: usize,
    /// Time that a query may take, sending its rows included, such as 30s or 10m
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = limits::time)]
    timeout: Duration,
    /// Rows that a query may send
    #[arg(long, value_name = "COUNT", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// Queries that run at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    queries: u16,
    #[command(flatten)]
    tables: Tables,
}

/// Where one way in listens, if at all.
#[derive(Clone, Copy)]
struct Listens(Option<SocketAddr>);

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let (flight, postgres) = (arguments.flight.0, arguments.postgres.0);
    if flight.is_none() && postgres.is_none() {
        return Err(Mistake::new("both ways in are off")
            .hint("leave --flight or --postgres on")
            .into());
    }
    let options = Options {
        flight,
        postgres,
        access: access(&arguments)?,
        limits: Limits {
            memory: arguments.memory,
            time: arguments.timeout,
            rows: arguments.rows,
            queries: arguments.queries.into(),
            ..Limits::default()
        },
    };
    let guarded = match (&options.access.token, &options.access.tls) {
        (None, _) => "no token: anybody on this machine may ask",
        (Some(_), None) => "with the token, in plain text",
        (Some(_), Some(_)) => "with the token, over TLS",
    };
    let (limits, ciphered) = (options.limits, options.access.tls.is_some());
    let server =
        Server::bind(options, opener(data.to_owned(), arguments.tables)).map_err(|error| match error {
            aftershock_serve::Error::Tables(error) => anyhow::Error::new(error),
            error => {
                let mistake = Mistake::new(error.to_string());
                error.hint().into_iter().fold(mistake, Mistake::hint).into()
            }
        })?;
    crate::say!("serving {} to be read, {guarded}", data.display());
    if let Some(address) = server.flight_address() {
        let scheme = if ciphered { "grpc+tls" } else { "grpc" };
        crate::say!("  Arrow Flight SQL  {scheme}://{address}");
    }
    if let Some(address) = server.postgres_address() {
        let (ip, port) = (address.ip(), address.port());
        crate::say!("  Postgres          psql \"host={ip} port={port} user=reader dbname=aftershock\"");
    }
    crate::say!("  limits            {limits}");
    crate::say!("Ctrl-C ends it");
    server.run(aftershock_serve::interrupted())?;
    crate::say!("ended");
    Ok(())
}

/// Looks up the tables as `aftershock sql` does.
fn opener(data: PathBuf, tables: Tables) -> Open {
    Arc::new(move || match tables.session(&data) {
        Ok(session) => Ok(session.reader().clone()),
        Err(error) => Err(match error.downcast::<QueryError>() {
            Ok(error) => error,
            Err(error) => QueryError::Data {
                path: data.clone(),
                reason: format!("{error:#}"),
            },
        }),
    })
}

fn access(arguments: &Arguments) -> Result<Access> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let token = match &arguments.token_file {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Some(text.trim().to_owned())
        }
        None => std::env::var("AFTERSHOCK_TOKEN").ok(),
    };
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate: read(certificate)?,
            key: read(key)?,
        }),
        _ => None,
    };
    Ok(Access {
        token,
        tls,
        plain_text: arguments.plain_text,
    })
}

fn listens(text: &str) -> Result<Listens, String> {
    if text == "off" {
        return Ok(Listens(None));
    }
    if let Ok(port) = text.parse() {
        return Ok(Listens(Some((Ipv4Addr::LOCALHOST, port).into())));
    }
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let address = match local {
        Some(port) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        None => text.parse().ok(),
    };
    address.map(|address| Listens(Some(address))).ok_or_else(|| {
        "it should be a port, an address with a port such as 127.0.0.1:5433, or off".to_owned()
    })
}
