//! SQL at a terminal: history, completion, and what `\d` and `\df` answer.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use aftershock_query::cells::{Cell, Rows};
use aftershock_query::statements::{Kind, Piece, pieces};
use aftershock_query::{Session, format};
use anyhow::{Context, Result};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Editor, Helper};

use crate::failure::Mistake;
use crate::interrupts::Interrupts;
use crate::table;

const COMMANDS: [&str; 3] = ["\\d", "\\df", "\\q"];

const KEYWORDS: &str = "ALL AND AS ASC BETWEEN BY CASE CAST CROSS CURRENT DESC DESCRIBE DISTINCT ELSE END EXCEPT EXISTS \
    EXPLAIN FALSE FILTER FOLLOWING FROM FULL GROUP HAVING IN INNER INTERSECT INTERVAL IS JOIN LATERAL LEFT LIKE LIMIT NOT \
    NULL OFFSET ON OR ORDER OVER PARTITION PRECEDING RANGE RIGHT ROW ROWS SELECT THEN TIMESTAMP TRUE UNBOUNDED UNION USING \
    VALUES WHEN WHERE WINDOW WITH WITHIN";

/// Reads queries until the end of input; a statement ends with a semicolon. Ctrl-C clears what is typed, or gives up the answer
/// that is under way.
pub(crate) fn interactive(session: &Session, data: &Path) -> Result<()> {
    let history = data.join(".sql_history");
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut editor =
        Editor::<Words, DefaultHistory>::with_config(config).context("cannot open the terminal")?;
    editor.set_helper(Some(Words::of(session)?));
    // No history yet is nothing to complain about.
    let _ = editor.load_history(&history);
    crate::say!(
        "SQL over the tape, cuts and runs; end a query with ';', \\d lists tables, \\d TABLE its columns, \\df functions, \
         \\q leaves, TAB completes"
    );
    let keep = |editor: &mut Editor<Words, DefaultHistory>| {
        if data.is_dir() {
            let _ = editor.save_history(&history);
        }
    };
    let interrupts = Interrupts::listen().context("cannot listen for Ctrl-C")?;
    // What no semicolon has ended yet, and all that was typed since the last line that ended.
    let (mut open, mut entry) = (String::new(), String::new());
    loop {
        let prompt = if open.is_empty() {
            "aftershock> "
        } else {
            "        -> "
        };
        // Not later: what is pressed from the end of the line on is meant for the answer.
        interrupts.begin();
        let line = match editor.readline(prompt) {
            Ok(line) => line + "\n",
            Err(ReadlineError::Interrupted) => {
                open.clear();
                entry.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("cannot read from the terminal"),
        };
        if open.is_empty() && matches!(line.trim(), "quit" | "exit") {
            break;
        }
        let typed = std::mem::take(&mut open) + &line;
        entry.push_str(&line);
        let mut pieces = pieces(&typed);
        if let Some(last) = pieces.pop_if(|last| last.kind == Kind::Open) {
            last.text.clone_into(&mut open);
        } else {
            let _ = editor.add_history_entry(entry.trim());
            entry.clear();
            // Before it is asked: pressed twice, Ctrl-C ends the program.
            keep(&mut editor);
        }
        match pieces
            .iter()
            .try_fold((), |(), piece| answered(session, piece, &interrupts))
        {
            Ok(()) => {}
            Err(None) => break,
            Err(Some(error)) => {
                if interrupts.is_pressed() {
                    // The terminal has written ^C.
                    crate::say!("");
                }
                // Prints what is wrong: the session goes on.
                crate::failure::print(&error);
                open.clear();
                entry.clear();
            }
        }
    }
    keep(&mut editor);
    Ok(())
}

/// Answers a statement or a command; an error without words where the user leaves.
fn answered(
    session: &Session,
    piece: &Piece<'_>,
    interrupts: &Interrupts,
) -> Result<(), Option<anyhow::Error>> {
    if piece.kind == Kind::Command {
        return match command(session, piece.text) {
            Ok(ControlFlow::Continue(())) => Ok(()),
            Ok(ControlFlow::Break(())) => Err(None),
            Err(error) => Err(Some(error)),
        };
    }
    let answer = session.sql_until(piece.text, &[], interrupts.pressed());
    let printed = answer
        .map_err(anyhow::Error::from)
        .and_then(|batches| table::print_unless(&format::text_table(&batches), || interrupts.is_pressed()));
    printed.map_err(Some)
}

/// Does what a command of the terminal asks for; one that leaves breaks off. A script may ask it too.
pub(crate) fn command(session: &Session, text: &str) -> Result<ControlFlow<()>> {
    let text = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let (command, name) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match (command, name.trim()) {
        ("\\d", "") => tables(session)?,
        ("\\d", table) => columns(session, table)?,
        ("\\df", name) => functions(session, name)?,
        ("\\q", _) => return Ok(ControlFlow::Break(())),
        _ => return Err(unknown(command).into()),
    }
    Ok(ControlFlow::Continue(()))
}

fn unknown(command: &str) -> Mistake {
    Mistake::new(format!("there is no command {command}"))
        .hint("there is \\d, \\d TABLE, \\df, \\df FUNCTION and \\q")
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
    let mut text = format::text_table(&session.sql(&format!("DESCRIBE {table}"))?);
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

/// The functions of the field, or all that is said of those whose name begins so.
pub(crate) fn functions(session: &Session, name: &str) -> Result<()> {
    let sql = "SELECT signature, meaning, units, kind, ordering, source FROM catalog.functions \
               WHERE starts_with(name, $name) ORDER BY name";
    let found = Rows::of(&session.sql_with(sql, &[("name", name)])?).rows;
    if found.is_empty() {
        return Err(Mistake::new(format!("no function of this field is named {name}"))
            .hint("`\\df` lists them; the others are DataFusion's")
            .into());
    }
    let words = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<String>>();
    let rows: Vec<Vec<String>> = found.iter().map(|row| words(row)[..3].to_vec()).collect();
    table::print(&table::headers(&["function", "answers", "in"]), &rows)?;
    if let [row] = &found[..] {
        let [_, _, _, kind, order, source] = &words(row)[..] else {
            return Ok(());
        };
        writeln!(
            std::io::stdout().lock(),
            "{kind}; order of rows {order}; source: {source}"
        )?;
    }
    Ok(())
}

/// The words that a query is written in.
struct Words {
    /// Tables with their columns.
    tables: Vec<(String, Vec<String>)>,
    functions: Vec<String>,
}

impl Words {
    fn of(session: &Session) -> Result<Self> {
        let mut tables: Vec<(String, Vec<String>)> = Vec::new();
        let columns = "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns \
                       WHERE table_schema <> 'information_schema' ORDER BY 1, ordinal_position";
        for row in Rows::of(&session.sql(columns)?).rows {
            let [table, column] = &row[..] else { continue };
            let (table, column) = (table.to_string(), column.to_string());
            match tables.last_mut() {
                Some((last, columns)) if *last == table => columns.push(column),
                _ => tables.push((table, vec![column])),
            }
        }
        Ok(Self {
            tables,
            functions: session.functions(),
        })
    }

    /// What a word that was begun can become: columns of the tables named on the line, or of all where none is.
    fn completions(&self, line: &str, begun: &str) -> Vec<String> {
        if begun.is_empty() {
            return Vec::new();
        }
        if begun.starts_with('\\') {
            let commands = COMMANDS.iter().filter(|command| command.starts_with(begun));
            return commands.map(|command| (*command).to_owned()).collect();
        }
        let mentioned = |table: &str| {
            let bare = table.rsplit('.').next().unwrap_or(table);
            line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                .any(|word| word != begun && (word == table || word == bare))
        };
        let anywhere = !self.tables.iter().any(|(table, _)| mentioned(table));
        let columns = self
            .tables
            .iter()
            .filter(|(table, _)| anywhere || mentioned(table))
            .flat_map(|(_, columns)| columns.iter().cloned());
        let upper = begun.chars().all(|c| !c.is_lowercase());
        let keywords = KEYWORDS.split_whitespace().map(|word| {
            if upper {
                word.to_owned()
            } else {
                word.to_lowercase()
            }
        });
        let tables = self.tables.iter().map(|(table, _)| table.clone());
        let functions = self.functions.iter().map(|function| format!("{function}("));
        let lower = begun.to_lowercase();
        let mut found: Vec<String> = columns
            .chain(tables)
            .chain(keywords)
            .chain(functions)
            .filter(|word| word.to_lowercase().starts_with(&lower))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '\\');
        let before = &line[..position];
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, c)| part_of_word(*c))
            .last()
            .map_or(position, |(start, _)| start);
        Ok((start, self.completions(line, &before[start..])))
    }
}

impl Helper for Words {}
impl Highlighter for Words {}
impl Validator for Words {}
impl Hinter for Words {
    type Hint = String;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_begun_word_becomes_what_fits_the_tables_named() {
        let words = Words {
            tables: vec![
                ("recorded.trades".into(), vec!["price".into(), "side".into()]),
                ("replayed.prices".into(), vec!["run".into(), "price_usd".into()]),
            ],
            functions: vec!["realized_variance".into()],
        };
        let of = |line: &str, begun: &str| words.completions(line, begun);
        assert_eq!(of("SELECT pri", "pri"), ["price", "price_usd"]);
        assert_eq!(of("FROM trades WHERE pri", "pri"), ["price"]);
        assert_eq!(
            of("SELECT re", "re"),
            ["realized_variance(", "recorded.trades", "replayed.prices"]
        );
        assert_eq!(of("sel", "sel"), ["select"]);
        assert_eq!(of("SEL", "SEL"), ["SELECT"]);
        assert_eq!(of("\\d", "\\d"), ["\\d", "\\df"]);
        assert!(of("", "").is_empty());
    }
}
