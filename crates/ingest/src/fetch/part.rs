//! The unfinished file: `<name>.part`, and beside it what the server called that edition.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::FileError;

/// An unfinished file, held by one process at a time.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    /// Bytes there.
    len: u64,
}

impl Part {
    /// Opens the unfinished file of `target`, with what an earlier run left in it.
    pub(super) fn open(target: &Path) -> Result<Self, FileError> {
        let path = target.with_added_extension("part");
        let fault = |source| FileError::io(&path, source);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FileError::Busy { path }),
            Err(TryLockError::Error(source)) => return Err(fault(source)),
        }
        // Whoever held it before may have given it its final name between the two calls above.
        if !path.exists() {
            return Err(FileError::Busy { path });
        }
        let len = file.seek(SeekFrom::End(0)).map_err(fault)?;
        Ok(Self { path, file, len })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// What the server called the edition the bytes are of: an entity tag or a date.
    pub(super) fn edition(&self) -> Option<String> {
        fs::read_to_string(self.edition_path()).ok()
    }

    /// Starts over with another edition. Its name is written before its first byte, so that no byte stands under
    /// the name of another edition.
    pub(super) fn start(&mut self, edition: Option<&str>) -> Result<(), FileError> {
        let begun = (|| {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            match edition {
                Some(edition) => fs::write(self.edition_path(), edition),
                None => remove(&self.edition_path()),
            }
        })();
        self.len = 0;
        begun.map_err(|source| FileError::io(&self.path, source))
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(bytes)
            .map_err(|source| FileError::io(&self.path, source))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Gives the file its final name.
    pub(super) fn finish(self, target: &Path) -> Result<(), FileError> {
        let finished = (|| {
            self.file.sync_all()?;
            remove(&self.edition_path())?;
            fs::rename(&self.path, target)
        })();
        finished.map_err(|source| FileError::io(target, source))
    }

    /// Removes all of it.
    pub(super) fn discard(self) -> Result<(), FileError> {
        let removed = remove(&self.edition_path()).and_then(|()| remove(&self.path));
        removed.map_err(|source| FileError::io(&self.path, source))
    }

    fn edition_path(&self) -> PathBuf {
        self.path.with_added_extension("edition")
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
