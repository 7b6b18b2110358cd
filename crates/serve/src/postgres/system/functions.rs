//! The functions with which Postgres clients ask about what the catalogs say.

use std::collections::HashMap;
use std::sync::Arc;

use aftershock_query::{CATALOG, Reader};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListBuilder, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
    create_udf,
};

use super::routines::Routine;
use super::{OF_CATALOGS, OWNER, Relation, SCHEMA};
use crate::postgres::door;

/// Adds the functions.
pub(super) fn add(reader: &Reader, relations: &[Relation], routines: &[Routine]) {
    let yes = ScalarValue::Boolean(Some(true));
    let no = ScalarValue::Boolean(Some(false));
    let text = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
    let nothing = ScalarValue::Utf8(None);
    // Schemas of a name without one.
    let searched = [SCHEMA, aftershock_query::SCHEMA].map(text);
    let searched = ScalarValue::List(ScalarValue::new_list_nullable(&searched, &DataType::Utf8));
    let same = [
        ("pg_table_is_visible", &yes),
        ("pg_type_is_visible", &yes),
        ("pg_function_is_visible", &yes),
        ("has_table_privilege", &yes),
        ("has_schema_privilege", &yes),
        ("has_database_privilege", &yes),
        ("has_column_privilege", &yes),
        ("pg_is_in_recovery", &no),
        ("pg_get_expr", &nothing),
        ("pg_get_viewdef", &nothing),
        ("pg_get_indexdef", &nothing),
        ("pg_get_constraintdef", &nothing),
        ("pg_get_partkeydef", &nothing),
        ("shobj_description", &nothing),
        ("pg_get_userbyid", &text(OWNER)),
        ("current_user", &text(OWNER)),
        ("session_user", &text(OWNER)),
        ("current_role", &text(OWNER)),
        ("current_database", &text(CATALOG)),
        ("current_catalog", &text(CATALOG)),
        ("current_schema", &text(aftershock_query::SCHEMA)),
        ("pg_encoding_to_char", &text("UTF8")),
        ("version", &text(&format!("PostgreSQL {}", door::VERSION))),
        ("pg_backend_pid", &ScalarValue::Int32(Some(0))),
        ("pg_get_function_sqlbody", &nothing),
        ("pg_table_size", &ScalarValue::Int64(None)),
        ("pg_relation_size", &ScalarValue::Int64(None)),
        ("pg_total_relation_size", &ScalarValue::Int64(None)),
        ("pg_size_pretty", &nothing),
        ("current_schemas", &searched),
        ("txid_current", &ScalarValue::Int64(Some(0))),
    ];
    let context = reader.context();
    for (name, value) in same {
        context.register_udf(ScalarUDF::from(Same {
            name,
            value: value.clone(),
            signature: Signature::one_of(
                vec![TypeSignature::Nullary, TypeSignature::VariadicAny],
                Volatility::Stable,
            ),
        }));
    }

    let types = super::TYPES
        .iter()
        .map(|(kind, ..)| (kind.oid() as i32, said(kind.name())));
    let types: HashMap<i32, String> = types.map(|(oid, name)| (oid, name.to_owned())).collect();
    context.register_udf(of_number("format_type", types));
    let tables = relations.iter().filter_map(|relation| {
        let about = reader.about(&format!("{}.{}", relation.schema, relation.name))?;
        Some((relation.oid, about.to_owned()))
    });
    let routine = |said: fn(&Routine) -> &str| {
        let said = routines
            .iter()
            .map(|routine| (routine.oid, said(routine).to_owned()));
        said.collect::<HashMap<i32, String>>()
    };
    let said = tables.chain(routine(|routine| &routine.meaning));
    context.register_udf(of_number("obj_description", said.collect()));
    context.register_udf(of_number(
        "pg_get_function_result",
        routine(|routine| &routine.units),
    ));
    for name in ["pg_get_function_arguments", "pg_get_function_identity_arguments"] {
        context.register_udf(of_number(name, routine(Routine::arguments)));
    }
    let columns = relations.iter().flat_map(|relation| {
        let table = format!("{}.{}", relation.schema, relation.name);
        let columns = relation.columns.fields().iter().zip(1..);
        columns.filter_map(move |(field, place)| {
            let about = reader.column_about(&table, field.name())?;
            Some(((relation.oid, place), about.to_owned()))
        })
    });
    context.register_udf(of_column("col_description", columns.collect()));
    let numbers = relations.iter().flat_map(|relation| {
        let full = format!("{}.{}", relation.schema, relation.name);
        [(full, relation.oid), (relation.name.clone(), relation.oid)]
    });
    let numbers = numbers.chain(OF_CATALOGS.map(|(name, oid)| (name.to_owned(), oid)));
    context.register_udf(to_regclass(numbers.collect()));
    context.register_udf(parse_ident());
    let quoted = create_udf(
        "quote_ident",
        vec![DataType::Utf8],
        DataType::Utf8,
        Volatility::Immutable,
        Arc::new(|arguments: &[ColumnarValue]| {
            each(arguments, |name| {
                let plain = name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                let plain =
                    plain && !name.starts_with(|first: char| first.is_ascii_digit()) && !name.is_empty();
                Some(if plain {
                    name.to_owned()
                } else {
                    format!("\"{}\"", name.replace('"', "\"\""))
                })
            })
        }),
    );
    context.register_udf(quoted);
    let setting = create_udf(
        "current_setting",
        vec![DataType::Utf8],
        DataType::Utf8,
        Volatility::Stable,
        Arc::new(|arguments: &[ColumnarValue]| {
            each(arguments, |name| door::setting(name).map(str::to_owned))
        }),
    );
    context.register_udf(setting);
}

/// The name under which SQL knows a type.
fn said(name: &str) -> &str {
    match name {
        "bool" => "boolean",
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "time" => "time without time zone",
        "varchar" => "character varying",
        other => other,
    }
}

/// Gives the same value whatever it is asked.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Same {
    name: &'static str,
    value: ScalarValue,
    signature: Signature,
}

impl ScalarUDFImpl for Same {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}

/// Gives text by the number in its first argument; what follows is not looked at.
fn of_number(name: &'static str, known: HashMap<i32, String>) -> ScalarUDF {
    let known = Arc::new(known);
    ScalarUDF::from(Lookup {
        name,
        signature: Signature::variadic_any(Volatility::Stable),
        find: Find(Arc::new(move |first, _| known.get(&first).cloned())),
    })
}

/// Gives text by the numbers in its two arguments.
fn of_column(name: &'static str, known: HashMap<(i32, i32), String>) -> ScalarUDF {
    let known = Arc::new(known);
    ScalarUDF::from(Lookup {
        name,
        signature: Signature::variadic_any(Volatility::Stable),
        find: Find(Arc::new(move |first, second| {
            known.get(&(first, second?)).cloned()
        })),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Lookup {
    name: &'static str,
    signature: Signature,
    find: Find,
}

/// What a lookup knows; the same where it is the same piece of memory.
#[derive(Clone)]
struct Find(Arc<dyn Fn(i32, Option<i32>) -> Option<String> + Send + Sync>);

impl std::fmt::Debug for Find {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Find")
    }
}

impl PartialEq for Find {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Find {}

impl std::hash::Hash for Find {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).cast::<()>().hash(state);
    }
}

impl ScalarUDFImpl for Lookup {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let number = |at: usize| -> Result<Option<Int32Array>> {
            let Some(value) = call.args.get(at) else {
                return Ok(None);
            };
            let array = cast(&value.to_array(call.number_rows)?, &DataType::Int32)?;
            Ok(Some(array.as_primitive::<Int32Type>().clone()))
        };
        let (first, second) = (number(0)?, number(1)?);
        let at = |array: &Option<Int32Array>, row: usize| {
            array
                .as_ref()
                .filter(|array| array.is_valid(row))
                .map(|array| array.value(row))
        };
        let found = (0..call.number_rows).map(|row| (self.find.0)(at(&first, row)?, at(&second, row)));
        Ok(ColumnarValue::Array(Arc::new(found.collect::<StringArray>())))
    }
}

/// The number of a table by its name.
fn to_regclass(known: HashMap<String, i32>) -> ScalarUDF {
    create_udf(
        "to_regclass",
        vec![DataType::Utf8],
        DataType::Int32,
        Volatility::Stable,
        Arc::new(move |arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let names = arrays[0].as_string::<i32>();
            let found = names
                .iter()
                .map(|name| known.get(&name?.replace('"', "")).copied());
            Ok(ColumnarValue::Array(Arc::new(found.collect::<Int32Array>())))
        }),
    )
}

/// The parts of a name, `schema.table`; quotes around a part go.
fn parse_ident() -> ScalarUDF {
    let parts = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
    create_udf(
        "parse_ident",
        vec![DataType::Utf8],
        parts,
        Volatility::Immutable,
        Arc::new(|arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let mut parts = ListBuilder::new(StringBuilder::new());
            for name in arrays[0].as_string::<i32>() {
                for part in name.into_iter().flat_map(|name| name.split('.')) {
                    parts.values().append_value(part.trim_matches('"'));
                }
                parts.append(name.is_some());
            }
            Ok(ColumnarValue::Array(Arc::new(parts.finish())))
        }),
    )
}

/// Text for each text.
fn each(arguments: &[ColumnarValue], given: impl Fn(&str) -> Option<String>) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let texts = arrays[0].as_string::<i32>();
    let made: ArrayRef = Arc::new(texts.iter().map(|text| given(text?)).collect::<StringArray>());
    Ok(ColumnarValue::Array(made))
}
