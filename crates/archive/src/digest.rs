//! Digests of bytes.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::ArchiveError;

/// The SHA-256 of `bytes` in lower-case hexadecimal.
///
/// ```
/// let digest = aftershock_archive::sha256_hex(b"abc");
/// assert!(digest.starts_with("ba7816bf8f01cfea"));
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
}

/// The SHA-256 of a file in lower-case hexadecimal, and its bytes.
///
/// # Errors
/// [`ArchiveError::Io`] where it does not read.
pub fn sha256_of_file(path: &Path) -> Result<(String, u64), ArchiveError> {
    let failed = || ArchiveError::io("read", path);
    let mut file = File::open(path).map_err(failed())?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).map_err(failed())?;
        if count == 0 {
            return Ok((hex(&digest.finalize()), bytes));
        }
        digest.update(&buffer[..count]);
        bytes += count as u64;
    }
}
