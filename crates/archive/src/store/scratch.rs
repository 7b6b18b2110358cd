//! What a writer holds while it works: the right to write, and a folder for unfinished files.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use crate::ArchiveError;

/// The right to write to a store, given back when dropped.
#[derive(Debug)]
#[must_use = "the right to write ends when this is dropped"]
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    pub(super) fn of(file: File) -> Self {
        Self { _file: Some(file) }
    }

    /// What a store that knows no lock gives.
    pub(super) fn none() -> Self {
        Self { _file: None }
    }
}

/// A folder for unfinished files, removed when dropped.
#[derive(Debug)]
#[must_use = "the folder is removed when this is dropped"]
pub struct Scratch {
    folder: Kept,
}

#[derive(Debug)]
enum Kept {
    Staged { path: PathBuf, _alive: File },
    Temporary(TempDir),
}

/// Locked inside a scratch folder while its process lives.
const ALIVE: &str = ".alive";

impl Scratch {
    /// The folder.
    pub fn path(&self) -> &Path {
        match &self.folder {
            Kept::Staged { path, .. } => path,
            Kept::Temporary(folder) => folder.path(),
        }
    }

    /// A new folder where this machine keeps such things.
    pub(super) fn temporary() -> Result<Self, ArchiveError> {
        let folder = tempfile::Builder::new().prefix("aftershock-").tempdir();
        let folder = folder.map_err(ArchiveError::io("create a folder in", std::env::temp_dir()))?;
        Ok(Self {
            folder: Kept::Temporary(folder),
        })
    }

    /// A new folder `<process>-<number>` below `staging`, after those of dead processes were removed. The caller
    /// holds the guard of the store, or a new folder could be taken for a dead one.
    pub(super) fn below(staging: &Path) -> Result<Self, ArchiveError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        remove_dead(staging)?;
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = staging.join(format!("{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                // Processes of two containers may have one number.
                Err(cause) if cause.kind() == ErrorKind::AlreadyExists => continue,
                created => created.map_err(ArchiveError::io("create", &path))?,
            }
            let alive = lock_file(&path.join(ALIVE))?;
            alive.lock().map_err(ArchiveError::io("lock", &path))?;
            return Ok(Self {
                folder: Kept::Staged { path, _alive: alive },
            });
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Kept::Staged { path, .. } = &self.folder {
            // What cannot be removed now is removed with the leftovers of dead processes.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// The file that a lock is taken on; its bytes mean nothing.
pub(super) fn lock_file(path: &Path) -> Result<File, ArchiveError> {
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(ArchiveError::io("open", path))
}

/// Removes scratch folders whose process is gone: the system has released their lock.
fn remove_dead(staging: &Path) -> Result<(), ArchiveError> {
    for entry in fs::read_dir(staging).map_err(ArchiveError::io("list", staging))? {
        let path = entry.map_err(ArchiveError::io("list", staging))?.path();
        if !path.is_dir() {
            continue;
        }
        // A folder that its owner removes at this moment, or that cannot be removed, is no reason to stop.
        if let Ok(alive) = lock_file(&path.join(ALIVE))
            && alive.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}
