//! `aftershock check`.

use std::path::PathBuf;

use aftershock_calibrate::check::{self, Finding, Gate, Verdict};
use aftershock_calibrate::synth::Declared;
use anyhow::Result;

use super::synth;
use crate::failure::Mistake;
use crate::table;

const EXAMPLE: &str = "\
Examples: all gates on the small crash that is built in, two of them on another seed, all on a crash of your own, and what\nsmall causes do in the small one.

  $ aftershock check
  $ aftershock check --gate G1 --gate G2 --seed 7
  $ aftershock check --template > mine.toml
  $ aftershock check --declared mine.toml
  $ aftershock check --sensitivity

Ends with 1 where a gate fails. A gate that the crash cannot decide is said to be not measurable, with the reason, and is no
failure. Gates that need a record (G4 to G13, G16) stand in the report of a replay.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Run this gate alone; can be repeated
    #[arg(long = "gate", value_name = "GATE")]
    gates: Vec<Gate>,
    /// Measure instead how much a small cause does: kicks, twins, avalanches, leverage, the way back
    #[arg(long, conflicts_with = "gates")]
    sensitivity: bool,
    /// Names all noise of the crash; over what the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// What the crash is to be, in TOML as `aftershock synth` reads it; a small one with everything in it where it is not
    /// given
    #[arg(long, value_name = "FILE")]
    declared: Option<PathBuf>,
    /// Print the declaration of the small crash; `aftershock synth --template` says what each line means
    #[arg(long, exclusive = true)]
    template: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
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
    let mut gates = arguments.gates;
    if gates.is_empty() {
        gates = Gate::ALL.to_vec();
    }
    gates.sort_unstable();
    gates.dedup();
    let findings = gates
        .into_iter()
        .map(|gate| check::run(gate, &declared))
        .collect::<Result<Vec<Finding>, _>>()?;
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
    whose(&declared);
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
