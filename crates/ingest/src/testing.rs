//! Parsing of bytes in memory, for the tests of sources.

use aftershock_archive::tape::Kind;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;

use crate::{Block, Framing, Head, Hints, IngestError, Output, Place, Progress, frames, sources};

/// What became of the bytes.
pub(crate) struct Parsed {
    pub(crate) source: &'static str,
    pub(crate) what: String,
    pub(crate) tables: Vec<(Place, RecordBatch)>,
    pub(crate) read: u64,
    pub(crate) rejected: u64,
    pub(crate) left_out: u64,
}

impl Parsed {
    /// The rows of one table, where it has one venue and instrument.
    pub(crate) fn table(&self, kind: Kind) -> &RecordBatch {
        let mut found = self.tables.iter().filter(|(place, _)| place.kind == kind);
        let (_, batch) = found.next().expect("the table has rows");
        assert!(
            found.next().is_none(),
            "the table has rows of several instruments"
        );
        batch
    }

    /// The rows of one table, venue and instrument.
    pub(crate) fn rows(&self, kind: Kind, venue: &str, instrument: &str) -> &RecordBatch {
        let is = |place: &Place| place.kind == kind && place.venue == venue && place.instrument == instrument;
        let found = self.tables.iter().find(|(place, _)| is(place));
        let held: Vec<&Place> = self.tables.iter().map(|(place, _)| place).collect();
        &found
            .unwrap_or_else(|| panic!("no {} of {venue} {instrument}, but {held:?}", kind.name()))
            .1
    }
}

/// Recognises and parses text or an Arrow file (not archives, not Parquet) as the core would, in one block.
pub(crate) fn parse_bytes(path: &str, bytes: &[u8], hints: &Hints) -> Result<Parsed, IngestError> {
    let columns = bytes.starts_with(b"ARROW1").then(|| {
        arrow::ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).expect("an Arrow file")
    });
    let head = Head {
        path,
        bytes: &bytes[..bytes.len().min(65_536)],
        schema: columns.as_ref().map(|reader| reader.schema()),
        hints,
    };
    let (source, recognised) = sources::recognise(&head)?;
    let mut output = Output::new(0);
    let framing = recognised.parser.framing();
    match &framing {
        Framing::Lines { header } => {
            let mut rest = bytes;
            for _ in 0..*header {
                rest = memchr::memchr(b'\n', rest).map_or(b"".as_slice(), |end| &rest[end + 1..]);
            }
            recognised.parser.parse(
                Block {
                    bytes: rest,
                    ends: &[],
                    first_row: 0,
                },
                &mut output,
            )?;
        }
        Framing::JsonArray { key } => {
            let (elements, ends) = frames::elements_of(path, bytes, *key)?;
            recognised.parser.parse(
                Block {
                    bytes: &elements,
                    ends: &ends,
                    first_row: 0,
                },
                &mut output,
            )?;
        }
        Framing::Fixed { header, .. } => {
            recognised.parser.parse(
                Block {
                    bytes: &bytes[(*header).min(bytes.len())..],
                    ends: &[],
                    first_row: 0,
                },
                &mut output,
            )?;
        }
        Framing::Batches => {
            let mut first_row = 0;
            for batch in columns.expect("only a file of columns has batches") {
                let batch = batch.expect("a whole Arrow file");
                recognised.parser.parse_batch(&batch, first_row, &mut output)?;
                first_row += batch.num_rows() as u64;
            }
        }
        Framing::Whole => {
            recognised.parser.parse(
                Block {
                    bytes,
                    ends: &[],
                    first_row: 0,
                },
                &mut output,
            )?;
        }
    }
    let (read, rejected, left_out) = (output.read, output.rejected(), output.left_out);
    Ok(Parsed {
        source: source.name(),
        what: recognised.what,
        tables: output.finish("0123456789abcdef", &recognised.venue),
        read,
        rejected,
        left_out,
    })
}

/// Whether this source takes text of this path for its own.
pub(crate) fn recognised_by(source: &dyn crate::Source, path: &str, bytes: &[u8]) -> bool {
    let head = Head {
        path,
        bytes,
        schema: None,
        hints: &Hints::default(),
    };
    source.recognise(&head).is_ok_and(|found| found.is_some())
}

/// Tells nobody how an ingest goes.
pub(crate) struct Silent;

impl Progress for Silent {
    fn begin(&self, _files: usize, _bytes: u64) {}
    fn advance(&self, _bytes: u64, _records: u64) {}
    fn commit(&self) {}
}

/// A fixture below `tests/fixtures/ingest`.
pub(crate) fn fixture(path: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/ingest");
    std::fs::read(format!("{root}/{path}")).expect("the fixture is part of the project")
}

/// A recorded file or folder that is not part of the project, below `AFTERSHOCK_SHARED` or the folder `shared` beside
/// it; says so and is `None` where it is absent.
pub(crate) fn recorded_path(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../", "shared");
    let root = std::env::var("AFTERSHOCK_SHARED").unwrap_or_else(|_| beside.to_owned());
    let path = format!("{root}/data/{path}");
    let there = std::path::Path::new(&path).exists();
    if !there {
        eprintln!("skipped: {path} is not there");
    }
    there.then_some(path)
}

/// The bytes of a file of [`recorded_path`].
pub(crate) fn recorded(path: &str) -> Option<Vec<u8>> {
    recorded_path(path).and_then(|path| std::fs::read(path).ok())
}

/// The content of a gzip stream, of the first member of a zip archive, or the bytes as they are.
pub(crate) fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
    use std::io::Read;
    let mut content = Vec::new();
    if bytes.starts_with(b"PK") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip archive");
        let mut member = archive.by_index(0).expect("it has a member");
        member.read_to_end(&mut content).expect("the member is whole");
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut stream = flate2::read::MultiGzDecoder::new(bytes.as_slice());
        stream.read_to_end(&mut content).expect("the stream is whole");
    } else {
        return bytes;
    }
    content
}

/// Sum of a column of numbers over the rows that have it.
pub(crate) fn sum(batch: &RecordBatch, column: &str) -> f64 {
    let column = batch.column_by_name(column).expect("the table has the column");
    column
        .as_primitive::<arrow::datatypes::Float64Type>()
        .iter()
        .flatten()
        .sum()
}

/// Cells of one row as text; null is empty, instants are `2020-03-13T02:17:00Z`.
pub(crate) fn cells<const N: usize>(batch: &RecordBatch, row: usize, columns: [&str; N]) -> [String; N] {
    columns.map(|name| {
        let column = batch.column_by_name(name).expect("the table has the column");
        if column.is_null(row) {
            return String::new();
        }
        if let Some(instants) = column.as_primitive_opt::<TimestampMicrosecondType>() {
            let instant = chrono::DateTime::from_timestamp_micros(instants.value(row)).expect("an instant");
            return instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        }
        arrow::util::display::array_value_to_string(column, row).expect("the cell can be shown")
    })
}
