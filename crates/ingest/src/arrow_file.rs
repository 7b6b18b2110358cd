//! Arrow files, damaged ones among them.
//!
//! The reader of the library sets aside as much memory as a file says and panics where lengths contradict each other. So
//! what a file claims is compared with its size first, and a panic over the rest is an error like any other.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::{Block, Message, root_as_footer, root_as_message};

use crate::container::Limits;

/// Length of the footer and the mark at the end of the file.
const TAIL: u64 = 10;

/// An Arrow file, opened: its schema, and its batches up to the first that does not read.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn open<R: Read + Seek>(mut file: R, limits: Limits) -> Result<(SchemaRef, Batches<R>), String> {
    check(&mut file, limits)?;
    let reader = guarded(|| FileReader::try_new(file, None)).map_err(|error| error.to_string())?;
    Ok((reader.schema(), Batches { reader: Some(reader) }))
}

/// The batches of an Arrow file.
pub(crate) struct Batches<R> {
    reader: Option<FileReader<R>>,
}

impl<R: Read + Seek> Iterator for Batches<R> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        let batch = guarded(|| reader.next().transpose());
        if batch.is_err() {
            self.reader = None;
        }
        batch.transpose()
    }
}

fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    let contradicts = |_| {
        Err(ArrowError::IpcError(
            "its lengths contradict each other".to_owned(),
        ))
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(contradicts)
}

/// Checks the lengths in an Arrow file; the answer is what is wrong with them.
///
/// The form is that of Arrow's columnar format, <https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format>.
fn check(file: &mut (impl Read + Seek), limits: Limits) -> Result<(), String> {
    let bytes = file.seek(SeekFrom::End(0)).map_err(cut)?;
    let end = bytes.checked_sub(TAIL).ok_or("it is too short")?;
    let tail = piece(file, end, TAIL, bytes)?;
    if tail[4..] != *b"ARROW1" {
        return Err("it has no mark at its end".to_owned());
    }
    let length = i32::from_le_bytes(tail[..4].try_into().expect("four bytes"));
    let length = u64::try_from(length).map_err(|_| "its footer has a length below zero")?;
    let start = end
        .checked_sub(length)
        .ok_or("its footer is longer than the file")?;
    let footer = piece(file, start, length, bytes)?;
    let footer = root_as_footer(&footer).map_err(|_| "its footer does not read")?;
    let blocks = [footer.dictionaries(), footer.recordBatches()];
    for block in blocks.into_iter().flatten().flatten() {
        check_block(file, block, start, limits)?;
    }
    Ok(())
}

fn check_block(file: &mut (impl Read + Seek), block: &Block, end: u64, limits: Limits) -> Result<(), String> {
    let beyond = || "a batch goes beyond its end".to_owned();
    let within = |value: i64| u64::try_from(value).ok().filter(|value| *value <= end);
    let (Some(at), Some(head), Some(body)) = (
        within(block.offset()),
        within(block.metaDataLength().into()),
        within(block.bodyLength()),
    ) else {
        return Err(beyond());
    };
    if at + head + body > end {
        return Err(beyond());
    }
    let head_bytes = piece(file, at, head, end)?;
    // Files of the first versions have no mark before the length.
    let skipped = if head_bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    let message = head_bytes
        .get(skipped..)
        .and_then(|bytes| root_as_message(bytes).ok());
    let message: Message<'_> = message.ok_or("the head of a batch does not read")?;
    let dictionary = message
        .header_as_dictionary_batch()
        .and_then(|dictionary| dictionary.data());
    let Some(batch) = message.header_as_record_batch().or(dictionary) else {
        return Err("a batch is of a kind that no file has".to_owned());
    };
    let (mut packed, mut claimed) = (0_u64, 0_u64);
    for buffer in batch.buffers().into_iter().flatten() {
        let inside = within(buffer.offset()).zip(within(buffer.length()));
        let (offset, length) = inside
            .filter(|(offset, length)| offset + length <= body)
            .ok_or_else(beyond)?;
        if batch.compression().is_none() || length < 8 {
            continue;
        }
        let prefix = piece(file, at + head + offset, 8, end)?;
        let unpacked = i64::from_le_bytes(prefix.try_into().expect("eight bytes"));
        // Minus one says that the buffer is not compressed after all.
        if unpacked < -1 {
            return Err("a buffer has a length below zero".to_owned());
        }
        packed += length;
        claimed = claimed.saturating_add(unpacked.max(0).unsigned_abs());
    }
    if claimed > limits.free_bytes && claimed / packed.max(1) > limits.ratio {
        return Err(format!("a batch of {packed} bytes claims to unpack to {claimed}"));
    }
    Ok(())
}

fn piece(file: &mut (impl Read + Seek), at: u64, length: u64, end: u64) -> Result<Vec<u8>, String> {
    if at.checked_add(length).is_none_or(|last| last > end) {
        return Err("it ends too soon".to_owned());
    }
    file.seek(SeekFrom::Start(at)).map_err(cut)?;
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| "it is too long for this machine")?];
    file.read_exact(&mut bytes).map_err(cut)?;
    Ok(bytes)
}

fn cut(error: io::Error) -> String {
    error.to_string().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const FEATHER: &[u8] =
        include_bytes!("../../../tests/fixtures/ingest/freqtrade/binance/BTC_USDT-trades.feather");

    /// The first buffer that is compressed begins with the eight bytes of its length, then the mark of an LZ4 frame.
    #[test]
    fn a_claim_beyond_reason_is_refused() {
        check(&mut Cursor::new(FEATHER), Limits::default()).expect("a whole file");
        let mark = [0x04, 0x22, 0x4d, 0x18];
        let place = FEATHER
            .windows(4)
            .position(|bytes| bytes == mark)
            .expect("an LZ4 frame");
        for claim in [i64::MAX, 1 << 40, -2] {
            let mut damaged = FEATHER.to_vec();
            damaged[place - 8..place].copy_from_slice(&claim.to_le_bytes());
            assert!(
                check(&mut Cursor::new(damaged), Limits::default()).is_err(),
                "{claim}"
            );
        }
    }

    /// Whatever byte is damaged, the file is read or refused.
    #[test]
    fn a_damaged_file_never_ends_the_program() {
        let (_, whole) = open(Cursor::new(FEATHER), Limits::default()).expect("a whole file");
        assert!(
            whole
                .map(Result::unwrap)
                .map(|batch| batch.num_rows())
                .sum::<usize>()
                > 0
        );
        let mut refused = 0;
        for place in 0..FEATHER.len() {
            for bits in [0x80, 0xff] {
                let mut damaged = FEATHER.to_vec();
                damaged[place] ^= bits;
                let opened = open(Cursor::new(damaged), Limits::default());
                let read = opened.is_ok_and(|(_, batches)| batches.into_iter().all(|batch| batch.is_ok()));
                refused += usize::from(!read);
            }
        }
        assert!(refused > FEATHER.len() / 2, "{refused} of {}", 2 * FEATHER.len());
    }
}
