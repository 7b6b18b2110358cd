//! Files into frames: CSV and JSON text by block, Parquet and Arrow by batch.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::frame::{Cell, Frame, Raw, Values};
use super::plan::Origin;
use crate::text::Fault;
use crate::{Block, Output};

/// The fields of a line, without quotes around them.
pub(super) fn split<'a>(line: &'a [u8], separator: u8, found: &mut Vec<Cow<'a, [u8]>>) {
    found.clear();
    let mut rest = line;
    loop {
        let (field, after) = match rest.first() {
            Some(b'"') => quoted(rest, separator),
            _ => match memchr::memchr(separator, rest) {
                Some(end) => (Cow::Borrowed(&rest[..end]), Some(&rest[end + 1..])),
                None => (Cow::Borrowed(rest), None),
            },
        };
        found.push(field);
        match after {
            Some(after) => rest = after,
            None => return,
        }
    }
}

/// A field in quotes and what follows it; a doubled quote stands for one.
fn quoted(text: &[u8], separator: u8) -> (Cow<'_, [u8]>, Option<&[u8]>) {
    let mut place = 1;
    let mut doubled = false;
    while let Some(quote) = memchr::memchr(b'"', &text[place..]) {
        let end = place + quote;
        let field = || {
            if doubled {
                let plain = String::from_utf8_lossy(&text[1..end]).replace("\"\"", "\"");
                return Cow::Owned(plain.into_bytes());
            }
            Cow::Borrowed(&text[1..end])
        };
        match text.get(end + 1) {
            Some(b'"') => {
                doubled = true;
                place = end + 2;
            }
            Some(byte) if *byte == separator => return (field(), Some(&text[end + 2..])),
            None => return (field(), None),
            Some(_) => place = end + 1,
        }
    }
    (Cow::Borrowed(text), None)
}

/// The lines of a block as columns; lines of another width are rejected.
pub(super) fn lines<'a>(
    block: Block<'a>,
    origins: &[Origin],
    separator: u8,
    width: usize,
    output: &mut Output,
) -> Frame<'a> {
    let mut frame = Gatherer::new(origins);
    let mut fields = Vec::with_capacity(width);
    for (row, line) in block.records() {
        split(line, separator, &mut fields);
        if fields.len() != width {
            output.read += 1;
            output.reject(row, Fault::Columns, line);
            continue;
        }
        frame.push(row, line, |origin| match origin {
            Origin::Field(place) => Some(fields[*place].clone()),
            _ => None,
        });
    }
    frame.finish()
}

/// The JSON values of a block as columns; what is no JSON is rejected.
pub(super) fn values<'a>(block: Block<'a>, origins: &[Origin], output: &mut Output) -> Frame<'a> {
    let mut frame = Gatherer::new(origins);
    for (row, record) in block.records() {
        match picked(record, origins) {
            Some(mut cells) => {
                let mut place = 0;
                frame.push(row, record, |_| {
                    place += 1;
                    cells[place - 1].take()
                });
            }
            None => {
                output.read += 1;
                output.reject(row, Fault::Json, record);
            }
        }
    }
    frame.finish()
}

/// A batch as columns.
pub(super) fn batch<'a>(batch: &'a RecordBatch, first_row: u64, origins: &[Origin]) -> Frame<'a> {
    let rows = batch.num_rows() as u64;
    let column = |origin: &Origin| match origin {
        Origin::Field(place) => Values::Array(batch.column(*place).clone()),
        Origin::Same(text) => Values::Same(text.clone()),
        _ => Values::Same(String::new()),
    };
    Frame {
        source_rows: (first_row..first_row + rows).collect(),
        raw: Raw::Batch(batch),
        columns: origins.iter().map(column).collect(),
    }
}

/// A frame under construction.
struct Gatherer<'a, 'o> {
    origins: &'o [Origin],
    columns: Vec<Vec<Cell<'a>>>,
    texts: Vec<Cow<'a, [u8]>>,
    rows: Vec<u64>,
}

impl<'a, 'o> Gatherer<'a, 'o> {
    fn new(origins: &'o [Origin]) -> Self {
        Self {
            origins,
            columns: vec![Vec::new(); origins.len()],
            texts: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn push(&mut self, row: u64, text: &'a [u8], mut cell: impl FnMut(&Origin) -> Cell<'a>) {
        self.rows.push(row);
        self.texts.push(Cow::Borrowed(text));
        for (column, origin) in self.columns.iter_mut().zip(self.origins) {
            column.push(cell(origin));
        }
    }

    fn finish(self) -> Frame<'a> {
        let column = |(cells, origin): (Vec<Cell<'a>>, &Origin)| match origin {
            Origin::Same(text) => Values::Same(text.clone()),
            _ => Values::Cells(cells),
        };
        Frame {
            source_rows: self.rows,
            raw: Raw::Texts(self.texts),
            columns: self.columns.into_iter().zip(self.origins).map(column).collect(),
        }
    }
}

/// What a JSON record holds at the origins; none where it is no JSON object or array.
fn picked<'a>(record: &'a [u8], origins: &[Origin]) -> Option<Vec<Cell<'a>>> {
    let mut cells = vec![None; origins.len()];
    let mut reader = serde_json::Deserializer::from_slice(record);
    Picker {
        origins,
        cells: &mut cells,
    }
    .deserialize(&mut reader)
    .ok()?;
    reader.end().ok()?;
    Some(cells)
}

/// Takes from an object or array what the origins ask for.
struct Picker<'c, 'a> {
    origins: &'c [Origin],
    cells: &'c mut [Cell<'a>],
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Picker<'_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Picker<'_, 'de> {
    type Value = ();

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let asked = |origin: &Origin| matches!(origin, Origin::Path(path) if path[0] == key);
            if !self.origins.iter().any(asked) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &RawValue = map.next_value()?;
            for (cell, origin) in self.cells.iter_mut().zip(self.origins) {
                if let Origin::Path(path) = origin
                    && path[0] == key
                {
                    *cell = inside(value, &path[1..]).map_err(A::Error::custom)?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(value) = values.next_element::<&RawValue>()? {
            for (cell, origin) in self.cells.iter_mut().zip(self.origins) {
                let rest = match origin {
                    Origin::Field(asked) if *asked == place => &[],
                    Origin::Path(path) if path[0].parse() == Ok(place) => &path[1..],
                    _ => continue,
                };
                *cell = inside(value, rest).map_err(A::Error::custom)?;
            }
            place += 1;
        }
        Ok(())
    }
}

/// The text of a value, or of what lies behind a path in it; texts without their quotes.
fn inside<'a>(value: &'a RawValue, path: &[String]) -> Result<Cell<'a>, serde_json::Error> {
    let text = value.get();
    if path.is_empty() {
        return Ok(match text.as_bytes().first() {
            Some(b'"') if text.contains('\\') => {
                Some(Cow::Owned(serde_json::from_str::<String>(text)?.into_bytes()))
            }
            Some(b'"') => Some(Cow::Borrowed(&text.as_bytes()[1..text.len() - 1])),
            Some(b'n') | None => None,
            _ => Some(Cow::Borrowed(text.as_bytes())),
        });
    }
    if !text.starts_with(['{', '[']) {
        return Ok(None);
    }
    let origin = [Origin::Path(path.to_vec())];
    let mut cell = [None];
    let mut reader = serde_json::Deserializer::from_str(text);
    Picker {
        origins: &origin,
        cells: &mut cell,
    }
    .deserialize(&mut reader)?;
    let [cell] = cell;
    Ok(cell)
}

/// Keys of the first whole records of a JSON text, or the length of the first that is an array.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) keys: Vec<String>,
    pub(super) length: Option<usize>,
}

impl Shape {
    /// Adds what a record has; false where it is no whole record.
    pub(super) fn add(&mut self, record: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(record) else {
            return false;
        };
        let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
            return false;
        };
        match value {
            serde_json::Value::Object(object) => {
                for key in object.keys() {
                    if !self.keys.contains(key) {
                        self.keys.push(key.clone());
                    }
                }
                true
            }
            serde_json::Value::Array(array) => {
                self.length = Some(self.length.unwrap_or_default().max(array.len()));
                true
            }
            _ => false,
        }
    }
}
