//! `aftershock sql`.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use aftershock_archive::{Departure, list_runs};
use aftershock_query::{Session, format, queries};
use anyhow::{Context, Result};

use crate::failure::Mistake;
use crate::limits::LimitArguments;
use crate::tape::TapeArgument;
use crate::{embedded, table};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The query; '-' reads it from standard input
    query: Option<String>,
    /// Read the query from a file
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["query", "named"])]
    file: Option<PathBuf>,
    /// One of the project's own questions, such as comparison/drawdowns
    #[arg(long, value_name = "QUERY", conflicts_with = "query")]
    named: Option<String>,
    /// List the project's own questions
    #[arg(long)]
    list: bool,
    /// Value of a `$name` in the query; repeat for several
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    #[command(flatten)]
    tape: TapeArgument,
    /// The made-up crash under `synthetic`: a folder that `synth --out` wrote; all of `synthetic` in the data folder where
    /// it is not given
    #[arg(long, value_name = "DIR")]
    synthetic: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArguments,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write the answer to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Format {
    Table,
    Csv,
    Jsonl,
    Parquet,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    if arguments.list {
        let rows: Vec<Vec<String>> = queries::list()
            .iter()
            .map(|query| {
                vec![
                    query.name.to_string(),
                    query.parameters().join(", "),
                    query.question().into(),
                ]
            })
            .collect();
        return table::print(&table::headers(&["query", "parameters", "question"]), &rows);
    }
    let sql = match (&arguments.query, &arguments.file, &arguments.named) {
        (query, None, None)
            if query.as_deref() == Some("-") || (query.is_none() && !std::io::stdin().is_terminal()) =>
        {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("cannot read the query from standard input")?;
            Some(text)
        }
        (Some(query), _, _) => Some(query.clone()),
        (_, Some(file), _) => {
            Some(std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?)
        }
        (_, _, Some(name)) => Some(queries::named(name)?.sql.to_owned()),
        _ => None,
    };
    let parameters = parameters(&arguments.parameters)?;
    let shocked: Vec<Departure> = list_runs(data)?
        .runs
        .into_iter()
        .filter_map(|run| run.shock)
        .collect();
    let (tape, catalog) = (
        arguments.tape.open(data)?,
        embedded::catalog_tables(&[], &shocked)?,
    );
    let mut session = match &arguments.synthetic {
        Some(folder) => {
            crate::checked(folder)?;
            Session::open_beside(data, tape, folder, catalog)?
        }
        None => Session::open_tape(data, tape, catalog)?,
    };
    session.limit(arguments.limits.memory, arguments.limits.timeout)?;
    let Some(sql) = sql else {
        return interactive(&session, data);
    };
    // What the terminal answers, a script may ask too.
    match sql.trim().strip_prefix("\\d") {
        Some("") => return tables(&session),
        Some(name) if name.starts_with(' ') => {
            session.sql(&format!("DESCRIBE {}", name.trim()))?;
            return columns(&session, name.trim());
        }
        _ => {}
    }
    let given: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let batches = session.sql_with(&sql, &given)?;
    let mut bytes = Vec::new();
    match arguments.format {
        Format::Table if arguments.output.is_none() => {
            return table::print_answer(&format::text_table(&batches));
        }
        Format::Table => {
            return Err(Mistake::new("a table goes to standard output")
                .hint("use --format csv, jsonl or parquet")
                .into());
        }
        Format::Csv => format::write_csv(&batches, &mut bytes)?,
        Format::Jsonl => format::write_json_lines(&batches, &mut bytes)?,
        Format::Parquet if arguments.output.is_none() && std::io::stdout().is_terminal() => {
            return Err(Mistake::new("Parquet is not for a terminal")
                .hint("add --output FILE, or pipe it")
                .into());
        }
        Format::Parquet => format::write_parquet(&batches, &mut bytes)?,
    }
    match arguments.output {
        None => std::io::stdout().lock().write_all(&bytes)?,
        Some(path) => {
            let mut file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            file.write_all(&bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

fn parameters(given: &[String]) -> Result<Vec<(String, String)>> {
    given
        .iter()
        .map(|text| {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                Mistake::new(format!("'{text}' is no parameter"))
                    .hint("write NAME=VALUE, such as episode=2026-02-05-day-long-slide")
            })?;
            Ok((name.trim_start_matches('$').to_owned(), value.to_owned()))
        })
        .collect()
}

/// Reads queries until the end of input; a statement ends with a semicolon.
fn interactive(session: &Session, data: &Path) -> Result<()> {
    let history = data.join(".sql_history");
    let mut editor = rustyline::DefaultEditor::new().context("cannot open the terminal")?;
    // No history yet is nothing to complain about.
    let _ = editor.load_history(&history);
    crate::say!(
        "SQL over the tape, cuts and runs; end a query with ';', \\d lists tables, \\d TABLE its columns, \\q leaves"
    );
    let mut statement = String::new();
    loop {
        let prompt = if statement.is_empty() {
            "aftershock> "
        } else {
            "        -> "
        };
        let line = match editor.readline(prompt) {
            Ok(line) => line,
            Err(rustyline::error::ReadlineError::Interrupted) => {
                statement.clear();
                continue;
            }
            Err(rustyline::error::ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("cannot read from the terminal"),
        };
        let command = line.trim();
        if statement.is_empty() && matches!(command, "\\q" | "quit" | "exit") {
            break;
        }
        if statement.is_empty() && command == "\\d" {
            tables(session)?;
            continue;
        }
        if let (true, Some(name)) = (statement.is_empty(), command.strip_prefix("\\d ")) {
            columns(session, name.trim())?;
            continue;
        }
        statement.push_str(&line);
        statement.push('\n');
        if command.ends_with(';') {
            let _ = editor.add_history_entry(statement.trim());
            answer(session, statement.trim().trim_end_matches(';'))?;
            statement.clear();
        }
    }
    if data.is_dir() {
        let _ = editor.save_history(&history);
    }
    Ok(())
}

/// All tables, with what a row of each is.
fn tables(session: &Session) -> Result<()> {
    let rows: Vec<Vec<String>> = session
        .tables()
        .iter()
        .map(|name| vec![name.clone(), session.about(name).unwrap_or_default().to_owned()])
        .collect();
    table::print(&table::headers(&["table", "a row is"]), &rows)
}

/// The columns of a table, with what each means where that is written down.
fn columns(session: &Session, table: &str) -> Result<()> {
    let sql = format!("DESCRIBE {table}");
    let Ok(batches) = session.sql(&sql) else {
        return answer(session, &sql);
    };
    let mut text = format::text_table(&batches);
    text.headers.push("meaning".to_owned());
    for row in &mut text.rows {
        let meaning = session
            .column_about(table, &row[0])
            .unwrap_or_default()
            .to_owned();
        row.push(meaning);
    }
    table::print(&text.headers, &text.rows)
}

/// Prints an answer, or what is wrong with the question: the session goes on.
fn answer(session: &Session, sql: &str) -> Result<()> {
    match session.sql(sql) {
        Ok(batches) => table::print_answer(&format::text_table(&batches)),
        Err(error) => {
            crate::say!("error: {error}");
            if let Some(hint) = error.hint() {
                crate::say!("  hint: {hint}");
            }
            Ok(())
        }
    }
}
