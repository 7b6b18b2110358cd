//! What lies in a file: plain content, a compressed stream, or an archive of several members.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;

use crate::IngestError;

const BUFFER_BYTES: usize = 1 << 18;
/// A compressed stream inside a member of an archive inside … ends here.
const DEEPEST: usize = 3;

/// How far a file may unpack, so that a bomb is an error and not a full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file, unpacked.
    pub unpacked_bytes: u64,
    /// Unpacked bytes for one packed byte, looked at beyond `free_bytes`.
    pub ratio: u64,
    /// Bytes up to which the ratio does not matter.
    pub free_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_bytes: 256 << 30,
            ratio: 200,
            free_bytes: 64 << 20,
        }
    }
}

/// Plain content on its way out of a file.
pub(crate) struct Content<'a> {
    /// Path without the endings of packings, and the member behind `!` where the file is an archive.
    pub(crate) path: String,
    /// The same with all endings, as the user knows it.
    pub(crate) given: String,
    /// Place of the member, from 0; 0 where the file is no archive.
    pub(crate) member: usize,
    /// The content.
    pub(crate) reader: Box<dyn BufRead + 'a>,
    /// The file itself, where it is not packed: formats with an index at their end are read in place.
    pub(crate) plain: Option<&'a Path>,
}

/// What to do with each content of a file.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(Content<'_>) -> Result<(), IngestError>;

/// Opens a file and hands over its contents, one after the other, in the order of the archive.
///
/// `progress` counts the bytes of the file itself as they are read.
pub(crate) fn each_content(
    path: &Path,
    limits: Limits,
    progress: &Arc<AtomicU64>,
    visit: Visit<'_>,
) -> Result<(), IngestError> {
    let name = path.display().to_string();
    let failed = |error: io::Error| unreadable(&name, &error);
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut reader = BufReader::with_capacity(
        BUFFER_BYTES,
        Counted {
            file,
            count: Arc::clone(progress),
        },
    );
    if bytes == 0 {
        return Err(nothing(&name, "it is empty; expected records"));
    }
    let packing = Packing::of(reader.fill_buf().map_err(failed)?);
    if packing == Packing::Zip {
        return each_member(path, &name, limits, progress, visit);
    }
    let plain = (packing == Packing::None).then_some(path);
    let (reader, packed) = unpacked(Box::new(reader), &name, 0)?;
    let reader: Box<dyn BufRead> = if packed {
        Limited::new(reader, bytes, limits)
    } else {
        reader
    };
    visit(Content {
        path: without_ending(&name, packed),
        given: name.clone(),
        member: 0,
        reader,
        plain,
    })
}

fn each_member(
    path: &Path,
    name: &str,
    limits: Limits,
    progress: &Arc<AtomicU64>,
    visit: Visit<'_>,
) -> Result<(), IngestError> {
    let bad = |error: &dyn std::fmt::Display| IngestError::BadFile {
        path: name.to_owned(),
        reason: format!("it does not read as a zip archive ({error}); expected a whole one"),
    };
    let file = File::open(path).map_err(|error| unreadable(name, &error))?;
    let mut archive =
        zip::ZipArchive::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(|e| bad(&e))?;
    let mut number = 0;
    for index in 0..archive.len() {
        let member = archive.by_index(index).map_err(|error| bad(&error))?;
        let inner = member.name().map_err(|error| bad(&error))?.into_owned();
        if !member.is_file() || inner.starts_with("__MACOSX/") {
            continue;
        }
        let packed_bytes = member.compressed_size();
        let whole = format!("{name}!{inner}");
        let declared = member.size();
        if declared > limits.unpacked_bytes
            || (declared > limits.free_bytes && declared / packed_bytes.max(1) > limits.ratio)
        {
            return Err(too_large(&whole, declared, packed_bytes, limits));
        }
        let counted = Counted {
            file: member,
            count: Arc::new(AtomicU64::new(0)),
        };
        let reader = BufReader::with_capacity(BUFFER_BYTES, counted);
        let (reader, packed) = unpacked(Box::new(reader), &whole, 1)?;
        visit(Content {
            path: without_ending(&whole, packed),
            given: whole.clone(),
            member: number,
            reader: Limited::new(reader, packed_bytes, limits),
            plain: None,
        })?;
        number += 1;
        progress.fetch_add(packed_bytes, Ordering::Relaxed);
    }
    if number == 0 {
        return Err(nothing(name, "it is a zip archive without a file"));
    }
    Ok(())
}

/// `trades.csv.gz` unpacks to `trades.csv`.
fn without_ending(path: &str, packed: bool) -> String {
    let endings = [".gz", ".lz4", ".zst", ".zstd"];
    match endings.iter().find_map(|ending| path.strip_suffix(ending)) {
        Some(plain) if packed => plain.to_owned(),
        _ => path.to_owned(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Zip,
    Gzip,
    Lz4,
    Zstd,
}

impl Packing {
    /// By the first bytes; names lie.
    fn of(head: &[u8]) -> Self {
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Archives and packings that are not read here, by their first bytes and where those lie. Each format's own
/// description gives them: POSIX pax, xz, 7-Zip, RAR and bzip2.
const FOREIGN: [(usize, &[u8], &str); 5] = [
    (257, b"ustar", "a tar archive"),
    (0, b"\xfd7zXZ\0", "packed by xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a rar archive"),
    (0, b"BZh", "packed by bzip2"),
];

/// What a content is, where nothing here unpacks it.
fn foreign(head: &[u8]) -> Option<&'static str> {
    let begins =
        |(at, magic, _): &&(usize, &[u8], _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    FOREIGN.iter().find(begins).map(|(.., what)| *what)
}

/// A stream, unpacked as often as it is packed; whether it was at all.
fn unpacked<'a>(
    mut reader: Box<dyn BufRead + 'a>,
    name: &str,
    depth: usize,
) -> Result<(Box<dyn BufRead + 'a>, bool), IngestError> {
    let failed = |error: io::Error| unreadable(name, &error);
    let head = reader.fill_buf().map_err(failed)?;
    if let Some(what) = foreign(head) {
        return Err(nothing(
            name,
            &format!("it is {what}, which is not unpacked here; unpack it and give what is in it"),
        ));
    }
    let inner: Box<dyn Read + 'a> = match Packing::of(head) {
        Packing::None => return Ok((reader, false)),
        Packing::Zip => {
            return Err(IngestError::BadFile {
                path: name.to_owned(),
                reason: "it is an archive inside a packed file; unpack it once and give the inner one"
                    .to_owned(),
            });
        }
        _ if depth >= DEEPEST => {
            return Err(IngestError::BadFile {
                path: name.to_owned(),
                reason: format!("it is packed more than {DEEPEST} times over; unpack it first"),
            });
        }
        Packing::Gzip => Box::new(MultiGzDecoder::new(reader)),
        Packing::Lz4 => Box::new(Lz4Frames::new(reader)),
        Packing::Zstd => Box::new(zstd::Decoder::with_buffer(reader).map_err(failed)?),
    };
    let inner = Box::new(BufReader::with_capacity(BUFFER_BYTES, inner));
    Ok((unpacked(inner, name, depth + 1)?.0, true))
}

/// LZ4 frames one after the other, as `cat` joins them. The library takes a file that is cut between two blocks for a
/// whole one, so that the mark at a frame's end is looked for here.
struct Lz4Frames<R: BufRead> {
    frame: Option<FrameDecoder<Tail<R>>>,
}

impl<R: BufRead> Lz4Frames<R> {
    fn new(reader: R) -> Self {
        let tail = Tail {
            inner: reader,
            last: [1; 8],
        };
        Self {
            frame: Some(FrameDecoder::new(tail)),
        }
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(frame) = &mut self.frame else {
                return Ok(0);
            };
            let count = frame.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let mut reader = self.frame.take().expect("it was just there").into_inner();
            // Four zeros end a frame, and four bytes of checksum may follow them.
            if reader.last[..4] != [0; 4] && reader.last[4..] != [0; 4] {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if reader.inner.fill_buf()?.is_empty() {
                return Ok(0);
            }
            reader.last = [1; 8];
            self.frame = Some(FrameDecoder::new(reader));
        }
    }
}

/// Remembers the last bytes that were read.
struct Tail<R> {
    inner: R,
    last: [u8; 8],
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let new = count.min(8);
        self.last.copy_within(new.., 0);
        self.last[8 - new..].copy_from_slice(&buffer[count - new..count]);
        Ok(count)
    }
}

/// Counts the bytes that are read.
struct Counted<R> {
    file: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Ends in an error where more comes out than may.
struct Limited<'a> {
    inner: Box<dyn BufRead + 'a>,
    out: u64,
    packed: u64,
    limits: Limits,
}

impl<'a> Limited<'a> {
    #[expect(
        clippy::new_ret_no_self,
        reason = "a reader like any other is what callers want"
    )]
    fn new(inner: Box<dyn BufRead + 'a>, packed: u64, limits: Limits) -> Box<dyn BufRead + 'a> {
        Box::new(Self {
            inner,
            out: 0,
            packed,
            limits,
        })
    }

    fn check(&self) -> io::Result<()> {
        let beyond_ratio =
            self.out > self.limits.free_bytes && self.out / self.packed.max(1) > self.limits.ratio;
        if self.out > self.limits.unpacked_bytes || beyond_ratio {
            return Err(io::Error::other(limit_text(self.out, self.packed, self.limits)));
        }
        Ok(())
    }
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.out += count as u64;
        self.check()?;
        Ok(count)
    }
}

impl BufRead for Limited<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.out += amount as u64;
        self.inner.consume(amount);
    }
}

fn limit_text(out: u64, packed: u64, limits: Limits) -> String {
    format!(
        "it unpacks to {out} bytes and more from {packed}; the limits are {} bytes and {} bytes for one",
        limits.unpacked_bytes, limits.ratio
    )
}

fn too_large(path: &str, out: u64, packed: u64, limits: Limits) -> IngestError {
    IngestError::BadFile {
        path: path.to_owned(),
        reason: limit_text(out, packed, limits),
    }
}

/// A file in which nothing can be read.
pub(crate) fn nothing(path: &str, reason: &str) -> IngestError {
    IngestError::Nothing {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// A file that ends too soon, or does not read at all.
pub(crate) fn unreadable(path: &str, error: &io::Error) -> IngestError {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off; expected a whole file".to_owned(),
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => {
            let text = error.to_string();
            let plain = text
                .split_once(" (os error")
                .map_or(text.as_str(), |(words, _)| words);
            format!("it does not read: {}", plain.to_lowercase())
        }
    };
    IngestError::BadFile {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

    use super::*;

    fn read_back(path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut result = Ok(0);
        each_content(path, Limits::default(), &Arc::default(), &mut |mut content| {
            result = content.reader.read_to_end(&mut bytes);
            Ok(())
        })
        .expect("the container opens");
        result.map(|_| bytes)
    }

    /// The frame format (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md>): seven bytes of header here,
    /// then blocks of a size of four bytes and that many bytes, then four zeros.
    #[test]
    fn a_frame_that_is_cut_between_two_blocks_is_cut_off() {
        let text: Vec<u8> = (0..300_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        let info = FrameInfo::new().block_size(BlockSize::Max64KB);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(&text).expect("memory takes all");
        let packed = encoder.finish().expect("memory takes all");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trades.lz4");
        std::fs::write(&path, &packed).expect("a file");
        assert_eq!(read_back(&path).expect("a whole frame"), text);

        let mut border = 7;
        for _ in 0..2 {
            let size = packed[border..border + 4].try_into().expect("four bytes");
            border += 4 + (u32::from_le_bytes(size) & 0x7fff_ffff) as usize;
        }
        std::fs::write(&path, &packed[..border]).expect("a file");
        let error = read_back(&path).expect_err("two blocks of many");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    /// However it is read: what looks at the buffer alone, as the cutter of JSON arrays does, is stopped too.
    #[test]
    fn a_bomb_goes_off_in_no_way_of_reading() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![b'1'; 16 << 20]).expect("memory takes all");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trades.json.gz");
        let packed = packed.finish().expect("memory takes all");
        std::fs::write(&path, &packed).expect("a file");
        let limits = Limits {
            free_bytes: 1 << 20,
            ..Limits::default()
        };
        let mut out = 0;
        each_content(&path, limits, &Arc::default(), &mut |mut content| {
            while let Ok(text) = content.reader.fill_buf() {
                assert!(!text.is_empty(), "read to its end");
                let length = text.len();
                out += length;
                content.reader.consume(length);
            }
            Ok(())
        })
        .expect("the container opens");
        assert!(
            out < 201 * packed.len() + 2 * BUFFER_BYTES,
            "{out} of {}",
            packed.len()
        );
    }
}
