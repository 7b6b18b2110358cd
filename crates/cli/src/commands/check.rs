//! `aftershock check`.

mod known;
mod recovery;

use std::path::PathBuf;
use std::time::Duration;

use aftershock_calibrate::check::calibration::{self, Tape};
use aftershock_calibrate::check::{self, Finding, Gate, Verdict};
use aftershock_calibrate::synth::Declared;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use super::synth::{self, ForeignName};
use crate::failure::Mistake;
use crate::table;

const EXAMPLE: &str = "\
Examples: the machinery on the small crash that is built in, two gates on another seed, all on a crash of your own, and what\nsmall causes do in the small one; then a calibration judged by one tape, of our own and of foreign equations, and by many.

  $ aftershock check
  $ aftershock check --gate G1 --gate G2 --seed 7
  $ aftershock check --template > mine.toml
  $ aftershock check --declared mine.toml
  $ aftershock check --sensitivity
  $ aftershock check --calibration
  $ aftershock check --calibration --foreign order-book
  $ aftershock check --gate G13 --crashes 20
  $ aftershock check --known leverage

Without --gate: G0, G1, G2, G14, G15, G17. With --calibration: G4 to G10 and G12, on three hours of one market. G13
calibrates hundreds of crashes and takes minutes. G11 and G16 say where they stand.

Ends with 1 where a gate fails. A gate that the crash cannot decide is said to be not measurable, with the reason, and is no
failure. G3, G18 and G19 stand in the report of a replay.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Run this gate alone; can be repeated
    #[arg(long = "gate", value_name = "GATE")]
    gates: Vec<Gate>,
    /// Calibrate one made-up tape and judge by G4 to G10 and G12 what comes of it
    #[arg(long, conflicts_with = "gates")]
    calibration: bool,
    /// Measure instead how much a small cause does: kicks, twins, avalanches, leverage, the way back
    #[arg(long, conflicts_with_all = ["gates", "calibration"])]
    sensitivity: bool,
    /// Print instead what a fit makes of tapes whose answer is known
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["gates", "calibration", "sensitivity", "declared"])]
    known: Option<known::What>,
    /// Names all noise of the crash, over what the file says; of G4 to G12 the number of the tape (62 where it is not
    /// given), of G13 the thousand in which its crashes begin
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64 / 1_000))]
    seed: Option<u64>,
    /// What the crash is to be, in TOML as `aftershock synth` reads it; a small one with everything in it where it is not
    /// given, and of G4 to G12 a drawn one
    #[arg(long, value_name = "FILE")]
    declared: Option<PathBuf>,
    /// Judge G4 to G12 on a tape of equations that are not the replay's
    #[arg(long, value_name = "KIND", value_enum, conflicts_with_all = ["declared", "sensitivity", "known"])]
    foreign: Option<ForeignName>,
    /// Crashes of each family in G13
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    crashes: u32,
    /// Write the table of G13 or of --known to this file as well, in CSV with all its columns
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tapes of --known
    #[arg(long, hide = true, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    seeds: Option<u64>,
    /// Print the declaration of the small crash; `aftershock synth --template` says what each line means
    #[arg(long, exclusive = true)]
    template: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    if let Some(what) = arguments.known {
        return known::run(
            what,
            arguments.seeds,
            arguments.seed.unwrap_or(0),
            arguments.out.as_deref(),
        );
    }
    let mut declared = match &arguments.declared {
        Some(path) => synth::read(path)?,
        None => check::declared(1),
    };
    if let Some(seed) = arguments.seed {
        declared.seed = seed;
    }
    if arguments.template {
        return print(&declared);
    }
    if arguments.sensitivity {
        let rows: Vec<Vec<String>> = check::sensitivity(&declared)?
            .into_iter()
            .map(|one| vec![one.measure.to_owned(), one.figure, one.meaning.to_owned()])
            .collect();
        table::print(&table::headers(&["measure", "figure", "meaning"]), &rows)?;
        whose(&declared);
        return Ok(());
    }
    let mut gates = match (arguments.calibration, arguments.gates.is_empty()) {
        (true, _) => Gate::CALIBRATION.to_vec(),
        (false, true) => Gate::MACHINERY.to_vec(),
        (false, false) => arguments.gates.clone(),
    };
    gates.sort_unstable();
    gates.dedup();
    let of = |group: &[Gate]| -> Vec<Gate> {
        gates
            .iter()
            .copied()
            .filter(|gate| group.contains(gate))
            .collect()
    };
    let (machinery, of_calibration) = (of(&Gate::MACHINERY), of(&Gate::CALIBRATION));
    misplaced(&arguments, &gates, &machinery)?;

    let mut findings: Vec<Finding> = Vec::new();
    for gate in gates
        .iter()
        .filter(|gate| machinery.contains(gate) || gate.elsewhere().is_some())
    {
        findings.push(check::run(*gate, &declared)?);
    }
    if !of_calibration.is_empty() {
        let tape = tape(&arguments, &declared)?;
        findings.extend(calibration::judge(
            &tape,
            &aftershock_study::priors()?,
            &of_calibration,
        )?);
        crate::say!(
            "{}: nothing of its truth is used, and what holds on it says nothing about a venue",
            tape.about
        );
    }
    if gates.contains(&Gate::Recovery) {
        let seed = arguments.seed.unwrap_or(1);
        findings.push(recovery::run(seed, arguments.crashes, arguments.out.as_deref())?);
    }
    findings.sort_by_key(|found| found.gate);
    let row = |found: &Finding| {
        vec![
            found.gate.name().to_owned(),
            found.figure.clone(),
            found.gate.threshold().to_owned(),
            found.verdict.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
    table::print(
        &table::headers(&["gate", "figure", "threshold", "verdict"]),
        &rows,
    )?;
    if !machinery.is_empty() {
        whose(&declared);
    }
    let failed: Vec<&str> = findings
        .iter()
        .filter(|found| found.verdict == Verdict::Fail)
        .map(|found| found.gate.name())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Mistake::new(format!(
        "{} of {} gates fail: {}",
        failed.len(),
        findings.len(),
        failed.join(", ")
    ))
    .into())
}

/// Options that a gate would pass over in silence.
fn misplaced(arguments: &Arguments, gates: &[Gate], machinery: &[Gate]) -> Result<()> {
    let recovery = gates.contains(&Gate::Recovery);
    let wrong = if arguments.foreign.is_some() && (recovery || !machinery.is_empty()) {
        "--foreign is for G4 to G12: a foreign crash has no world of the replay's, and G13 makes crashes of both"
    } else if arguments.declared.is_some() && recovery {
        "--declared is for one crash, and G13 makes its own"
    } else if arguments.out.is_some() && !recovery {
        "--out is for the table of G13 or of --known"
    } else {
        return Ok(());
    };
    Err(Mistake::new(wrong)
        .hint("name the gates with --gate, or take --calibration for G4 to G10 and G12")
        .into())
}

fn tape(arguments: &Arguments, declared: &Declared) -> Result<Tape> {
    let number = arguments.seed.unwrap_or(calibration::DEFAULT);
    Ok(match (arguments.foreign, &arguments.declared) {
        (Some(name), _) => Tape::foreign(name.into(), number)?,
        (None, Some(_)) => Tape::declared(declared)?,
        (None, None) => Tape::own(number)?,
    })
}

fn whose(declared: &Declared) {
    crate::say!(
        "a synthetic crash of {} s, seed {}, declared parameters {}: what holds on it is arithmetic and bookkeeping, and \
         says nothing about a venue",
        declared.duration_s,
        declared.seed,
        &declared.sha256()[..16]
    );
}

fn print(declared: &Declared) -> Result<()> {
    use std::io::Write as _;
    std::io::stdout()
        .lock()
        .write_all(declared.to_toml().as_bytes())?;
    Ok(())
}

/// A bar on a terminal.
fn progress(count: u64, what: &str) -> ProgressBar {
    use std::io::IsTerminal as _;
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = format!("{{spinner}} {{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left");
    let bar = ProgressBar::new(count)
        .with_style(ProgressStyle::with_template(&style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Writes a table to a file. No cell of ours has a comma or a quote in it but names of cases.
fn csv(path: &std::path::Path, headers: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let cell = |cell: &String| {
        if cell.contains([',', '"']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    let mut text = headers.join(",");
    for row in rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        text.push('\n');
        text.push_str(&cells.join(","));
    }
    text.push('\n');
    std::fs::write(path, text).map_err(|error| {
        Mistake::new(format!("cannot write {}: {error}", path.display()))
            .hint("--out takes a file in a folder that exists")
    })?;
    Ok(())
}
