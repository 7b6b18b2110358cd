//! Runs queries within their limits, on threads of their own.

use std::sync::Arc;
use std::time::Instant;

use aftershock_query::{Error, Planned, Reader, RecordBatch, Result};
use arrow::array::RecordBatchOptions;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::Limits;
use crate::fresh::Fresh;
use crate::values::Values;

/// Batches that wait for a client that is slower than its query.
const AHEAD: usize = 2;

/// Takes queries and runs them within the limits, so that no query keeps the server from listening.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) limits: Limits,
    places: Arc<Semaphore>,
    threads: Handle,
    stopping: CancellationToken,
}

/// What a query would answer.
pub(crate) struct Outline {
    pub(crate) schema: SchemaRef,
    /// As [`Planned::parameters`].
    pub(crate) parameters: Vec<(String, Option<DataType>)>,
}

impl Desk {
    /// Queries run on `threads` until `stopping`.
    pub(crate) fn new(limits: Limits, threads: Handle, stopping: CancellationToken) -> Self {
        Self {
            limits,
            places: Arc::new(Semaphore::new(limits.queries)),
            threads,
            stopping,
        }
    }

    /// A switch that stops a query; it goes off by itself when the server stops.
    pub(crate) fn switch(&self) -> CancellationToken {
        self.stopping.child_token()
    }

    /// Says what a query would answer, without running it.
    ///
    /// # Errors
    /// When it is not a query, names what is not there, or is too large.
    pub(crate) async fn outline(&self, source: &Arc<Fresh>, sql: &str, values: Values) -> Result<Outline> {
        let answer = self.run(source, sql, values, false, self.switch()).await?;
        Ok(answer.outline)
    }

    /// Runs a query; `stop` ends it.
    ///
    /// # Errors
    /// As [`Desk::outline`], or when a value is missing or does not fit; later failures come with the rows.
    pub(crate) async fn answer(
        &self,
        source: &Arc<Fresh>,
        sql: &str,
        values: Values,
        stop: CancellationToken,
    ) -> Result<Answer> {
        self.run(source, sql, values, true, stop).await
    }

    async fn run(
        &self,
        source: &Arc<Fresh>,
        sql: &str,
        values: Values,
        wanted: bool,
        stop: CancellationToken,
    ) -> Result<Answer> {
        let until = tokio::time::Instant::from_std(Instant::now() + self.limits.time);
        let place = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Error::Cancelled),
            place = tokio::time::timeout_at(until, Arc::clone(&self.places).acquire_owned()) => place,
        };
        let place = match place {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(Error::Cancelled),
            Err(_) => return Err(self.limits.of_queries()),
        };
        let (outlined, outline) = oneshot::channel();
        let (sent, batches) = mpsc::channel(AHEAD);
        let (source, sql, memory) = (Arc::clone(source), sql.to_owned(), self.limits.memory);
        let task = self.threads.spawn(async move {
            // Held until the work has really ended, which may be later than anybody waits for it.
            let _place = place;
            let planned = async {
                let reader = source.reader().await?;
                let mut planned = plan(&reader, &sql, memory).await?;
                let parameters = planned.parameters()?;
                if let Some(values) = values(&parameters)? {
                    planned = planned.bind(values)?;
                }
                let schema = planned.schema();
                Ok((Outline { schema, parameters }, planned))
            };
            match planned.await {
                Ok((outline, planned)) => {
                    if outlined.send(Ok(outline)).is_ok() && wanted {
                        send(planned, sent).await;
                    }
                }
                Err(error) => {
                    let _ = outlined.send(Err(error));
                }
            }
        });
        let mut answer = Answer {
            outline: Outline {
                schema: SchemaRef::new(Schema::empty()),
                parameters: Vec::new(),
            },
            batches,
            stopper: Stopper(task.abort_handle()),
            task: Some(task),
            until,
            stop,
            limits: self.limits,
            rows: 0,
        };
        answer.outline = match answer.wait(outline).await? {
            Ok(outline) => outline?,
            Err(_) => return Err(answer.ended().await.unwrap_or(Error::Cancelled)),
        };
        Ok(answer)
    }
}

async fn plan(reader: &Reader, sql: &str, memory: usize) -> Result<Planned> {
    reader.limited(memory)?.plan(sql).await
}

/// Hands on batches until there are none, one fails, or nobody takes them.
async fn send(planned: Planned, to: mpsc::Sender<Result<RecordBatch>>) {
    let schema = planned.schema();
    let mut batches = match planned.stream().await {
        Ok(batches) => Box::pin(batches),
        Err(error) => {
            let _ = to.send(Err(error)).await;
            return;
        }
    };
    while let Some(batch) = batches.next().await {
        let batch = batch.and_then(|batch| announced(&batch, &schema));
        let failed = batch.is_err();
        if to.send(batch).await.is_err() || failed {
            return;
        }
    }
}

/// Rows in exactly the columns that were announced, with which clients compare: the plan that runs may know of a column
/// that it holds no nulls, or keep its text in another layout.
fn announced(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| match column.data_type() == field.data_type() {
        true => Ok(Arc::clone(column)),
        false => cast(column, field.data_type()),
    });
    let columns = columns.collect::<std::result::Result<_, _>>();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch =
        columns.and_then(|columns| RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options));
    batch.map_err(|error| Error::Execution(error.to_string()))
}

/// The rows of a query as they come; dropping it stops the query.
pub(crate) struct Answer {
    outline: Outline,
    batches: mpsc::Receiver<Result<RecordBatch>>,
    stopper: Stopper,
    task: Option<JoinHandle<()>>,
    until: tokio::time::Instant,
    stop: CancellationToken,
    limits: Limits,
    rows: u64,
}

struct Stopper(AbortHandle);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Answer {
    /// Columns of the answer.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.outline.schema)
    }

    /// The next rows; nothing where there are no more.
    ///
    /// # Errors
    /// When the query fails, meets a limit or is cancelled; nothing comes after that.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let found = self.found().await;
        if !matches!(found, Ok(Some(_))) {
            self.batches.close();
            self.stopper.0.abort();
        }
        found
    }

    async fn found(&mut self) -> Result<Option<RecordBatch>> {
        let next = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Error::Cancelled),
            () = tokio::time::sleep_until(self.until) => return Err(self.limits.of_time()),
            next = self.batches.recv() => next,
        };
        let Some(batch) = next else {
            return match self.ended().await {
                Some(error) => Err(error),
                None => Ok(None),
            };
        };
        let batch = batch?;
        self.rows += batch.num_rows() as u64;
        if self.rows > self.limits.rows {
            return Err(self.limits.of_rows());
        }
        Ok(Some(batch))
    }

    /// Waits for something within the query's time.
    async fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Error::Cancelled),
            () = tokio::time::sleep_until(self.until) => Err(self.limits.of_time()),
            found = what => Ok(found),
        }
    }

    /// Why the work is over, where it did not simply finish.
    async fn ended(&mut self) -> Option<Error> {
        let end = self.task.take()?.await.err()?;
        Some(if end.is_cancelled() {
            Error::Cancelled
        } else {
            Error::Execution("the engine gave up; this is a defect of the program".to_owned())
        })
    }
}
