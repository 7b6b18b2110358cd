//! What is there to be asked: catalogs, schemas, tables, and what the server is.

use std::sync::LazyLock;

use aftershock_query::{CATALOG, Error, Reader, RecordBatch, Result};
use arrow::datatypes::SchemaRef;
use arrow_flight::error::FlightError;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetDbSchemas, CommandGetTables, SqlInfo, SqlNullOrdering,
};

/// The only kind of table there is; clients know this word.
pub(super) const TABLE: &str = "TABLE";

/// The server in the terms of Flight SQL.
pub(super) static SERVER: LazyLock<SqlInfoData> = LazyLock::new(|| {
    let mut server = SqlInfoDataBuilder::new();
    server.append(SqlInfo::FlightSqlServerName, "Aftershock");
    server.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    server.append(SqlInfo::FlightSqlServerArrowVersion, "1.5");
    server.append(SqlInfo::FlightSqlServerReadOnly, true);
    server.append(SqlInfo::FlightSqlServerSql, true);
    server.append(SqlInfo::FlightSqlServerSubstrait, false);
    server.append(SqlInfo::FlightSqlServerCancel, true);
    server.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    server.append(SqlInfo::SqlDdlCatalog, false);
    server.append(SqlInfo::SqlDdlSchema, false);
    server.append(SqlInfo::SqlDdlTable, false);
    server.append(
        SqlInfo::SqlNullOrdering,
        SqlNullOrdering::SqlNullsSortedAtEnd as i32,
    );
    server
        .build()
        .expect("every value has the kind its name asks for")
});

/// The catalog.
pub(super) fn catalogs() -> Result<(SchemaRef, RecordBatch)> {
    let mut builder = CommandGetCatalogs {}.into_builder();
    builder.append(CATALOG);
    let schema = builder.schema();
    Ok((schema, builder.build().map_err(unlisted)?))
}

/// Schemas that pass the filters of `asked`.
pub(super) fn schemas(reader: &Reader, asked: CommandGetDbSchemas) -> Result<RecordBatch> {
    let mut builder = asked.into_builder();
    let mut names: Vec<&str> = reader
        .tables()
        .iter()
        .filter_map(|table| schema_of(table))
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        builder.append(CATALOG, name);
    }
    builder.build().map_err(unlisted)
}

/// Tables that pass the filters of `asked`, with their columns where it wants them.
pub(super) async fn tables(reader: &Reader, asked: CommandGetTables) -> Result<RecordBatch> {
    let mut builder = asked.into_builder();
    for table in reader.tables() {
        let Some((schema, name)) = table.split_once('.') else {
            continue;
        };
        let provider = reader.context().table_provider(table.as_str()).await;
        let provider = provider.map_err(|error| Error::Execution(error.to_string()))?;
        builder
            .append(CATALOG, schema, name, TABLE, &provider.schema())
            .map_err(unlisted)?;
    }
    builder.build().map_err(unlisted)
}

fn schema_of(table: &str) -> Option<&str> {
    table.split_once('.').map(|(schema, _)| schema)
}

fn unlisted(error: FlightError) -> Error {
    Error::Execution(error.to_string())
}
