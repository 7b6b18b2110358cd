//! What can go wrong in a session, by whose fault.

use std::path::PathBuf;

use aftershock_archive::way_out;
use datafusion::common::{DataFusionError, Diagnostic, SchemaError};

use crate::near;
use crate::place::Place;
use crate::session::CATALOG;

/// The result of asking something of a session.
pub type Result<T> = std::result::Result<T, Error>;

/// A question that got no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The data folder or something in it cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Data {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The statement would change something.
    #[error("only queries are allowed here, not {statement}")]
    NotAQuery {
        /// The kind of statement.
        statement: String,
    },
    /// The query is not SQL, or names what is not there.
    #[error("{primary}")]
    Query {
        /// What is wrong.
        primary: String,
        /// What would have been right.
        hint: Option<String>,
        /// Where, as far as that is known.
        place: Option<Place>,
    },
    /// The query holds parameters that were not given.
    #[error("the query asks for {}, which {} not given", dollars(names), if names.len() == 1 { "is" } else { "are" })]
    MissingParameter {
        /// Their names without the dollar.
        names: Vec<String>,
    },
    /// No question of this name is under `queries/`.
    #[error("no query is named `{name}`")]
    UnknownQuery {
        /// As typed.
        name: String,
        /// What is there instead.
        hint: Option<String>,
    },
    /// The query was understood, but what it asks cannot be computed from the values it met.
    #[error("the query cannot be computed: {0}")]
    Evaluation(String),
    /// The query was understood and failed while it ran.
    #[error("the query failed: {0}")]
    Execution(String),
    /// The query was stopped at a limit.
    #[error("{primary}")]
    Limit {
        /// Which limit, and where it stands.
        primary: String,
        /// How to stay below it, and how it is raised.
        hint: String,
    },
    /// Somebody asked for the query to be stopped.
    #[error("the query was cancelled")]
    Cancelled,
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Write(String),
}

impl Error {
    /// What would have been right, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotAQuery { .. } => Some("SELECT, WITH, EXPLAIN, SHOW and DESCRIBE are".to_owned()),
            Self::Query { hint, .. } | Self::UnknownQuery { hint, .. } => hint.clone(),
            Self::MissingParameter { names } => {
                let each: Vec<String> = names.iter().map(|name| format!("{name}=<value>")).collect();
                Some(format!("give {}", each.join(" ")))
            }
            Self::Limit { hint, .. } => Some(hint.clone()),
            // A folder that cannot be listed is the system's to tell of.
            Self::Data { path, .. } if path.extension().is_some() => Some(way_out(path).to_owned()),
            _ => None,
        }
    }

    /// Whether what was asked is at fault rather than this program or the disk.
    pub fn is_users(&self) -> bool {
        !matches!(self, Self::Execution(_) | Self::Write(_))
    }

    /// Where in the query something is wrong, as far as that is known.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Query { place, .. } => place.as_ref(),
            _ => None,
        }
    }

    /// Says in our words what the engine found wrong with a statement.
    pub(crate) fn of_plan(error: DataFusionError, sql: &str, known: &Known<'_>) -> Self {
        let diagnostic = error.diagnostic();
        let mut found = Self::sent(&error).unwrap_or_else(|| match error.find_root() {
            DataFusionError::SchemaError(schema, _) => Self::of_schema(schema, diagnostic, sql),
            DataFusionError::SQL(parser, _) => Self::of_parser(&parser.to_string(), sql),
            DataFusionError::Plan(text) => Self::of_plan_text(text, known),
            DataFusionError::NotImplemented(text) if text.contains("a single SQL statement") => Self::query(
                "there is more than one statement",
                Some("ask one query at a time".to_owned()),
            ),
            DataFusionError::NotImplemented(text) => {
                Self::query(format!("not supported: {}", lower_first(text)), None)
            }
            other => Self::of_plan_text(&plain(other), known),
        });
        if let Self::Query { place, primary, .. } = &mut found {
            let span = diagnostic.and_then(|diagnostic| diagnostic.span);
            *place = place
                .take()
                .or_else(|| Place::of_span(sql, span?))
                .or_else(|| known.called_in(primary, sql));
        }
        found
    }

    /// A failure while running, with the place where the query calls the function that failed.
    pub(crate) fn of_asked(error: DataFusionError, sql: &str, known: &Known<'_>) -> Self {
        // What is wrong with a statement may be found as late as when its types are settled.
        if matches!(error.find_root(), DataFusionError::Plan(_)) {
            return Self::of_plan(error, sql, known);
        }
        match Self::of_execution(error) {
            Self::Evaluation(text) => match known.called_in(&text, sql).or_else(|| quoted_in(&text, sql)) {
                None => Self::Evaluation(text),
                place => Self::Query {
                    primary: text,
                    hint: None,
                    place,
                },
            },
            other => other,
        }
    }

    /// A failure while running; the engine's first line is enough for a reader.
    pub(crate) fn of_execution(error: DataFusionError) -> Self {
        if let Some(sent) = Self::sent(&error) {
            return sent;
        }
        let root = error.find_root();
        let text = lower_first(&plain(root));
        match root {
            DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => Self::Evaluation(text),
            _ => Self::Execution(text),
        }
    }

    pub(crate) fn query(primary: impl Into<String>, hint: Option<String>) -> Self {
        Self::Query {
            primary: primary.into(),
            hint,
            place: None,
        }
    }

    /// The parser says in its text where it stopped.
    fn of_parser(text: &str, sql: &str) -> Self {
        let text = text.trim_start_matches("sql parser error: ");
        let (what, at) = text.split_once(" at Line: ").unwrap_or((text, ""));
        let at = at.split_once(", Column: ").and_then(|(line, column)| {
            let digits: String = column.chars().take_while(char::is_ascii_digit).collect();
            Place::at(sql, line.parse().ok()?, digits.parse().ok()?)
        });
        let place = at.or_else(|| what.ends_with("EOF").then(|| Place::end(sql)).flatten());
        let what = what
            .trim_start_matches("Expected: ")
            .replace(": EOF", ": the end");
        let (expected, found) = what.split_once(", found: ").unwrap_or((&what, ""));
        Self::Query {
            primary: if found.is_empty() {
                format!("not valid SQL: {}", lower_first(&what))
            } else {
                format!("not valid SQL: expected {expected}, found {found}")
            },
            hint: None,
            place,
        }
    }

    fn of_schema(error: &SchemaError, diagnostic: Option<&Diagnostic>, sql: &str) -> Self {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let mut known: Vec<&str> = valid_fields.iter().map(|column| column.name()).collect();
                known.sort_unstable();
                known.dedup();
                let name = field.name();
                let quoted = field.relation.is_none() && sql.contains(&format!("\"{name}\""));
                let near = near::nearest(name, known.iter().copied());
                Self::query(
                    format!("no column is named `{}`", field.flat_name()),
                    if quoted && near.is_empty() {
                        Some(format!("double quotes name a column; text is written '{name}'"))
                    } else {
                        near::hint(name, &known)
                    },
                )
            }
            SchemaError::AmbiguousReference { field } => {
                let notes = diagnostic.map_or(&[][..], |diagnostic| &diagnostic.notes);
                let columns: Vec<&str> = notes
                    .iter()
                    .filter_map(|note| note.message.strip_prefix("possible column "))
                    .collect();
                Self::query(
                    format!("`{}` is a column of more than one table here", field.name()),
                    (!columns.is_empty()).then(|| format!("write {}", columns.join(" or "))),
                )
            }
            other => Self::query(lower_first(&other.to_string()), None),
        }
    }

    fn of_plan_text(text: &str, known: &Known<'_>) -> Self {
        if let Some(kind) = [
            "DDL not supported: ",
            "DML not supported: ",
            "Statement not supported: ",
        ]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        {
            return Self::NotAQuery {
                statement: statement_words(kind),
            };
        }
        if let Some(name) = between(text, "table '", "' not found") {
            return known.no_table(name);
        }
        if text.starts_with("No SQL statements") {
            return Self::query("there is nothing to answer", None);
        }
        if let Some(name) = between(text, "Invalid function '", "'") {
            return known.no_function(name);
        }
        if let Some(column) = between(text, "column \"", "\" must appear in the GROUP BY") {
            let name = column.rsplit('.').next().unwrap_or(column);
            return Self::query(
                format!("`{name}` is neither grouped by nor inside an aggregate"),
                Some(format!(
                    "add it to GROUP BY, or take one of its values, as in max({name})"
                )),
            );
        }
        if text.contains("cannot be nested") || text.contains("cannot contain window function") {
            let primary = text.split_once(": ").map_or(text, |(primary, _)| primary);
            let hint = "compute the inner one in a subquery and aggregate what it answers";
            return Self::query(lower_first(primary), Some(hint.to_owned()));
        }
        // What a function says of its arguments stands between what the engine puts around it.
        let text = text
            .split_once("user-defined coercion failed with: ")
            .map_or(text, |(_, said)| {
                let said = said.trim_start_matches("Error during planning: ");
                said.split_once(". No function matches")
                    .map_or(said, |(said, _)| said)
            });
        if let Some((function, taken)) = mismatch(text) {
            return Self::query(format!("{function} {taken}"), None);
        }
        Self::query(lower_first(text.lines().next().unwrap_or(text)), None)
    }
}

/// The names that a query could have used.
pub(crate) struct Known<'a> {
    /// All tables, `schema.table`.
    pub(crate) tables: &'a [String],
    /// All functions.
    pub(crate) functions: Vec<String>,
}

impl Known<'_> {
    fn no_table(&self, name: &str) -> Error {
        let name = name
            .strip_prefix(CATALOG)
            .and_then(|name| name.strip_prefix('.'))
            .unwrap_or(name);
        let bare = name.rsplit('.').next().unwrap_or(name);
        let near = near::nearest(
            bare,
            self.tables.iter().map(|t| t.rsplit('.').next().unwrap_or(t)),
        );
        let mut meant: Vec<&str> = self
            .tables
            .iter()
            .map(String::as_str)
            .filter(|t| near.contains(&t.rsplit('.').next().unwrap_or(t)))
            .collect();
        // Who names a schema means it: a record is not to be taken for what was made up.
        let schema = |table: &str| table.split_once('.').map(|(schema, _)| schema.to_owned());
        if meant.iter().any(|table| schema(table) == schema(name)) {
            meant.retain(|table| schema(table) == schema(name));
        }
        let beside: Vec<&str> = self
            .tables
            .iter()
            .map(String::as_str)
            .filter(|table| schema(table) == schema(name))
            .collect();
        Error::query(
            format!("no table is named `{name}`"),
            Some(if meant.is_empty() && beside.is_empty() {
                let mut schemas: Vec<String> = self.tables.iter().filter_map(|table| schema(table)).collect();
                schemas.dedup();
                format!(
                    "there are the schemas {}; \\d lists their tables",
                    schemas.join(", ")
                )
            } else if meant.is_empty() {
                format!("there is {}", beside.join(", "))
            } else {
                format!("did you mean {}?", meant.join(" or "))
            }),
        )
    }

    fn no_function(&self, name: &str) -> Error {
        if self
            .functions
            .iter()
            .any(|function| function.eq_ignore_ascii_case(name))
        {
            return Error::query(
                format!("{name} looks at other rows and needs a window"),
                Some(format!("write {name}(…) OVER (ORDER BY …)")),
            );
        }
        let near = near::nearest(name, self.functions.iter().map(String::as_str));
        Error::query(
            format!("no function is named `{name}`"),
            Some(if near.is_empty() {
                "catalog.functions has those of this field; the others are DataFusion's".to_owned()
            } else {
                format!("did you mean {}?", near.join(" or "))
            }),
        )
    }

    /// Where the query calls the function that a message speaks of, if it calls it once.
    fn called_in(&self, message: &str, sql: &str) -> Option<Place> {
        let words = message.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let mut named = words.filter(|word| self.functions.iter().any(|function| function == word));
        named.find_map(|function| Place::of_call(sql, function))
    }
}

/// Where the query holds the text that a message quotes, if it holds it once.
fn quoted_in(message: &str, sql: &str) -> Option<Place> {
    let quoted = format!("'{}'", between(message, "'", "'")?);
    let (before, after) = sql.split_once(&quoted)?;
    if after.contains(&quoted) {
        return None;
    }
    let line = before.split('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let mut place = Place::at(sql, line, column)?;
    place.width = quoted.chars().count();
    Some(place)
}

/// `$run and $episode`.
fn dollars(names: &[String]) -> String {
    let each: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
    each.join(" and ")
}

/// The function that a call fits in none of its forms, and what it takes instead.
fn mismatch(text: &str) -> Option<(&str, String)> {
    let function = between(text, "Function '", "' failed to match any signature")?;
    let received = between(text, "but received ", " (DataType").unwrap_or("these arguments");
    let mut taken: Vec<&str> = text
        .split("requires ")
        .skip(1)
        .filter_map(|rest| rest.split_once(", but received").map(|(kind, _)| kind))
        .collect();
    taken.dedup();
    Some((
        function,
        format!("does not take {received}; it takes {}", taken.join(" or ")),
    ))
}

/// `CreateMemoryTable` becomes `CREATE MEMORY TABLE`.
fn statement_words(name: &str) -> String {
    let mut words = String::new();
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && letter.is_uppercase() && !words.ends_with(|c: char| c == ' ' || c.is_uppercase()) {
            words.push(' ');
        }
        words.push(letter);
    }
    words.to_uppercase()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = text.split_once(before)?.1;
    rest.split_once(after).map(|(found, _)| found)
}

/// The message of an error without its kind, its backtrace or its second line.
fn plain(error: &DataFusionError) -> String {
    let message = error.message();
    message.lines().next().unwrap_or_default().to_owned()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let word = text.chars().take_while(|c| c.is_alphabetic());
    match letters.next() {
        // A keyword stays as it is.
        Some(first) if word.clone().count() > 1 && word.clone().all(char::is_uppercase) => {
            std::iter::once(first).chain(letters).collect()
        }
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_statements_in_sql_words() {
        assert_eq!(statement_words("CreateMemoryTable"), "CREATE MEMORY TABLE");
        assert_eq!(statement_words("COPY"), "COPY");
        assert_eq!(statement_words("Insert Into"), "INSERT INTO");
        assert_eq!(statement_words("SetVariable"), "SET VARIABLE");
    }
}
