//! The functions of the field, as Postgres lists functions.

use aftershock_query::{Error, Result};
use arrow::array::{Array, AsArray, RecordBatch};
use datafusion::catalog::CatalogProvider;
use datafusion::datasource::MemTable;

use super::{Columns, FIRST_OID, OWNER_OID, Relation, provider};

/// Where they are listed here, and the schema that clients are told.
const SCHEMA: &str = "catalog";
const TABLE: &str = "functions";
/// First of their numbers, beyond those of tables.
const FIRST: i32 = FIRST_OID + 10_000;

/// A function with its number.
pub(super) struct Routine {
    pub(super) oid: i32,
    name: String,
    kind: String,
    /// How it is called, `name(arguments)`.
    signature: String,
    pub(super) meaning: String,
    /// What the answer is measured in, which here is said in the place of a type.
    pub(super) units: String,
}

impl Routine {
    /// What stands between the brackets of the signature.
    pub(super) fn arguments(&self) -> &str {
        let inside = self
            .signature
            .split_once('(')
            .and_then(|(_, rest)| rest.rsplit_once(')'));
        inside.map_or("", |(arguments, _)| arguments)
    }
}

/// The functions that `catalog.functions` lists; its joins are no functions.
///
/// # Errors
/// Where that table does not have the columns that it has.
pub(super) fn of(catalog: &dyn CatalogProvider) -> Result<Vec<Routine>> {
    let lost = || Error::Execution(format!("{SCHEMA}.{TABLE} does not say its rows"));
    let table = provider(catalog, SCHEMA, TABLE).ok_or_else(lost)?;
    let table: &MemTable = table.downcast_ref().ok_or_else(lost)?;
    let mut found = Vec::new();
    for part in &table.batches {
        for batch in part.try_read().map_err(|_| lost())?.iter() {
            for row in 0..batch.num_rows() {
                let text = |column| text(batch, column, row).ok_or_else(lost);
                found.push(Routine {
                    oid: FIRST + found.len() as i32,
                    name: text("name")?,
                    kind: text("kind")?,
                    signature: text("signature")?,
                    meaning: text("meaning")?,
                    units: text("units")?,
                });
            }
        }
    }
    found.retain(|routine| routine.kind != "join");
    Ok(found)
}

fn text(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let texts = batch.column_by_name(column)?.as_string_opt::<i32>()?;
    texts.is_valid(row).then(|| texts.value(row).to_owned())
}

/// `pg_proc`.
pub(super) fn table(routines: &[Routine], relations: &[Relation]) -> Columns {
    let schema = relations.iter().find(|relation| relation.schema == SCHEMA);
    let kind = |routine: &Routine| match routine.kind.as_str() {
        "aggregate" => "a",
        "window" => "w",
        _ => "f",
    };
    Columns::new(routines.len())
        .numbers("oid", routines.iter().map(|routine| routine.oid))
        .texts("proname", routines.iter().map(|routine| routine.name.as_str()))
        .number("pronamespace", schema.map_or(0, |schema| schema.schema_oid))
        .number("proowner", OWNER_OID)
        .texts("prokind", routines.iter().map(kind))
        .flags(
            "proretset",
            routines.iter().map(|routine| routine.kind == "table"),
        )
        .zeros(&[
            "prolang",
            "prorettype",
            "provariadic",
            "pronargs",
            "pronargdefaults",
        ])
        .text("provolatile", "i")
        .text("proparallel", "s")
        .no(&["prosecdef", "proleakproof", "proisstrict"])
        .text("prosrc", "")
        .text("proargtypes", "")
        .absent("proargnames")
        .absent("proargmodes")
        .absent("proallargtypes")
        .absent("probin")
        .absent("proconfig")
        .no_rights("proacl")
}
