//! A store that is a folder: objects are files, replaced by renaming a finished one.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Version;
use super::scratch::{Lock, Scratch, lock_file};
use crate::file::{sync_folder, write};
use crate::{ArchiveError, sha256_hex};

/// Files on their way into the folder, on its own file system.
const STAGING: &str = ".staging";

#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The version of a file is the digest of its bytes, so that no clock takes part.
    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, ArchiveError> {
        let path = self.root.join(path);
        let read = present(fs::read(&path)).map_err(ArchiveError::io("read", path))?;
        Ok(read.map(|bytes| {
            let version = Version {
                tag: Some(sha256_hex(&bytes)),
                generation: None,
            };
            (bytes, version)
        }))
    }

    pub(super) fn put_if(
        &self,
        path: &str,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<(), ArchiveError> {
        let _guard = self.guard()?;
        let found = self.get(path)?.map(|(_, version)| version);
        if found.as_ref() != expected {
            return Err(ArchiveError::Conflict {
                location: self.root.display().to_string(),
                path: path.to_owned(),
            });
        }
        // One name is enough, since there is one guard; what a killed process left under it is overwritten.
        let finished = self.root.join(STAGING).join(".put");
        write(&finished, bytes)?;
        self.rename(&finished, path)
            .map_err(ArchiveError::io("write", self.root.join(path)))?;
        self.settle(path)
    }

    pub(super) fn put_file(&self, local: &Path, path: &str) -> Result<(), ArchiveError> {
        let moving = || ArchiveError::io("move", local);
        sync(local).map_err(ArchiveError::io("sync", local))?;
        match self.rename(local, path) {
            Err(cause) if cause.kind() == ErrorKind::CrossesDevices => {
                let scratch = self.scratch()?;
                let copy = scratch.path().join("copy");
                fs::copy(local, &copy)
                    .and_then(|_| sync(&copy))
                    .map_err(ArchiveError::io("copy", local))?;
                self.rename(&copy, path).map_err(moving())?;
                self.settle(path)?;
                fs::remove_file(local).map_err(ArchiveError::io("remove", local))
            }
            moved => moved.map_err(moving()).and_then(|()| self.settle(path)),
        }
    }

    /// The file of an object, where there is one.
    pub(super) fn find(&self, path: &str) -> Result<Option<PathBuf>, ArchiveError> {
        let path = self.root.join(path);
        let found = present(fs::metadata(&path)).map_err(ArchiveError::io("read", &path))?;
        Ok(found.filter(fs::Metadata::is_file).map(|_| path))
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), ArchiveError> {
        let path = self.root.join(path);
        present(fs::remove_file(&path)).map_err(ArchiveError::io("remove", path))?;
        Ok(())
    }

    /// Paths of the files below the folder `prefix`, in no order.
    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, ArchiveError> {
        let mut found = Vec::new();
        let mut folders = vec![prefix.to_owned()];
        while let Some(below) = folders.pop() {
            let folder = self.root.join(&below);
            let failed = || ArchiveError::io("list", &folder);
            let Some(entries) = present(fs::read_dir(&folder)).map_err(failed())? else {
                continue;
            };
            for entry in entries {
                let entry = entry.map_err(failed())?;
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                    continue;
                };
                let path = if below.is_empty() {
                    name.to_owned()
                } else {
                    format!("{below}/{name}")
                };
                // Follows a link, and takes a file that was removed meanwhile for one that was never there.
                match present(fs::metadata(entry.path())).map_err(failed())? {
                    Some(what) if what.is_dir() => folders.push(path),
                    Some(_) => found.push(path),
                    None => {}
                }
            }
        }
        Ok(found)
    }

    pub(super) fn lock(&self) -> Result<Lock, ArchiveError> {
        create_folder(&self.root)?;
        let path = self.root.join(".lock");
        let file = lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock::of(file)),
            Err(fs::TryLockError::WouldBlock) => Err(ArchiveError::Locked {
                location: self.root.display().to_string(),
            }),
            Err(fs::TryLockError::Error(cause)) => Err(ArchiveError::io("lock", path)(cause)),
        }
    }

    pub(super) fn scratch(&self) -> Result<Scratch, ArchiveError> {
        let _guard = self.guard()?;
        Scratch::below(&self.root.join(STAGING))
    }

    /// Held for moments by whoever compares and replaces, so that two never do it at once.
    fn guard(&self) -> Result<File, ArchiveError> {
        let staging = self.root.join(STAGING);
        create_folder(&staging)?;
        let path = staging.join(".guard");
        let file = lock_file(&path)?;
        file.lock().map_err(ArchiveError::io("lock", path))?;
        Ok(file)
    }

    fn rename(&self, from: &Path, path: &str) -> io::Result<()> {
        let target = self.root.join(path);
        create_folder_permanently(parent(&target))?;
        fs::rename(from, target)
    }

    /// Makes the name of an object permanent.
    fn settle(&self, path: &str) -> Result<(), ArchiveError> {
        sync_folder(parent(&self.root.join(path)))
    }
}

/// What is not there is `None`, not an error.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn create_folder(path: &Path) -> Result<(), ArchiveError> {
    create_folder_permanently(path).map_err(ArchiveError::io("create", path))
}

/// Creates a folder and those above it so that they outlast a power cut.
fn create_folder_permanently(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    create_folder_permanently(parent(path))?;
    match fs::create_dir(path) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists || !path.is_dir() => return Err(cause),
        _ => {}
    }
    if cfg!(unix) {
        File::open(parent(path))?.sync_all()?;
    }
    Ok(())
}

fn sync(path: &Path) -> io::Result<()> {
    // Some systems sync only what is open for writing.
    File::options().write(true).open(path)?.sync_all()
}
