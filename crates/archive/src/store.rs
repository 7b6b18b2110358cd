//! Where a tape lives: a folder on this machine or a prefix of an object store, used alike.
//!
//! A store holds objects under paths such as `parts/kind=trades/0123.parquet`. An object appears whole or not at
//! all, and a small one can be replaced only by whoever has seen its present version: that is all it takes for
//! a tape to be either before or after an ingest.

mod folder;
mod remote;
mod runtime;
mod scratch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use crate::ArchiveError;
use folder::Folder;
use remote::Remote;
pub use scratch::{Lock, Scratch};

/// Where a tape lives. Clones are the same place; every method blocks until it is done.
#[derive(Debug, Clone)]
pub struct Store {
    location: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(Folder),
    Remote(Arc<Remote>),
}

/// Which bytes an object held when it was read. Equal versions mean equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What the store calls these bytes: the ETag, or their digest.
    tag: Option<String>,
    /// The number that some stores count instead.
    generation: Option<String>,
}

/// Where an object store keeps the objects of a [`Store`].
#[derive(Debug, Clone)]
pub struct Objects {
    /// URL of the bucket, without a path.
    pub bucket: String,
    /// Its objects.
    pub objects: Arc<dyn object_store::ObjectStore>,
    /// What all paths of the store begin with.
    pub prefix: object_store::path::Path,
}

impl Store {
    /// The place that `location` names: a path, or a URL of `file`, `s3`, `gs` or `az`.
    ///
    /// Credentials and endpoints of an object store come from the environment, by the names its own tools use
    /// (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` and so on).
    /// Nothing is read or created here: a folder that is not there yet is made by the first write.
    pub fn open(location: &str) -> Result<Store, ArchiveError> {
        let bad = |reason: String| ArchiveError::BadLocation {
            location: location.to_owned(),
            reason,
        };
        if location.is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        let place = if location.contains("://") {
            let url = Url::parse(location).map_err(|error| bad(format!("it is no URL ({error})")))?;
            if url.query().is_some() || url.fragment().is_some() {
                return Err(bad("a place has no `?` and no `#`".to_owned()));
            }
            match url.scheme() {
                "file" => url
                    .to_file_path()
                    .map(|root| Place::Folder(Folder::new(root)))
                    .map_err(|()| bad("it names no folder of this machine".to_owned()))?,
                other => match Remote::open(location, &url) {
                    Some(remote) => Place::Remote(Arc::new(remote?)),
                    None => return Err(bad(format!("`{other}` is no kind of store that is known"))),
                },
            }
        } else {
            Place::Folder(Folder::new(PathBuf::from(location)))
        };
        Ok(Store {
            location: location.to_owned(),
            place,
        })
    }

    /// The place as it was named to [`Store::open`].
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The folder on this machine, where it is one: its objects are the files below it.
    pub fn local_folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.root()),
            Place::Remote(_) => None,
        }
    }

    /// The objects of an object store, for readers of their own; `None` where the store is a folder.
    pub fn objects(&self) -> Option<Objects> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Remote(remote) => Some(remote.objects()),
        }
    }

    /// The bytes of a small object and their version; `None` where there is no such object.
    pub fn get(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, ArchiveError> {
        check_path(path)?;
        match &self.place {
            Place::Folder(folder) => folder.get(path),
            Place::Remote(remote) => remote.get(path),
        }
    }

    /// Writes a small object, only if it is still at `expected` (`None`: only if it is not there yet).
    ///
    /// Otherwise nothing is written and the answer is [`ArchiveError::Conflict`]. This holds between processes
    /// too, whether or not they hold the [`Lock`]. After any other error of an object store it is unknown whether
    /// the write was carried out: read the object before anything that `bytes` name is removed.
    pub fn put_if(&self, path: &str, bytes: &[u8], expected: Option<&Version>) -> Result<(), ArchiveError> {
        check_path(path)?;
        match &self.place {
            Place::Folder(folder) => folder.put_if(path, bytes, expected),
            Place::Remote(remote) => remote.put_if(path, bytes, expected),
        }
    }

    /// Brings a finished file of this machine to `path`, where it appears whole or not at all. An object that
    /// is there already is replaced. The file of this machine is gone afterwards.
    ///
    /// Into a folder of the same file system (see [`Store::scratch`]) this is a rename.
    pub fn put_file(&self, local: &Path, path: &str) -> Result<(), ArchiveError> {
        check_path(path)?;
        match &self.place {
            Place::Folder(folder) => folder.put_file(local, path),
            Place::Remote(remote) => remote.put_file(local, path),
        }
    }

    /// A file of this machine with the bytes of `path`: the object itself where the store is a folder (do not
    /// change it), else a copy below `scratch`.
    pub fn fetch(&self, path: &str, scratch: &Path) -> Result<PathBuf, ArchiveError> {
        check_path(path)?;
        let found = match &self.place {
            Place::Folder(folder) => folder.find(path)?,
            Place::Remote(remote) => remote.fetch(path, scratch)?,
        };
        found.ok_or_else(|| ArchiveError::MissingObject {
            location: self.location.clone(),
            path: path.to_owned(),
        })
    }

    /// Removes an object; one that is not there is fine.
    pub fn delete(&self, path: &str) -> Result<(), ArchiveError> {
        check_path(path)?;
        match &self.place {
            Place::Folder(folder) => folder.delete(path),
            Place::Remote(remote) => remote.delete(path),
        }
    }

    /// Paths of all objects below the folder `prefix` (`""`: of all), sorted. What no object could be called is
    /// left out: above all names that begin with a dot.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, ArchiveError> {
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            check_path(prefix)?;
        }
        let mut paths = match &self.place {
            Place::Folder(folder) => folder.list(prefix)?,
            Place::Remote(remote) => remote.list(prefix)?,
        };
        paths.retain(|path| check_path(path).is_ok());
        paths.sort();
        Ok(paths)
    }

    /// The right to write, for as long as the answer is held; [`ArchiveError::Locked`] where another process (or
    /// this one, elsewhere) has it. The system takes it back from a process that dies.
    ///
    /// Object stores have no such right: there [`Store::put_if`] alone decides, and what is checked here, once, is
    /// that the store heeds its condition ([`ArchiveError::NotConditional`]).
    pub fn lock(&self) -> Result<Lock, ArchiveError> {
        match &self.place {
            Place::Folder(folder) => folder.lock(),
            Place::Remote(remote) => remote.check_conditional().map(|()| Lock::none()),
        }
    }

    /// A folder of this machine for unfinished files, removed when the answer is dropped. In a store that is a
    /// folder it lies below it, and what dead processes left there is removed first.
    pub fn scratch(&self) -> Result<Scratch, ArchiveError> {
        match &self.place {
            Place::Folder(folder) => folder.scratch(),
            Place::Remote(_) => Scratch::temporary(),
        }
    }
}

/// Checks that `path` can name an object in every kind of store and leads nowhere else.
fn check_path(path: &str) -> Result<(), ArchiveError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=%".contains(&byte);
    let fine = |name: &str| !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain);
    if path.split('/').all(fine) {
        return Ok(());
    }
    Err(ArchiveError::BadObjectPath {
        path: path.to_owned(),
    })
}
