//! What clients say beside queries: transactions and settings, of which nothing outlives the connection.

use aftershock_query::{Error, Result};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::door;

/// A statement that is no query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// Begins a transaction; nothing is changed in one.
    Begin,
    /// Ends a transaction, by `COMMIT` or `ROLLBACK`.
    End(&'static str),
    /// Understood, and without effect here.
    Noted(&'static str),
    /// Asks for a setting: its name and value.
    Show(String, String),
}

/// Settings that clients change for themselves, with the values under which answers are what they would be.
const SETTINGS: [(&str, &[&str]); 13] = [
    ("application_name", &[]),
    ("extra_float_digits", &[]),
    ("client_min_messages", &[]),
    ("lock_timeout", &[]),
    ("idle_in_transaction_session_timeout", &[]),
    ("client_encoding", &["utf8", "utf-8", "unicode"]),
    ("names", &["utf8", "utf-8", "unicode"]),
    ("standard_conforming_strings", &["on", "true"]),
    ("bytea_output", &["hex"]),
    ("datestyle", &["iso", "iso, ymd", "iso, mdy"]),
    ("intervalstyle", &["postgres"]),
    ("timezone", &["utc", "etc/utc", "gmt"]),
    ("default_transaction_read_only", &["on", "true"]),
];

impl Command {
    /// Reads a statement; nothing where it is a query.
    ///
    /// # Errors
    /// When it would set what cannot be set.
    pub(super) fn read(sql: &str) -> Result<Option<Self>> {
        let words = words(sql);
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        Ok(Some(match word(0) {
            "begin" => Self::Begin,
            "start" if word(1) == "transaction" => Self::Begin,
            "commit" | "end" => Self::End("COMMIT"),
            "rollback" if word(1) == "to" => Self::Noted("ROLLBACK"),
            "rollback" | "abort" => Self::End("ROLLBACK"),
            "savepoint" => Self::Noted("SAVEPOINT"),
            "release" => Self::Noted("RELEASE"),
            "discard" => Self::Noted("DISCARD ALL"),
            "deallocate" => Self::Noted("DEALLOCATE"),
            "reset" => Self::Noted("RESET"),
            "set" => return set(&words[1..]).map(Some),
            "show" => return Ok(show(&words[1..])),
            _ => return Ok(None),
        }))
    }
}

fn set(words: &[String]) -> Result<Command> {
    let scope = usize::from(
        words
            .first()
            .is_some_and(|word| matches!(word.as_str(), "session" | "local")),
    );
    let words = &words[scope..];
    let done = Ok(Command::Noted("SET"));
    let phrase = words.join(" ");
    let reads_only = "characteristics as transaction";
    if phrase.starts_with("transaction") || phrase.starts_with(reads_only) {
        return match phrase.contains("read write") {
            true => Err(refused("transaction", "read write")),
            false => done,
        };
    }
    let (name, value) = match words {
        [time, zone, value @ ..] if time == "time" && zone == "zone" => ("timezone", value),
        [name, value @ ..] => (name.as_str(), value),
        [] => return Err(refused("nothing", "")),
    };
    let value: Vec<&str> = value
        .iter()
        .map(String::as_str)
        .filter(|word| !matches!(*word, "=" | "to"))
        .collect();
    let value = value.join(" ").replace(" , ", ", ");
    let known = SETTINGS.iter().find(|(known, _)| *known == name);
    match known {
        Some((_, values)) if values.is_empty() || value == "default" || values.contains(&value.as_str()) => {
            done
        }
        _ => Err(refused(name, &value)),
    }
}

fn refused(name: &str, value: &str) -> Error {
    Error::NotAQuery {
        statement: format!("SET {name} {value}").trim().to_owned(),
    }
}

fn show(words: &[String]) -> Option<Command> {
    let name = match words {
        [time, zone] if time == "time" && zone == "zone" => "timezone".to_owned(),
        [transaction, isolation, level]
            if transaction == "transaction" && isolation == "isolation" && level == "level" =>
        {
            "transaction_isolation".to_owned()
        }
        [name] => name.clone(),
        _ => return None,
    };
    let value = door::setting(&name)?.to_owned();
    Some(Command::Show(name, value))
}

/// The words of a statement in small letters, without comments and the closing semicolon.
fn words(sql: &str) -> Vec<String> {
    // The first words are enough for every command, and a long query is not read twice.
    let start: String = sql.chars().take(2_000).collect();
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, &start)
        .tokenize()
        .unwrap_or_default();
    let text = |token: Token| match token {
        Token::Whitespace(_) | Token::SemiColon => None,
        Token::Word(word) => Some(word.value.to_lowercase()),
        Token::SingleQuotedString(text) => Some(text.to_lowercase()),
        other => Some(other.to_string().to_lowercase()),
    };
    tokens.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Option<Command> {
        Command::read(sql).expect(sql)
    }

    #[test]
    fn what_drivers_say_on_their_own_is_understood() {
        for (sql, command) in [
            ("BEGIN", Command::Begin),
            ("/* hello */ begin isolation level serializable;", Command::Begin),
            ("START TRANSACTION READ ONLY", Command::Begin),
            ("COMMIT;", Command::End("COMMIT")),
            ("ROLLBACK", Command::End("ROLLBACK")),
            ("ROLLBACK TO SAVEPOINT a", Command::Noted("ROLLBACK")),
            ("SET extra_float_digits = 3", Command::Noted("SET")),
            ("SET application_name TO 'any name'", Command::Noted("SET")),
            ("SET SESSION client_encoding = 'UTF8'", Command::Noted("SET")),
            ("SET DateStyle = ISO, MDY", Command::Noted("SET")),
            ("SET TIME ZONE 'UTC'", Command::Noted("SET")),
            (
                "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
                Command::Noted("SET"),
            ),
            (
                "show standard_conforming_strings",
                Command::Show("standard_conforming_strings".into(), "on".into()),
            ),
            (
                "SHOW TRANSACTION ISOLATION LEVEL",
                Command::Show("transaction_isolation".into(), "repeatable read".into()),
            ),
        ] {
            assert_eq!(read(sql), Some(command), "{sql}");
        }
        for sql in [
            "SELECT 1",
            "SHOW TABLES",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "EXPLAIN SELECT 1",
            "",
        ] {
            assert_eq!(read(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_would_change_an_answer_is_refused() {
        for sql in [
            "SET timezone = 'Europe/Berlin'",
            "SET client_encoding = 'LATIN1'",
            "SET search_path = recorded",
            "SET datafusion.execution.batch_size = 1",
            "SET TRANSACTION READ WRITE",
            "SET",
        ] {
            assert!(
                matches!(Command::read(sql), Err(Error::NotAQuery { .. })),
                "{sql}"
            );
        }
    }
}
