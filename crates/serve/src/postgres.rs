//! The Postgres wire: for `psql`, drivers and dashboards that speak nothing else.
//!
//! The library reads and writes the messages; who is let in, how much may be sent before that, and that a client which
//! goes takes its queries with it, is decided here.

mod command;
mod door;
mod guard;
mod parameter;
mod rewrite;
mod system;
mod talk;
mod value;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use pgwire::api::NoopHandler;
use pgwire::error::PgWireError;
use pgwire::messages::PgWireFrontendMessage;
use pgwire::tokio::TlsAcceptor;
use pgwire::tokio::server::{negotiate_tls, process_error, process_message};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::codec::{Framed, FramedParts};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::fresh::{Fresh, Open};
use crate::{Access, Error};
use door::Door;
use guard::Guarded;
use talk::{Calls, Statement, Talk};

/// From the first byte until somebody is let in.
const HANDSHAKE: Duration = Duration::from_secs(20);

/// Looks up the tables with what Postgres clients expect beside them.
pub(crate) fn opened(open: Open) -> Open {
    Arc::new(move || {
        let reader = open()?;
        system::add(&reader)?;
        Ok(reader)
    })
}

/// Answers until `stopping`.
///
/// # Errors
/// When the port is taken away.
pub(crate) async fn serve(
    listener: TcpListener,
    desk: Desk,
    source: Arc<Fresh>,
    access: Arc<Access>,
    stopping: CancellationToken,
) -> Result<(), Error> {
    let cipher = access.acceptor().map_err(Error::Certificate)?;
    let places = Arc::new(Semaphore::new(desk.limits.connections));
    let door = Arc::new(Door::new(&access));
    let calls = Calls::default();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let next = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            next = next => next,
        };
        let Some((Ok((stream, _)), place)) = next else {
            // Gone before it was here, or the machine is out of something; waiting a little keeps either from being a busy loop.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let gone = stopping.child_token();
        let talk = Talk::new(desk.clone(), Arc::clone(&source), gone.clone(), calls.clone());
        let connection = connection(stream, cipher.clone(), talk, Arc::clone(&door), gone.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = gone.cancelled() => {}
                // A connection that breaks is the client's affair.
                _ = connection => gone.cancel(),
            }
        });
    }
}

async fn connection(
    stream: TcpStream,
    cipher: Option<TlsAcceptor>,
    talk: Talk,
    door: Arc<Door>,
    gone: CancellationToken,
) -> io::Result<()> {
    let (stream, watched) = guard::watched(stream)?;
    let ciphered = cipher.is_some();
    let Some(socket) = timeout(HANDSHAKE, negotiate_tls::<Statement>(stream, cipher)).await?? else {
        return Ok(());
    };
    let plain = matches!(socket.get_ref(), pgwire::tokio::server::MaybeTls::Plain(_));
    let parts = socket.into_parts();
    let (io, budget) = Guarded::new(parts.io);
    let mut guarded = FramedParts::new(io, parts.codec);
    guarded.read_buf = parts.read_buf;
    guarded.write_buf = parts.write_buf;
    let mut socket = Framed::from_parts(guarded);

    let startup = Arc::new(door.startup(Arc::clone(&talk.admitted), ciphered && plain));
    let admitted = Arc::clone(&talk.admitted);
    let (talk, nobody) = (Arc::new(talk), Arc::new(NoopHandler));
    let watch = guard::until_gone(watched, gone);
    tokio::spawn(watch);
    let by = tokio::time::Instant::now() + HANDSHAKE;
    loop {
        let message = if admitted.load(Ordering::Acquire) {
            budget.refill();
            socket.next().await
        } else {
            tokio::time::timeout_at(by, socket.next()).await?
        };
        let Some(Ok(message)) = message else {
            return Ok(());
        };
        let waits_for_sync = message.is_extended_query();
        let last = matches!(
            message,
            PgWireFrontendMessage::Terminate(_) | PgWireFrontendMessage::CancelRequest(_)
        );
        if matches!(message, PgWireFrontendMessage::Terminate(_)) {
            return Ok(());
        }
        let done = process_message(
            message,
            &mut socket,
            Arc::clone(&startup),
            Arc::clone(&talk),
            Arc::clone(&talk),
            Arc::clone(&nobody),
            Arc::clone(&talk),
        );
        if let Err(error) = done.await {
            let fatal = !admitted.load(Ordering::Acquire) || is_fatal(&error);
            process_error(
                &mut socket,
                if fatal { door::fatal(error) } else { error },
                waits_for_sync,
            )
            .await?;
            if fatal {
                return Ok(());
            }
        }
        if last {
            return Ok(());
        }
    }
}

/// Whether there is no going on after an error.
fn is_fatal(error: &PgWireError) -> bool {
    !matches!(
        error,
        PgWireError::UserError(_)
            | PgWireError::ApiError(_)
            | PgWireError::PortalNotFound(_)
            | PgWireError::StatementNotFound(_)
            | PgWireError::ParameterIndexOutOfBound(_)
            | PgWireError::FailedToParseParameter(_)
            | PgWireError::InvalidRustTypeForParameter(_)
    )
}
