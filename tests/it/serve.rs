//! What the servers answer over the wire, what they refuse, and when they stop: with clients that know nothing of them.

mod answers;
mod catalogs;
mod doors;
mod limits;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aftershock_query::{RecordBatch, Session};
use aftershock_serve::{Access, Limits, Options, Server};
use anyhow::{Context, Result, bail};
use arrow_flight::sql::client::FlightSqlServiceClient;
use futures_util::TryStreamExt;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use tonic::transport::Channel;

/// Longest that one exchange may take; a server that does not answer is a failure and no wait.
const PATIENCE: Duration = Duration::from_secs(600);

/// A server on ports of its own that answers from the synthetic fixture until it is dropped.
struct Serving {
    flight: SocketAddr,
    postgres: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), aftershock_serve::Error>>>,
}

impl Serving {
    fn new(limits: Limits, token: Option<&str>) -> Result<Self> {
        let access = Access {
            token: token.map(str::to_owned),
            ..Access::default()
        };
        Self::of(crate::sql::fixture, limits, access)
    }

    /// Answers from the tables of `session`.
    fn of(
        session: impl Fn() -> Result<Session> + Send + Sync + 'static,
        limits: Limits,
        access: Access,
    ) -> Result<Self> {
        let any: SocketAddr = "127.0.0.1:0".parse()?;
        let options = Options {
            flight: Some(any),
            postgres: Some(any),
            access,
            limits,
        };
        let open = move || {
            let session = session().map_err(|error| aftershock_query::Error::Execution(error.to_string()))?;
            Ok(session.reader().clone())
        };
        let server = Server::bind(options, Arc::new(open))?;
        let flight = server.flight_address().context("Flight listens")?;
        let postgres = server.postgres_address().context("Postgres listens")?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            server.run(async {
                let _ = stopped.await;
            })
        });
        Ok(Self {
            flight,
            postgres,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    fn usual() -> Result<Self> {
        Self::new(Limits::default(), None)
    }

    async fn flight(&self) -> Result<Flight> {
        let channel = Channel::from_shared(format!("http://{}", self.flight))?
            .connect()
            .await?;
        Ok(Flight(FlightSqlServiceClient::new(channel)))
    }

    async fn postgres(&self) -> Result<tokio_postgres::Client> {
        self.postgres_as("anybody").await
    }

    async fn postgres_as(&self, password: &str) -> Result<tokio_postgres::Client> {
        let (client, connection) = tokio_postgres::Config::new()
            .host("127.0.0.1")
            .port(self.postgres.port())
            .user("anybody")
            .password(password)
            .dbname("aftershock")
            .connect(NoTls)
            .await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Stops the server and says how it ended.
    fn stop(mut self) -> Result<()> {
        self.ended()
    }

    fn ended(&mut self) -> Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(_)) => bail!("the server panicked"),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.ended();
    }
}

/// A Flight SQL client that fetches whole answers.
struct Flight(FlightSqlServiceClient<Channel>);

impl Flight {
    async fn ask(&mut self, sql: &str) -> Result<Vec<RecordBatch>> {
        let info = self.0.execute(sql.to_owned(), None).await?;
        self.fetch(info).await
    }

    async fn fetch(&mut self, info: arrow_flight::FlightInfo) -> Result<Vec<RecordBatch>> {
        let ticket = info
            .endpoint
            .into_iter()
            .next()
            .and_then(|endpoint| endpoint.ticket);
        let batches = self.0.do_get(ticket.context("a ticket")?).await?;
        Ok(batches.try_collect().await?)
    }

    /// What is wrong with a query, in one text.
    async fn refusal(&mut self, sql: &str) -> Result<String> {
        match self.ask(sql).await {
            Ok(_) => bail!("answered: {sql}"),
            // The client's error shows the text as a literal.
            Err(error) => Ok(format!("{error:#}").replace("\\n", "\n")),
        }
    }
}

/// The same of the Postgres wire: code, message and hint.
async fn refusal(client: &tokio_postgres::Client, sql: &str) -> Result<String> {
    let Err(error) = client.simple_query(sql).await else {
        bail!("answered: {sql}");
    };
    let error = error.as_db_error().with_context(|| format!("{sql}: {error:?}"))?;
    let hint = error.hint().unwrap_or_default();
    Ok(format!(
        "{} {}\nhint: {hint}",
        error.code().code(),
        error.message()
    ))
}

/// The rows of a simple query as text.
async fn texts(client: &tokio_postgres::Client, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
        }
        _ => None,
    });
    Ok(rows.collect())
}

/// Asks the blocking session where an exchange is under way.
fn aside<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(what).join().expect("the session answers"))
}

/// Runs an exchange within [`PATIENCE`].
fn exchange<T>(what: impl Future<Output = Result<T>>) -> Result<T> {
    Runtime::new()?.block_on(async {
        tokio::time::timeout(PATIENCE, what)
            .await
            .context("no answer in time")?
    })
}
