//! Cells that a picture draws, embedded in the page: whole columns of a query, rounded as a reader would be shown them.
//!
//! A column is kept as steps from one value to the next, in units of its last decimal, so that a path of thousands of
//! prices stays small; whoever adds them up has the cells again, to that decimal.

use aftershock_query::cells::Cell;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::table::Answer;

/// A column as it is embedded: what its numbers are multiplied by, and to how many decimals they are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) name: &'static str,
    pub(crate) factor: f64,
    pub(crate) decimals: i32,
}

/// Instants are kept in seconds.
pub(crate) const fn instant(name: &'static str) -> Kept {
    kept(name, 1.0, 3)
}

/// A number times a factor, to so many decimals.
pub(crate) const fn kept(name: &'static str, factor: f64, decimals: i32) -> Kept {
    Kept {
        name,
        factor,
        decimals,
    }
}

/// Tables of one answer, each some of its rows and columns.
pub(crate) struct Block<'a> {
    /// Its name on the page.
    pub(crate) name: &'static str,
    pub(crate) answer: &'a Answer,
    tables: Vec<Table>,
}

struct Table {
    rows: Vec<usize>,
    columns: Vec<(Kept, Vec<Option<i64>>)>,
}

impl<'a> Block<'a> {
    pub(crate) fn new(name: &'static str, answer: &'a Answer) -> Self {
        Self {
            name,
            answer,
            tables: Vec::new(),
        }
    }

    /// Adds a table of these rows and columns; its number. A column in which nothing is known is left out.
    pub(crate) fn table(&mut self, rows: Vec<usize>, columns: &[Kept]) -> Result<usize, Error> {
        let mut found = Vec::new();
        for column in columns {
            let values = rows
                .iter()
                .map(|&row| Ok(whole(self.answer.get(row, column.name)?, *column)))
                .collect::<Result<Vec<_>, Error>>()?;
            if values.iter().any(Option::is_some) {
                found.push((*column, values));
            }
        }
        self.tables.push(Table { rows, columns: found });
        Ok(self.tables.len() - 1)
    }

    /// Whether a table has all of these columns.
    pub(crate) fn has(&self, table: usize, columns: &[&str]) -> bool {
        let known = |name: &&str| {
            self.tables[table]
                .columns
                .iter()
                .any(|(kept, _)| kept.name == *name)
        };
        columns.iter().all(known)
    }

    /// As it stands in the page; text that could end the element is written otherwise.
    pub(crate) fn json(&self) -> String {
        let tables: Vec<Value> = (0..self.tables.len()).map(|table| self.written(table)).collect();
        harmless(&json!({ "tables": tables }))
    }

    fn written(&self, number: usize) -> Value {
        let table = &self.tables[number];
        let mut columns = Map::new();
        for (kept, values) in &table.columns {
            let same = |other: &Table| {
                let of_name = other.columns.iter().find(|(known, _)| known.name == kept.name);
                of_name.is_some_and(|(_, known)| known == values)
            };
            let column = match self.tables[..number].iter().position(same) {
                Some(earlier) => json!({ "as": earlier }),
                None => steps(*kept, values),
            };
            columns.insert(kept.name.to_owned(), column);
        }
        json!({ "rows": stretches(&table.rows), "columns": columns })
    }
}

/// A value in units of the last decimal that is kept.
fn whole(cell: &Cell, kept: Kept) -> Option<i64> {
    let value = match cell {
        Cell::Time(at) => at.micros() as f64 / 1e6,
        _ => cell.number()? * kept.factor,
    };
    value
        .is_finite()
        .then(|| (value * 10f64.powi(kept.decimals)).round() as i64)
}

fn steps(kept: Kept, values: &[Option<i64>]) -> Value {
    // Instants to the second need no thousandths.
    let coarse = 10i64.pow(kept.decimals.unsigned_abs());
    let by = if kept.decimals > 0 && values.iter().flatten().all(|value| value % coarse == 0) {
        coarse
    } else {
        1
    };
    let mut before = 0;
    let steps: Vec<Option<i64>> = values
        .iter()
        .map(|value| {
            let step = (*value)? / by - before;
            before += step;
            Some(step)
        })
        .collect();
    let decimals = if by == 1 { kept.decimals } else { 0 };
    let mut column = json!({ "decimals": decimals, "steps": steps });
    if kept.factor != 1.0 {
        column["factor"] = json!(kept.factor);
    }
    column
}

/// Row numbers as first and count of each unbroken stretch.
fn stretches(rows: &[usize]) -> Vec<[usize; 2]> {
    let mut found: Vec<[usize; 2]> = Vec::new();
    for &row in rows {
        match found.last_mut() {
            Some([first, count]) if *first + *count == row => *count += 1,
            _ => found.push([row, 1]),
        }
    }
    found
}

/// JSON that can stand between the tags of a page: what could end them is escaped.
pub(crate) fn harmless(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_the_element_it_stands_in() {
        let hostile = json!({ "name": "</script><script>alert(1)</script>&amp;" });
        let text = harmless(&hostile);
        assert!(!text.contains(['<', '>', '&']), "{text}");
        let again: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(again, hostile);
    }

    #[test]
    fn steps_add_up_to_the_values() {
        let column = steps(kept("x", 1.0, 2), &[Some(1_234), None, Some(1_200), Some(1_201)]);
        assert_eq!(column, json!({ "decimals": 2, "steps": [1234, null, -34, 1] }));
        let column = steps(instant("x"), &[Some(5_000), Some(7_000)]);
        assert_eq!(column, json!({ "decimals": 0, "steps": [5, 2] }));
        assert_eq!(stretches(&[3, 4, 5, 9]), [[3, 3], [9, 1]]);
    }
}
