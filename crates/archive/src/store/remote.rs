//! A store below a prefix of an object store: S3 and its like, Google Cloud Storage, Azure Blob Storage.

use std::fmt;
use std::fs::{self, File};
use std::future::Future;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion, WriteMultipart,
};
use url::Url;

use super::runtime::Runtime;
use super::{Objects, Version};
use crate::ArchiveError;

/// Bytes of a part of an upload or download: the smallest that S3 takes, since a request has 30 seconds.
const PART: u64 = 5 << 20;
/// Parts on their way at a time, which bounds the memory.
const AT_ONCE: usize = 4;
/// S3 takes 10 000 parts an upload; larger files go in larger parts.
const MOST_PARTS: u64 = 9_000;

pub(super) struct Remote {
    location: String,
    bucket: String,
    objects: Arc<dyn ObjectStore>,
    prefix: Key,
    runtime: Runtime,
    /// Set once the store was seen to refuse what it must refuse.
    conditional: OnceLock<()>,
}

/// The location alone: the rest holds credentials.
impl fmt::Debug for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Remote({})", self.location)
    }
}

impl Remote {
    /// The store of a URL of `s3`, `gs` or `az`, with what the environment says; `None` for another scheme.
    pub(super) fn open(location: &str, url: &Url) -> Option<Result<Self, ArchiveError>> {
        let bucket = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        let objects: object_store::Result<Arc<dyn ObjectStore>> = match url.scheme() {
            "s3" => AmazonS3Builder::from_env()
                .with_url(&bucket)
                .build()
                .map(|objects| Arc::new(objects) as _),
            "gs" => GoogleCloudStorageBuilder::from_env()
                .with_url(&bucket)
                .build()
                .map(|objects| Arc::new(objects) as _),
            "az" => MicrosoftAzureBuilder::from_env()
                .with_url(&bucket)
                .build()
                .map(|objects| Arc::new(objects) as _),
            _ => return None,
        };
        let bad = |reason: String| ArchiveError::BadLocation {
            location: location.to_owned(),
            reason,
        };
        Some((|| {
            if url.host_str().is_none_or(str::is_empty) {
                return Err(bad("it names no bucket".to_owned()));
            }
            Ok(Self {
                location: location.to_owned(),
                bucket,
                objects: objects.map_err(|error| bad(plain(&error)))?,
                prefix: Key::from_url_path(url.path()).map_err(|error| bad(error.to_string()))?,
                runtime: Runtime::start()
                    .map_err(|cause| bad(format!("no thread for its requests could start ({cause})")))?,
                conditional: OnceLock::new(),
            })
        })())
    }

    pub(super) fn objects(&self) -> Objects {
        Objects {
            bucket: self.bucket.clone(),
            objects: Arc::clone(&self.objects),
            prefix: self.prefix.clone(),
        }
    }

    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, ArchiveError> {
        let (objects, key) = self.object(path)?;
        let got = self.run("read", path, async move {
            let found = match objects.get(&key).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                found => found?,
            };
            let version = Version {
                tag: found.meta.e_tag.clone(),
                generation: found.meta.version.clone(),
            };
            Ok(Some((found.bytes().await?.to_vec(), version)))
        })?;
        Ok(got)
    }

    pub(super) fn put_if(
        &self,
        path: &str,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> Result<(), ArchiveError> {
        match self.try_put_if(path, bytes, expected) {
            // The answer to a request that was carried out may have been lost, and its repetition refused.
            Err(error) => match self.get(path) {
                Ok(Some((found, _))) if found == bytes => Ok(()),
                _ => Err(error),
            },
            put => put,
        }
    }

    fn try_put_if(&self, path: &str, bytes: &[u8], expected: Option<&Version>) -> Result<(), ArchiveError> {
        let (objects, key) = self.object(path)?;
        let mode = match expected {
            None => PutMode::Create,
            Some(version) => PutMode::Update(UpdateVersion {
                e_tag: version.tag.clone(),
                version: version.generation.clone(),
            }),
        };
        let seen = expected.is_some();
        let payload = PutPayload::from(bytes.to_vec());
        let put = self.run("write", path, async move {
            match objects.put_opts(&key, payload, mode.into()).await {
                Ok(_) => Ok(Put::Done),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Refused),
                Err(Error::NotFound { .. }) if seen => Ok(Put::Refused),
                Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => Ok(Put::Unknown),
                Err(error) if plain(&error).contains("501 Not Implemented") => Ok(Put::Unknown),
                Err(error) => Err(error),
            }
        })?;
        match put {
            Put::Done => Ok(()),
            Put::Refused => Err(ArchiveError::Conflict {
                location: self.location.clone(),
                path: path.to_owned(),
            }),
            Put::Unknown => Err(self.not_conditional()),
        }
    }

    /// Shows once, on an object of its own, that the store refuses to overwrite what the writer has not seen.
    /// Some servers take the condition and do not heed it: two ingests would then lose rows without a word.
    pub(super) fn check_conditional(&self) -> Result<(), ArchiveError> {
        if self.conditional.get().is_some() {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let path = format!(".probe-{}-{}", std::process::id(), now.as_nanos());
        let refused = |put: Result<(), ArchiveError>| match put {
            Err(ArchiveError::Conflict { .. }) => Ok(()),
            Ok(()) => Err(self.not_conditional()),
            Err(other) => Err(other),
        };
        let checked = (|| {
            self.try_put_if(&path, b"first", None)?;
            refused(self.try_put_if(&path, b"second", None))?;
            let (_, first) = self.get(&path)?.ok_or_else(|| self.not_conditional())?;
            self.try_put_if(&path, b"third", Some(&first))?;
            refused(self.try_put_if(&path, b"fourth", Some(&first)))
        })();
        let removed = self.delete(&path);
        checked.and(removed)?;
        self.conditional.get_or_init(|| ());
        Ok(())
    }

    fn not_conditional(&self) -> ArchiveError {
        ArchiveError::NotConditional {
            location: self.location.clone(),
        }
    }

    pub(super) fn put_file(&self, local: &Path, path: &str) -> Result<(), ArchiveError> {
        let reading = || ArchiveError::io("read", local);
        let mut file = File::open(local).map_err(reading())?;
        let bytes = file.metadata().map_err(reading())?.len();
        let part = PART.max(bytes.div_ceil(MOST_PARTS));
        let (objects, key) = self.object(path)?;
        let sent = self.run("write", path, async move {
            let mut next = || {
                let mut buffer = Vec::with_capacity(part.min(bytes) as usize);
                (&mut file).take(part).read_to_end(&mut buffer).map(|_| buffer)
            };
            if bytes <= part {
                let whole = match next() {
                    Ok(whole) => whole,
                    Err(cause) => return Ok(Err(cause)),
                };
                return objects.put(&key, whole.into()).await.map(|_| Ok(()));
            }
            let upload = objects.put_multipart(&key).await?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, part as usize);
            loop {
                let failed = match upload.wait_for_capacity(AT_ONCE).await {
                    Err(error) => Err(error),
                    Ok(()) => match next() {
                        Err(cause) => Ok(Err(cause)),
                        Ok(buffer) if buffer.is_empty() => return upload.finish().await.map(|_| Ok(())),
                        Ok(buffer) => {
                            upload.put(buffer.into());
                            continue;
                        }
                    },
                };
                // What the store holds of it already is thrown away; the first error is the one to tell.
                let _ = upload.abort().await;
                return failed;
            }
        })?;
        sent.map_err(reading())?;
        fs::remove_file(local).map_err(ArchiveError::io("remove", local))
    }

    /// Downloads an object to `scratch`, where there is one. It comes in ranges, all of one version of it.
    pub(super) fn fetch(&self, path: &str, scratch: &Path) -> Result<Option<PathBuf>, ArchiveError> {
        let target = scratch.join(path);
        let writing = || ArchiveError::io("write", &target);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(ArchiveError::io("create", folder))?;
        }
        let mut partial = target.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut file = File::create(&partial).map_err(writing())?;
        let (objects, key) = self.object(path)?;
        let fetched = self.run("read", path, async move {
            let found = match objects.head(&key).await {
                Err(Error::NotFound { .. }) => return Ok(Ok(false)),
                found => found?,
            };
            let ranges = (0..found.size).step_by(PART as usize).map(|from| {
                let range = from..found.size.min(from + PART);
                let options = GetOptions {
                    if_match: found.e_tag.clone(),
                    range: Some(range.into()),
                    ..GetOptions::default()
                };
                let (objects, key) = (&objects, &key);
                async move { objects.get_opts(key, options).await?.bytes().await }
            });
            let mut ranges = stream::iter(ranges).buffered(AT_ONCE);
            while let Some(bytes) = ranges.next().await {
                if let Err(cause) = file.write_all(&bytes?) {
                    return Ok(Err(cause));
                }
            }
            Ok(Ok(true))
        });
        let finished = fetched.and_then(|fetched| {
            let found = fetched.map_err(writing())?;
            if found {
                fs::rename(&partial, &target).map_err(writing())?;
            }
            Ok(found.then_some(target.clone()))
        });
        if !matches!(finished, Ok(Some(_))) {
            // The scratch folder goes as a whole in the end.
            let _ = fs::remove_file(&partial);
        }
        finished
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), ArchiveError> {
        let (objects, key) = self.object(path)?;
        self.run("remove", path, async move {
            match objects.delete(&key).await {
                Err(Error::NotFound { .. }) => Ok(()),
                deleted => deleted,
            }
        })
    }

    /// Paths of the objects below `prefix`, in no order.
    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, ArchiveError> {
        let (objects, below) = self.object(prefix)?;
        let top = self.prefix.clone();
        self.run("list", prefix, async move {
            let listed = objects.list(Some(&below));
            let paths = listed.map_ok(|found| {
                let parts = found.location.prefix_match(&top).into_iter().flatten();
                let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
                parts.join("/")
            });
            paths.try_collect().await
        })
    }

    /// The objects, and the key of one of them.
    fn object(&self, path: &str) -> Result<(Arc<dyn ObjectStore>, Key), ArchiveError> {
        let below = Key::parse(path).map_err(|_| ArchiveError::BadObjectPath {
            path: path.to_owned(),
        })?;
        let key = self.prefix.parts().chain(below.parts()).collect();
        Ok((Arc::clone(&self.objects), key))
    }

    fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        path: &str,
        request: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, ArchiveError> {
        let failed = |reason: String| ArchiveError::Remote {
            doing,
            path: path.to_owned(),
            location: self.location.clone(),
            reason,
        };
        match self.runtime.run(request) {
            Some(answer) => answer.map_err(|error| failed(plain(&error))),
            None => Err(failed("the request ended without an answer".to_owned())),
        }
    }
}

/// What came of a conditional write.
enum Put {
    Done,
    Refused,
    /// The store does not know conditions.
    Unknown,
}

/// An error of the store and what lies under it, on one line, after what the reader can do about it.
fn plain(error: &Error) -> String {
    let words = words(error);
    // Without credentials the machine's own cloud is asked for some, at these two addresses.
    let asked_the_cloud = ["/latest/api/token", "/computeMetadata/"];
    if asked_the_cloud.iter().any(|address| words.contains(address)) {
        return format!(
            "the environment holds no credentials, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or \
             GOOGLE_SERVICE_ACCOUNT, and the machine could not get any ({words})"
        );
    }
    if words.contains("URL scheme is not allowed") {
        return format!(
            "the endpoint is plain http; set AWS_ALLOW_HTTP=true, or the like of its kind, if that is meant ({words})"
        );
    }
    words
}

fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(under) = cause {
        let under_words = under.to_string();
        if !words.contains(&under_words) {
            words = format!("{words}: {under_words}");
        }
        cause = under.source();
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
