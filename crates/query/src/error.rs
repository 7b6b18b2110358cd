//! What can go wrong in a session, by whose fault.

use std::path::PathBuf;

use datafusion::common::{DataFusionError, SchemaError};

use crate::near;

/// The result of asking something of a session.
pub type Result<T> = std::result::Result<T, Error>;

/// A question that got no answer.
#[derive(Debug, thiserror::Error)]
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
    },
    /// The query holds a parameter that was not given.
    #[error("the query asks for ${name}, which is not given")]
    MissingParameter {
        /// Its name without the dollar.
        name: String,
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
            Self::MissingParameter { name } => Some(format!("give {name}=<value>")),
            Self::Limit { hint, .. } => Some(hint.clone()),
            _ => None,
        }
    }

    /// Whether what was asked is at fault rather than this program or the disk.
    pub fn is_users(&self) -> bool {
        !matches!(self, Self::Execution(_) | Self::Write(_))
    }

    /// Says in our words what the engine found wrong with a statement; `tables` are the names it could have used.
    pub(crate) fn of_plan(error: DataFusionError, tables: &[String]) -> Self {
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => Self::of_schema(schema),
            DataFusionError::SQL(parser, _) => {
                let text = parser.to_string();
                Self::Query {
                    primary: format!(
                        "not valid SQL: {}",
                        lower_first(text.trim_start_matches("sql parser error: "))
                    ),
                    hint: None,
                }
            }
            DataFusionError::Plan(text) => Self::of_plan_text(text, tables),
            DataFusionError::NotImplemented(text) if text.contains("a single SQL statement") => Self::Query {
                primary: "there is more than one statement".to_owned(),
                hint: Some("ask one query at a time".to_owned()),
            },
            DataFusionError::NotImplemented(text) => Self::Query {
                primary: format!("not supported: {}", lower_first(text)),
                hint: None,
            },
            other => Self::Query {
                primary: lower_first(&plain(other)),
                hint: None,
            },
        }
    }

    /// A failure while running; the engine's first line is enough for a reader.
    pub(crate) fn of_execution(error: DataFusionError) -> Self {
        let root = error.find_root();
        let text = lower_first(&plain(root));
        match root {
            DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => Self::Evaluation(text),
            _ => Self::Execution(text),
        }
    }

    fn of_schema(error: &SchemaError) -> Self {
        let SchemaError::FieldNotFound { field, valid_fields } = error else {
            return Self::Query {
                primary: lower_first(&error.to_string()),
                hint: None,
            };
        };
        let mut known: Vec<&str> = valid_fields.iter().map(|column| column.name()).collect();
        known.sort_unstable();
        known.dedup();
        Self::Query {
            primary: format!("no column is named `{}`", field.flat_name()),
            hint: near::hint(field.name(), &known),
        }
    }

    fn of_plan_text(text: &str, tables: &[String]) -> Self {
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
            let name = name.trim_start_matches("aftershock.");
            let bare = name.rsplit('.').next().unwrap_or(name);
            let near: Vec<&str> =
                near::nearest(bare, tables.iter().map(|t| t.rsplit('.').next().unwrap_or(t)));
            let mut meant: Vec<&str> = tables
                .iter()
                .map(String::as_str)
                .filter(|t| near.contains(&t.rsplit('.').next().unwrap_or(t)))
                .collect();
            // Who names a schema means it: a record is not to be taken for what was made up.
            let schema = |table: &str| table.split_once('.').map(|(schema, _)| schema.to_owned());
            if meant.iter().any(|table| schema(table) == schema(name)) {
                meant.retain(|table| schema(table) == schema(name));
            }
            return Self::Query {
                primary: format!("no table is named `{name}`"),
                hint: Some(if meant.is_empty() {
                    format!("there is {}", tables.join(", "))
                } else {
                    format!("did you mean {}?", meant.join(" or "))
                }),
            };
        }
        if text.starts_with("No SQL statements") {
            return Self::Query {
                primary: "there is nothing to answer".to_owned(),
                hint: None,
            };
        }
        if let Some(name) = between(text, "Invalid function '", "'") {
            return Self::Query {
                primary: format!("no function is named `{name}`"),
                hint: between(text, "Did you mean '", "'").map(|near| format!("did you mean {near}?")),
            };
        }
        Self::Query {
            primary: lower_first(text.lines().next().unwrap_or(text)),
            hint: None,
        }
    }
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
    match letters.next() {
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
