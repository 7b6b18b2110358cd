//! The `aftershock` binary: arguments, wiring, progress and error printing. No logic.
//!
//! A binary with rules of its own is a `main` that calls [`main`] with their kinds.

/// Says something to stderr; a reader who has gone away is no reason to stop.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}
pub(crate) use say;

/// Says something to stdout, as the macro of the standard library does, which panics where nobody reads any more.
macro_rules! println {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        if let Err(error) = writeln!(std::io::stdout().lock(), $($text)*) {
            $crate::failure::unsaid(&error);
        }
    }};
}

mod commands;
mod failure;
mod interrupts;
mod limits;
mod observed;
mod table;
mod tape;

use std::path::PathBuf;
use std::process::ExitCode;

use aftershock_query::shape::STACK_BYTES;
use aftershock_rules::Kind;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure::Mistake;

/// An ingest makes and drops blocks of megabytes; the system's allocator gives their pages back each time and has them
/// cleared again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Replays real crash episodes and asks what other rules would have done.
#[derive(Parser)]
#[command(name = "aftershock", version, about, arg_required_else_help = true)]
struct Arguments {
    /// Folder of the tape, cuts and runs
    #[arg(
        long,
        global = true,
        env = "AFTERSHOCK_DATA",
        default_value = "./data",
        value_name = "DIR"
    )]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Replay an episode under the rules of record and others, and write a post-mortem
    Replay(commands::replay::Arguments),
    /// Read files of exchanges, vendors and chains into the tape
    Ingest(commands::ingest::Arguments),
    /// Fetch an episode's files from public archives, then ingest them
    Fetch(commands::fetch::Arguments),
    /// Generate a tape whose truth is known, and the truth beside it
    Synth(commands::synth::Arguments),
    /// Say what a tape tells of impact, positions, depth and amplification, and what is only a prior
    Calibrate(commands::calibrate::Arguments),
    /// Run the gates that synthetic crashes decide
    Check(commands::check::Arguments),
    /// Show what the tape holds
    Tape(commands::tape::Arguments),
    /// List the episodes
    Episodes(commands::episodes::Arguments),
    /// List the rule sets, or explain one
    Rules(commands::rules::Arguments),
    /// List the venues, or print a venue's rules in force at a date with their sources
    Venues(commands::venues::Arguments),
    /// Ask one of the project's own questions by its name
    Query(commands::query::Arguments),
    /// Ask in SQL; without a query, interactively
    Sql(commands::sql::Arguments),
    /// Answer other programs: Arrow Flight SQL for Python, the Postgres wire for psql and dashboards
    #[cfg(feature = "serve")]
    Serve(commands::serve::Arguments),
    /// Say what rules were worth against the rules of record, on every measure at once
    Compare(commands::compare::Arguments),
    /// List or prune runs
    Runs(commands::runs::Arguments),
    /// Rebuild a run from its manifest and compare digests
    Verify(commands::verify::Arguments),
    /// Write the post-mortem of runs again
    Report(commands::report::Arguments),
}

impl Command {
    /// Whether it makes nothing of its own, so that a folder that is not there is a slip.
    fn only_reads(&self) -> bool {
        match self {
            Self::Sql(_)
            | Self::Query(_)
            | Self::Compare(_)
            | Self::Runs(_)
            | Self::Verify(_)
            | Self::Report(_) => true,
            #[cfg(feature = "serve")]
            Self::Serve(_) => true,
            _ => false,
        }
    }
}

/// The whole command line, with these kinds of rule beside ours: `main` of a crate that brings rules.
///
/// # Panics
/// Where it is called twice, or a kind has the name of one of ours.
pub fn main(kinds: &'static [Kind]) -> ExitCode {
    if !kinds.is_empty() {
        aftershock_rules::register(kinds);
    }
    let given = Arguments::command().get_matches();
    let named = given.value_source("data") == Some(ValueSource::CommandLine);
    let arguments = Arguments::from_arg_matches(&given).unwrap_or_else(|error| error.exit());
    let worker = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || run(arguments, named));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // A panic has been printed by then, and a thread that cannot start is the machine's.
        _ => ExitCode::from(2),
    }
}

/// Runs a command; the data folder may have been `named` on the command line.
fn run(Arguments { data, command }: Arguments, named: bool) -> ExitCode {
    let there = || match named && command.only_reads() && !data.is_dir() {
        true => Err(Mistake::new(format!("there is no folder {}", data.display()))
            .hint("--data names one that replay, ingest or fetch has made")
            .into()),
        false => Ok(()),
    };
    let result = checked(&data)
        .and_then(|()| there())
        .and_then(|()| match command {
            Command::Replay(arguments) => commands::replay::run(&data, arguments),
            Command::Ingest(arguments) => commands::ingest::run(&data, arguments),
            Command::Fetch(arguments) => commands::fetch::run(&data, arguments),
            Command::Synth(arguments) => commands::synth::run(&data, arguments),
            Command::Calibrate(arguments) => commands::calibrate::run(&data, arguments),
            Command::Check(arguments) => commands::check::run(arguments),
            Command::Tape(arguments) => commands::tape::run(&data, arguments),
            Command::Episodes(arguments) => commands::episodes::run(arguments),
            Command::Rules(arguments) => commands::rules::run(arguments),
            Command::Venues(arguments) => commands::venues::run(arguments),
            Command::Sql(arguments) => commands::sql::run(&data, &arguments),
            Command::Query(arguments) => commands::query::run(&data, &arguments),
            #[cfg(feature = "serve")]
            Command::Serve(arguments) => commands::serve::run(&data, arguments),
            Command::Compare(arguments) => commands::compare::run(&data, arguments),
            Command::Runs(arguments) => commands::runs::run(&data, arguments),
            Command::Verify(arguments) => commands::verify::run(&data, arguments),
            Command::Report(arguments) => commands::report::run(&data, arguments),
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::print(&error),
    }
}

/// Tables are found by pattern, so a folder whose name holds one would be read as another.
pub(crate) fn checked(folder: &std::path::Path) -> anyhow::Result<()> {
    if folder.to_string_lossy().contains(['*', '?', '[', ']']) {
        return Err(Mistake::new(format!(
            "the folder {} has one of * ? [ ] in its name",
            folder.display()
        ))
        .hint("name another; the data folder is named with --data or AFTERSHOCK_DATA")
        .into());
    }
    Ok(())
}
