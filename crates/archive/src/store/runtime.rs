//! Requests to an object store run on a thread of their own, so that callers just wait: from plain threads and
//! from inside another runtime alike.

use std::future::Future;
use std::io;
use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread that drives requests; it ends when this is dropped.
pub(super) struct Runtime {
    handle: Handle,
    _until_dropped: oneshot::Sender<()>,
}

impl Runtime {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (until_dropped, dropped) = oneshot::channel();
        thread::Builder::new()
            .name("object store".to_owned())
            .spawn(move || runtime.block_on(dropped))?;
        Ok(Self {
            handle,
            _until_dropped: until_dropped,
        })
    }

    /// What `request` comes to; `None` where it panicked.
    pub(super) fn run<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // Who waits cannot have gone: it blocks on the other end.
            let _ = answer.send(request.await);
        });
        answered.recv().ok()
    }
}
