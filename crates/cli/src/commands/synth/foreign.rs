//! A made-up crash of equations that are not the replay's: a tape and its truth.

use std::path::{Path, PathBuf};

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use aftershock_calibrate::foreign::{Declared, Foreign, Kind, generate};
use aftershock_calibrate::synth::START;
use anyhow::Result;
use clap::ValueEnum;

use super::{Arguments, Made, TRUTH, percent, put, read_text, write};
use crate::failure::Mistake;

/// Name of a kind on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::commands) enum Name {
    /// News and past flow, whose weight decays with a power of its age
    Propagator,
    /// A limit order book that agents fill, sweep and leave
    OrderBook,
}

impl From<Name> for Kind {
    fn from(name: Name) -> Self {
        match name {
            Name::Propagator => Self::Propagator,
            Name::OrderBook => Self::OrderBook,
        }
    }
}

pub(super) fn template() -> &'static str {
    Declared::TEMPLATE
}

/// Makes the crash and writes `tape` and `truth` in a folder.
pub(super) fn run(data: &Path, arguments: &Arguments, name: Name) -> Result<()> {
    if !arguments.rules.is_empty() {
        return Err(Mistake::new(
            "a rule set cannot run in a foreign crash: its equations are not the replay's",
        )
        .hint("leave --rules out; the truth tells the effect of two caps on leverage")
        .into());
    }
    let mut declared = match &arguments.declared {
        Some(path) => {
            let (file, text) = read_text(path)?;
            Declared::parse_as(name.into(), &file, &text)?
        }
        None => Declared::of(name.into()),
    };
    if let Some(seed) = arguments.seed {
        declared.seed = seed;
    }
    let sha256 = declared.sha256();
    let out: PathBuf = arguments.out.clone().unwrap_or_else(|| {
        let folder = format!("foreign-{}-{}", declared.seed, &sha256[..8]);
        data.join("synthetic").join(folder)
    });
    let place = super::folder(&out)?;
    let tape = Tape::new(Store::open(&place("tape"))?);
    if !tape.list()?.sources.is_empty() {
        return Err(Mistake::new(format!("{} holds a tape already", out.display()))
            .hint("the same seed and declaration give the same tape; remove the folder or name another with --out")
            .into());
    }
    let Foreign { observed, truth } = generate(&declared)?;
    // The tape is written last, so that a folder that has one is whole.
    put(&Store::open(&place("truth"))?, TRUTH, &truth.to_json())?;
    let made = Made {
        sha256: &sha256,
        seed: declared.seed,
        bytes: declared.to_toml().len() as u64,
    };
    write(&tape, &made, std::slice::from_ref(&observed))?;

    let clock_s = declared.amplification_clock_s;
    crate::say!(
        "{} s of {} from {START} on, seed {}: on {clock_s} s the mid varies {:.3} times as much as without liquidations; \
         it falls {} %, without them {} %",
        declared.duration_s,
        observed.venue,
        declared.seed,
        truth.amplification_on(clock_s).unwrap_or(f64::NAN),
        percent(truth.record.drawdown_log),
        percent(truth.off_book.drawdown_log),
    );
    crate::say!(
        "tape    {}  (declared parameters {})",
        place("tape"),
        &sha256[..16]
    );
    crate::say!(
        "truth   {}/{TRUTH}  (for scoring; whoever estimates must not see what lies beside the tape)",
        place("truth")
    );
    Ok(())
}
