//! Any table that a researcher can describe: CSV, JSON, Parquet and Arrow by a column map in TOML.
//!
//! A map says for each table of the tape which column of the file feeds which column of the tape (`from`) and what is
//! the same in every row (`set`). Maps for known layouts are embedded from `data/sources/maps`; the language is
//! described in its README.

mod convert;
mod frame;
mod map;
mod pattern;
mod pivot;
mod plan;
mod raw;
mod read;
#[cfg(test)]
mod recorded;
mod scatter;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::Cursor;
use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use include_dir::{Dir, include_dir};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::arrow_file;
use crate::container::Limits;
use crate::frames::Elements;
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Source, TomlError};
use map::Map;
use pivot::Pivot;
use plan::{Fields, Plan, Unfit};
use read::Shape;
use scatter::{Setting, scatter};

static MAPS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/sources/maps");

/// Tables by a column map.
pub struct ColumnMap;

/// Name and text of an embedded map, given by its name.
pub fn embedded(name: &str) -> Option<(String, &'static str)> {
    let file = MAPS.get_file(format!("{name}.toml"))?;
    Some((format!("data/sources/maps/{name}.toml"), file.contents_utf8()?))
}

/// Names of the embedded maps and what files they are for, by name.
pub fn embedded_maps() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED
        .iter()
        .filter_map(|(name, map)| Some((*name, map.as_ref().ok()?.about.as_str())))
}

static EMBEDDED: LazyLock<Vec<(&'static str, Result<Map, TomlError>)>> = LazyLock::new(|| {
    let mut maps: Vec<_> = MAPS
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?.strip_suffix(".toml")?, file)))
        .map(|(name, file)| {
            let text = file.contents_utf8().unwrap_or_default();
            (name, Map::parse(&format!("data/sources/maps/{name}.toml"), text))
        })
        .collect();
    maps.sort_by_key(|(name, _)| *name);
    maps
});

impl Source for ColumnMap {
    fn name(&self) -> &'static str {
        "map"
    }

    fn tried(&self) -> &'static str {
        "real file"
    }

    fn about(&self) -> &'static str {
        "CSV, JSON, Parquet and Arrow of any layout, by a column map in TOML"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        if let Some((file, text)) = &head.hints.map {
            let map = Map::parse(file, text)?;
            let format = Format::of(head, &map)?;
            let fields = format.fields(head, &map);
            let plan = Plan::new(&map, &fields, head).map_err(|unfit| unfit.error(&map, &fields, head))?;
            return reader(head, &map, format, plan, file).map(Some);
        }
        // Of several that fit, the one that reads the most columns knows the file best.
        let mut best: Option<(&str, &Map, Format, Plan)> = None;
        for (name, map) in EMBEDDED.iter() {
            let map = match map {
                Ok(map) => map,
                Err(error) => return Err(error.clone().into()),
            };
            let named = map
                .files
                .as_ref()
                .is_some_and(|files| files.captures(head.name()).is_some());
            if !named {
                continue;
            }
            let Ok(format) = Format::of(head, map) else {
                continue;
            };
            let fields = format.fields(head, map);
            match Plan::new(map, &fields, head) {
                Ok(plan)
                    if best
                        .as_ref()
                        .is_none_or(|(_, _, _, known)| plan.origins.len() > known.origins.len()) =>
                {
                    best = Some((name, map, format, plan));
                }
                Ok(_) | Err(Unfit::Columns(_)) => {}
                Err(unsaid) => return Err(unsaid.error(map, &fields, head)),
            }
        }
        best.map(|(name, map, format, plan)| reader(head, map, format, plan, name))
            .transpose()
    }
}

/// How the file is written.
#[derive(Clone, Debug)]
enum Format {
    Csv,
    /// JSON values, one a line.
    JsonLines,
    /// JSON values in an array.
    JsonArray,
    Columns(SchemaRef),
}

impl Format {
    fn of(head: &Head<'_>, map: &Map) -> Result<Self, IngestError> {
        if let Some(schema) = &head.schema {
            return Ok(Self::Columns(schema.clone()));
        }
        if !head.is_json() {
            return Ok(Self::Csv);
        }
        if map.records.is_some() {
            return Ok(Self::JsonArray);
        }
        // A whole value in the first line is a record where it is an object, or where another value follows.
        let whole = serde_json::from_slice::<serde::de::IgnoredAny>(head.first_line()).is_ok();
        let object = head.first_line().trim_ascii_start().starts_with(b"{");
        if whole && (object || !head.line(1).trim_ascii().is_empty()) {
            return Ok(Self::JsonLines);
        }
        if head.bytes.trim_ascii_start().starts_with(b"[") {
            return Ok(Self::JsonArray);
        }
        Err(IngestError::BadFile {
            path: head.path.to_owned(),
            reason: format!(
                "it is one JSON object over several lines; the map {} must name the array of its records with `records`",
                map.file
            ),
        })
    }

    fn framing(&self, map: &Map) -> Framing {
        if map.long.is_some() {
            return Framing::Whole;
        }
        match self {
            Self::Csv => Framing::Lines {
                header: map.header as u64,
            },
            Self::JsonLines => Framing::Lines { header: 0 },
            // The key outlives the parser that carries it; a map is read once a file.
            Self::JsonArray => Framing::JsonArray {
                key: map.records.clone().map(|key| &*key.leak()),
            },
            Self::Columns(_) => Framing::Batches,
        }
    }

    /// The columns of the file, as its beginning shows them.
    fn fields(&self, head: &Head<'_>, map: &Map) -> Fields {
        match self {
            Self::Columns(schema) => {
                Fields::Named(schema.fields().iter().map(|field| field.name().clone()).collect())
            }
            Self::Csv => {
                let line = head.line(map.header.saturating_sub(1));
                let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
                let mut found = Vec::new();
                read::split(line, map.separator, &mut found);
                if map.header == 0 {
                    return Fields::Counted(found.len());
                }
                let name = |name: &Cow<'_, [u8]>| String::from_utf8_lossy(name).trim().to_owned();
                Fields::Named(found.iter().map(name).collect())
            }
            Self::JsonLines => {
                let mut shape = Shape::default();
                let lines = head.bytes.split(|byte| *byte == b'\n');
                lines
                    .filter(|line| !line.trim_ascii().is_empty())
                    .take_while(|line| shape.add(line))
                    .count();
                shape.into()
            }
            Self::JsonArray => {
                let (elements, ends) = elements(head.bytes, map.records.clone());
                let mut shape = Shape::default();
                let records = Block {
                    bytes: &elements,
                    ends: &ends,
                    first_row: 0,
                };
                if !ends.is_empty() {
                    records
                        .records()
                        .take_while(|(_, record)| shape.add(record))
                        .count();
                }
                shape.into()
            }
        }
    }
}

impl From<Shape> for Fields {
    fn from(shape: Shape) -> Self {
        match shape.length {
            Some(length) => Self::Counted(length),
            None => Self::Keys(shape.keys),
        }
    }
}

/// Elements of the array of a JSON text, and where they end.
fn elements(text: &[u8], key: Option<String>) -> (Vec<u8>, Vec<usize>) {
    let mut array = Elements::new(key.map(|key| &*key.leak()));
    let (mut elements, mut ends) = (Vec::new(), Vec::new());
    array.push(text, &mut elements, &mut ends);
    (elements, ends)
}

fn reader(
    head: &Head<'_>,
    map: &Map,
    format: Format,
    plan: Plan,
    name: &str,
) -> Result<Recognised, IngestError> {
    if let Format::Columns(schema) = &format {
        check_types(head, map, schema, &plan)?;
    }
    let mut kinds: Vec<&str> = plan.tables.iter().map(|table| table.kind.name()).collect();
    kinds.dedup();
    let width = match format.fields(head, map) {
        Fields::Named(names) => names.len(),
        Fields::Counted(count) => count,
        Fields::Keys(_) => 0,
    };
    let venue = plan.venue().unwrap_or("various").to_owned();
    Ok(Recognised {
        what: format!("{} by the map {name}", kinds.join(" and ")),
        venue,
        parser: Box::new(Reader {
            framing: format.framing(map),
            header: map.header,
            separator: map.separator,
            records: map.records.clone(),
            width,
            blocks: head.hints.blocks.clone(),
            path: head.path.to_owned(),
            format,
            plan,
        }),
    })
}

/// An instant that a file of columns holds as such has a unit already.
fn check_types(head: &Head<'_>, map: &Map, schema: &SchemaRef, plan: &Plan) -> Result<(), IngestError> {
    for (place, from) in plan.stamped() {
        let field = schema.field(place);
        if matches!(field.data_type(), DataType::Timestamp(..)) && from.stamp != map::Stamp::Told {
            return Err(IngestError::BadFile {
                path: head.path.to_owned(),
                reason: format!(
                    "its column `{}` holds instants of type {}; the map {} must not give it a unit",
                    field.name(),
                    field.data_type(),
                    map.file
                ),
            });
        }
    }
    Ok(())
}

/// Reads one file by a plan.
struct Reader {
    framing: Framing,
    format: Format,
    header: usize,
    separator: u8,
    records: Option<String>,
    /// Fields of a line.
    width: usize,
    blocks: Vec<(u64, i64)>,
    path: String,
    plan: Plan,
}

impl Parser for Reader {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        if self.plan.long.is_some() {
            return self.parse_whole(block.bytes, output);
        }
        let frame = match self.format {
            Format::Csv => read::lines(block, &self.plan.origins, self.separator, self.width, output),
            _ => read::values(block, &self.plan.origins, output),
        };
        scatter(&self.setting(), &frame, output)
    }

    fn parse_batch(
        &self,
        batch: &RecordBatch,
        first_row: u64,
        output: &mut Output,
    ) -> Result<(), IngestError> {
        let frame = read::batch(batch, first_row, &self.plan.origins);
        scatter(&self.setting(), &frame, output)
    }
}

impl Reader {
    fn setting(&self) -> Setting<'_> {
        Setting {
            plan: &self.plan,
            blocks: &self.blocks,
        }
    }

    /// All of a long file: its rows have to meet.
    fn parse_whole(&self, bytes: &[u8], output: &mut Output) -> Result<(), IngestError> {
        let mut pivot = Pivot::new(&self.plan);
        let block = |bytes, ends| Block {
            bytes,
            ends,
            first_row: 0,
        };
        match &self.format {
            Format::Csv => {
                let mut rest = bytes;
                for _ in 0..self.header {
                    rest = memchr::memchr(b'\n', rest).map_or(b"".as_slice(), |end| &rest[end + 1..]);
                }
                let frame = read::lines(
                    block(rest, &[]),
                    &self.plan.origins,
                    self.separator,
                    self.width,
                    output,
                );
                pivot.add(&frame, output)?;
            }
            Format::JsonLines => {
                let frame = read::values(block(bytes, &[]), &self.plan.origins, output);
                pivot.add(&frame, output)?;
            }
            Format::JsonArray => {
                let (elements, ends) = elements(bytes, self.records.clone());
                if !ends.is_empty() {
                    let frame = read::values(block(&elements, &ends), &self.plan.origins, output);
                    pivot.add(&frame, output)?;
                }
            }
            Format::Columns(_) => {
                let mut first_row = 0;
                for batch in batches(&self.path, bytes)? {
                    pivot.add(&read::batch(&batch, first_row, &self.plan.origins), output)?;
                    first_row += batch.num_rows() as u64;
                }
            }
        }
        scatter(&self.setting(), &pivot.finish(), output)
    }
}

/// The batches of a Parquet or Arrow file in memory.
fn batches(path: &str, bytes: &[u8]) -> Result<Vec<RecordBatch>, IngestError> {
    let bad = |error: &dyn std::fmt::Display| IngestError::BadFile {
        path: path.to_owned(),
        reason: format!("it does not read ({error}); expected a whole file"),
    };
    if bytes.starts_with(b"ARROW1") {
        let opened = arrow_file::open(Cursor::new(bytes), Limits::default());
        let (_, batches) = opened.map_err(|error| bad(&error))?;
        return batches.collect::<Result<_, _>>().map_err(|error| bad(&error));
    }
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes))
        .map_err(|error| bad(&error))?;
    let reader = builder.build().map_err(|error| bad(&error))?;
    reader.collect::<Result<_, _>>().map_err(|error| bad(&error))
}
