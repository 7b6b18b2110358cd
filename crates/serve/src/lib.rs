//! Serves the read-only session to other programs: Arrow Flight SQL for Python and columns, the Postgres wire for `psql` and dashboards.
//!
//! Nothing a client says can write or read outside the tables: both ways in ask the one `aftershock_query::Reader`. Every
//! query has limits of memory, time and rows, can be cancelled, and stops when its client goes. The server listens on this
//! machine alone unless it is given a token and a certificate. Read [`Server`] first.

mod access;
mod desk;
mod flight;
mod fresh;
mod growth;
mod limits;
mod postgres;
mod running;
mod values;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use aftershock_query::{Error as QueryError, shape};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

pub use access::{Access, Tls};
use desk::Desk;
use fresh::Fresh;
pub use fresh::Open;
pub use limits::Limits;

/// How long those who are still being answered may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Why the server does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It would listen where it should not.
    #[error("{primary}")]
    Refused {
        /// What is missing.
        primary: String,
        /// What would be right.
        hint: String,
    },
    /// Nobody can listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate and its key do not serve.
    #[error("cannot use the certificate and its key: {0}")]
    Certificate(String),
    /// The tables cannot be read.
    #[error(transparent)]
    Tables(#[from] QueryError),
    /// The machine gives no threads, or took away a port.
    #[error("the server cannot go on: {0}")]
    Machine(String),
}

impl Error {
    /// What would have been right, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::Listen { .. } => Some("name another port; 0 takes any that is free".to_owned()),
            Self::Certificate(_) => Some("both are PEM, the server's own certificate first".to_owned()),
            Self::Tables(error) => error.hint(),
            Self::Machine(_) => None,
        }
    }
}

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where Flight SQL listens, if at all; port 0 takes any that is free.
    pub flight: Option<SocketAddr>,
    /// Where the Postgres wire listens, if at all.
    pub postgres: Option<SocketAddr>,
    /// Who may ask.
    pub access: Access,
    /// What a query may take.
    pub limits: Limits,
}

/// A server that listens and does not answer yet.
pub struct Server {
    flight: Option<TcpListener>,
    postgres: Option<TcpListener>,
    access: Arc<Access>,
    limits: Limits,
    open: Open,
}

impl Server {
    /// Listens. `open` looks up the tables, now and again as they change.
    ///
    /// # Errors
    /// When it would listen beyond this machine without a token and a certificate, the port is taken, the certificate
    /// does not serve, or the tables cannot be read.
    pub fn bind(options: Options, open: Open) -> Result<Self, Error> {
        let Options {
            flight,
            postgres,
            access,
            limits,
        } = options;
        for address in [flight, postgres].into_iter().flatten() {
            access
                .allows(address)
                .map_err(|(primary, hint)| Error::Refused { primary, hint })?;
        }
        access.check_certificate().map_err(Error::Certificate)?;
        open()?;
        let listen = |address: Option<SocketAddr>| {
            let listener = address.map(|address| {
                let listener = TcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                Ok(listener)
            });
            let listener: io::Result<Option<TcpListener>> = listener.transpose();
            listener.map_err(|source| Error::Listen {
                address: address.expect("only an address can be refused"),
                source,
            })
        };
        Ok(Self {
            flight: listen(flight)?,
            postgres: listen(postgres)?,
            access: Arc::new(access),
            limits,
            open,
        })
    }

    /// Where Flight SQL listens.
    pub fn flight_address(&self) -> Option<SocketAddr> {
        self.flight.as_ref()?.local_addr().ok()
    }

    /// Where the Postgres wire listens.
    pub fn postgres_address(&self) -> Option<SocketAddr> {
        self.postgres.as_ref()?.local_addr().ok()
    }

    /// Answers until `stop` is done; then queries are cancelled and connections closed. Blocking.
    ///
    /// # Errors
    /// When the machine gives no threads or takes away a port.
    pub fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let machine = |error: io::Error| Error::Machine(error.to_string());
        // Queries compute on threads of their own, so that whoever listens is never kept from it.
        let queries = Builder::new_multi_thread()
            .worker_threads(self.limits.queries)
            .thread_name("query")
            .thread_stack_size(shape::STACK_BYTES)
            .enable_all()
            .build()
            .map_err(machine)?;
        let network = Builder::new_multi_thread()
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(machine)?;
        let ended = self.serve(&network, &queries, stop);
        network.shutdown_timeout(GRACE);
        // A query that does not hear is left behind; it ends with the process.
        queries.shutdown_background();
        ended
    }

    fn serve(
        self,
        network: &Runtime,
        queries: &Runtime,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let stopping = CancellationToken::new();
        let desk = Desk::new(self.limits, queries.handle().clone(), stopping.clone());
        let machine = |error: io::Error| Error::Machine(error.to_string());
        network.block_on(async {
            let mut servers = tokio::task::JoinSet::new();
            if let Some(listener) = self.flight {
                let listener = tokio::net::TcpListener::from_std(listener).map_err(machine)?;
                let source = Arc::new(Fresh::new(Arc::clone(&self.open)));
                let served =
                    flight::serve(listener, desk.clone(), source, Arc::clone(&self.access), stopping.clone());
                servers.spawn(async { served.await.map_err(|error| Error::Machine(error.to_string())) });
            }
            if let Some(listener) = self.postgres {
                let listener = tokio::net::TcpListener::from_std(listener).map_err(machine)?;
                let source = Arc::new(Fresh::new(postgres::opened(Arc::clone(&self.open))));
                let served =
                    postgres::serve(listener, desk.clone(), source, Arc::clone(&self.access), stopping.clone());
                servers.spawn(served);
            }
            let mut stop = std::pin::pin!(stop);
            let ended = tokio::select! {
                () = &mut stop => Ok(()),
                Some(ended) = servers.join_next() => ended.unwrap_or_else(|error| Err(Error::Machine(error.to_string()))),
            };
            stopping.cancel();
            let rest = async { while servers.join_next().await.is_some() {} };
            // Whoever holds a connection open without asking is not waited for.
            let _ = tokio::time::timeout(GRACE, rest).await;
            ended
        })
    }
}

/// Is done when the process is asked to end, by Ctrl-C or by a service manager.
pub async fn interrupted() {
    let asked = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut ended) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = asked => {}
            _ = ended.recv() => {}
        }
        return;
    }
    let _ = asked.await;
}

/// An error with its hint in the second line.
fn text(error: &QueryError) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}
