//! One conversation: statements in, rows out.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aftershock_query::statements::{Piece, pieces};
use aftershock_query::{Error, RecordBatch};
use arrow::array::StringArray;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::common::{ParamValues, ScalarValue};
use futures_util::{Sink, SinkExt, StreamExt, TryStreamExt, stream};
use pgwire::api::cancel::CancelHandler;
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{
    DescribePortalResponse, DescribeStatementResponse, FieldInfo, QueryResponse, Response, Tag,
};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, PgWireConnectionState, Type};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::extendedquery::Execute;
use pgwire::messages::response::TransactionStatus;
use pgwire::messages::startup::SecretKey;
use tokio_util::sync::CancellationToken;

use super::command::Command;
use super::{parameter, rewrite, value};
use crate::desk::{Answer, Desk, Outline};
use crate::fresh::Fresh;
use crate::running::{Run, Running};
use crate::values::{Values, bare, misfit, missing};

/// Queries that run, by the process id of their connection, with the key that its client alone knows.
pub(super) type Calls = Running<i32, (SecretKey, CancellationToken)>;
type Call = Run<i32, (SecretKey, CancellationToken)>;

/// One client's side of the server.
pub(super) struct Talk {
    desk: Desk,
    source: Arc<Fresh>,
    /// Goes off when the client is gone.
    gone: CancellationToken,
    calls: Calls,
    /// Whether the client has been let in.
    pub(super) admitted: Arc<AtomicBool>,
}

/// A statement that is understood.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// No query.
    Command(Command),
    /// A query in the engine's words, with its columns and the types of its parameters.
    Query {
        asked: Asked,
        schema: SchemaRef,
        parameters: Vec<Type>,
    },
}

/// A query as its client wrote it, and in the engine's words.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    written: Arc<str>,
    sql: Arc<str>,
}

impl Asked {
    fn new(written: &str) -> Self {
        Self {
            written: written.into(),
            sql: rewrite::rewritten(written).into(),
        }
    }

    /// An error in the terms of the protocol, with its place where that is one in what the client wrote.
    fn fault(&self, error: Error) -> PgWireError {
        let place = error.place().filter(|_| self.sql == self.written);
        let position = place.map(|place| place.position(&self.written).to_string());
        let mut info = info(error);
        info.position = position;
        PgWireError::UserError(Box::new(info))
    }
}

impl Talk {
    pub(super) fn new(desk: Desk, source: Arc<Fresh>, gone: CancellationToken, calls: Calls) -> Self {
        Self {
            desk,
            source,
            gone,
            calls,
            admitted: Arc::default(),
        }
    }

    /// Nobody who was not let in gets further, whatever state the library takes the connection to be in.
    fn check(&self) -> PgWireResult<()> {
        if self.admitted.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(PgWireError::InvalidPassword(String::new()))
    }

    /// Runs a query for a client, which may cancel it.
    async fn run<C: ClientInfo>(
        &self,
        client: &C,
        asked: &Asked,
        values: Values,
        format: &Format,
    ) -> PgWireResult<Response> {
        let stop = self.gone.child_token();
        let (pid, key) = client.pid_and_secret_key();
        let call = self.calls.begin(pid, (key, stop.clone()));
        let answer = self.desk.answer(&self.source, &asked.sql, values, stop).await;
        let answer = answer.map_err(|error| asked.fault(error))?;
        let fields = Arc::new(value::fields(&answer.schema(), format));
        let written = Arc::clone(&fields);
        let batches = stream::try_unfold((answer, call, asked.clone()), next);
        let rows = batches.and_then(move |batch| {
            let rows = value::rows(&batch, &written).map_err(fault);
            std::future::ready(rows.map(|rows| stream::iter(rows.into_iter().map(Ok))))
        });
        Ok(Response::Query(QueryResponse::new(fields, rows.try_flatten())))
    }

    fn answer_command(&self, command: &Command, format: &Format) -> PgWireResult<Response> {
        Ok(match command {
            Command::Begin => Response::TransactionStart(Tag::new("BEGIN")),
            Command::End(tag) => Response::TransactionEnd(Tag::new(tag)),
            Command::Noted(tag) => Response::Execution(Tag::new(tag)),
            Command::Show(name, said) => {
                let schema = shown(name);
                let batch = RecordBatch::try_new(
                    Arc::clone(&schema),
                    vec![Arc::new(StringArray::from(vec![said.as_str()]))],
                );
                let batch = batch.map_err(|error| fault(Error::Execution(error.to_string())))?;
                let fields = Arc::new(value::fields(&schema, format));
                let rows = value::rows(&batch, &fields).map_err(fault)?;
                let mut response = QueryResponse::new(fields, stream::iter(rows.into_iter().map(Ok)));
                response.set_command_tag("SHOW");
                Response::Query(response)
            }
        })
    }

    /// After an error a transaction hears nothing but its end.
    fn check_transaction<C: ClientInfo>(&self, client: &C, command: Option<&Command>) -> PgWireResult<()> {
        let goes_on = matches!(command, Some(Command::End(_) | Command::Noted("ROLLBACK")));
        if client.transaction_status() == TransactionStatus::Error && !goes_on {
            let said = "an earlier query of this transaction failed";
            let mut info = ErrorInfo::new("ERROR".to_owned(), "25P02".to_owned(), said.to_owned());
            info.hint = Some("end it with ROLLBACK".to_owned());
            return Err(PgWireError::UserError(Box::new(info)));
        }
        Ok(())
    }
}

/// An answer on its way, among those that run, with what was asked.
type Answering = (Answer, Call, Asked);

async fn next((mut answer, call, asked): Answering) -> PgWireResult<Option<(RecordBatch, Answering)>> {
    let batch = answer.next().await.map_err(|error| asked.fault(error))?;
    Ok(batch.map(|batch| (batch, (answer, call, asked))))
}

#[async_trait]
impl SimpleQueryHandler for Talk {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.check()?;
        let mut responses = Vec::new();
        for statement in in_turn(query).map_err(fault)? {
            let command = Command::read(&statement).map_err(fault)?;
            self.check_transaction(client, command.as_ref())?;
            if let Some(command) = command {
                responses.push(self.answer_command(&command, &Format::UnifiedText)?);
                continue;
            }
            let asked = Asked::new(&statement);
            let nothing: Values = Box::new(|parameters| match parameters.first() {
                None => Ok(None),
                Some((name, _)) => Err(missing(name)),
            });
            responses.push(self.run(client, &asked, nothing, &Format::UnifiedText).await?);
        }
        Ok(responses)
    }
}

#[async_trait]
impl QueryParser for Talk {
    type Statement = Statement;

    async fn parse_sql<C>(
        &self,
        _client: &C,
        sql: &str,
        types: &[Option<Type>],
    ) -> PgWireResult<Option<Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        self.check()?;
        if let Some(command) = Command::read(sql).map_err(fault)? {
            if pieces(sql).len() > 1 {
                return Err(fault(several("a prepared statement is one query or command")));
            }
            return Ok(Some(Statement::Command(command)));
        }
        let asked = Asked::new(sql);
        let given = types.to_vec();
        // Nulls of the right types stand in, so that the columns are known before the values are.
        let nulls: Values = Box::new(move |parameters| {
            let values = kinds(parameters, &given)?.into_iter().zip(parameters);
            let values = values.map(|(kind, (name, implied))| {
                let kind = implied
                    .clone()
                    .or_else(|| parameter::arrow_of(&kind))
                    .unwrap_or(DataType::Utf8);
                let value =
                    ScalarValue::try_from(&kind).map_err(|error| Error::Execution(error.to_string()))?;
                Ok((bare(name).to_owned(), value))
            });
            let values = values.collect::<aftershock_query::Result<Vec<_>>>()?;
            Ok((!values.is_empty()).then(|| ParamValues::from(values)))
        });
        let outline = self
            .desk
            .outline(&self.source, &asked.sql, nulls)
            .await
            .map_err(|error| asked.fault(error))?;
        let Outline { schema, parameters } = outline;
        let parameters = kinds(&parameters, types).map_err(fault)?;
        Ok(Some(Statement::Query {
            asked,
            schema,
            parameters,
        }))
    }

    fn get_parameter_types(&self, statement: &Statement) -> PgWireResult<Vec<Type>> {
        Ok(match statement {
            Statement::Command(_) => Vec::new(),
            Statement::Query { parameters, .. } => parameters.clone(),
        })
    }

    fn get_result_schema(
        &self,
        statement: &Statement,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = format.unwrap_or(&Format::UnifiedText);
        Ok(match statement {
            Statement::Command(Command::Show(name, _)) => value::fields(&shown(name), format),
            Statement::Command(_) => Vec::new(),
            Statement::Query { schema, .. } => value::fields(schema, format),
        })
    }
}

#[async_trait]
impl ExtendedQueryHandler for Talk {
    type Statement = Statement;
    type QueryParser = Self;

    fn query_parser(&self) -> Arc<Self> {
        Arc::new(Self {
            desk: self.desk.clone(),
            source: Arc::clone(&self.source),
            gone: self.gone.clone(),
            calls: self.calls.clone(),
            admitted: Arc::clone(&self.admitted),
        })
    }

    /// Sends rows as they come: the library would gather them all first.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.check()?;
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal = match client.portal_store().get_portal(name) {
            Some(Entry::Value(portal)) if message.max_rows == 0 => portal,
            _ => return self._on_execute(client, message).await,
        };
        let state = portal.state();
        let begun = !matches!(*state.lock().await, PortalExecutionState::Initial);
        if begun || matches!(portal.statement.statement, Statement::Command(_)) {
            return self._on_execute(client, message).await;
        }
        if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        *state.lock().await = PortalExecutionState::Finished;
        let Response::Query(mut response) = ExtendedQueryHandler::do_query(self, client, &portal, 0).await?
        else {
            return Ok(());
        };
        let mut sent = 0;
        while let Some(row) = response.data_rows().next().await {
            client.feed(PgWireBackendMessage::DataRow(row?)).await?;
            sent += 1;
        }
        let tag = Tag::new(response.command_tag()).with_rows(sent);
        client
            .send(PgWireBackendMessage::CommandComplete(tag.into()))
            .await?;
        client.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Statement>,
        _max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.check()?;
        let format = &portal.result_column_format;
        let (asked, kinds) = match &portal.statement.statement {
            Statement::Command(command) => {
                self.check_transaction(client, Some(command))?;
                return self.answer_command(command, format);
            }
            Statement::Query {
                asked, parameters, ..
            } => (asked, parameters),
        };
        self.check_transaction(client, None)?;
        let mut values = Vec::with_capacity(kinds.len());
        for (place, kind) in kinds.iter().enumerate() {
            let binary = match &portal.parameter_format {
                Format::Individual(codes) => codes.get(place) == Some(&1),
                other => other.is_binary(place),
            };
            let bytes = portal
                .parameters
                .get(place)
                .ok_or(PgWireError::ParameterIndexOutOfBound(place))?;
            let value = parameter::read(kind, binary, bytes.as_deref()).map_err(|error| {
                fault(Error::Query {
                    primary: format!("parameter ${}: {error}", place + 1),
                    hint: None,
                    place: None,
                })
            })?;
            values.push(value);
        }
        self.run(client, asked, bound(values), format).await
    }

    async fn do_describe_statement<C>(
        &self,
        _client: &mut C,
        target: &StoredStatement<Statement>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let parameters = self.get_parameter_types(&target.statement)?;
        let columns = self.get_result_schema(&target.statement, None)?;
        Ok(DescribeStatementResponse::new(parameters, columns))
    }

    async fn do_describe_portal<C>(
        &self,
        _client: &mut C,
        target: &Portal<Statement>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let columns =
            self.get_result_schema(&target.statement.statement, Some(&target.result_column_format))?;
        Ok(DescribePortalResponse::new(columns))
    }
}

#[async_trait]
impl CancelHandler for Talk {
    /// Needs no admission: whoever knows the key was told it by this server.
    async fn on_cancel_request(&self, request: CancelRequest) {
        self.calls.look(&request.pid, |(key, stop)| {
            if key.eq_value(&request.secret_key) {
                stop.cancel();
            }
        });
    }
}

/// What was sent in one text, statement by statement, each at its place in it. One of them may be a query: while its rows are
/// sent it holds a place, and several could wait for one another's.
fn in_turn(text: &str) -> aftershock_query::Result<Vec<String>> {
    let pieces = pieces(text);
    if pieces.len() < 2 {
        return Ok(vec![text.to_owned()]);
    }
    let mut queries = 0;
    for piece in &pieces {
        queries += usize::from(Command::read(piece.text)?.is_none());
    }
    if queries > 1 {
        return match Command::read(text)? {
            Some(_) => Err(several(
                "beside BEGIN, COMMIT and the like there may be one query",
            )),
            // Refused in the words of the command line.
            None => Ok(vec![text.to_owned()]),
        };
    }
    let padded = |piece: &Piece<'_>| {
        // Places are counted in characters, and lines are kept.
        let before = text[..piece.at].chars();
        let blank: String = before.map(|c| if c == '\n' { c } else { ' ' }).collect();
        blank + piece.text
    };
    Ok(pieces.iter().map(padded).collect())
}

fn several(hint: &str) -> Error {
    Error::Query {
        primary: "several statements were sent at once".to_owned(),
        hint: Some(hint.to_owned()),
        place: None,
    }
}

/// The types in which values are taken: what the client says, else what the query implies, else text.
fn kinds(
    parameters: &[(String, Option<DataType>)],
    given: &[Option<Type>],
) -> aftershock_query::Result<Vec<Type>> {
    let kind = |(place, (name, implied)): (usize, &(String, Option<DataType>))| {
        if *name != format!("${}", place + 1) {
            return Err(Error::Query {
                primary: format!("the parameter {name} has no number that follows the one before"),
                hint: Some("parameters are $1, $2 and so on".to_owned()),
                place: None,
            });
        }
        let said = given
            .get(place)
            .cloned()
            .flatten()
            .filter(|said| *said != Type::UNKNOWN);
        Ok(said.unwrap_or_else(|| implied.as_ref().map_or(Type::TEXT, value::type_of)))
    };
    parameters.iter().enumerate().map(kind).collect()
}

/// Values by number, in the types that the query implies.
fn bound(values: Vec<ScalarValue>) -> Values {
    Box::new(move |parameters| {
        let mut named = Vec::with_capacity(parameters.len());
        for ((name, implied), value) in parameters.iter().zip(values) {
            let value = match implied {
                Some(kind) => value.cast_to(kind).map_err(|error| misfit(name, kind, error))?,
                None => value,
            };
            named.push((bare(name).to_owned(), value));
        }
        Ok((!named.is_empty()).then(|| ParamValues::from(named)))
    })
}

fn shown(name: &str) -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new(name, DataType::Utf8, false)]))
}

/// An error in the terms of the protocol, that has no place in a query.
fn fault(error: Error) -> PgWireError {
    PgWireError::UserError(Box::new(info(error)))
}

fn info(error: Error) -> ErrorInfo {
    // Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html
    let code = match &error {
        Error::Limit { .. } => "53400",
        Error::Cancelled => "57014",
        Error::NotAQuery { .. } => "25006",
        Error::Query { .. } | Error::UnknownQuery { .. } => "42000",
        Error::MissingParameter { .. } => "08P01",
        Error::Evaluation(_) => "22000",
        Error::Data { .. } => "58030",
        Error::Execution(_) | Error::Write(_) => "XX000",
    };
    let mut info = ErrorInfo::new("ERROR".to_owned(), code.to_owned(), error.to_string());
    info.hint = error.hint();
    info
}
