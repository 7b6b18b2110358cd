//! `aftershock ingest`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use aftershock_archive::tape::Tape;
use aftershock_ingest::sources::{SOURCES, column_map};
use aftershock_ingest::{FileReport, Hints, Options, Progress, Report, ingest};
use anyhow::{Context, Result};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Mistake;
use crate::table::{self, counted};
use crate::tape::TapeArgument;

/// Venues or instruments of a file's own that are named.
const SHOWN: usize = 3;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files, folders or patterns; .zip, .gz, .lz4 and .zst are unpacked on the way
    #[arg(required_unless_present = "list", value_name = "PATH")]
    paths: Vec<String>,
    /// Read the files as this source writes them; otherwise that is told from their content
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The venue, such as binance-usdm, over what names and contents say
    #[arg(long, value_name = "VENUE")]
    venue: Option<String>,
    /// The instrument in the venue's own words, such as BTCUSDT, likewise
    #[arg(long, value_name = "SYMBOL")]
    instrument: Option<String>,
    /// Which column is what, in TOML: a file of yours, or one of ours by name
    #[arg(long, value_name = "FILE|NAME")]
    map: Option<String>,
    /// Times of blocks for logs of a chain: CSV of block_number,timestamp in seconds
    #[arg(long, value_name = "FILE")]
    blocks: Option<PathBuf>,
    /// Keep nothing where more records than this are rejected, all files together
    #[arg(long, value_name = "N")]
    max_rejects: Option<u64>,
    /// Read files that are in the tape already again, in place of what they gave before; this mends damaged parts
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    tape: TapeArgument,
    /// List the sources
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    if arguments.list {
        return list();
    }
    let hints = Hints {
        source: arguments.source,
        venue: arguments.venue,
        instrument: arguments.instrument,
        blocks: arguments.blocks.as_deref().map_or(Ok(Vec::new()), blocks)?,
        map: arguments.map.as_deref().map(map).transpose()?,
    };
    let options = Options {
        hints,
        max_rejects: arguments.max_rejects,
        again: arguments.again,
        ..Options::default()
    };
    let tape = arguments.tape.open(data)?;
    take(&tape, &arguments.paths, &options, &arguments.tape)
}

fn list() -> Result<()> {
    let rows: Vec<Vec<String>> = SOURCES
        .iter()
        .map(|source| {
            [source.name(), source.about(), source.tried()]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    table::print(&table::headers(&["source", "reads", "tried on"]), &rows)?;
    let maps: Vec<Vec<String>> = column_map::embedded_maps()
        .map(|(name, about)| vec![name.to_owned(), about.to_owned()])
        .collect();
    table::print(&table::headers(&["column map", "for"]), &maps)
}

/// A column map: the file of this name, else one of ours.
fn map(name: &str) -> Result<(String, String)> {
    match std::fs::read_to_string(name) {
        Ok(text) => Ok((name.to_owned(), text)),
        Err(error) => match column_map::embedded(name) {
            Some((file, text)) => Ok((file, text.to_owned())),
            None => Err(Mistake::new(format!(
                "cannot read the column map {name}: {}",
                error.to_string().to_lowercase()
            ))
            .hint("give a TOML file, or one of ours by its name: `aftershock ingest --list` shows them")
            .into()),
        },
    }
}

/// Block times by number, from CSV with or without a header.
fn blocks(path: &Path) -> Result<Vec<(u64, i64)>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut blocks: Vec<(u64, i64)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || (number == 1 && line.starts_with(|first: char| first.is_alphabetic())) {
            continue;
        }
        let pair = line.split_once(',').and_then(|(block, second)| {
            let second = second.split(',').next().unwrap_or_default();
            Some((block.trim().parse().ok()?, second.trim().parse().ok()?))
        });
        let Some((block, second)) = pair else {
            return Err(Mistake::new(format!("{}:{number}: `{line}` is no time of a block", path.display()))
                .hint("a line is block_number,timestamp with whole seconds since 1970 UTC, such as 10861674,1600000000")
                .into());
        };
        blocks.push((block, second));
    }
    blocks.sort_unstable();
    blocks.dedup();
    if let Some(pair) = blocks.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Mistake::new(format!(
            "{}: block {} has two times, {} and {}",
            path.display(),
            pair[0].0,
            pair[0].1,
            pair[1].1
        ))
        .hint("a block has one")
        .into());
    }
    if blocks.is_empty() {
        return Err(
            Mistake::new(format!("{} holds no times of blocks", path.display()))
                .hint("a line is block_number,timestamp with whole seconds since 1970 UTC")
                .into(),
        );
    }
    Ok(blocks)
}

/// Ingests with progress on a terminal, and says what became of each file.
pub(crate) fn take(tape: &Tape, paths: &[String], options: &Options, place: &TapeArgument) -> Result<()> {
    let bar = Bar::new();
    let report = ingest(tape, paths, options, &bar);
    bar.bar.finish_and_clear();
    show(&report?, place)
}

fn show(report: &Report, place: &TapeArgument) -> Result<()> {
    let count = |count: u64| HumanCount(count).to_string();
    let mut rows: Vec<Vec<String>> = report.files.iter().map(row).collect();
    let sum = |of: fn(&FileReport) -> u64| -> u64 {
        let new = report.files.iter().filter(|file| !file.held);
        new.map(of).sum()
    };
    let rejected = sum(|file| file.rejected);
    if report.files.len() > 1 {
        let files = counted(report.files.len() as u64, "file");
        let sums = [
            sum(|file| file.records),
            sum(|file| file.rows),
            sum(|file| file.kept),
            sum(FileReport::duplicate),
            rejected,
        ];
        rows.push(
            [files, String::new()]
                .into_iter()
                .chain(sums.map(count))
                .collect(),
        );
    }
    if !rows.is_empty() {
        let headers = [
            "file",
            "taken for",
            "records read",
            "rows",
            "kept from it",
            "duplicate",
            "rejected",
        ];
        table::print(&table::headers(&headers), &rows)?;
    }
    let held = report.files.iter().filter(|file| file.held).count() as u64;
    if held > 0 {
        crate::say!(
            "held: {} already in the tape, not read again",
            counted(held, "file")
        );
    }
    if report.files.iter().any(|file| !file.held) {
        let (more, rows) = if report.grown < 0 {
            ("less", -report.grown)
        } else {
            ("more", report.grown)
        };
        let over = match report.taken_over {
            0 => String::new(),
            over => format!(
                ": {} of those kept it had from other files before, since of equal rows it keeps one, whichever came first",
                count(over)
            ),
        };
        crate::say!("the tape has {} {more}{over}", counted(rows as u64, "row"));
    }
    for file in report.files.iter().filter(|file| file.left_out > 0) {
        crate::say!(
            "{}: the column map leaves out {}",
            file.path,
            counted(file.left_out, "record")
        );
    }
    for (path, reason) in &report.unknown {
        let path = path.display().to_string();
        let reason = if reason.starts_with(&path) {
            reason.clone()
        } else {
            format!("{path}: {reason}")
        };
        crate::say!("not taken: {reason}");
    }
    for file in &report.files {
        for (option, theirs) in &file.unheeded {
            let more = theirs.len().saturating_sub(SHOWN);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let theirs = theirs[..theirs.len().min(SHOWN)].join(", ");
            crate::say!(
                "note: {option} is not what rows of {} name themselves, which stands: {theirs}{more}",
                file.path
            );
        }
    }
    if report.files.is_empty() {
        return Err(Mistake::new("no file was taken")
            .hint("`aftershock ingest --list` shows the sources")
            .into());
    }
    if rejected > 0 {
        let sql = place.sql("\"SELECT source, source_row, reason, raw FROM recorded.rejects\"");
        crate::say!(
            "WARNING: {} rejected; each is kept with its reason: {sql}",
            count(rejected)
        );
    }
    if report.conflicts > 0 {
        let sql = place.sql("--named quality/conflicts");
        crate::say!(
            "WARNING: {} of the parts at hand share a venue's id with another and say something else; all are kept: {sql}",
            counted(report.conflicts, "row")
        );
    }
    Ok(())
}

fn row(file: &FileReport) -> Vec<String> {
    let count = |count: u64| HumanCount(count).to_string();
    let counts = if file.held {
        let held = ["held", "", "", "", ""];
        held.map(str::to_owned)
    } else {
        [
            file.records,
            file.rows,
            file.kept,
            file.duplicate(),
            file.rejected,
        ]
        .map(count)
    };
    [file.name.clone(), file.what.clone()]
        .into_iter()
        .chain(counts)
        .collect()
}

/// Bytes of the files that are read, and rows a second.
struct Bar {
    bar: ProgressBar,
    started: Instant,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if std::io::stderr().is_terminal() {
            let style = "{spinner} {bar:40} {bytes}/{total_bytes} {msg}";
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self {
            bar,
            started: Instant::now(),
        }
    }
}

impl Progress for Bar {
    fn begin(&self, files: usize, bytes: u64) {
        self.bar.set_length(bytes);
        self.bar.set_message(format!("of {files} files"));
    }

    fn advance(&self, bytes: u64, records: u64) {
        self.bar.set_position(bytes);
        let rate = records as f64 / self.started.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_message(format!(
            "{} rows, {} rows/s",
            HumanCount(records),
            HumanCount(rate as u64)
        ));
    }

    fn commit(&self) {
        self.bar.set_message("sorting and writing");
    }
}
