//! The catalogs in which Postgres clients look up what there is: filled from the tables of the session.
//!
//! Filled are those that `psql` and drivers need to list schemas, tables and columns. All others are empty here; queries
//! of them are answered without rows by [`super::rewrite`].

mod functions;
mod routines;

use std::sync::Arc;

use aftershock_query::{CATALOG, Error, Reader, Result};
use arrow::array::{ArrayRef, BooleanArray, Int16Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{CatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::sql::sqlparser::keywords::ALL_KEYWORDS;
use pgwire::api::Type;

use super::{door, value};
use routines::Routine;

/// Schema of the catalogs.
pub(super) const SCHEMA: &str = "pg_catalog";
/// Everybody's name, whoever they say they are.
const OWNER: &str = "reader";
/// Number of that role, of the schema of catalogs and of the database, as Postgres numbers them.
const OWNER_OID: i32 = 10;
const SCHEMA_OID: i32 = 11;
const DATABASE_OID: i32 = 5;
/// Numbers of the catalogs whose rows are described, as Postgres has them.
const OF_CATALOGS: [(&str, i32); 3] = [
    ("pg_namespace", 2615),
    ("pg_class", OF_TABLES),
    ("pg_proc", OF_ROUTINES),
];
const OF_TABLES: i32 = 1259;
const OF_ROUTINES: i32 = 1255;
/// First number of what is no part of Postgres.
const FIRST_OID: i32 = 16_384;

/// Catalogs with rows.
pub(super) const FILLED: [&str; 10] = [
    "pg_namespace",
    "pg_class",
    "pg_attribute",
    "pg_type",
    "pg_database",
    "pg_roles",
    "pg_proc",
    "pg_settings",
    "pg_description",
    KEYWORDS,
];
/// A function of Postgres that gives a table, which is a table here.
pub(super) const KEYWORDS: &str = "pg_get_keywords";
/// Catalogs without rows that clients join to others all the same: their columns, numbers and then texts.
const HOLLOW: [(&str, &[&str], &[&str]); 7] = [
    ("pg_am", &["oid"], &["amname", "amtype"]),
    ("pg_language", &["oid"], &["lanname"]),
    (
        "pg_depend",
        &[
            "classid",
            "objid",
            "objsubid",
            "refclassid",
            "refobjid",
            "refobjsubid",
        ],
        &["deptype"],
    ),
    ("pg_attrdef", &["oid", "adrelid", "adnum"], &["adbin"]),
    ("pg_index", &["indexrelid", "indrelid"], &["indkey"]),
    (
        "pg_constraint",
        &["oid", "conrelid", "confrelid", "connamespace"],
        &["conname", "contype"],
    ),
    ("pg_inherits", &["inhrelid", "inhparent", "inhseqno"], &[]),
];
/// The types that answers have, with Postgres' class of each.
const TYPES: [(&Type, i16, &str); 17] = [
    (&Type::BOOL, 1, "B"),
    (&Type::BYTEA, -1, "U"),
    (&Type::NAME, 64, "S"),
    (&Type::INT8, 8, "N"),
    (&Type::INT2, 2, "N"),
    (&Type::INT4, 4, "N"),
    (&Type::TEXT, -1, "S"),
    (&Type::OID, 4, "N"),
    (&Type::JSON, -1, "U"),
    (&Type::FLOAT4, 4, "N"),
    (&Type::FLOAT8, 8, "N"),
    (&Type::VARCHAR, -1, "S"),
    (&Type::DATE, 4, "D"),
    (&Type::TIME, 8, "D"),
    (&Type::TIMESTAMP, 8, "D"),
    (&Type::TIMESTAMPTZ, 8, "D"),
    (&Type::NUMERIC, -1, "N"),
];

/// Adds catalogs and functions to the tables of `reader`.
///
/// # Errors
/// When a table does not say its columns.
pub(super) fn add(reader: &Reader) -> Result<()> {
    let lost = |error: datafusion::error::DataFusionError| Error::Execution(error.to_string());
    let context = reader.context();
    let Some(catalog) = context.catalog(CATALOG) else {
        return Err(Error::Execution("the session has no catalog".to_owned()));
    };
    let relations = relations(reader, catalog.as_ref())?;
    let routines = routines::of(catalog.as_ref())?;
    let schema = Arc::new(MemorySchemaProvider::new());
    let tables = [
        ("pg_namespace", namespaces(&relations)),
        ("pg_class", classes(&relations)),
        ("pg_attribute", attributes(&relations)),
        ("pg_type", types()),
        ("pg_database", databases()),
        ("pg_roles", roles()),
        ("pg_proc", routines::table(&routines, &relations)),
        ("pg_settings", settings()),
        ("pg_description", descriptions(reader, &relations, &routines)),
        (KEYWORDS, keywords()),
    ];
    let hollow = HOLLOW.map(|(name, numbers, texts)| (name, hollow(numbers, texts)));
    for (name, table) in tables.into_iter().chain(hollow) {
        let table = table.table().map_err(lost)?;
        schema.register_table(name.to_owned(), table).map_err(lost)?;
    }
    catalog.register_schema(SCHEMA, schema).map_err(lost)?;
    functions::add(reader, &relations, &routines);
    Ok(())
}

/// A table of the session with its number.
struct Relation {
    oid: i32,
    schema_oid: i32,
    schema: String,
    name: String,
    columns: SchemaRef,
}

fn relations(reader: &Reader, catalog: &dyn CatalogProvider) -> Result<Vec<Relation>> {
    let mut schemas: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for table in reader.tables() {
        let Some((schema, name)) = table.split_once('.') else {
            continue;
        };
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
        let provider = provider(catalog, schema, name)
            .ok_or_else(|| Error::Execution(format!("{table} does not say its columns")))?;
        let place = schemas
            .iter()
            .position(|known| *known == schema)
            .unwrap_or_default();
        found.push(Relation {
            oid: FIRST_OID + 100 + found.len() as i32,
            schema_oid: FIRST_OID + place as i32,
            schema: schema.to_owned(),
            name: name.to_owned(),
            columns: provider.schema(),
        });
    }
    Ok(found)
}

/// A table of the session; they are held in memory, so that nothing is waited for.
fn provider(catalog: &dyn CatalogProvider, schema: &str, name: &str) -> Option<Arc<dyn TableProvider>> {
    let schema = catalog.schema(schema)?;
    let found = futures_util::FutureExt::now_or_never(async move { schema.table(name).await });
    found?.ok()?
}

fn namespaces(relations: &[Relation]) -> Columns {
    let mut known = vec![
        (SCHEMA_OID, SCHEMA.to_owned()),
        (12, "information_schema".to_owned()),
    ];
    known.extend(
        relations
            .iter()
            .map(|relation| (relation.schema_oid, relation.schema.clone())),
    );
    known.dedup();
    Columns::new(known.len())
        .numbers("oid", known.iter().map(|(oid, _)| *oid))
        .texts("nspname", known.iter().map(|(_, name)| name.as_str()))
        .number("nspowner", OWNER_OID)
        .no_rights("nspacl")
}

fn classes(relations: &[Relation]) -> Columns {
    Columns::new(relations.len())
        .numbers("oid", relations.iter().map(|relation| relation.oid))
        .texts("relname", relations.iter().map(|relation| relation.name.as_str()))
        .numbers(
            "relnamespace",
            relations.iter().map(|relation| relation.schema_oid),
        )
        .numbers(
            "relnatts",
            relations
                .iter()
                .map(|relation| relation.columns.fields().len() as i32),
        )
        .number("relowner", OWNER_OID)
        .zeros(&[
            "reltype",
            "reloftype",
            "relam",
            "relfilenode",
            "reltablespace",
            "relpages",
            "relallvisible",
            "reltoastrelid",
            "relchecks",
            "relrewrite",
        ])
        .number("reltuples", -1)
        .text("relkind", "r")
        .text("relpersistence", "p")
        .text("relreplident", "n")
        .no(&[
            "relhasindex",
            "relisshared",
            "relhasrules",
            "relhastriggers",
            "relhassubclass",
            "relrowsecurity",
            "relforcerowsecurity",
            "relispartition",
            "relhasoids",
        ])
        .yes("relispopulated")
        .no_rights("relacl")
        .absent("reloptions")
        .absent("relpartbound")
}

fn attributes(relations: &[Relation]) -> Columns {
    let all = relations.iter().flat_map(|relation| {
        let columns = relation.columns.fields().iter().enumerate();
        columns.map(move |(place, field)| (relation.oid, place as i32 + 1, field))
    });
    let all: Vec<_> = all.collect();
    let kinds: Vec<Type> = all
        .iter()
        .map(|(_, _, field)| value::type_of(field.data_type()))
        .collect();
    Columns::new(all.len())
        .numbers("attrelid", all.iter().map(|(oid, ..)| *oid))
        .texts("attname", all.iter().map(|(_, _, field)| field.name().as_str()))
        .numbers("attnum", all.iter().map(|(_, place, _)| *place))
        .numbers("atttypid", kinds.iter().map(|kind| kind.oid() as i32))
        .shorts("attlen", kinds.iter().map(length))
        .flags("attnotnull", all.iter().map(|(_, _, field)| !field.is_nullable()))
        .number("atttypmod", -1)
        .number("attstattarget", -1)
        .zeros(&["attndims", "attcollation", "attinhcount"])
        .text("attidentity", "")
        .text("attgenerated", "")
        .text("attstorage", "p")
        .text("attcompression", "")
        .no(&["atthasdef", "atthasmissing", "attisdropped"])
        .yes("attislocal")
        .no_rights("attacl")
        .absent("attoptions")
        .absent("attfdwoptions")
}

fn types() -> Columns {
    Columns::new(TYPES.len())
        .numbers("oid", TYPES.iter().map(|(kind, ..)| kind.oid() as i32))
        .texts("typname", TYPES.iter().map(|(kind, ..)| kind.name()))
        .shorts("typlen", TYPES.iter().map(|(_, length, _)| *length))
        .texts("typcategory", TYPES.iter().map(|(_, _, class)| *class))
        .number("typnamespace", SCHEMA_OID)
        .number("typowner", OWNER_OID)
        .text("typtype", "b")
        .text("typdelim", ",")
        .text("typinput", "")
        .zeros(&[
            "typrelid",
            "typelem",
            "typarray",
            "typbasetype",
            "typndims",
            "typcollation",
        ])
        .number("typtypmod", -1)
        .no(&["typnotnull", "typispreferred", "typbyval"])
        .yes("typisdefined")
        .absent("typdefault")
}

fn databases() -> Columns {
    Columns::new(1)
        .number("oid", DATABASE_OID)
        .text("datname", CATALOG)
        .number("datdba", OWNER_OID)
        .number("encoding", 6)
        .text("datlocprovider", "c")
        .text("datcollate", "C")
        .text("datctype", "C")
        .zeros(&["dattablespace", "datfrozenxid"])
        .number("datconnlimit", -1)
        .no(&["datistemplate"])
        .yes("datallowconn")
        .absent("daticulocale")
        .absent("daticurules")
        .absent("datlocale")
        .absent("datcollversion")
        .no_rights("datacl")
}

/// What a row of each table is, what its columns mean, and what functions answer.
fn descriptions(reader: &Reader, relations: &[Relation], routines: &[Routine]) -> Columns {
    let mut said: Vec<(i32, i32, i32, &str)> = Vec::new();
    for relation in relations {
        let table = format!("{}.{}", relation.schema, relation.name);
        let columns = relation.columns.fields().iter();
        let columns = columns.map(|field| reader.column_about(&table, field.name()));
        let all = std::iter::once(reader.about(&table)).chain(columns);
        let all = (0..).zip(all).filter_map(|(place, about)| Some((place, about?)));
        said.extend(all.map(|(place, about)| (relation.oid, OF_TABLES, place, about)));
    }
    let of_routines = routines.iter();
    said.extend(of_routines.map(|routine| (routine.oid, OF_ROUTINES, 0, routine.meaning.as_str())));
    Columns::new(said.len())
        .numbers("objoid", said.iter().map(|(object, ..)| *object))
        .numbers("classoid", said.iter().map(|(_, class, ..)| *class))
        .numbers("objsubid", said.iter().map(|(_, _, place, _)| *place))
        .texts("description", said.iter().map(|(.., about)| *about))
}

fn roles() -> Columns {
    Columns::new(1)
        .number("oid", OWNER_OID)
        .text("rolname", OWNER)
        .no(&[
            "rolsuper",
            "rolcreaterole",
            "rolcreatedb",
            "rolreplication",
            "rolbypassrls",
        ])
        .yes("rolinherit")
        .yes("rolcanlogin")
        .number("rolconnlimit", -1)
        .absent("rolvaliduntil")
}

/// What is set, and how many columns an index may have, which drivers ask before they ask for keys.
fn settings() -> Columns {
    let known: Vec<(&str, &str)> = door::settings().chain([("max_index_keys", "32")]).collect();
    Columns::new(known.len())
        .texts("name", known.iter().map(|(name, _)| *name))
        .texts("setting", known.iter().map(|(_, value)| *value))
        .absent("unit")
        .text("context", "internal")
        .text("vartype", "string")
        .text("source", "default")
}

fn keywords() -> Columns {
    let words: Vec<String> = ALL_KEYWORDS.iter().map(|word| word.to_lowercase()).collect();
    Columns::new(words.len())
        .texts("word", words.iter().map(String::as_str))
        .text("catcode", "U")
}

fn hollow(numbers: &[&str], texts: &[&str]) -> Columns {
    let columns = Columns::new(0).zeros(numbers);
    texts.iter().fold(columns, |columns, name| columns.text(name, ""))
}

fn length(kind: &Type) -> i16 {
    let found = TYPES.iter().find(|(known, ..)| *known == kind);
    found.map_or(-1, |(_, length, _)| *length)
}

/// A table built column by column.
struct Columns {
    rows: usize,
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn new(rows: usize) -> Self {
        Self {
            rows,
            fields: Vec::new(),
            arrays: Vec::new(),
        }
    }

    fn with(mut self, name: &str, array: ArrayRef) -> Self {
        self.fields
            .push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
        self
    }

    fn numbers(self, name: &str, values: impl Iterator<Item = i32>) -> Self {
        self.with(name, Arc::new(values.collect::<Int32Array>()))
    }

    fn shorts(self, name: &str, values: impl Iterator<Item = i16>) -> Self {
        self.with(name, Arc::new(values.collect::<Int16Array>()))
    }

    fn texts<'a>(self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        self.with(name, Arc::new(StringArray::from_iter_values(values)))
    }

    fn flags(self, name: &str, values: impl Iterator<Item = bool>) -> Self {
        let values: Vec<bool> = values.collect();
        self.with(name, Arc::new(BooleanArray::from(values)))
    }

    fn number(self, name: &str, value: i32) -> Self {
        let rows = self.rows;
        self.numbers(name, std::iter::repeat_n(value, rows))
    }

    fn zeros(self, names: &[&str]) -> Self {
        names.iter().fold(self, |columns, name| columns.number(name, 0))
    }

    fn text(self, name: &str, value: &str) -> Self {
        let rows = self.rows;
        self.texts(name, std::iter::repeat_n(value, rows))
    }

    fn no(self, names: &[&str]) -> Self {
        names.iter().fold(self, |columns, name| {
            let rows = columns.rows;
            columns.flags(name, std::iter::repeat_n(false, rows))
        })
    }

    fn yes(self, name: &str) -> Self {
        let rows = self.rows;
        self.flags(name, std::iter::repeat_n(true, rows))
    }

    /// A column of texts that are all absent.
    fn absent(self, name: &str) -> Self {
        let rows = self.rows;
        self.with(name, arrow::array::new_null_array(&DataType::Utf8, rows))
    }

    /// A column of rights, of which nobody has any written down.
    fn no_rights(self, name: &str) -> Self {
        let rows = self.rows;
        let list = DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
        self.with(name, arrow::array::new_null_array(&list, rows))
    }

    fn table(self) -> datafusion::error::Result<Arc<dyn TableProvider>> {
        let schema = Arc::new(Schema::new(self.fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), self.arrays)?;
        Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
    }
}
