//! Brings the files of a plan onto the disk.
//!
//! One file: ask the archive for its checksum; keep a file that is there and agrees; else write `<name>.part`,
//! continuing what an earlier run left; compare; write `<name>.sha256`; rename. Killed anywhere in between, the
//! final name holds nothing or a whole file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::Body;
use ureq::http::Response;

use super::checksum;
use super::client::{Answer, Client, content_range, edition, is_chunked, length};
use super::error::FileError;
use super::part::Part;
use super::plan::{Plan, PlannedFile};

/// A checksum file is one line; more is something else.
const CHECKSUM_BYTES: u64 = 1 << 16;
/// A try that brought as much as this was worth it, and is not counted.
const WORTHWHILE_BYTES: u64 = 1 << 20;
/// A server slower than this over a whole [`Options::idle_timeout`] counts as silent.
const SLOWEST_BYTES_PER_S: f64 = 1_024.0;

/// Limits of a download.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Files at a time.
    pub workers: usize,
    /// Requests a second to one source, those for checksums included.
    pub requests_per_second: f64,
    /// Tries in a row that may bring less than a mebibyte before a file is given up.
    pub tries: u32,
    /// Pause after the first failure; it doubles with each further one.
    pub first_pause: Duration,
    /// Longest pause. A file whose server asks for a longer one is given up.
    pub longest_pause: Duration,
    /// Time to find a server and to connect to it.
    pub connect_timeout: Duration,
    /// Time without a byte before a connection is given up.
    pub idle_timeout: Duration,
    /// Largest file.
    pub largest_file_bytes: u64,
    /// Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are heeded.
    pub environment_proxy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: 4,
            requests_per_second: 10.0,
            tries: 6,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(60),
            largest_file_bytes: 20_000_000_000,
            environment_proxy: true,
        }
    }
}

/// Hears what a download does, from several threads. Every method may be left out.
pub trait Progress: Sync {
    /// A body begins at byte `from`, of `total` where the server says so.
    fn begun(&self, _file: &PlannedFile, _from: u64, _total: Option<u64>) {}
    /// So many further bytes came.
    fn advanced(&self, _file: &PlannedFile, _bytes: u64) {}
    /// A try failed and another will follow.
    fn paused(&self, _file: &PlannedFile, _reason: &str, _pause: Duration) {}
    /// That is all for this file.
    fn finished(&self, _file: &PlannedFile, _outcome: &Outcome) {}
}

/// Hears nothing.
impl Progress for () {}

/// What became of one file.
#[derive(Debug)]
pub enum Outcome {
    /// It came.
    Fetched {
        /// Its length.
        bytes: u64,
        /// Its SHA-256.
        sha256: String,
        /// Whether the archive's own checksum agreed; false where the archive has none.
        verified: bool,
    },
    /// It was there already and passed.
    Held,
    /// It does not exist in the archive.
    Absent,
    /// It did not come.
    Failed(FileError),
}

/// One file of a plan and what became of it.
#[derive(Debug)]
pub struct FetchedFile {
    /// As planned.
    pub file: PlannedFile,
    /// Where it is, or would be.
    pub path: PathBuf,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a plan.
#[derive(Debug)]
pub struct Fetched {
    /// Its files, in its order.
    pub files: Vec<FetchedFile>,
}

impl Fetched {
    /// The files that are on the disk, whole.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let here = |file: &&FetchedFile| matches!(file.outcome, Outcome::Fetched { .. } | Outcome::Held);
        self.files.iter().filter(here).map(|file| file.path.as_path())
    }

    /// The files that did not come though they should have, with the reason.
    pub fn failures(&self) -> impl Iterator<Item = (&FetchedFile, &FileError)> {
        self.files.iter().filter_map(|file| match &file.outcome {
            Outcome::Failed(error) => Some((file, error)),
            _ => None,
        })
    }
}

/// Fetches the files of a plan into `folder`, usually `data/raw`.
pub fn download(plan: &Plan, folder: &Path, options: &Options, progress: &dyn Progress) -> Fetched {
    let clients: BTreeMap<&str, Client> = plan
        .files
        .iter()
        .map(|file| file.source.as_str())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(|source| (source, Client::new(options)))
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = plan.files.get(index) else { break };
            let errand = Errand {
                file,
                target: folder.join(&file.path),
                client: &clients[file.source.as_str()],
                options,
                progress,
            };
            let outcome = errand.run().unwrap_or_else(Outcome::Failed);
            progress.finished(file, &outcome);
            let fetched = FetchedFile {
                file: file.clone(),
                path: errand.target,
                outcome,
            };
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(index, fetched);
        }
    };
    thread::scope(|scope| {
        for _ in 0..options.workers.clamp(1, plan.files.len().max(1)) {
            scope.spawn(work);
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    Fetched {
        files: done.into_values().collect(),
    }
}

/// How one request for the body ended.
enum Ended {
    /// All bytes are there.
    Whole,
    Absent,
    Again {
        reason: String,
        after: Option<Duration>,
    },
}

/// The fetching of one file.
struct Errand<'a> {
    file: &'a PlannedFile,
    target: PathBuf,
    client: &'a Client,
    options: &'a Options,
    progress: &'a dyn Progress,
}

impl Errand<'_> {
    fn run(&self) -> Result<Outcome, FileError> {
        let expected = self.expected()?;
        if self.is_held(expected.as_deref())? {
            return Ok(Outcome::Held);
        }
        if let Some(folder) = self.target.parent() {
            fs::create_dir_all(folder).map_err(|source| FileError::io(folder, source))?;
        }
        let mut part = Part::open(&self.target)?;
        let mut left = part.len() > 0;
        loop {
            match self.fill(&mut part, expected.is_some()) {
                Ok(true) => {}
                Ok(false) => {
                    part.discard()?;
                    return Ok(Outcome::Absent);
                }
                Err(error @ FileError::TooLarge { .. }) => {
                    part.discard()?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
            let found =
                checksum::of_file(part.path()).map_err(|source| FileError::io(part.path(), source))?;
            match &expected {
                Some(expected) if *expected != found => {
                    // The beginning may be of another edition or damaged: once it is worth starting over.
                    if std::mem::take(&mut left) {
                        part.start(None)?;
                        continue;
                    }
                    part.discard()?;
                    return Err(FileError::WrongChecksum {
                        url: self.file.url.clone(),
                        expected: expected.clone(),
                        found,
                    });
                }
                _ => {}
            }
            let bytes = part.len();
            // The record comes first: a record without its file says nothing, a file without its record is
            // fetched again.
            checksum::record(&self.target, &found).map_err(|source| FileError::io(&self.target, source))?;
            part.finish(&self.target)?;
            return Ok(Outcome::Fetched {
                bytes,
                sha256: found,
                verified: expected.is_some(),
            });
        }
    }

    /// What the archive says the file's digest is; `None` where it says nothing.
    fn expected(&self) -> Result<Option<String>, FileError> {
        let Some(url) = &self.file.checksum_url else {
            return Ok(None);
        };
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        let mut text = String::new();
        let came = self.persist(url, |_| {
            text.clear();
            match self.client.ask(url, 0, None) {
                Answer::Body(mut response) => {
                    let mut body = response.body_mut().as_reader().take(CHECKSUM_BYTES);
                    Ok(match body.read_to_string(&mut text) {
                        Ok(_) => Ended::Whole,
                        Err(error) => again(error.to_string()),
                    })
                }
                answer => self.other(url, answer),
            }
        })?;
        if !came {
            return Ok(None);
        }
        match checksum::find(&text, &name) {
            Some(digest) => Ok(Some(digest)),
            None => Err(FileError::NoChecksum {
                url: url.clone(),
                name: name.into_owned(),
                text: text.chars().take(80).collect(),
            }),
        }
    }

    /// Whether the file is there and agrees with the archive, or with our own record where the archive says nothing.
    fn is_held(&self, expected: Option<&str>) -> Result<bool, FileError> {
        if !self.target.is_file() {
            return Ok(false);
        }
        let Some(expected) = expected
            .map(str::to_owned)
            .or_else(|| checksum::recorded(&self.target))
        else {
            return Ok(false);
        };
        let found = checksum::of_file(&self.target).map_err(|source| FileError::io(&self.target, source))?;
        Ok(found == expected)
    }

    /// Fills the unfinished file to its end; false where the archive has no such file.
    fn fill(&self, part: &mut Part, checked: bool) -> Result<bool, FileError> {
        let mut had = part.len();
        self.persist(&self.file.url, |tries| {
            let edition = part.edition();
            // Without a name for the edition only a checksum can tell whether the rest belongs to the beginning.
            if edition.is_none() && !checked {
                part.start(None)?;
            }
            let ended = match self.client.ask(&self.file.url, part.len(), edition.as_deref()) {
                Answer::Body(response) => self.receive(part, response, checked)?,
                answer => self.other(&self.file.url, answer)?,
            };
            if part.len() >= had + WORTHWHILE_BYTES {
                *tries = 0;
            }
            had = part.len();
            Ok(ended)
        })
    }

    /// Writes a body to the unfinished file.
    fn receive(
        &self,
        part: &mut Part,
        mut response: Response<Body>,
        checked: bool,
    ) -> Result<Ended, FileError> {
        let (first, whole) = content_range(response.headers());
        let total = match response.status().as_u16() {
            206 if first == Some(part.len()) => {
                whole.or_else(|| length(response.headers()).map(|rest| part.len() + rest))
            }
            416 if part.len() > 0 && whole == Some(part.len()) => return Ok(Ended::Whole),
            status @ (206 | 416) => {
                part.start(None)?;
                return Ok(again(format!(
                    "status {status} for another range than the one asked for"
                )));
            }
            _ => {
                part.start(edition(response.headers()).as_deref())?;
                length(response.headers())
            }
        };
        if total.is_none() && !checked && !is_chunked(response.headers()) {
            return Err(FileError::NoLength {
                url: self.file.url.clone(),
            });
        }
        self.limit(total.unwrap_or(0))?;
        self.progress.begun(self.file, part.len(), total);
        let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
        let mut piece = vec![0; 1 << 16];
        let mut watch = Watch::new(self.options.idle_timeout);
        loop {
            match body.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    self.limit(part.len() + read as u64)?;
                    part.append(&piece[..read])?;
                    self.progress.advanced(self.file, read as u64);
                    if watch.is_slow(read) {
                        return Ok(again("the server all but stopped sending".to_owned()));
                    }
                }
                Err(error) => return Ok(again(error.to_string())),
            }
        }
        match total {
            Some(total) if total != part.len() => {
                let reason = format!("the connection was cut after {} of {total} bytes", part.len());
                if part.len() > total {
                    part.start(None)?;
                }
                Ok(again(reason))
            }
            _ => Ok(Ended::Whole),
        }
    }

    fn limit(&self, bytes: u64) -> Result<(), FileError> {
        if bytes > self.options.largest_file_bytes {
            return Err(FileError::TooLarge {
                url: self.file.url.clone(),
                bytes,
                limit: self.options.largest_file_bytes,
            });
        }
        Ok(())
    }

    /// An answer without a body.
    fn other(&self, url: &str, answer: Answer) -> Result<Ended, FileError> {
        match answer {
            Answer::Absent => Ok(Ended::Absent),
            Answer::Again { reason, after } => Ok(Ended::Again { reason, after }),
            Answer::Refused { status } => Err(FileError::Status {
                url: url.to_owned(),
                status,
            }),
            Answer::Body(_) => Ok(again("an answer that was not asked for".to_owned())),
        }
    }

    /// Tries until it ends one way or the other, pausing longer each time; true for whole, false for absent.
    fn persist(
        &self,
        url: &str,
        mut once: impl FnMut(&mut u32) -> Result<Ended, FileError>,
    ) -> Result<bool, FileError> {
        let mut tries = 0;
        loop {
            let (reason, after) = match once(&mut tries)? {
                Ended::Whole => return Ok(true),
                Ended::Absent => return Ok(false),
                Ended::Again { reason, after } => (reason, after),
            };
            tries += 1;
            let doubled = self.options.first_pause.saturating_mul(1 << (tries - 1).min(20));
            let pause = after.unwrap_or(doubled.min(self.options.longest_pause));
            if tries >= self.options.tries || pause > self.options.longest_pause {
                let reason = match after {
                    Some(after) => format!("{reason}, asking to wait {} s", after.as_secs()),
                    None => reason,
                };
                return Err(FileError::GaveUp {
                    url: url.to_owned(),
                    tries,
                    reason,
                });
            }
            self.progress.paused(self.file, &reason, pause);
            match after {
                // The server means everybody, not this file alone.
                Some(_) => self.client.hold(pause),
                None => thread::sleep(pause),
            }
        }
    }
}

fn again(reason: String) -> Ended {
    Ended::Again { reason, after: None }
}

/// Notices a server that sends a byte now and then, which no time-out of a single read does.
struct Watch {
    span: Duration,
    since: Instant,
    bytes: usize,
}

impl Watch {
    fn new(span: Duration) -> Self {
        Self {
            span,
            since: Instant::now(),
            bytes: 0,
        }
    }

    fn is_slow(&mut self, read: usize) -> bool {
        self.bytes += read;
        let passed = self.since.elapsed();
        if passed < self.span {
            return false;
        }
        let slow = (self.bytes as f64) < SLOWEST_BYTES_PER_S * passed.as_secs_f64();
        *self = Self::new(self.span);
        slow
    }
}
