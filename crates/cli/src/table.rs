//! Tables on a terminal.

use std::io::Write;

use aftershock_query::Error;
use aftershock_query::format::TextTable;
use console::Term;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

/// Columns of characters where standard output is no terminal.
const WIDTH: usize = 120;

/// Prints rows under headers to stdout; columns that hold nothing but numbers stand to the right.
pub(crate) fn print(headers: &[String], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let column = |index: usize| rows.iter().filter_map(move |row| row.get(index));
    let numbers = (0..headers.len()).map(|index| {
        let absent = |cell: &&String| !["", "-"].contains(&cell.as_str());
        column(index).any(|cell| absent(&cell)) && column(index).filter(absent).all(|cell| is_number(cell))
    });
    print_answer(&TextTable {
        headers: headers.to_vec(),
        rows: rows.to_vec(),
        numbers: numbers.collect(),
    })
}

/// Prints the answer to a query to stdout.
pub(crate) fn print_answer(answer: &TextTable) -> anyhow::Result<()> {
    print_unless(answer, || false)
}

/// The same, given up between two lines once `stopped` says so.
///
/// # Errors
/// [`Error::Cancelled`] where it was given up.
pub(crate) fn print_unless(answer: &TextTable, stopped: impl Fn() -> bool) -> anyhow::Result<()> {
    let width = Term::stdout()
        .size_checked()
        .map_or(WIDTH, |(_, columns)| columns.into());
    let mut out = std::io::stdout().lock();
    for line in drawn(answer, width).split_inclusive('\n') {
        if stopped() {
            return Err(Error::Cancelled.into());
        }
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// The same of string slices.
pub(crate) fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// `1 part`, `1,234 parts`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", indicatif::HumanCount(count))
}

/// True for `-1,234.5`, and not for a date.
fn is_number(cell: &str) -> bool {
    cell.replace(',', "").parse::<f64>().is_ok()
}

/// A table; where it is too wide, with cells folded between words, and where even that is too wide, one record below
/// the other.
fn drawn(answer: &TextTable, width: usize) -> String {
    let widths = fitting(answer, width);
    if widths.is_none() && !answer.rows.is_empty() {
        return records(answer);
    }
    let widths = widths.unwrap_or_default();
    let mut builder = Builder::default();
    for row in std::iter::once(&answer.headers).chain(&answer.rows) {
        let cells = row.iter().enumerate().map(|(index, cell)| {
            let width = widths.get(index).copied().flatten();
            width.map_or_else(|| cell.clone(), |width| folded(cell, width))
        });
        builder.push_record(cells);
    }
    let mut table = builder.build();
    if answer.rows.is_empty() {
        table.with(Style::sharp().remove_horizontals());
    } else {
        table.with(Style::sharp());
    }
    for (index, right) in answer.numbers.iter().enumerate() {
        if *right {
            table.modify(Columns::one(index), Alignment::right());
        }
    }
    let none = if answer.rows.is_empty() { "0 rows\n" } else { "" };
    format!("{table}\n{none}")
}

/// The width of each column that has to be folded for the table to fit, `None` where words would have to be cut.
fn fitting(answer: &TextTable, width: usize) -> Option<Vec<Option<usize>>> {
    let cells = |index: usize| {
        let rows = answer.rows.iter().filter_map(move |row| row.get(index));
        rows.chain(answer.headers.get(index))
    };
    let longest = |index: usize, pieces: fn(&str) -> Vec<&str>| {
        let lengths = cells(index)
            .flat_map(|cell| pieces(cell))
            .map(|piece| piece.chars().count());
        lengths.max().unwrap_or(0)
    };
    let columns = 0..answer.headers.len();
    let whole: Vec<usize> = columns
        .clone()
        .map(|index| longest(index, |cell| cell.lines().collect()))
        .collect();
    let least: Vec<usize> = columns
        .map(|index| longest(index, |cell| cell.split_whitespace().collect()))
        .collect();
    // A line and a space on each side of a cell.
    let room = width.saturating_sub(3 * whole.len() + 1);
    if least.iter().sum::<usize>() > room {
        return None;
    }
    let mut folded = whole.clone();
    while folded.iter().sum::<usize>() > room {
        // The widest that can give way does.
        let widest = (0..folded.len())
            .filter(|&index| folded[index] > least[index])
            .max_by_key(|&index| folded[index])?;
        folded[widest] -= 1;
    }
    let changed = whole
        .iter()
        .zip(&folded)
        .map(|(whole, folded)| (folded < whole).then_some(*folded));
    Some(changed.collect())
}

/// A cell in lines of this width, cut between words.
fn folded(cell: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in cell.lines() {
        lines.push(String::new());
        for word in line.split_whitespace() {
            let last = lines.last_mut().expect("a line was just begun");
            if last.is_empty() {
                last.push_str(word);
            } else if last.chars().count() + 1 + word.chars().count() <= width {
                last.push(' ');
                last.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines.join("\n")
}

/// One record below the other, a line a value.
fn records(answer: &TextTable) -> String {
    let name = answer
        .headers
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (number, row) in (1..).zip(&answer.rows) {
        text.push_str(&format!("─[ {number} ]{}\n", "─".repeat(name)));
        for (header, cell) in answer.headers.iter().zip(row) {
            text.push_str(&format!("{header:name$}  {cell}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(headers: &[&str], rows: &[&[&str]], numbers: &[bool]) -> TextTable {
        TextTable {
            headers: super::headers(headers),
            rows: rows.iter().map(|row| super::headers(row)).collect(),
            numbers: numbers.to_vec(),
        }
    }

    #[test]
    fn a_table_fits_its_terminal() {
        let wide = table(
            &["price", "what"],
            &[&["0.1", "a word and another"], &["42283.58", "-"]],
            &[true, false],
        );
        let whole = "\
┌──────────┬────────────────────┐
│    price │ what               │
├──────────┼────────────────────┤
│      0.1 │ a word and another │
│ 42283.58 │ -                  │
└──────────┴────────────────────┘
";
        assert_eq!(drawn(&wide, 33), whole);
        let folded = "\
┌──────────┬────────────┐
│    price │ what       │
├──────────┼────────────┤
│      0.1 │ a word and │
│          │ another    │
│ 42283.58 │ -          │
└──────────┴────────────┘
";
        assert_eq!(drawn(&wide, 25), folded);
        let records = "\
─[ 1 ]─────
price  0.1
what   a word and another
─[ 2 ]─────
price  42283.58
what   -
";
        assert_eq!(drawn(&wide, 20), records);
    }

    #[test]
    fn an_answer_without_rows_has_its_header() {
        let empty = table(&["price", "what"], &[], &[true, false]);
        let drawn = drawn(&empty, 10);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], "┌───────┬──────┐");
        assert_eq!(lines[1], "│ price │ what │");
        assert_eq!(lines.last(), Some(&"0 rows"));
        assert!(lines[lines.len() - 2].starts_with('└'), "{drawn}");
    }

    #[test]
    fn dates_are_no_numbers() {
        assert!(is_number("-1,234.5") && is_number("1e-9") && is_number("20"));
        assert!(!is_number("2024-01-01") && !is_number("2024-01-01T00:00:00Z") && !is_number("1 MiB"));
    }
}
