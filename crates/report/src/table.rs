//! A query's answer as a part of a page.

use aftershock_query::Session;
use aftershock_query::cells::{Cell, Rows};
use minijinja::{Value, context};

use crate::Error;
use crate::columns::Column;
use crate::show::Show;

/// An answer and the question it answers.
pub(crate) struct Answer {
    pub(crate) query: &'static str,
    pub(crate) parameter: (&'static str, String),
    pub(crate) rows: Rows,
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
        })
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

    /// Numbers of the rows of which `keep` is true.
    pub(crate) fn rows_where(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.rows.rows.len()).filter(|row| keep(*row)).collect()
    }

    /// One cell for a page.
    pub(crate) fn cell(&self, row: usize, column: &'static str, show: Show) -> Result<View, Error> {
        let cell = self.get(row, column)?;
        Ok(View {
            query: self.query,
            parameter: self.parameter.0,
            argument: self.parameter.1.clone(),
            row,
            column,
            factor: show.factor(),
            figure: show.is_figure(),
            code: show == Show::Code,
            block: show == Show::Block,
            value: match cell {
                Cell::Null => String::new(),
                Cell::Float(value) => value.to_string(),
                other => other.to_string(),
            },
            text: show.text(cell),
        })
    }

    /// The chosen rows and columns as a table.
    pub(crate) fn table(&self, rows: &[usize], columns: &[Column]) -> Result<Table, Error> {
        let rows = rows
            .iter()
            .map(|&row| {
                columns
                    .iter()
                    .map(|&(column, _, show)| self.cell(row, column, show))
                    .collect()
            })
            .collect::<Result<Vec<Vec<View>>, Error>>()?;
        Ok(Table {
            query: self.query,
            parameter: self.parameter.0,
            argument: self.parameter.1.clone(),
            columns: columns
                .iter()
                .map(|&(column, title, show)| Heading {
                    column,
                    title,
                    factor: show.factor(),
                    figure: show.is_figure(),
                })
                .collect(),
            rows,
        })
    }
}

/// A cell on a page.
#[derive(Clone, Debug)]
pub(crate) struct View {
    query: &'static str,
    parameter: &'static str,
    argument: String,
    row: usize,
    column: &'static str,
    factor: f64,
    figure: bool,
    code: bool,
    block: bool,
    /// In full.
    value: String,
    /// For a reader.
    text: String,
}

/// A table on a page.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    query: &'static str,
    parameter: &'static str,
    argument: String,
    columns: Vec<Heading>,
    rows: Vec<Vec<View>>,
}

#[derive(Clone, Debug)]
struct Heading {
    column: &'static str,
    title: &'static str,
    factor: f64,
    figure: bool,
}

impl From<View> for Value {
    fn from(view: View) -> Self {
        context! {
            query => view.query,
            parameter => view.parameter,
            argument => view.argument,
            row => view.row,
            column => view.column,
            factor => (view.factor != 1.0).then(|| view.factor.to_string()),
            figure => view.figure,
            code => view.code,
            block => view.block,
            value => view.value,
            text => view.text,
        }
    }
}

impl From<Heading> for Value {
    fn from(heading: Heading) -> Self {
        context! {
            column => heading.column,
            title => heading.title,
            factor => (heading.factor != 1.0).then(|| heading.factor.to_string()),
            figure => heading.figure,
        }
    }
}

impl From<Table> for Value {
    fn from(table: Table) -> Self {
        context! {
            query => table.query,
            parameter => table.parameter,
            argument => table.argument,
            columns => table.columns,
            rows => table.rows,
        }
    }
}
