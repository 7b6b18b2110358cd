//! Long files: rows that agree in all but the field and its value become one row.

use std::borrow::Cow;
use std::collections::HashMap;

use super::frame::{Cell, Frame, Raw, Texts, Values};
use super::plan::{Origin, Plan};
use super::scatter::left_out;
use crate::text::Fault;
use crate::{IngestError, Output};

/// Rows gathered from all of a long file.
pub(super) struct Pivot<'p> {
    plan: &'p Plan,
    /// Row of each key.
    places: HashMap<Vec<u8>, usize>,
    source_rows: Vec<u64>,
    raws: Vec<Cow<'static, [u8]>>,
    columns: Vec<Vec<Cell<'static>>>,
}

impl<'p> Pivot<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            places: HashMap::new(),
            source_rows: Vec::new(),
            raws: Vec::new(),
            columns: vec![Vec::new(); plan.origins.len()],
        }
    }

    /// Adds rows; those whose field no table asks for are left out or rejected.
    pub(super) fn add(&mut self, frame: &Frame<'_>, output: &mut Output) -> Result<(), IngestError> {
        let Some((field, value)) = self.plan.long else {
            unreachable!("only the rows of a long file are turned");
        };
        let texts: Vec<Texts<'_>> = frame
            .columns
            .iter()
            .map(Values::texts)
            .collect::<Result<_, _>>()?;
        let left = left_out(&self.plan.leave, frame.len(), |column| &frame.columns[column])?;
        let key_columns: Vec<usize> = (0..self.plan.origins.len())
            .filter(|column| *column != field && *column != value)
            .filter(|column| !matches!(self.plan.origins[*column], Origin::LongField(_)))
            .collect();
        for (row, left) in left.into_iter().enumerate() {
            if left {
                output.left_out += 1;
                continue;
            }
            let name = texts[field].get(row).unwrap_or_default();
            let asked =
                |origin: &Origin| matches!(origin, Origin::LongField(field) if field.as_bytes() == name);
            let Some(column) = self.plan.origins.iter().position(asked) else {
                output.read += 1;
                output.reject(frame.source_rows[row], Fault::Word, &frame.raw(row));
                continue;
            };
            let Some(text) = texts[value].get(row) else {
                continue;
            };
            let mut key = Vec::new();
            for column in &key_columns {
                key.extend_from_slice(texts[*column].get(row).unwrap_or_default());
                key.push(b',');
            }
            let place = match self.places.get(&key) {
                Some(place) => *place,
                None => self.open(key, &key_columns, &texts, frame.source_rows[row], row),
            };
            let cell = &mut self.columns[column][place];
            if cell.is_some() {
                // A second value for one field of one row: neither may vanish.
                output.read += 1;
                output.reject(frame.source_rows[row], Fault::Columns, &frame.raw(row));
                continue;
            }
            *cell = Some(Cow::Owned(text.to_vec()));
        }
        Ok(())
    }

    fn open(
        &mut self,
        key: Vec<u8>,
        columns: &[usize],
        texts: &[Texts<'_>],
        source_row: u64,
        row: usize,
    ) -> usize {
        let place = self.source_rows.len();
        self.source_rows.push(source_row);
        self.raws.push(Cow::Owned(key.clone()));
        self.places.insert(key, place);
        for column in &mut self.columns {
            column.push(None);
        }
        for column in columns {
            self.columns[*column][place] = texts[*column].get(row).map(|text| Cow::Owned(text.to_vec()));
        }
        place
    }

    /// The rows, one for each key.
    pub(super) fn finish(self) -> Frame<'static> {
        let column = |(cells, origin): (Vec<Cell<'static>>, &Origin)| match origin {
            Origin::Same(text) => Values::Same(text.clone()),
            _ => Values::Cells(cells),
        };
        Frame {
            source_rows: self.source_rows,
            raw: Raw::Texts(self.raws),
            columns: self
                .columns
                .into_iter()
                .zip(&self.plan.origins)
                .map(column)
                .collect(),
        }
    }
}
