//! What a client holds of a query between its calls: the query itself, so that the server need remember nothing.

use std::sync::Arc;

use aftershock_query::{Error, RecordBatch, Result};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::common::{ParamValues, ScalarValue};
use prost::Message;

use crate::values::{Values, bare, misfit, missing};

/// A query with the values of its parameters.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Handle {
    /// Tells apart the queries that run, so that one can be cancelled.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) id: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) sql: String,
    /// One row of values in Arrow's stream format; empty where none are bound.
    #[prost(bytes = "vec", tag = "3")]
    pub(super) values: Vec<u8>,
}

impl Handle {
    /// A query nobody has asked before.
    pub(super) fn new(sql: String) -> Self {
        let mut id = vec![0; 16];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut id);
        Self {
            id,
            sql,
            values: Vec::new(),
        }
    }

    /// The same query, to be run another time.
    pub(super) fn again(&self) -> Self {
        Self {
            id: Self::new(String::new()).id,
            ..self.clone()
        }
    }

    /// Reads what a client sends back.
    ///
    /// # Errors
    /// When it is nothing that came from here.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        Self::decode(bytes).map_err(|_| Error::Query {
            primary: "the handle is none of this server's".to_owned(),
            hint: None,
            place: None,
        })
    }

    /// Takes the values of its parameters: one row, a column a parameter.
    ///
    /// # Errors
    /// When there is not exactly one row.
    pub(super) fn bind(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let Some(batch) = batches
            .iter()
            .find(|batch| batch.num_rows() == 1)
            .filter(|_| rows == 1)
        else {
            return Err(Error::Query {
                primary: format!("{rows} rows of parameters are given, and a query takes one"),
                hint: Some("ask once a row".to_owned()),
                place: None,
            });
        };
        let mut bytes = Vec::new();
        let written = StreamWriter::try_new(&mut bytes, &batch.schema()).and_then(|mut writer| {
            writer.write(batch)?;
            writer.finish()
        });
        written.map_err(|error| Error::Execution(error.to_string()))?;
        self.values = bytes;
        Ok(())
    }

    /// The values in the types that the query wants.
    pub(super) fn values(&self) -> Values {
        let bytes = self.values.clone();
        Box::new(move |parameters| match parameters {
            [] => Ok(None),
            parameters => values(&bytes, parameters).map(Some),
        })
    }
}

fn values(bytes: &[u8], parameters: &[(String, Option<DataType>)]) -> Result<ParamValues> {
    let first = parameters.first().map_or("", |(name, _)| name);
    if bytes.is_empty() {
        return Err(missing(first));
    }
    let unreadable = |error: arrow::error::ArrowError| Error::Query {
        primary: format!("the parameters cannot be read: {error}"),
        hint: None,
        place: None,
    };
    let mut reader = StreamReader::try_new(bytes, None).map_err(unreadable)?;
    let batch = reader.next().ok_or_else(|| missing(first))?.map_err(unreadable)?;
    let mut named = Vec::with_capacity(parameters.len());
    for (place, (name, kind)) in parameters.iter().enumerate() {
        let name = bare(name);
        // `$2` is the second column whatever it is called; `$run` the one called so, else the one in its place.
        let number = name
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        let called = batch.schema().index_of(name).ok();
        let column = number.or(called).unwrap_or(place);
        if column >= batch.num_columns() {
            return Err(missing(name));
        }
        let mut column = Arc::clone(batch.column(column));
        if let Some(kind) = kind {
            column = cast(&column, kind).map_err(|error| misfit(name, kind, error))?;
        }
        let value =
            ScalarValue::try_from_array(&column, 0).map_err(|error| Error::Execution(error.to_string()))?;
        named.push((name.to_owned(), value));
    }
    Ok(ParamValues::from(named))
}
