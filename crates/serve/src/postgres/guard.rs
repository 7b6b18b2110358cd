//! A connection that takes no more than it may, and tells when it is gone.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// What may be sent before somebody is let in: a startup message and a password, and far more than that.
const BEFORE: usize = 64 << 10;
/// What one message may hold after that.
const MESSAGE: usize = 16 << 20;
/// How often a connection is looked at while its query runs.
const LOOK: Duration = Duration::from_millis(200);

/// Reads from `I` until the budget is spent.
pub(super) struct Guarded<I> {
    io: I,
    left: Arc<AtomicUsize>,
}

/// What may still be read.
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Allows another message.
    pub(super) fn refill(&self) {
        self.0.store(MESSAGE, Ordering::Relaxed);
    }
}

impl<I> Guarded<I> {
    pub(super) fn new(io: I) -> (Self, Budget) {
        let left = Arc::new(AtomicUsize::new(BEFORE));
        let budget = Budget(Arc::clone(&left));
        (Self { io, left }, budget)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Guarded<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, to);
        let read = to.filled().len() - before;
        let left = self.left.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the message is too long",
            )));
        }
        self.left.store(left - read, Ordering::Relaxed);
        polled
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Guarded<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// A connection, and the same once more to be watched: whoever waits for a query does not read, and would not notice
/// that nobody is there any more.
///
/// # Errors
/// When the machine has no more of them.
pub(super) fn watched(stream: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let stream = stream.into_std()?;
    let watched = TcpStream::from_std(stream.try_clone()?)?;
    Ok((TcpStream::from_std(stream)?, watched))
}

/// Cancels `gone` when the other side has closed the connection.
pub(super) async fn until_gone(watched: TcpStream, gone: CancellationToken) {
    let closed = async {
        while let Ok(ready) = watched.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = gone.cancelled() => {}
        () = closed => gone.cancel(),
    }
}
