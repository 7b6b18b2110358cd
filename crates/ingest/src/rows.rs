//! Rows of one table and instrument, gathered column by column.

use std::sync::Arc;

use aftershock_archive::tape::{At, ColumnSpec, Flag, Form, Int, Kind, Real, Text, Word, nulls};
use arrow::array::{
    ArrayRef, BooleanBuilder, DictionaryArray, Int32Array, PrimitiveBuilder, RecordBatch, StringArray,
    StringBuilder,
};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};

use crate::text::{self, Fault};

/// Rows under construction: [`Rows::begin`] opens a row, the setters fill it, what is not set is null.
///
/// A row that turns out to be bad after some of its columns were set is taken back with [`Rows::undo`].
///
/// ```
/// use aftershock_archive::tape::{Kind, funding};
/// use aftershock_ingest::Rows;
/// let mut rows = Rows::new(Kind::Funding);
/// rows.begin(7);
/// rows.at(funding::FUNDED_AT, 1_704_067_200_000_000);
/// rows.number(funding::RATE, b"0.00037409").unwrap();
/// rows.word(funding::RATE_KIND, "settled");
/// let batch = rows.finish("0123456789abcdef");
/// assert_eq!(batch.num_rows(), 1);
/// ```
#[derive(Debug)]
pub struct Rows {
    kind: Kind,
    columns: Vec<Column>,
    exact: StringBuilder,
    source_row: Vec<i64>,
    /// The row whose number does not read, and its column.
    at_fault: Option<(usize, &'static str)>,
}

#[derive(Debug)]
enum Column {
    At(PrimitiveBuilder<TimestampMicrosecondType>),
    Int(PrimitiveBuilder<Int64Type>),
    Real(PrimitiveBuilder<Float64Type>),
    Word(Words),
    Text(StringBuilder),
    Flag(BooleanBuilder),
}

/// Few words, many rows: a row holds the place of its word.
#[derive(Debug, Default)]
struct Words {
    places: PrimitiveBuilder<Int32Type>,
    words: Vec<String>,
    last: usize,
    /// Address, length and place of words that are written in the program.
    labels: Vec<(usize, usize, i32)>,
}

impl Words {
    fn place(&mut self, word: &str) -> i32 {
        if self.words.get(self.last).is_none_or(|last| last != word) {
            self.last = self
                .words
                .iter()
                .position(|known| known == word)
                .unwrap_or_else(|| {
                    self.words.push(word.to_owned());
                    self.words.len() - 1
                });
        }
        i32::try_from(self.last).expect("a table has few words")
    }

    fn finish(mut self) -> ArrayRef {
        let words = StringArray::from_iter_values(self.words);
        Arc::new(
            DictionaryArray::try_new(self.places.finish(), Arc::new(words))
                .expect("every place is that of a word"),
        )
    }
}

macro_rules! column {
    ($self:ident, $place:expr, $form:ident, $value:expr) => {{
        let row = $self.source_row.len() - 1;
        match &mut $self.columns[$place] {
            Column::$form(column) => {
                if column.len() < row {
                    column.append_nulls(row - column.len());
                }
                column.append_value($value);
            }
            _ => unreachable!("a place of this form names a column of this form"),
        }
    }};
}

trait AppendNulls {
    fn append_nulls(&mut self, count: usize);
}

impl AppendNulls for StringBuilder {
    fn append_nulls(&mut self, count: usize) {
        for _ in 0..count {
            self.append_null();
        }
    }
}

use arrow::array::ArrayBuilder;

impl Rows {
    /// No rows yet.
    pub fn new(kind: Kind) -> Self {
        Self::with_capacity(kind, 0)
    }

    /// No rows yet, and room for some in the columns that every row has.
    pub fn with_capacity(kind: Kind, rows: usize) -> Self {
        let room = |column: &ColumnSpec| if column.required { rows } else { 0 };
        let columns = kind
            .own_columns()
            .iter()
            .map(|column| match column.form {
                Form::At => Column::At(PrimitiveBuilder::with_capacity(room(column)).with_timezone("UTC")),
                Form::Int => Column::Int(PrimitiveBuilder::with_capacity(room(column))),
                Form::Real => Column::Real(PrimitiveBuilder::with_capacity(room(column))),
                Form::Word => Column::Word(Words::default()),
                Form::Text => Column::Text(StringBuilder::new()),
                Form::Flag => Column::Flag(BooleanBuilder::new()),
            })
            .collect();
        Self {
            kind,
            columns,
            exact: StringBuilder::new(),
            source_row: Vec::with_capacity(rows),
            at_fault: None,
        }
    }

    /// The table.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Rows so far, the open one included.
    pub fn len(&self) -> usize {
        self.source_row.len()
    }

    /// True before the first [`Rows::begin`].
    pub fn is_empty(&self) -> bool {
        self.source_row.is_empty()
    }

    /// Opens a row that came from this row of the source.
    #[inline]
    pub fn begin(&mut self, source_row: u64) {
        self.source_row.push(source_row as i64);
    }

    /// Sets an instant, µs since 1970 UTC.
    #[inline]
    pub fn at(&mut self, column: At, micros: i64) {
        column!(self, column.0, At, micros);
    }

    /// Sets a whole number.
    #[inline]
    pub fn int(&mut self, column: Int, value: i64) {
        column!(self, column.0, Int, value);
    }

    /// Sets a number that did not come from text, or whose text a double gives back.
    #[inline]
    pub fn real(&mut self, column: Real, value: f64) {
        column!(self, column.0, Real, value);
    }

    /// Sets a flag.
    #[inline]
    pub fn flag(&mut self, column: Flag, value: bool) {
        column!(self, column.0, Flag, value);
    }

    /// Sets a text.
    #[inline]
    pub fn text(&mut self, column: Text, value: &str) {
        column!(self, column.0, Text, value);
    }

    /// Sets a word; there may be thousands of rows but only a few different words.
    #[inline]
    pub fn word(&mut self, column: Word, word: &str) {
        let row = self.source_row.len() - 1;
        match &mut self.columns[column.0] {
            Column::Word(words) => {
                let behind = row - words.places.len();
                if behind > 0 {
                    words.places.append_nulls(behind);
                }
                let place = words.place(word);
                words.places.append_value(place);
            }
            _ => unreachable!("a place of a word names a column of words"),
        }
    }

    /// Sets a word that is written in the program. As [`Rows::word`], for tables with millions of rows: that a word is
    /// the same as before shows in its address.
    #[inline]
    pub fn label(&mut self, column: Word, word: &'static str) {
        let row = self.source_row.len() - 1;
        match &mut self.columns[column.0] {
            Column::Word(words) => {
                let behind = row - words.places.len();
                if behind > 0 {
                    words.places.append_nulls(behind);
                }
                let address = word.as_ptr() as usize;
                let known = words
                    .labels
                    .iter()
                    .find(|label| label.0 == address && label.1 == word.len());
                let place = match known {
                    Some(label) => label.2,
                    None => {
                        let place = words.place(word);
                        words.labels.push((address, word.len(), place));
                        place
                    }
                };
                words.places.append_value(place);
            }
            _ => unreachable!("a place of a word names a column of words"),
        }
    }

    /// Sets a number from its text and keeps the text in `exact` where a double cannot give it back.
    ///
    /// # Errors
    /// [`Fault::Number`] where the text is no finite number; the row is still open.
    #[inline]
    pub fn number(&mut self, column: Real, digits: &[u8]) -> Result<f64, Fault> {
        let Some(number) = text::number(digits) else {
            return Err(self.blame(column));
        };
        self.real(column, number.value);
        if !number.exact {
            self.keep_exact(self.kind.own_columns()[column.0].name, digits);
        }
        Ok(number.value)
    }

    /// As [`Rows::number`]; an empty text leaves the column null.
    ///
    /// # Errors
    /// As [`Rows::number`].
    #[inline]
    pub fn optional_number(&mut self, column: Real, digits: &[u8]) -> Result<Option<f64>, Fault> {
        if digits.is_empty() {
            return Ok(None);
        }
        self.number(column, digits).map(Some)
    }

    /// Keeps the digits of a number beside its column; for numbers that were not parsed by [`Rows::number`].
    #[cold]
    pub fn keep_exact(&mut self, column: &str, digits: &[u8]) {
        let row = self.source_row.len() - 1;
        let digits = String::from_utf8_lossy(digits);
        if self.exact.len() > row {
            // The second number of this row: builders cannot reopen a value, so the text is built anew.
            let texts = self.exact.finish();
            let mut rebuilt = StringBuilder::new();
            for (index, text) in texts.iter().enumerate() {
                match text {
                    Some(text) if index == row => rebuilt.append_value(format!("{text} {column}={digits}")),
                    other => rebuilt.append_option(other),
                }
            }
            self.exact = rebuilt;
            return;
        }
        let behind = row - self.exact.len();
        AppendNulls::append_nulls(&mut self.exact, behind);
        self.exact.append_value(format!("{column}={digits}"));
    }

    /// Remembers the column in which the open row is at fault.
    #[cold]
    fn blame(&mut self, column: Real) -> Fault {
        let name = self.kind.own_columns()[column.0].name;
        self.at_fault = Some((self.source_row.len() - 1, name));
        Fault::Number
    }

    /// The column in which the row that was just taken back was at fault; asked once.
    #[cold]
    pub(crate) fn blamed(&mut self) -> Option<&'static str> {
        let (row, column) = self.at_fault.take()?;
        (row == self.source_row.len()).then_some(column)
    }

    /// Takes the open row back.
    #[cold]
    pub fn undo(&mut self) {
        self.source_row.pop();
        let rows = self.source_row.len();
        for column in &mut self.columns {
            column.truncate(rows);
        }
        if self.exact.len() > rows {
            let texts = self.exact.finish();
            self.exact.extend(texts.iter().take(rows));
        }
    }

    /// The rows as a batch of [`Kind::schema`], each with its source.
    ///
    /// # Panics
    /// Where a required column was not set in every row: a source that forgets one is wrong.
    pub fn finish(self, source: &str) -> RecordBatch {
        let rows = self.source_row.len();
        let mut arrays: Vec<ArrayRef> = self
            .columns
            .into_iter()
            .map(|column| column.finish(rows))
            .collect();
        arrays.push(Column::Text(self.exact).finish(rows));
        arrays.push(Arc::new(
            DictionaryArray::<Int32Type>::try_new(
                Int32Array::from(vec![0; rows]),
                Arc::new(StringArray::from(vec![source])),
            )
            .expect("the only place is that of the only word"),
        ));
        arrays.push(Arc::new(arrow::array::Int64Array::from(self.source_row)));
        RecordBatch::try_new(self.kind.schema(), arrays).unwrap_or_else(|error| {
            panic!(
                "a source left a required column of {} unset: {error}",
                self.kind.name()
            )
        })
    }
}

impl Column {
    fn finish(self, rows: usize) -> ArrayRef {
        if let Some(data_type) = self.empty_type() {
            return nulls(&data_type, rows);
        }
        macro_rules! padded {
            ($column:expr) => {{
                let mut column = $column;
                if column.len() < rows {
                    column.append_nulls(rows - column.len());
                }
                column
            }};
        }
        match self {
            Self::At(column) => Arc::new(padded!(column).finish()),
            Self::Int(column) => Arc::new(padded!(column).finish()),
            Self::Real(column) => Arc::new(padded!(column).finish()),
            Self::Text(column) => Arc::new(padded!(column).finish()),
            Self::Flag(column) => Arc::new(padded!(column).finish()),
            Self::Word(mut words) => {
                words.places = padded!(words.places);
                words.finish()
            }
        }
    }

    /// Type of a column in which no row was set.
    fn empty_type(&self) -> Option<DataType> {
        let (rows, form) = match self {
            Self::At(column) => (column.len(), Form::At),
            Self::Int(column) => (column.len(), Form::Int),
            Self::Real(column) => (column.len(), Form::Real),
            Self::Word(words) => (words.places.len(), Form::Word),
            Self::Text(column) => (column.len(), Form::Text),
            Self::Flag(column) => (column.len(), Form::Flag),
        };
        (rows == 0).then(|| form.data_type())
    }

    fn truncate(&mut self, rows: usize) {
        macro_rules! cut {
            ($column:expr) => {
                if $column.len() > rows {
                    let values = $column.finish();
                    $column.extend(values.iter().take(rows));
                }
            };
        }
        match self {
            Self::At(column) => {
                if column.len() > rows {
                    let values = column.finish();
                    column.extend(values.iter().take(rows));
                }
            }
            Self::Int(column) => cut!(column),
            Self::Real(column) => cut!(column),
            Self::Text(column) => cut!(column),
            Self::Flag(column) => cut!(column),
            Self::Word(words) => cut!(words.places),
        }
    }
}
