//! The tables as they are now: runs written while the server is up are seen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aftershock_query::{Error, Reader, Result};
use tokio::sync::Mutex;

use crate::growth;

/// How long tables once looked up are taken to be those that are there.
const FRESH: Duration = Duration::from_secs(2);

/// Looks up the tables; called whenever those known are older than two seconds.
pub type Open = Arc<dyn Fn() -> Result<Reader> + Send + Sync>;

/// The tables, looked up again when they may have changed.
pub(crate) struct Fresh {
    open: Open,
    held: Mutex<Option<(Instant, Reader)>>,
}

impl Fresh {
    pub(crate) fn new(open: Open) -> Self {
        Self {
            open,
            held: Mutex::new(None),
        }
    }

    /// The tables, as they were two seconds ago at the earliest.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub(crate) async fn reader(&self) -> Result<Reader> {
        let mut held = self.held.lock().await;
        if let Some((since, reader)) = held.as_ref()
            && since.elapsed() < FRESH
        {
            return Ok(reader.clone());
        }
        let open = Arc::clone(&self.open);
        let since = Instant::now();
        let opened = tokio::task::spawn_blocking(move || open()).await;
        let reader = opened.map_err(|error| Error::Execution(error.to_string()))??;
        growth::bound(reader.context());
        *held = Some((since, reader.clone()));
        Ok(reader)
    }
}
