//! `aftershock sql`.

use std::io::{IsTerminal, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use aftershock_query::Session;
use aftershock_query::statements::{Kind, pieces};
use anyhow::{Context, Result};

use super::asking::Asking;
use super::{query, repl};
use crate::failure::{Mistake, is_closed_pipe};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The query, or several with a semicolon after each; '-' reads them from standard input
    query: Option<String>,
    /// Read the queries from a file
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["query", "named"])]
    file: Option<PathBuf>,
    /// One of the project's own questions, such as comparison/drawdowns; the same as `aftershock query`
    #[arg(long, value_name = "QUERY", conflicts_with = "query")]
    named: Option<String>,
    /// List the project's own questions
    #[arg(long)]
    list: bool,
    /// List the functions of the field, or only those whose name begins so
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    functions: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

pub(crate) fn run(data: &Path, arguments: &Arguments) -> Result<()> {
    if arguments.list {
        return query::list();
    }
    if let Some(name) = &arguments.functions {
        let session = arguments.asking.session(data)?;
        if arguments.asking.is_table() {
            return repl::functions(&session, name);
        }
        let name = name.replace('\'', "''");
        let sql = format!("SELECT * FROM catalog.functions WHERE starts_with(name, '{name}') ORDER BY name");
        return arguments.asking.answer(&session, &sql);
    }
    if let Some(name) = &arguments.named {
        return query::answer(data, name, &arguments.asking);
    }
    let from_input = match &arguments.query {
        Some(query) => query == "-",
        None => arguments.file.is_none() && !std::io::stdin().is_terminal(),
    };
    let sql = if from_input {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read the query from standard input")?;
        Some(text)
    } else if let Some(file) = &arguments.file {
        Some(std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?)
    } else {
        arguments.query.clone()
    };
    let session = arguments.asking.session(data)?;
    let Some(sql) = sql else {
        return repl::interactive(&session, data);
    };
    answers(&session, &sql, &arguments.asking)
}

/// Answers statements and commands in turn, up to the first that fails.
fn answers(session: &Session, sql: &str, asking: &Asking) -> Result<()> {
    let pieces = pieces(sql);
    let several = pieces.len() > 1;
    if several && asking.is_one_file() {
        return Err(
            Mistake::new(format!("{} answers do not go into one file", pieces.len()))
                .hint("ask one query at a time, or have them printed as table, csv or jsonl")
                .into(),
        );
    }
    if pieces.is_empty() {
        return asking.answer(session, sql);
    }
    for (number, piece) in (1..).zip(&pieces) {
        let answered = match piece.kind {
            Kind::Command => repl::command(session, piece.text),
            Kind::Ended | Kind::Open => asking.answer(session, piece.text).map(ControlFlow::Continue),
        };
        if several && answered.as_ref().is_err_and(|error| !is_closed_pipe(error)) {
            crate::say!(
                "statement {number}, from line {} on, was not answered, nor what follows it",
                piece.line
            );
        }
        if answered?.is_break() {
            break;
        }
    }
    Ok(())
}
