//! Arrow Flight SQL: answers as Arrow, for Python and whatever else reads columns.

mod handle;
mod incoming;
mod listing;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aftershock_query::{Error, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, CommandGetCatalogs,
    CommandGetDbSchemas, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables,
    CommandPreparedStatementQuery, CommandStatementQuery, CommandStatementUpdate,
    DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightDescriptor, FlightEndpoint,
    FlightInfo, HandshakeRequest, HandshakeResponse, IpcMessage, SchemaAsIpc, Ticket,
};
use futures_util::{Stream, TryStreamExt, stream};
use prost::Message;
use prost::bytes::Bytes;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use crate::Access;
use crate::desk::{Answer, Desk};
use crate::fresh::Fresh;
use crate::running;
use handle::Handle;

/// How long a client may say nothing, and then take to answer whether it is there.
const ALIVE: Duration = Duration::from_secs(20);

/// Answers until `stopping`.
///
/// # Errors
/// When the certificate does not serve, or the port is taken away.
pub(crate) async fn serve(
    listener: TcpListener,
    desk: Desk,
    source: Arc<Fresh>,
    access: Arc<Access>,
    stopping: CancellationToken,
) -> std::result::Result<(), tonic::transport::Error> {
    // A client that is silently gone is noticed, so that its query does not run on.
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(ALIVE))
        .http2_keepalive_timeout(Some(ALIVE));
    if let Some(tls) = &access.tls {
        let identity = Identity::from_pem(&tls.certificate, &tls.key);
        server = server.tls_config(ServerTlsConfig::new().identity(identity))?;
    }
    let (token, most) = (Arc::clone(&access), desk.limits.connections);
    let flight = FlightServiceServer::new(Flight {
        desk,
        source,
        access,
        running: Running::default(),
    });
    // Every call passes here, the handshake too: there is no way in that does not ask.
    let guarded = tonic::service::interceptor::InterceptedService::new(flight, move |request: Request<()>| {
        let said = request.metadata().get("authorization");
        let said = said.and_then(|said| said.to_str().ok());
        if token.admits_header(said) {
            Ok(request)
        } else {
            Err(Status::unauthenticated(crate::access::REFUSED))
        }
    });
    server
        .add_service(guarded)
        .serve_with_incoming_shutdown(incoming::connections(listener, most), stopping.cancelled_owned())
        .await
}

struct Flight {
    desk: Desk,
    source: Arc<Fresh>,
    access: Arc<Access>,
    running: Running,
}

/// Switches of the queries that run, by the id in their handle.
type Running = running::Running<Vec<u8>, CancellationToken>;
type Run = running::Run<Vec<u8>, CancellationToken>;

type Sent<T> = std::result::Result<Response<T>, Status>;
type Data = <Flight as FlightService>::DoGetStream;

#[tonic::async_trait]
impl FlightSqlService for Flight {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        _request: Request<Streaming<HandshakeRequest>>,
    ) -> Sent<Pin<Box<dyn Stream<Item = std::result::Result<HandshakeResponse, Status>> + Send>>> {
        let reply = HandshakeResponse {
            protocol_version: 0,
            payload: Bytes::new(),
        };
        let mut response: Response<Pin<Box<dyn Stream<Item = _> + Send>>> =
            Response::new(Box::pin(stream::iter([Ok(reply)])));
        if let Some(header) = self.access.bearer().and_then(|header| header.parse().ok()) {
            response.metadata_mut().insert("authorization", header);
        }
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        self.info(Handle::new(query.query), request).await
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        let handle = Handle::read(&query.prepared_statement_handle).map_err(fault)?;
        self.info(handle.again(), request).await
    }

    async fn do_get_statement(&self, ticket: TicketStatementQuery, _request: Request<Ticket>) -> Sent<Data> {
        self.rows(&Handle::read(&ticket.statement_handle).map_err(fault)?)
            .await
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        _request: Request<Ticket>,
    ) -> Sent<Data> {
        self.rows(&Handle::read(&query.prepared_statement_handle).map_err(fault)?)
            .await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        _request: Request<Action>,
    ) -> std::result::Result<ActionCreatePreparedStatementResult, Status> {
        let unbound = Box::new(|_: &[(String, Option<DataType>)]| Ok(None));
        let outline = self.desk.outline(&self.source, &query.query, unbound).await;
        let outline = outline.map_err(fault)?;
        let parameters = outline.parameters.into_iter().map(|(name, kind)| {
            let name = name.trim_start_matches('$').to_owned();
            Field::new(name, kind.unwrap_or(DataType::Null), true)
        });
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: Handle::new(query.query).encode_to_vec().into(),
            dataset_schema: in_bytes(&outline.schema)?,
            parameter_schema: in_bytes(&Schema::new(parameters.collect::<Vec<_>>()))?,
        })
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> std::result::Result<DoPutPreparedStatementResult, Status> {
        let mut handle = Handle::read(&query.prepared_statement_handle).map_err(fault)?;
        let data = request
            .into_inner()
            .map_err(|status| FlightError::Tonic(Box::new(status)));
        let batches: Vec<RecordBatch> = FlightRecordBatchStream::new_from_flight_data(data)
            .try_collect()
            .await?;
        handle.bind(&batches).map_err(fault)?;
        Ok(DoPutPreparedStatementResult {
            prepared_statement_handle: Some(handle.encode_to_vec().into()),
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        _query: ActionClosePreparedStatementRequest,
        _request: Request<Action>,
    ) -> std::result::Result<(), Status> {
        // The client held all there was.
        Ok(())
    }

    async fn do_put_statement_update(
        &self,
        ticket: CommandStatementUpdate,
        _request: Request<PeekableFlightDataStream>,
    ) -> std::result::Result<i64, Status> {
        self.info(
            Handle::new(ticket.query),
            Request::new(FlightDescriptor::default()),
        )
        .await?;
        Err(fault(Error::NotAQuery {
            statement: "updates".to_owned(),
        }))
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        let (schema, _) = listing::catalogs().map_err(fault)?;
        listed(&schema, query.as_any(), request)
    }

    async fn do_get_catalogs(&self, _query: CommandGetCatalogs, _request: Request<Ticket>) -> Sent<Data> {
        let (_, batch) = listing::catalogs().map_err(fault)?;
        Ok(of_batch(batch))
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        listed(&query.clone().into_builder().schema(), query.as_any(), request)
    }

    async fn do_get_schemas(&self, query: CommandGetDbSchemas, _request: Request<Ticket>) -> Sent<Data> {
        let reader = self.source.reader().await.map_err(fault)?;
        Ok(of_batch(listing::schemas(&reader, query).map_err(fault)?))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        listed(&query.clone().into_builder().schema(), query.as_any(), request)
    }

    async fn do_get_tables(&self, query: CommandGetTables, _request: Request<Ticket>) -> Sent<Data> {
        let reader = self.source.reader().await.map_err(fault)?;
        Ok(of_batch(listing::tables(&reader, query).await.map_err(fault)?))
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        listed(&query.into_builder().schema(), query.as_any(), request)
    }

    async fn do_get_table_types(&self, query: CommandGetTableTypes, _request: Request<Ticket>) -> Sent<Data> {
        let mut builder = query.into_builder();
        builder.append(listing::TABLE);
        Ok(of_batch(builder.build()?))
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Sent<FlightInfo> {
        listed(
            &query.clone().into_builder(&listing::SERVER).schema(),
            query.as_any(),
            request,
        )
    }

    async fn do_get_sql_info(&self, query: CommandGetSqlInfo, _request: Request<Ticket>) -> Sent<Data> {
        Ok(of_batch(query.into_builder(&listing::SERVER).build()?))
    }

    async fn do_action_cancel_query(
        &self,
        query: ActionCancelQueryRequest,
        _request: Request<Action>,
    ) -> std::result::Result<ActionCancelQueryResult, Status> {
        let info =
            FlightInfo::decode(query.info).map_err(|error| Status::invalid_argument(error.to_string()))?;
        // Cancelled, or not cancellable, in the numbers of the protocol.
        let result = if self.cancel(&info) { 1 } else { 3 };
        Ok(ActionCancelQueryResult { result })
    }

    async fn do_action_fallback(
        &self,
        request: Request<Action>,
    ) -> Sent<<Self as FlightService>::DoActionStream> {
        let action = request.into_inner();
        if action.r#type != "CancelFlightInfo" {
            return Err(Status::unimplemented(format!(
                "there is no action {}",
                action.r#type
            )));
        }
        let asked = CancelFlightInfoRequest::decode(action.body)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let cancelled = asked.info.is_some_and(|info| self.cancel(&info));
        let status = if cancelled {
            CancelStatus::Cancelled
        } else {
            CancelStatus::NotCancellable
        };
        let body = CancelFlightInfoResult::new(status).encode_to_vec().into();
        Ok(Response::new(Box::pin(stream::iter([Ok(
            arrow_flight::Result { body },
        )]))))
    }

    async fn register_sql_info(&self, _id: i32, _result: &SqlInfo) {}
}

impl Flight {
    /// How a query is answered, and where its rows are fetched.
    async fn info(&self, handle: Handle, request: Request<FlightDescriptor>) -> Sent<FlightInfo> {
        let outline = self
            .desk
            .outline(&self.source, &handle.sql, handle.values())
            .await;
        let outline = outline.map_err(fault)?;
        let ticket = TicketStatementQuery {
            statement_handle: handle.encode_to_vec().into(),
        };
        listed(&outline.schema, ticket.as_any(), request)
    }

    /// The rows of a query.
    async fn rows(&self, handle: &Handle) -> Sent<Data> {
        let stop = self.desk.switch();
        let run = self.running.begin(handle.id.clone(), stop.clone());
        let answer = self
            .desk
            .answer(&self.source, &handle.sql, handle.values(), stop)
            .await;
        let answer = answer.map_err(fault)?;
        let schema = answer.schema();
        let batches = stream::try_unfold((answer, run), next);
        Ok(encoded(schema, batches))
    }

    /// Stops the query whose rows an info names; false where it does not run.
    fn cancel(&self, info: &FlightInfo) -> bool {
        let tickets = info
            .endpoint
            .iter()
            .filter_map(|endpoint| endpoint.ticket.as_ref());
        let mut any = false;
        for ticket in tickets {
            let asked = arrow_flight::sql::Any::decode(ticket.ticket.clone()).ok();
            let asked = asked.and_then(|any| any.unpack::<TicketStatementQuery>().ok().flatten());
            let handle = asked.and_then(|asked| Handle::read(&asked.statement_handle).ok());
            let stopped = handle.and_then(|handle| self.running.look(&handle.id, CancellationToken::cancel));
            any |= stopped.is_some();
        }
        any
    }
}

async fn next(
    (mut answer, run): (Answer, Run),
) -> std::result::Result<Option<(RecordBatch, (Answer, Run))>, FlightError> {
    match answer.next().await {
        Ok(batch) => Ok(batch.map(|batch| (batch, (answer, run)))),
        Err(error) => Err(FlightError::Tonic(Box::new(fault(error)))),
    }
}

/// Rows of `schema` behind a ticket.
fn listed(
    schema: &Schema,
    ticket: arrow_flight::sql::Any,
    request: Request<FlightDescriptor>,
) -> Sent<FlightInfo> {
    let ticket = Ticket::new(ticket.encode_to_vec());
    let info = FlightInfo::new()
        .try_with_schema(schema)
        .map_err(|error| Status::internal(error.to_string()))?
        .with_endpoint(FlightEndpoint::new().with_ticket(ticket))
        .with_descriptor(request.into_inner());
    Ok(Response::new(info))
}

fn of_batch(batch: RecordBatch) -> Response<Data> {
    encoded(batch.schema(), stream::iter([Ok(batch)]))
}

fn encoded(
    schema: SchemaRef,
    batches: impl Stream<Item = std::result::Result<RecordBatch, FlightError>> + Send + 'static,
) -> Response<Data> {
    let data = FlightDataEncoderBuilder::new().with_schema(schema).build(batches);
    Response::new(Box::pin(data.map_err(Status::from)))
}

fn in_bytes(schema: &Schema) -> std::result::Result<Bytes, Status> {
    let options = IpcWriteOptions::default();
    let message: std::result::Result<IpcMessage, _> = SchemaAsIpc::new(schema, &options).try_into();
    message
        .map(|IpcMessage(bytes)| bytes)
        .map_err(|error: arrow::error::ArrowError| Status::internal(error.to_string()))
}

/// An error in the terms of the protocol, with its hint in the second line.
fn fault(error: Error) -> Status {
    let text = crate::text(&error);
    match error {
        Error::Limit { .. } => Status::resource_exhausted(text),
        Error::Cancelled => Status::cancelled(text),
        Error::NotAQuery { .. } => Status::permission_denied(text),
        error if error.is_users() => Status::invalid_argument(text),
        _ => Status::internal(text),
    }
}
