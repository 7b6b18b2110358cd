//! A query's answer as a part of a page.

use aftershock_query::Session;
use aftershock_query::cells::{Cell, Rows};
use minijinja::{Value, context};

use crate::Error;
use crate::columns::Column;
use crate::kind::{Kind, Of};
use crate::show::Show;

/// An answer and the question it answers.
pub(crate) struct Answer {
    pub(crate) query: &'static str,
    pub(crate) parameter: (&'static str, String),
    pub(crate) rows: Rows,
    /// What its results are.
    pub(crate) results: Kind,
}

impl Answer {
    pub(crate) fn ask(
        session: &Session,
        query: &'static str,
        parameter: (&'static str, &str),
    ) -> Result<Self, Error> {
        Ok(Self {
            query,
            parameter: (parameter.0, parameter.1.to_owned()),
            rows: session.ask(query, &[parameter])?,
            results: Kind::Modelled,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.rows.is_empty()
    }

    /// The cell at `row` of `column`.
    pub(crate) fn get(&self, row: usize, column: &str) -> Result<&Cell, Error> {
        self.rows.get(row, column).ok_or_else(|| Error::NoColumn {
            query: self.query.to_owned(),
            column: column.to_owned(),
        })
    }

    /// Whether the text at `row` of `column` is `text`.
    pub(crate) fn is(&self, row: usize, column: &str, text: &str) -> bool {
        self.rows.get(row, column).and_then(Cell::text) == Some(text)
    }

    /// The number at `row` of `column`, where there is one.
    pub(crate) fn number(&self, row: usize, column: &str) -> Option<f64> {
        self.rows.get(row, column).and_then(Cell::number)
    }

    /// Numbers of all rows.
    pub(crate) fn all(&self) -> Vec<usize> {
        (0..self.rows.rows.len()).collect()
    }

    /// Numbers of the rows of which `keep` is true.
    pub(crate) fn rows_where(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut rows = self.all();
        rows.retain(|row| keep(*row));
        rows
    }

    /// The same answer, whose results are of this kind.
    pub(crate) fn with_results(self, results: Kind) -> Self {
        Self { results, ..self }
    }

    /// One cell for a page.
    pub(crate) fn cell(&self, row: usize, column: &'static str, show: Show) -> Result<Value, Error> {
        let cell = self.get(row, column)?;
        let full = match cell {
            Cell::Null => String::new(),
            Cell::Float(value) => value.to_string(),
            other => other.to_string().replace('\n', " "),
        };
        Ok(context! {
            query => Value::from_safe_string(self.query.to_owned()),
            parameter => self.parameter.0,
            argument => &self.parameter.1,
            row => row,
            column => column,
            factor => factor(show),
            // Words are their own value.
            words => matches!(cell, Cell::Text(_)),
            value => full,
            text => show.text(cell),
        })
    }

    /// The chosen rows of one column, cell by cell.
    pub(crate) fn cells(&self, rows: &[usize], column: &'static str) -> Result<Vec<Value>, Error> {
        rows.iter()
            .map(|&row| self.cell(row, column, Show::Plain))
            .collect()
    }

    /// The chosen rows and columns as a table.
    pub(crate) fn table(&self, rows: &[usize], columns: &[Column]) -> Result<Value, Error> {
        self.table_of(rows, columns, |_| None)
    }

    /// The same, with a sign before each row of what its figures are.
    pub(crate) fn table_of(
        &self,
        rows: &[usize],
        columns: &[Column],
        kind: impl Fn(usize) -> Option<Kind>,
    ) -> Result<Value, Error> {
        let group = columns.first().and_then(|column| column.names.first());
        let mut before: Option<&Cell> = None;
        let mut body = Vec::new();
        for &row in rows {
            let first = group.map(|name| self.get(row, name)).transpose()?;
            let places = columns
                .iter()
                .map(|column| {
                    let cells = column
                        .names
                        .iter()
                        .map(|name| self.cell(row, name, column.show))
                        .collect::<Result<Vec<Value>, Error>>()?;
                    Ok(context! { cells, figure => column.show.is_figure(), code => column.show == Show::Code })
                })
                .collect::<Result<Vec<Value>, Error>>()?;
            body.push(context! {
                row,
                places,
                kind => kind(row).map(Kind::view),
                again => first.is_some() && first == before,
            });
            before = first;
        }
        let head: Vec<Value> = columns
            .iter()
            .map(|column| {
                context! {
                    title => column.title,
                    names => column.names.to_vec(),
                    factor => factor(column.show),
                    figure => column.show.is_figure(),
                    kind => self.kind(column.of).map(Kind::view),
                }
            })
            .collect();
        Ok(context! {
            query => Value::from_safe_string(self.query.to_owned()),
            parameter => self.parameter.0,
            argument => &self.parameter.1,
            columns => head,
            rows => body,
        })
    }

    fn kind(&self, of: Of) -> Option<Kind> {
        match of {
            Of::Words => None,
            Of::Is(kind) => Some(kind),
            Of::Result => Some(self.results),
        }
    }
}

/// What a shown number was multiplied by, where it was.
fn factor(show: Show) -> Option<String> {
    (show.factor() != 1.0).then(|| show.factor().to_string())
}
