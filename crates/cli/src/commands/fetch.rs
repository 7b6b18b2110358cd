//! `aftershock fetch`.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use aftershock_ingest::fetch::{
    About, Fetched, Options as Limits, Outcome, Plan, PlannedFile, Progress, Request, SourceFile, download,
    plan,
};
use aftershock_ingest::{Catalog, Options};
use aftershock_market::Timestamp;
use anyhow::Result;
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::commands::ingest;
use crate::failure::Mistake;
use crate::table::{self, counted};
use crate::tape::TapeArgument;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Episode by id, date or alias
    episode: String,
    /// Public archive, such as binance; repeat for several, all where none is given
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// What to fetch, such as trades or bars, or an archive's dataset by name; repeat for several
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Asset such as BTC, or a symbol in the venue's own words; repeat for several
    #[arg(long = "symbol", value_name = "SYMBOL")]
    symbols: Vec<String>,
    /// Length of bars, such as 1m
    #[arg(long, value_name = "INTERVAL")]
    interval: Option<String>,
    /// Start, such as 2020-03-12 or 2020-03-12T06:00:00Z; that of the episode's record where it is not given
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Timestamp>,
    /// End, exclusive; that of the episode's record where it is not given
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<Timestamp>,
    /// Only say what would be fetched and what is known to be missing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    tape: TapeArgument,
    /// Ask this address instead of the archive's own
    #[arg(long, hide = true, requires = "sources", value_name = "URL")]
    base_url: Option<String>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let at = aftershock_ingest::text::calendar(text.as_bytes());
    at.map(|at| Timestamp(at.micros)).ok_or_else(|| {
        "expected a day or an instant of UTC, such as 2020-03-12 or 2020-03-12T06:00:00Z".to_owned()
    })
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let episode = Catalog::embedded()?.find(&arguments.episode)?.clone();
    let base_urls = arguments.sources.iter().filter_map(|source| {
        let url = arguments.base_url.clone()?;
        Some((source.clone(), url))
    });
    let request = Request {
        base_urls: base_urls.collect(),
        sources: arguments.sources,
        kinds: arguments.kinds,
        symbols: arguments.symbols,
        interval: arguments.interval,
        from: arguments.from.unwrap_or(episode.window.tape_from),
        to: arguments.to.unwrap_or(episode.window.tape_end()),
    };
    let plan = plan(&SourceFile::embedded()?, &request).map_err(|error| Mistake::new(error.to_string()))?;
    tell(&plan);
    if arguments.dry_run {
        let rows: Vec<Vec<String>> = plan
            .files
            .iter()
            .map(|file| {
                vec![
                    file.path.display().to_string(),
                    file.kind.clone(),
                    file.url.clone(),
                ]
            })
            .collect();
        return table::print(&table::headers(&["file", "kind", "address"]), &rows);
    }
    if plan.files.is_empty() {
        return Err(Mistake::new("there is nothing to fetch")
            .hint("what is out of reach is said above; other kinds, sources or days may be there: --dry-run shows the files")
            .into());
    }
    let folder = data.join("raw");
    let bar = Bar::new(plan.files.len() as u64);
    let fetched = download(&plan, &folder, &Limits::default(), &bar);
    bar.bar.finish_and_clear();
    show(&fetched)?;
    let paths: Vec<String> = fetched
        .paths()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    if !paths.is_empty() {
        let options = Options {
            leave_unknown: true,
            ..Options::default()
        };
        ingest::take(&arguments.tape.open(data)?, &paths, &options, &arguments.tape)?;
    }
    match fetched.failures().count() {
        0 => Ok(()),
        failed => Err(
            Mistake::new(format!("{failed} of {} files did not come", fetched.files.len()))
                .hint("what came is kept; the same command asks again for the rest")
                .into(),
        ),
    }
}

/// What is known to be missing, before the first file is asked for.
fn tell(plan: &Plan) {
    let (doubts, gone): (Vec<_>, Vec<_>) = plan
        .told
        .iter()
        .partition(|told| told.about == About::Unconfirmed);
    for told in gone.into_iter().chain(doubts) {
        crate::say!("{told}");
    }
    let (files, are) = (
        counted(plan.files.len() as u64, "file"),
        if plan.files.len() == 1 { "is" } else { "are" },
    );
    crate::say!("{files} {are} asked for");
}

fn show(fetched: &Fetched) -> Result<()> {
    let rows: Vec<Vec<String>> = fetched
        .files
        .iter()
        .map(|file| {
            let (word, more) = match &file.outcome {
                Outcome::Fetched { bytes, verified, .. } => {
                    let sum = if *verified {
                        "its checksum agrees"
                    } else {
                        "the archive has no checksum of it"
                    };
                    ("fetched", format!("{}, {sum}", HumanBytes(*bytes)))
                }
                Outcome::Held => ("held", "it was there and passed".to_owned()),
                Outcome::Absent => ("absent", "the archive has no such file".to_owned()),
                Outcome::Failed(error) => ("failed", error.to_string()),
            };
            vec![file.file.path.display().to_string(), word.to_owned(), more]
        })
        .collect();
    table::print(&table::headers(&["file", "", ""]), &rows)
}

/// Files that are done, and bytes that came.
struct Bar {
    bar: ProgressBar,
    bytes: std::sync::atomic::AtomicU64,
}

impl Bar {
    fn new(files: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(files), ProgressDrawTarget::stderr());
        if std::io::stderr().is_terminal() {
            let style = "{spinner} {bar:40} {pos}/{len} files {msg}";
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self {
            bar,
            bytes: std::sync::atomic::AtomicU64::new(0),
        }
    }
}

impl Progress for Bar {
    fn advanced(&self, _file: &PlannedFile, bytes: u64) {
        let before = self.bytes.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        self.bar.set_message(HumanBytes(before + bytes).to_string());
    }

    fn paused(&self, file: &PlannedFile, reason: &str, pause: Duration) {
        let pause = HumanDuration(pause);
        crate::say!("{}: {reason}; again in {pause}", file.path.display());
    }

    fn finished(&self, _file: &PlannedFile, _outcome: &Outcome) {
        self.bar.inc(1);
    }
}
