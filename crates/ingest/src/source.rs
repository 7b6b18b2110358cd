//! What a source is: one vendor's dialect, recognised by name and content, read block by block.

use arrow::array::RecordBatch;

use crate::{IngestError, Output};

/// What can be known of a file before it is read.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// Path as given, with the member behind `!` where it lies in an archive: `a.zip!BTCUSDT-1m-2024-01.csv`.
    pub path: &'a str,
    /// The beginning of the unpacked content, up to 64 kB; it may end within a line.
    pub bytes: &'a [u8],
    /// Schema where the content is Parquet or an Arrow file.
    pub schema: Option<arrow::datatypes::SchemaRef>,
    /// What the user said.
    pub hints: &'a Hints,
}

/// What the user says about the files.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Name of the source, `--source`.
    pub source: Option<String>,
    /// The venue, `--venue`; it stands over what names and contents say.
    pub venue: Option<String>,
    /// The instrument, `--instrument`; likewise.
    pub instrument: Option<String>,
    /// Block times, `--blocks`: number and second, by number.
    pub blocks: Vec<(u64, i64)>,
    /// A column map, `--map`: file name and text.
    pub map: Option<(String, String)>,
}

impl Head<'_> {
    /// The file's own name without folders and archive: `BTCUSDT-1m-2024-01.csv`.
    pub fn name(&self) -> &str {
        self.path.rsplit(['/', '\\', '!']).next().unwrap_or(self.path)
    }

    /// [`Head::name`] up to its last point.
    pub fn stem(&self) -> &str {
        let name = self.name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The folders, archive and name of the path, outermost first.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.split(['/', '\\', '!'])
    }

    /// The first whole line, without its end.
    pub fn first_line(&self) -> &[u8] {
        self.line(0)
    }

    /// A line of the beginning, from 0, without its end; empty where there is none.
    pub fn line(&self, index: usize) -> &[u8] {
        let line = self
            .bytes
            .split(|byte| *byte == b'\n')
            .nth(index)
            .unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// True where the content begins with `{` or `[` after blanks.
    pub fn is_json(&self) -> bool {
        let first = self.bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, Some(b'{' | b'['))
    }
}

/// How a file is cut into records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One record a line, after this many lines of header. Blank lines are skipped and still counted.
    Lines {
        /// Lines before the first record.
        header: u64,
    },
    /// One record an element of a JSON array: the outermost one, or the first that is the value of this key.
    JsonArray {
        /// The key, such as `result`.
        key: Option<&'static str>,
    },
    /// Records of the same number of bytes, such as the rows of a numpy array; what does not fill a record at the end
    /// is given as it is.
    Fixed {
        /// Bytes before the first record.
        header: usize,
        /// Bytes of a record.
        record: usize,
    },
    /// Batches of a Parquet or Arrow file.
    Batches,
    /// The whole content as one record-free block, at most 1 GiB; for formats that cannot be cut. Of a Parquet or
    /// Arrow file these are the bytes of the file.
    Whole,
}

/// A piece of a file: whole records, the first with its row.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The records; with [`Framing::JsonArray`] each element is followed by a line end that is not part of it.
    pub bytes: &'a [u8],
    /// Ends of the elements in `bytes`; empty unless the framing is [`Framing::JsonArray`].
    pub ends: &'a [usize],
    /// Row of the first record, from 0.
    pub first_row: u64,
}

impl<'a> Block<'a> {
    /// The records with their rows: lines without their ends, or elements of an array.
    pub fn records(&self) -> Records<'a> {
        Records {
            bytes: self.bytes,
            ends: (!self.ends.is_empty()).then_some(self.ends),
            start: 0,
            row: self.first_row,
        }
    }
}

/// Records of a block; see [`Block::records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    ends: Option<&'a [usize]>,
    start: usize,
    row: u64,
}

impl<'a> Iterator for Records<'a> {
    type Item = (u64, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(ends) = &mut self.ends {
            let (end, rest) = ends.split_first()?;
            let record = &self.bytes[self.start..*end];
            self.start = *end + 1;
            *ends = rest;
            self.row += 1;
            return Some((self.row - 1, record));
        }
        loop {
            let rest = self.bytes.get(self.start..).filter(|rest| !rest.is_empty())?;
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.start += length + 1;
            self.row += 1;
            let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
            if !line.is_empty() {
                return Some((self.row - 1, line));
            }
        }
    }
}

/// Reads one recognised file. Blocks may be parsed on several threads and in any order, so a parser has no memory.
pub trait Parser: Send + Sync {
    /// How the file is cut.
    fn framing(&self) -> Framing;

    /// Parses a block into rows and rejects; `output.read` is raised by each record that was looked at.
    ///
    /// # Errors
    /// Only where the file as a whole is not what it was taken for; a bad record is rejected instead.
    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError>;

    /// Parses a batch of a file of columns; only called where the framing is [`Framing::Batches`].
    ///
    /// # Errors
    /// As [`Parser::parse`].
    fn parse_batch(
        &self,
        _batch: &RecordBatch,
        _first_row: u64,
        _output: &mut Output,
    ) -> Result<(), IngestError> {
        unreachable!("only a parser of batches is given batches")
    }
}

/// A file that a source knows how to read.
pub struct Recognised {
    /// What it was taken for, in words: `aggTrades of BTCUSDT on Binance spot`.
    pub what: String,
    /// The venue where its rejects are booked.
    pub venue: String,
    /// What reads it.
    pub parser: Box<dyn Parser>,
}

/// One vendor's dialect.
pub trait Source: Sync {
    /// Name for `--source` and `recorded.sources`.
    fn name(&self) -> &'static str;

    /// How much has been tried: `real file`, `documentation sample` or `untested on real data`.
    fn tried(&self) -> &'static str;

    /// What it reads, one line.
    fn about(&self) -> &'static str;

    /// What the file is, if it is one of this source. Only content that fits is recognised; a name may help to tell
    /// the instrument but never suffices.
    ///
    /// # Errors
    /// Where the file is certainly of this source and something is missing that the user can say, such as the
    /// instrument: the error says which option.
    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError>;
}
