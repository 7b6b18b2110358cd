//! Parsing of bytes in memory, for the tests of sources.

use aftershock_archive::tape::Kind;
use arrow::array::RecordBatch;

use crate::{Block, Framing, Head, Hints, IngestError, Output, Place, frames, sources};

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
}

/// Recognises and parses text (not archives, not Parquet) as the core would, in one block.
pub(crate) fn parse_bytes(path: &str, bytes: &[u8], hints: &Hints) -> Result<Parsed, IngestError> {
    let head = Head {
        path,
        bytes: &bytes[..bytes.len().min(65_536)],
        schema: None,
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
        Framing::Whole | Framing::Batches => {
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
