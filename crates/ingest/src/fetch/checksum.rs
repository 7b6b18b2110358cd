//! SHA-256 of files, and the lines `sha256sum` writes about them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The SHA-256 of a file in lower-case hexadecimal; the file is read in pieces.
pub(super) fn of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => hasher.update(&piece[..read]),
        }
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    Ok(text)
}

/// The digest a sha256sum text gives for `name`.
pub(super) fn find(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (digest, rest) = line.trim().split_once(' ')?;
        let named = rest.trim_start().trim_start_matches('*');
        let hex = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        (hex && named.rsplit('/').next() == Some(name)).then(|| digest.to_ascii_lowercase())
    })
}

/// The digest we wrote beside a file when it was whole.
pub(super) fn recorded(path: &Path) -> Option<String> {
    let text = fs::read_to_string(beside(path)).ok()?;
    find(&text, path.file_name()?.to_str()?)
}

/// Writes the digest beside a file, whole or not at all.
pub(super) fn record(path: &Path, digest: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let target = beside(path);
    let unfinished = target.with_added_extension("part");
    let mut file = File::create(&unfinished)?;
    writeln!(file, "{digest}  {name}")?;
    file.sync_all()?;
    fs::rename(unfinished, target)
}

fn beside(path: &Path) -> PathBuf {
    path.with_added_extension("sha256")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's example: the SHA-256 of `abc`.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn reads_what_sha256sum_writes() {
        let upper = ABC.to_uppercase();
        for text in [
            format!("{ABC}  a.zip\n"),
            format!("{ABC} *a.zip"),
            format!("{upper}  ./daily/a.zip\r\n"),
            format!("{}  other.zip\n{ABC}  a.zip\n", "0".repeat(64)),
        ] {
            assert_eq!(find(&text, "a.zip").as_deref(), Some(ABC), "{text}");
        }
        for text in [
            "",
            "<html>",
            &format!("{ABC}  b.zip"),
            &format!("{}  a.zip", &ABC[1..]),
        ] {
            assert_eq!(find(text, "a.zip"), None, "{text}");
        }
    }

    #[test]
    fn a_recorded_digest_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        fs::write(&path, "abc").unwrap();
        assert_eq!(of_file(&path).unwrap(), ABC);
        assert_eq!(recorded(&path), None);
        record(&path, ABC).unwrap();
        assert_eq!(recorded(&path).as_deref(), Some(ABC));
        let written = fs::read_to_string(folder.path().join("a.zip.sha256")).unwrap();
        assert_eq!(written, format!("{ABC}  a.zip\n"));
    }
}
