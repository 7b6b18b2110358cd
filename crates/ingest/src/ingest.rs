//! From paths to a tape: expand, recognise, read, stage, commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aftershock_archive::tape::{Kind, SourceEntry, Staged, Tape, TapeWriter};
use aftershock_archive::{sha256_hex, sha256_of_file};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::container::{Content, Limits, each_content, nothing, unreadable};
use crate::read::{Counts, Shared, Sink, read_batches, read_text};
use crate::{Framing, Head, Hints, IngestError, arrow_file, paths, sources};

/// Bytes of a content by which it is recognised.
const HEAD_BYTES: usize = 64 << 10;
/// Files from this size on are read one at a time, with all cores on each.
const LARGE_BYTES: u64 = 32 << 20;

/// How to ingest.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the user says about the files.
    pub hints: Hints,
    /// Stop where more rows than this are rejected, all files together.
    pub max_rejects: Option<u64>,
    /// How far files may unpack.
    pub limits: Limits,
    /// Report files of no known source even where they are given by their own names.
    pub leave_unknown: bool,
    /// Read files that the tape holds again: what they give stands in place of what they gave before.
    pub again: bool,
}

/// What is told while an ingest goes on. Called from several threads.
pub trait Progress: Sync {
    /// The files are known, and their bytes.
    fn begin(&self, files: usize, bytes: u64);
    /// So many bytes of the files, and so many records, are read, all files together.
    fn advance(&self, bytes: u64, records: u64);
    /// All files are read; the rows go into the tape.
    fn commit(&self);
}

/// What became of one file, or of one member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Path as given, and the member behind `!`.
    pub path: String,
    /// The same without folders.
    pub name: String,
    /// Name of its rows in the column `source`.
    pub source: String,
    /// The dialect.
    pub dialect: String,
    /// What it was taken for.
    pub what: String,
    /// True where it was in the tape already and was not read again.
    pub held: bool,
    /// Records that were read.
    pub records: u64,
    /// Records that were rejected.
    pub rejected: u64,
    /// Records that the user's column map leaves out.
    pub left_out: u64,
    /// Rows that it gave, of all tables.
    pub rows: u64,
    /// What the user said of the venue or the instrument and some of its rows say themselves: the option, and theirs.
    pub unheeded: Vec<(&'static str, Vec<String>)>,
    /// Rows that the tape has from it; those of other files may be among what they had before.
    pub kept: u64,
}

impl FileReport {
    /// Rows that the tape has from another file, or that the file itself holds twice.
    pub fn duplicate(&self) -> u64 {
        self.rows.saturating_sub(self.kept)
    }
}

/// What an ingest did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Each file, in the order of the paths.
    pub files: Vec<FileReport>,
    /// Files in folders that no source knows or that lack something the user must say, each with the reason.
    pub unknown: Vec<(PathBuf, String)>,
    /// Parts of the tape that are new or changed.
    pub parts: usize,
    /// Rows in those parts that share a venue's id with another and say something else.
    pub conflicts: u64,
    /// Rows that the tape has more than before, less than none where files were read again and gave less.
    pub grown: i64,
    /// Rows that the tape had from files held before and has from these now: of equal rows one is kept, and which does
    /// not hang on the order of the files.
    pub taken_over: u64,
}

/// Reads files, folders and patterns into a tape. Either all of them are in it afterwards, or it is as it was.
///
/// # Errors
/// A file that is missing, is of no known source (files found in folders are reported instead), is cut off or does
/// not fit its checksum; too many rejects; a refusal of the system.
pub fn ingest(
    tape: &Tape,
    given: &[String],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, IngestError> {
    check_hint("--venue", options.hints.venue.as_deref())?;
    check_hint("--instrument", options.hints.instrument.as_deref())?;
    options.hints.source.as_deref().map_or(Ok(()), sources::check)?;
    let (files, others) = paths::expand(given)?;
    let mut writer = tape.write()?;
    let bytes = files.iter().map(|file| file.bytes).sum();
    progress.begin(files.len(), bytes);
    let job = Job {
        writer: &writer,
        options,
        progress,
        rejected: AtomicU64::new(0),
        records: AtomicU64::new(0),
        bytes: Arc::new(AtomicU64::new(0)),
        seen: Mutex::new(BTreeSet::new()),
    };
    let outcomes = job.told(|| job.all(&files))?;

    let mut report = Report {
        unknown: others,
        ..Report::default()
    };
    let mut again = Vec::new();
    let mut staged: BTreeMap<(String, String, String), (SourceEntry, Staged)> = BTreeMap::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Unknown(path, reason) => report.unknown.push((path, reason)),
            Outcome::Read(contents, others) => {
                report.unknown.extend(others);
                for read in contents {
                    let entry = &read.entry;
                    let key = (entry.source.clone(), entry.dialect.clone(), entry.what.clone());
                    match read.staged {
                        Some(rows) if !staged.contains_key(&key) => {
                            staged.insert(key, (read.entry, rows));
                        }
                        _ => again.push(read.entry),
                    }
                    report.files.push(read.report);
                }
            }
        }
    }
    report.unknown.sort();
    for (entry, rows) in staged.into_values() {
        writer.add(entry, rows);
    }
    for entry in again {
        writer.met_again(&entry);
    }
    progress.commit();
    let committed = writer.commit()?;
    let mut kept = committed.kept;
    for file in report.files.iter_mut().filter(|file| !file.held) {
        // Files of equal bytes share a name, and with it the count.
        if let Some(left) = kept.get_mut(&file.source) {
            file.kept = file.rows.min(*left);
            *left -= file.kept;
        }
    }
    report.parts = committed.parts;
    report.conflicts = committed.conflicts;
    let (before, now) = committed.rows;
    report.grown = now as i64 - before as i64;
    report.taken_over = committed.taken_over;
    Ok(report)
}

/// What the user says must name something, and go into a path.
fn check_hint(option: &'static str, value: Option<&str>) -> Result<(), IngestError> {
    let fine =
        |value: &str| !value.trim().is_empty() && value.len() <= 80 && !value.contains(char::is_control);
    match value {
        Some(value) if !fine(value) => Err(IngestError::BadHint {
            option,
            value: value.to_owned(),
        }),
        _ => Ok(()),
    }
}

struct Job<'a> {
    writer: &'a TapeWriter,
    options: &'a Options,
    progress: &'a dyn Progress,
    rejected: AtomicU64,
    records: AtomicU64,
    bytes: Arc<AtomicU64>,
    /// Source, dialect and what it was taken for of this ingest's files, so that one that is given twice is read once.
    seen: Mutex<BTreeSet<(String, String, String)>>,
}

enum Outcome {
    Unknown(PathBuf, String),
    /// What was read, and members of an archive that are none of ours.
    Read(Vec<ReadContent>, Vec<(PathBuf, String)>),
}

struct ReadContent {
    entry: SourceEntry,
    /// Absent where the tape holds it already.
    staged: Option<Staged>,
    report: FileReport,
}

impl Job<'_> {
    /// Does the work and tells how far it is, ten times a second.
    fn told<T>(&self, work: impl FnOnce() -> T) -> T {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let tick = Duration::from_millis(100);
                while wait.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                    self.tell();
                }
                self.tell();
            });
            let result = work();
            drop(done);
            result
        })
    }

    fn tell(&self) {
        self.progress.advance(
            self.bytes.load(Ordering::Relaxed),
            self.records.load(Ordering::Relaxed),
        );
    }

    /// Large files one after the other, the rest side by side.
    fn all(&self, files: &[paths::Found]) -> Result<Vec<Outcome>, IngestError> {
        let slots: Vec<Mutex<Option<Result<Outcome, IngestError>>>> =
            files.iter().map(|_| Mutex::new(None)).collect();
        let fill = |index: usize| {
            let outcome = self.file(&files[index]);
            let failed = outcome.is_err();
            *slots[index]
                .lock()
                .expect("no thread panics while it holds a slot") = Some(outcome);
            failed
        };
        let (large, small): (Vec<usize>, Vec<usize>) =
            (0..files.len()).partition(|&index| files[index].bytes >= LARGE_BYTES);
        let failed = large.into_iter().any(fill);
        if !failed {
            let next = AtomicUsize::new(0);
            let threads = rayon::current_num_threads().min(small.len());
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        while let Some(&index) = small.get(next.fetch_add(1, Ordering::Relaxed)) {
                            if fill(index) {
                                // The others finish the file at hand and find nothing left.
                                next.store(small.len(), Ordering::Relaxed);
                            }
                        }
                    });
                }
            });
        }
        let outcomes = slots.into_iter().filter_map(|slot| {
            slot.into_inner()
                .expect("no thread panicked while it held a slot")
        });
        outcomes.collect()
    }

    fn file(&self, file: &paths::Found) -> Result<Outcome, IngestError> {
        // A folder may hold a file that needs a word of the user's; the others need none.
        let leave = !file.named || self.options.leave_unknown;
        match self.read_file(&file.path) {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                let lacks = matches!(error, IngestError::Underspecified { .. });
                if leave && (lacks || error.is_of_other_file()) {
                    return Ok(Outcome::Unknown(file.path.clone(), error.to_string()));
                }
                Err(error)
            }
        }
    }

    fn read_file(&self, path: &Path) -> Result<Outcome, IngestError> {
        let (sha256, bytes) = sha256_of_file(path)?;
        paths::check_sum(path, &sha256)?;
        let (mut read, mut others) = (Vec::new(), Vec::new());
        each_content(path, self.options.limits, &self.bytes, &mut |content| {
            let given = content.given.clone();
            match self
                .read_content(content, &sha256, bytes)
                .map_err(|error| error.of(&given))
            {
                Ok(content) => read.push(content),
                // An archive may hold a word about its files beside them.
                Err(error) if error.is_of_other_file() => others.push((PathBuf::from(given), error)),
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        if read.is_empty()
            && let Some((_, error)) = others.pop()
        {
            return Err(error);
        }
        let others = others.into_iter().map(|(path, error)| (path, error.to_string()));
        Ok(Outcome::Read(read, others.collect()))
    }

    fn read_content(
        &self,
        mut content: Content<'_>,
        sha256: &str,
        bytes: u64,
    ) -> Result<ReadContent, IngestError> {
        let path = content.path.clone();
        let failed = |error: std::io::Error| unreadable(&path, &error);
        let start = peek(&mut content).map_err(failed)?;
        if start.is_empty() {
            return Err(nothing(&path, "it is empty; expected records"));
        }
        let columns = Columns::of(
            &path,
            &start,
            &mut content,
            self.options.limits,
            self.writer.scratch(),
        )?;
        let head = Head {
            path: &path,
            bytes: &start,
            schema: columns.as_ref().map(|columns| columns.schema.clone()),
            hints: &self.options.hints,
        };
        let (source, recognised) = sources::recognise(&head)?;
        let hints = &self.options.hints;
        // What a file is taken for hangs on the words of a map and on what the user says, and not on where the map lies.
        let map = hints
            .map
            .as_ref()
            .map(|(_, text)| sha256_hex(text.as_bytes())[..8].to_owned());
        let mut dialect = source.name().to_owned();
        for (word, value) in [
            ("", &map),
            ("venue ", &hints.venue),
            ("instrument ", &hints.instrument),
        ] {
            if let Some(value) = value {
                dialect.push_str(&format!(" {word}{value}"));
            }
        }
        let mut id = sha256[..16].to_owned();
        if content.member > 0 {
            id.push_str(&format!("-{}", content.member));
        }
        if let Some(map) = map {
            // Rows of one file under two maps are those of two sources.
            id.push_str(&format!("~{map}"));
        }
        let name = paths::name_of(&content.given);
        let mut report = FileReport {
            path: content.given.clone(),
            name: name.clone(),
            source: id.clone(),
            dialect: dialect.clone(),
            what: recognised.what.clone(),
            held: false,
            records: 0,
            rejected: 0,
            left_out: 0,
            rows: 0,
            unheeded: Vec::new(),
            kept: 0,
        };
        let mut entry = SourceEntry {
            source: id.clone(),
            dialect: dialect.clone(),
            sha256: sha256.to_owned(),
            bytes,
            name,
            what: recognised.what,
            records: 0,
            rejected: 0,
            rows: BTreeMap::new(),
        };
        let held = self.writer.list().source(&id, &dialect, &entry.what).cloned();
        let name = (id.clone(), dialect.clone(), entry.what.clone());
        let first = self
            .seen
            .lock()
            .expect("no thread panics while it looks")
            .insert(name);
        if (held.is_some() && !self.options.again) || !first {
            report.held = true;
            if let Some(held) = held {
                (report.records, report.rejected) = (held.records, held.rejected);
            }
            return Ok(ReadContent {
                entry,
                staged: None,
                report,
            });
        }
        let mut staging = self.writer.stage(&id);
        let sink = Sink {
            staging: &mut staging,
            source: &id,
            venue: &recognised.venue,
        };
        let shared = Shared {
            rejected: &self.rejected,
            max_rejects: self.options.max_rejects,
            records: &self.records,
        };
        let parser = recognised.parser.as_ref();
        let Counts {
            records,
            rejected,
            left_out,
        } = match (parser.framing(), columns) {
            (Framing::Batches, Some(mut columns)) => {
                read_batches(&path, &mut columns.batches, parser, sink, &shared)?
            }
            (Framing::Batches, None) => {
                return Err(IngestError::BadFile {
                    path,
                    reason: "it was taken for a file of columns; expected Parquet or an Arrow file"
                        .to_owned(),
                });
            }
            (_, Some(columns)) => {
                let file = File::open(&columns.file).map_err(failed)?;
                read_text(&path, &mut BufReader::new(file), parser, sink, &shared)?
            }
            (_, None) => {
                let mut reader = Cursor::new(start).chain(content.reader);
                read_text(&path, &mut reader, parser, sink, &shared)?
            }
        };
        let staged = staging.finish()?;
        let rejects = staged.rows_of(Kind::Rejects);
        (report.records, report.rejected, report.left_out) = (records, rejected, left_out);
        report.rows = staged.rows - rejects;
        report.unheeded = unheeded(hints, &staged);
        (entry.records, entry.rejected) = (records, rejected);
        entry.rows = staged.rows_by_table();
        Ok(ReadContent {
            entry,
            staged: Some(staged),
            report,
        })
    }
}

/// What the user said of the venue and instrument, where rows are of others.
fn unheeded(hints: &Hints, staged: &Staged) -> Vec<(&'static str, Vec<String>)> {
    let (mut venues, mut instruments) = (BTreeSet::new(), BTreeSet::new());
    for key in staged.parts().filter(|key| key.kind != Kind::Rejects) {
        venues.insert(key.venue.as_str());
        instruments.insert(key.instrument.as_str());
    }
    let said = [
        ("--venue", &hints.venue, venues),
        ("--instrument", &hints.instrument, instruments),
    ];
    let others = said.into_iter().filter_map(|(option, said, found)| {
        let said = said.as_deref()?;
        let others = found
            .into_iter()
            .filter(|found| !found.eq_ignore_ascii_case(said));
        let others: Vec<String> = others.map(str::to_owned).collect();
        (!others.is_empty()).then_some((option, others))
    });
    others.collect()
}

/// The beginning of a content, taken out of its reader.
fn peek(content: &mut Content<'_>) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(HEAD_BYTES);
    content
        .reader
        .by_ref()
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut start)?;
    Ok(start)
}

/// A file of columns, opened.
struct Columns {
    schema: arrow::datatypes::SchemaRef,
    batches: Box<dyn Iterator<Item = Result<arrow::array::RecordBatch, arrow::error::ArrowError>>>,
    file: PathBuf,
}

impl Columns {
    /// Opens Parquet and Arrow files; both have their index at the end, so that a packed one is unpacked to `scratch`.
    fn of(
        path: &str,
        start: &[u8],
        content: &mut Content<'_>,
        limits: Limits,
        scratch: &Path,
    ) -> Result<Option<Self>, IngestError> {
        let parquet = start.starts_with(b"PAR1");
        if !parquet && !start.starts_with(b"ARROW1") {
            return Ok(None);
        }
        let file = match content.plain {
            Some(file) => file.to_owned(),
            None => {
                static NUMBER: AtomicUsize = AtomicUsize::new(0);
                let file = scratch.join(format!("unpacked-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
                let mut copy = File::create(&file).map_err(|error| unreadable(path, &error))?;
                std::io::copy(&mut Cursor::new(start).chain(&mut content.reader), &mut copy)
                    .map_err(|error| unreadable(path, &error))?;
                file
            }
        };
        let bad = |error: &dyn std::fmt::Display| IngestError::BadFile {
            path: path.to_owned(),
            reason: format!(
                "it does not read as {} ({error}); expected a whole file",
                if parquet { "Parquet" } else { "an Arrow file" }
            ),
        };
        let opened = File::open(&file).map_err(|error| unreadable(path, &error))?;
        if parquet {
            let builder = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| bad(&error))?;
            let schema = builder.schema().clone();
            let reader = builder
                .with_batch_size(1 << 15)
                .build()
                .map_err(|error| bad(&error))?;
            return Ok(Some(Self {
                schema,
                batches: Box::new(reader),
                file,
            }));
        }
        let (schema, batches) =
            arrow_file::open(BufReader::new(opened), limits).map_err(|error| bad(&error))?;
        Ok(Some(Self {
            schema,
            batches: Box::new(batches),
            file,
        }))
    }
}
