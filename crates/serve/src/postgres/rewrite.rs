//! Queries of Postgres' catalogs in words that the engine knows; queries of anything else stay as they are.
//!
//! Written for what `psql` and drivers ask. A query of a catalog that is empty here becomes one without rows, so that what
//! this server has none of (policies, triggers, partitions …) needs no table.

use aftershock_query::shape;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, GroupByExpr, Ident, JoinOperator, ObjectName, ObjectNamePart, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableFactor, Value, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::system::{FILLED, KEYWORDS, SCHEMA};

/// Longest text, and most operators, of a query that is read as one of catalogs; those of clients are far shorter.
const BYTES: usize = 16 << 10;
const OPERATORS: usize = 300;
/// An array without members, as Postgres writes it.
const NO_MEMBERS: &str = "{}";
/// Words that only queries of catalogs have.
const SIGNS: [&str; 6] = [
    "pg_",
    "regclass",
    "regtype",
    "regproc",
    "current_schema",
    "search_path",
];

/// The query as the engine is asked.
pub(super) fn rewritten(sql: &str) -> String {
    let small = sql.to_lowercase();
    let about_catalogs = SIGNS.iter().any(|sign| small.contains(sign));
    if !about_catalogs || sql.len() > BYTES || shape::operators(sql) > OPERATORS {
        return sql.to_owned();
    }
    let Ok(mut statements) = Parser::parse_sql(&PostgreSqlDialect {}, sql) else {
        return sql.to_owned();
    };
    let [Statement::Query(_)] = statements.as_slice() else {
        return sql.to_owned();
    };
    let _ = statements.visit(&mut Words);
    statements[0].to_string()
}

struct Words;

impl VisitorMut for Words {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if hollow(&mut query.body) {
            query.order_by = None;
        } else if let SetExpr::Select(select) = query.body.as_mut() {
            once(select);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args, .. } = factor
            && last(name).is_some_and(|name| name == KEYWORDS)
        {
            *args = None;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_slice()
            && name.value.starts_with("pg_")
        {
            relation
                .0
                .insert(0, ObjectNamePart::Identifier(Ident::new(SCHEMA)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Subquery(query) if is_hollow(&query.body) => *expr = value(Value::Null),
            Expr::Subquery(query) => single(query),
            // What is searched for a name, taken apart.
            Expr::InSubquery {
                expr: inner,
                subquery,
                negated,
            } if subquery.to_string().contains("current_setting('search_path')") => {
                *expr = Expr::InList {
                    expr: inner.clone(),
                    list: vec![value(Value::SingleQuotedString(
                        aftershock_query::SCHEMA.to_owned(),
                    ))],
                    negated: *negated,
                };
            }
            // No table has options.
            Expr::Function(Function { name, args, .. })
                if last(name).is_some_and(|name| name == "array_to_string")
                    && args.to_string().contains("reloptions") =>
            {
                *expr = value(Value::SingleQuotedString(String::new()));
            }
            Expr::Function(Function {
                args: FunctionArguments::Subquery(query),
                ..
            }) if is_hollow(&query.body) => *expr = value(Value::SingleQuotedString(NO_MEMBERS.to_owned())),
            Expr::Exists { subquery, negated } if is_hollow(&subquery.body) => {
                *expr = value(Value::Boolean(*negated))
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::BinaryOp { op, .. } => {
                if let BinaryOperator::PGCustomBinaryOperator(words) = op
                    && let Some(plain) = words.last().and_then(|word| operator(word))
                {
                    *op = plain;
                }
            }
            Expr::Collate { expr: inner, .. } => *expr = inner.as_ref().clone(),
            Expr::Function(function) => {
                if let [ObjectNamePart::Identifier(schema), _] = function.name.0.as_slice()
                    && schema.value.eq_ignore_ascii_case(SCHEMA)
                {
                    function.name.0.remove(0);
                }
                if last(&function.name).is_some_and(|name| name == "array_upper") {
                    function.name = ObjectName::from(vec![Ident::new("array_length")]);
                    *expr = cast(expr.clone(), DataType::BigInt(None));
                }
            }
            Expr::AllOp {
                left,
                compare_op: BinaryOperator::NotEq,
                right,
            } => {
                if let Some(list) = members(right) {
                    *expr = Expr::InList {
                        expr: left.clone(),
                        list,
                        negated: true,
                    };
                }
            }
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => {
                *expr = call("array_has", vec![right.as_ref().clone(), left.as_ref().clone()]);
            }
            Expr::Cast {
                data_type,
                expr: inner,
                ..
            } => {
                let word = match data_type {
                    DataType::Custom(name, _) => name.0.last().map(ToString::to_string).unwrap_or_default(),
                    DataType::Regclass => "regclass".to_owned(),
                    _ => return ControlFlow::Continue(()),
                };
                match word.trim_matches('"').to_lowercase().as_str() {
                    "regclass" if is_text(inner) => *expr = call("to_regclass", vec![inner.as_ref().clone()]),
                    "oid" | "int4" => *data_type = DataType::Int(None),
                    "int8" => *data_type = DataType::BigInt(None),
                    "int2" => *data_type = DataType::SmallInt(None),
                    "bool" => *data_type = DataType::Boolean,
                    _ => *data_type = DataType::Varchar(None),
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

/// The last part of a name.
fn last(name: &ObjectName) -> Option<&str> {
    let part = name.0.last()?.as_ident()?;
    Some(part.value.as_str())
}

/// The members of an array that is written out as text.
fn members(array: &Expr) -> Option<Vec<Expr>> {
    match array {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => members(inner),
        Expr::Value(text) => {
            let Value::SingleQuotedString(text) = &text.value else {
                return None;
            };
            let members = text.strip_prefix('{')?.strip_suffix('}')?.split(',');
            Some(
                members
                    .map(|member| value(Value::SingleQuotedString(member.to_owned())))
                    .collect(),
            )
        }
        _ => None,
    }
}

/// Has a query of a catalog in the place of a value answer one row, which the engine cannot see it does.
fn single(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_mut() else {
        return;
    };
    let of_catalog = select.from.iter().all(|from| {
        matches!(&from.relation, TableFactor::Table { name, .. } if last(name).is_some_and(|name| name.starts_with("pg_")))
    });
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    if query.limit_clause.is_some() || select.from.is_empty() || !of_catalog || grouped {
        return;
    }
    if let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] =
        select.projection.as_mut_slice()
        && !matches!(item, Expr::Function(_))
    {
        *item = call("min", vec![item.clone()]);
    }
}

/// Has a select of catalogs name each column once, as the engine has it: a column that stands beside all columns of its table goes,
/// since clients look them up by their names, and NULLs without a name get some.
fn once(select: &mut Select) {
    let whole: Vec<String> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                last(name).map(str::to_owned)
            }
            _ => None,
        })
        .filter(|alias| of_catalog(select, alias))
        .collect();
    let mut nulls = String::from("?column?");
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(Expr::Value(unnamed)) = item
            && unnamed.value == Value::Null
        {
            *item = SelectItem::ExprWithAlias {
                expr: value(Value::Null),
                alias: Ident::with_quote('"', nulls.as_str()),
            };
            nulls.push('_');
        }
    }
    select.projection.retain(|item| match item {
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => match names.as_slice() {
            [table, _] => !whole.contains(&table.value),
            _ => true,
        },
        _ => true,
    });
}

/// Whether a table of a select is a catalog.
fn of_catalog(select: &Select, alias: &str) -> bool {
    let named = |factor: &TableFactor| match factor {
        TableFactor::Table {
            name,
            alias: Some(given),
            ..
        } => given.name.value == alias && last(name).is_some_and(|name| name.starts_with("pg_")),
        TableFactor::Table {
            name, alias: None, ..
        } => last(name).is_some_and(|name| name == alias && name.starts_with("pg_")),
        _ => false,
    };
    select
        .from
        .iter()
        .any(|from| named(&from.relation) || from.joins.iter().any(|join| named(&join.relation)))
}

fn operator(word: &str) -> Option<BinaryOperator> {
    Some(match word {
        "~" => BinaryOperator::PGRegexMatch,
        "~*" => BinaryOperator::PGRegexIMatch,
        "!~" => BinaryOperator::PGRegexNotMatch,
        "!~*" => BinaryOperator::PGRegexNotIMatch,
        "~~" => BinaryOperator::PGLikeMatch,
        "=" => BinaryOperator::Eq,
        "<>" => BinaryOperator::NotEq,
        "+" => BinaryOperator::Plus,
        "-" => BinaryOperator::Minus,
        _ => return None,
    })
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

fn value(value: Value) -> Expr {
    Expr::Value(value.into())
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let arguments = arguments
        .into_iter()
        .map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)));
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// Takes the rows from every select that can have none; true where the whole has none.
fn hollow(body: &mut SetExpr) -> bool {
    match body {
        SetExpr::Select(select) if needs_hollow(select) => {
            empty(select);
            true
        }
        SetExpr::SetOperation { left, right, .. } => {
            let (left, right) = (hollow(left), hollow(right));
            left && right
        }
        _ => false,
    }
}

fn is_hollow(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => needs_hollow(select),
        SetExpr::SetOperation { left, right, .. } => is_hollow(left) && is_hollow(right),
        _ => false,
    }
}

/// Whether a select takes rows from a catalog that has none, and not only beside those of others.
fn needs_hollow(select: &Select) -> bool {
    let without = |factor: &TableFactor| match factor {
        TableFactor::Table { name, args: None, .. } => {
            let parts: Vec<String> = name
                .0
                .iter()
                .map(|part| part.to_string().to_lowercase())
                .collect();
            match parts.as_slice() {
                [name] => name.starts_with("pg_") && !FILLED.contains(&name.as_str()),
                [schema, name] => schema == SCHEMA && !FILLED.contains(&name.as_str()),
                _ => false,
            }
        }
        TableFactor::Derived { subquery, .. } => is_hollow(&subquery.body),
        _ => false,
    };
    select.from.iter().any(|from| {
        let joined = from.joins.iter().any(|join| match join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                without(&join.relation)
            }
            _ => false,
        });
        joined || without(&from.relation)
    })
}

/// A select of the same columns and no rows.
fn empty(select: &mut Select) {
    for item in &mut select.projection {
        let name = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => name.clone(),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => match names.last() {
                Some(name) => name.clone(),
                None => Ident::with_quote('"', "?column?"),
            },
            _ => Ident::with_quote('"', "?column?"),
        };
        *item = SelectItem::ExprWithAlias {
            expr: cast(value(Value::Null), DataType::Varchar(None)),
            alias: name,
        };
    }
    // Two columns of one name are none to the engine.
    let mut seen = Vec::new();
    for item in &mut select.projection {
        if let SelectItem::ExprWithAlias { alias, .. } = item {
            while seen.contains(&alias.value) {
                *alias = Ident::with_quote('"', format!("{}_", alias.value));
            }
            seen.push(alias.value.clone());
        }
    }
    select.from.clear();
    select.selection = Some(value(Value::Boolean(false)));
    select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    select.having = None;
    select.distinct = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_query_of_catalogs_stays_as_it_is() {
        for sql in [
            "SELECT * FROM replayed.outcomes WHERE episode ~ '^2020'",
            "select 'a' :: text -- comment",
            "COPY pg_class TO 'file'",
            "DROP TABLE pg_class",
            "SELECT 1; SELECT pg_backend_pid()",
        ] {
            assert_eq!(rewritten(sql), sql);
        }
        let long = format!("SELECT pg_backend_pid() {}", "+ 1 ".repeat(5_000));
        assert_eq!(rewritten(&long), long);
    }

    #[test]
    fn catalogs_are_asked_in_the_engine_s_words() {
        assert_eq!(
            rewritten(
                "SELECT c.oid FROM pg_class c WHERE c.relname OPERATOR(pg_catalog.~) '^(a)$' COLLATE pg_catalog.default"
            ),
            "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname ~ '^(a)$'"
        );
        assert_eq!(
            rewritten(
                "SELECT pg_catalog.pg_get_userbyid(1), 'a'::regclass, x::pg_catalog.regtype::pg_catalog.text FROM pg_class"
            ),
            "SELECT pg_get_userbyid(1), to_regclass('a'), x::VARCHAR::VARCHAR FROM pg_catalog.pg_class"
        );
        assert_eq!(
            rewritten(
                "SELECT pol.polname, pol.polname AS n FROM pg_catalog.pg_policy pol WHERE true ORDER BY 1"
            ),
            "SELECT CAST(NULL AS VARCHAR) AS polname, CAST(NULL AS VARCHAR) AS n WHERE false"
        );
        assert_eq!(
            rewritten(
                "SELECT ARRAY(SELECT b.rolname FROM pg_auth_members m JOIN pg_roles b ON m.roleid = b.oid) AS of FROM pg_roles"
            ),
            "SELECT '{}' AS of FROM pg_catalog.pg_roles"
        );
        assert_eq!(
            rewritten(
                "SELECT (SELECT d.adbin FROM pg_catalog.pg_attrdef d), NOT EXISTS (SELECT 1 FROM pg_index) FROM pg_attribute a"
            ),
            "SELECT NULL, true FROM pg_catalog.pg_attribute a"
        );
    }
}
