//! `aftershock sql`.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::asking::Asking;
use super::{query, repl};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The query; '-' reads it from standard input
    query: Option<String>,
    /// Read the query from a file
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
        return repl::functions(&arguments.asking.session(data)?, name);
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
    if let Some(described) = repl::described(&session, sql.trim()) {
        return described;
    }
    arguments.asking.answer(&session, &sql)
}
