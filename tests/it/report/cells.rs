//! Cells asked for again, and whether what a reader sees is one.

use std::collections::BTreeMap;

use aftershock_query::Session;
use aftershock_query::cells::{Cell, Rows};
use anyhow::{Context, Result};

/// Answers already asked for, by query and parameter.
pub struct Again<'a> {
    pub session: &'a Session,
    answers: BTreeMap<(String, String, String), Rows>,
    pub checked: usize,
}

impl<'a> Again<'a> {
    pub fn new(session: &'a Session) -> Self {
        Self {
            session,
            answers: BTreeMap::new(),
            checked: 0,
        }
    }

    /// All rows that a query answers.
    pub fn answer(&mut self, query: &str, parameter: (&str, &str)) -> Result<&Rows> {
        let key = (query.to_owned(), parameter.0.to_owned(), parameter.1.to_owned());
        if !self.answers.contains_key(&key) {
            let answer = self.session.ask(query, &[parameter])?;
            self.answers.insert(key.clone(), answer);
        }
        Ok(&self.answers[&key])
    }

    /// The cell that a place on the page claims to show.
    pub fn cell(&mut self, query: &str, parameter: (&str, &str), row: usize, column: &str) -> Result<Cell> {
        self.checked += 1;
        let cell = self.answer(query, parameter)?.get(row, column);
        cell.cloned()
            .with_context(|| format!("{query} has no row {row} or column {column}"))
    }
}

/// Whether a reader who sees `text` is told the truth about `cell`.
pub fn shows(text: &str, cell: &Cell, factor: f64) -> bool {
    match cell {
        Cell::Null => !has_digit(text),
        Cell::Time(at) => {
            let full = at.to_string().replace('T', " ");
            text == full.trim_end_matches('Z') || text == full.trim_end_matches(":00Z")
        }
        Cell::Int(_) | Cell::Float(_) => {
            let value = cell.number().unwrap_or(f64::NAN) * factor;
            let plain = text.replace('−', "-").replace([',', '+'], "");
            let Ok(shown) = plain.parse::<f64>() else {
                return false;
            };
            let (digits, power) = plain.split_once('e').unwrap_or((&plain, "0"));
            let decimals = digits.split_once('.').map_or(0, |(_, rest)| rest.len()) as i32;
            let last = 10f64.powi(power.parse::<i32>().unwrap_or(0) - decimals);
            (shown - value).abs() <= 0.5 * last * (1.0 + 1e-6)
        }
        other => text == other.to_string(),
    }
}

pub fn has_digit(text: &str) -> bool {
    text.chars().any(|letter| letter.is_ascii_digit())
}

#[test]
fn a_reader_is_not_told_a_number_that_is_not_there() {
    assert!(shows("1,234.6", &Cell::Float(1_234_567_890.0), 1e-6));
    assert!(!shows("1,234.7", &Cell::Float(1_234_567_890.0), 1e-6));
    assert!(shows("−0.50", &Cell::Float(-0.502), 1.0));
    assert!(!shows("0.50", &Cell::Float(-0.502), 1.0));
    assert!(shows("–", &Cell::Null, 1.0));
    assert!(!shows("0.00", &Cell::Null, 1.0));
    assert!(!shows("not measurable", &Cell::Float(1.0), 1.0));
}
